"""The queues in Valkey: what goes in comes out in that order, once, as arq's."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from arq.connections import ArqRedis

from stoa.kit.ids import new_id
from stoa.settings import Settings
from stoa.workers.queues import put, withdraw
from stoa.workers.settings import queue_name, transport


@pytest.fixture
async def redis(at_valkey: Settings) -> AsyncIterator[ArqRedis]:
    redis = transport(at_valkey)
    yield redis
    await redis.aclose(close_connection_pool=True)


async def test_deliveries_stand_in_the_order_of_their_turns(redis: ArqRedis) -> None:
    turns = sorted(((new_id(), 1) for _ in range(12)), reverse=True)  # not in that of their names
    await put(redis, "reports", turns[:6], keep_for=60)
    await put(redis, "reports", turns[6:], keep_for=60)

    waiting = await redis.queued_jobs(queue_name=queue_name("reports"))
    assert [tuple(each.args) for each in waiting] == [(str(id), attempt) for id, attempt in turns]
    assert 59 <= await redis.ttl(f"arq:job:{turns[0][0]}:1") <= 60


async def test_what_is_withdrawn_leaves_nothing_behind(redis: ArqRedis) -> None:
    void, good = (new_id(), 1), (new_id(), 2)
    await put(redis, "general", [void, good], keep_for=60)
    await withdraw(redis, "general", [void])
    await withdraw(redis, "general", [])

    name = f"{good[0]}:2"
    assert await redis.zrange(queue_name("general"), 0, -1) == [name.encode()]
    assert await redis.keys("arq:*") == [f"arq:job:{name}".encode()]
