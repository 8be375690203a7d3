"""How fast a fleet of shops takes a migration, and how fast one sees who lacks it."""

from __future__ import annotations

import asyncio
import statistics
import sys
from time import perf_counter
from typing import Any

import asyncpg

from benchmarks.engines import benched
from benchmarks.printing import figure
from stoa.settings import Settings
from stoa.tenants.compiling import Step
from stoa.tenants.connecting import owner_connection
from stoa.tenants.migrating import migrate_shops, who_is_behind
from stoa.tenants.provisioning import provisioner

SHOPS, AT_ONCE = 500, 4
TRIVIAL = "ALTER TABLE product ADD COLUMN {} text;"


async def run(*, short: bool = False) -> bool:
    async with benched() as settings:
        count = 100 if short else SHOPS
        schemas = [
            (await provisioner(settings).create(f"Shop {n}", currency="EUR", time_zone="UTC")).schema
            for n in range(count)
        ]
        rates = [await _rate(settings, schemas, number) for number in range(3)]
        limit = await _limit(settings, schemas)
        against = f"{limit:.0f} for the ALTER alone"
        good = figure("migrating", f"{count}_shops", statistics.median(rates), "shops/s", ">= 150", against)
        return good & await _who_is_behind(settings, count)


async def _rate(settings: Settings, schemas: list[str], number: int) -> float:
    step = Step(f"9000_trivial_{number}", (TRIVIAL.format(f"note_{number}"),))
    start = perf_counter()
    report = await migrate_shops(settings, [step], at_once=AT_ONCE)
    took = perf_counter() - start
    assert (report.done, report.failed) == (len(schemas), {})
    return len(schemas) / took


async def _limit(settings: Settings, schemas: list[str]) -> float:
    """The same statement over as many connections, with no state kept and no lock taken."""
    waiting = iter(schemas)

    async def work(pool: Any) -> None:
        for schema in waiting:
            await pool.execute(TRIVIAL.replace("product", f'"{schema}".product').format("bare"))

    url = settings.database_url.get_secret_value()
    async with asyncpg.create_pool(url, min_size=AT_ONCE, max_size=AT_ONCE) as pool:
        start = perf_counter()
        await asyncio.gather(*(work(pool) for _ in range(AT_ONCE)))
        return len(schemas) / (perf_counter() - start)


async def _who_is_behind(settings: Settings, count: int) -> bool:
    step = Step("9001_missing", ("SELECT 1;",))
    took = []
    async with owner_connection(settings) as owner:
        for _ in range(9):
            start = perf_counter()
            behind = await who_is_behind(owner, [step])
            took.append((perf_counter() - start) * 1000)
            assert len(behind) == count
    against = f"one query, all of {count} shops behind"
    return figure("migrating", "who_is_behind", statistics.median(took), "ms", "<= 100", against)


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run(short="--short" in sys.argv)) else 1)
