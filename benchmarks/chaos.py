"""Chaos: processes and engines are killed while jobs are done; every job is done, and every effect is there once.

``python -m benchmarks chaos`` (or `make chaos`) in the long form, once without and once with PostgreSQL killed in the
middle; `tests/workers/test_chaos.py` runs the short one.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError

from benchmarks.crew import Crew, mark, plan
from benchmarks.engines import benched
from benchmarks.printing import figure
from stoa.domains.catalog.models import Category
from stoa.kit import embedded
from stoa.settings import Settings
from stoa.tenants.connecting import connect, disconnect
from stoa.tenants.context import ShopRef, open_shop
from stoa.tenants.provisioning import provisioner

JOBS, SHOPS, WORK = 4_000, 16, 0.02
LIMIT = 300.0  # seconds after which it has failed

Blow = Callable[[], Awaitable[None]]


@dataclass
class Outcome:
    """What is there in the end. `effects` counts how often each number was marked."""

    seconds: float = 0.0
    states: dict[str, int] = field(default_factory=dict)
    effects: Counter[str] = field(default_factory=Counter)
    again: int = 0

    @property
    def lost(self) -> int:
        return sum(number for state, number in self.states.items() if state != "DONE")

    @property
    def double(self) -> int:
        return sum(number - 1 for number in self.effects.values())


async def survive(config: Settings, shops: Sequence[ShopRef], jobs: int, blows: Sequence[Blow]) -> Outcome:
    """Have that many jobs of the shops done, while the blows fall one after the other, spread over the work."""
    await asyncio.gather(*(_plan(shop, jobs, number, len(shops)) for number, shop in enumerate(shops)))
    start = perf_counter()
    left = list(blows)
    async with asyncio.timeout(LIMIT):
        while (done := await _done(config)) < jobs:
            if left and done >= jobs * (len(blows) - len(left) + 1) / (len(blows) + 1):
                await left.pop(0)()
            await asyncio.sleep(0.02)
    assert not left, "it was over before all blows had fallen"
    return await _outcome(config, shops, perf_counter() - start)


async def _plan(shop: ShopRef, jobs: int, number: int, shops: int) -> None:
    await plan(shop, mark, [{"number": each, "seconds": WORK} for each in range(number, jobs, shops)])


async def _done(config: Settings) -> int:
    """Asked on a connection of its own each time: PostgreSQL may be gone."""
    with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
        rows = await _ask(config, "SELECT count(*) AS n FROM platform.job WHERE name = 'bench.mark' AND state = 'DONE'")
        return int(rows[0]["n"])
    return -1


async def _ask(config: Settings, query: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(config.database_url.get_secret_value(), timeout=5)
    try:
        return list(await connection.fetch(query))
    finally:
        await connection.close(timeout=5)


async def _outcome(config: Settings, shops: Sequence[ShopRef], seconds: float) -> Outcome:
    rows = await _ask(
        config,
        "SELECT state, count(*) AS n, count(*) FILTER (WHERE attempts > 1) AS again FROM platform.job "
        "WHERE name = 'bench.mark' GROUP BY state",
    )
    outcome = Outcome(seconds, {row["state"]: row["n"] for row in rows}, again=sum(row["again"] for row in rows))
    for shop in shops:
        with open_shop(shop):
            for _ in range(3):  # connections that the blows have cut are noticed one by one
                with suppress(Exception):
                    outcome.effects.update(await Category.all().values_list("name", flat=True))
                    break
    return outcome


async def flush(url: str) -> None:
    """As if somebody had taken the queues for a cache."""
    with suppress(RedisError, OSError):
        async with Redis.from_url(url) as admin:
            await admin.flushall()


async def run(*, short: bool = False) -> bool:
    good = True
    for with_postgres in (False, True):
        good &= await _run(JOBS // 8 if short else JOBS, with_postgres=with_postgres)
    return good


async def _run(jobs: int, *, with_postgres: bool) -> bool:
    with tempfile.TemporaryDirectory(prefix="stoa-chaos-") as name, embedded.start(Path(name) / "engines") as engines:
        os.environ |= {"STOA_TEST_DATABASE_URL": engines.database_url, "STOA_TEST_REDIS_URL": engines.redis_url}
        try:
            async with benched() as config:
                shops = [
                    await provisioner(config).create(f"Shop {n}", currency="EUR", time_zone="UTC") for n in range(SHOPS)
                ]
                await connect(config)
                try:
                    async with Crew(config, Path(name), 3) as crew:
                        return await _struck(config, shops, jobs, crew, engines, with_postgres=with_postgres)
                finally:
                    await disconnect()
        finally:
            del os.environ["STOA_TEST_DATABASE_URL"], os.environ["STOA_TEST_REDIS_URL"]


async def _struck(
    config: Settings, shops: Sequence[ShopRef], jobs: int, crew: Crew, engines: embedded.Engines, *, with_postgres: bool
) -> bool:
    async def flushed() -> None:
        await flush(engines.redis_url)

    async def without_valkey() -> None:
        os.kill(engines.pids["valkey"], signal.SIGKILL)

    async def without_postgres() -> None:
        os.kill(engines.pids["postgres"], signal.SIGKILL)

    blows = [flushed, crew.kill_one, without_valkey, flushed, crew.kill_dispatcher, crew.kill_one]
    blows += [*([without_postgres] if with_postgres else []), without_valkey, flushed, crew.kill_one]
    outcome = await survive(config, shops, jobs, blows)
    bench = "chaos_postgres" if with_postgres else "chaos"
    told = f"{len(blows)} blows, {outcome.seconds:.0f} s, {outcome.again} jobs begun again, {crew.replaced} processes"
    good = figure(bench, "not_done", outcome.lost, f"of {jobs} jobs", "<= 0", told)
    good &= figure(bench, "effects_missing", jobs - len(outcome.effects), "", "<= 0")
    return good & figure(bench, "effects_twice", outcome.double, "", "<= 0")


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run(short="--short" in sys.argv)) else 1)
