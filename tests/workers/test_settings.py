from __future__ import annotations

from typing import get_args

from stoa.settings import Settings
from stoa.tenants.jobs import Kind
from stoa.workers.picking import SEEN
from stoa.workers.settings import LANES, transport


def test_every_kind_of_job_has_a_lane() -> None:
    assert set(LANES) == set(get_args(Kind))


def test_a_window_holds_what_its_workers_can_do_at_once() -> None:
    for lane in LANES.values():
        assert lane.per_shop <= lane.window
        assert lane.at_once <= lane.window
        assert lane.window < SEEN  # else a pick could see nothing but shops that are full


async def test_nothing_is_pickled(settings: Settings) -> None:
    redis = transport(settings)
    try:
        await redis.enqueue_job("perform", "an id", 1, _job_id="test:json", _queue_name="stoa:test")
        stored = await redis.get("arq:job:test:json")
        await redis.delete("arq:job:test:json", "stoa:test")
    finally:
        await redis.aclose(close_connection_pool=True)

    assert stored is not None
    assert stored.startswith(b'{"t":null,"f":"perform","a":["an id",1],"k":{},"et":')
