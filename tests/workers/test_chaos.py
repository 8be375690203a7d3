"""The chaos run in its short form; `make chaos` runs the long one, with PostgreSQL killed as well."""

from __future__ import annotations

from pathlib import Path

import asyncpg

from benchmarks.chaos import flush, survive
from benchmarks.crew import Crew
from stoa.settings import Settings
from stoa.tenants.context import ShopRef
from tests.own_valkey import OwnValkey


async def test_every_job_is_done_and_every_effect_is_there_once_whatever_is_killed(
    at_valkey: Settings,
    valkey: OwnValkey,
    shop: ShopRef,
    other_shop: ShopRef,
    owner: asyncpg.Connection,
    tmp_path: Path,
) -> None:
    """A flush, kill -9 of a worker, of Valkey and of the dispatcher, while 300 jobs are done."""

    async def flushed() -> None:
        await flush(valkey.url)

    async def without_valkey() -> None:
        valkey.kill()
        valkey.start()

    async with Crew(at_valkey, tmp_path, 2) as crew:
        blows = [flushed, crew.kill_one, without_valkey, crew.kill_dispatcher]
        outcome = await survive(at_valkey, [shop, other_shop], 300, blows)

    assert outcome.states == {"DONE": 300}
    assert outcome.effects == {str(number): 1 for number in range(300)}
    assert crew.replaced == 2
