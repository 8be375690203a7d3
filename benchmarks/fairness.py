"""Fairness: one shop queues 10,000 jobs; what nine others wait who have one a second, and what the first still gets."""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from benchmarks.crew import Crew, plan, wait
from benchmarks.engines import benched
from benchmarks.printing import figure
from stoa.settings import Settings
from stoa.tenants.connecting import connect, disconnect, owner_connection
from stoa.tenants.context import ShopRef
from stoa.tenants.provisioning import provisioner

QUEUED, WORK, OTHERS = 10_000, 0.05, 9
WAITS = """
SELECT extract(epoch FROM started_at - created_at)::float8 * 1000 AS waited FROM platform.job
WHERE shop_schema <> $1 AND state = 'DONE' ORDER BY 1
"""


async def run(*, short: bool = False) -> bool:
    seconds = 10.0 if short else 40.0
    async with benched() as config:
        shops = [
            await provisioner(config).create(f"Shop {n}", currency="EUR", time_zone="UTC") for n in range(1 + OTHERS)
        ]
        await connect(config)
        try:
            with tempfile.TemporaryDirectory() as folder:
                async with Crew(config, Path(folder), 2, "production"):
                    return await _compete(config, shops, seconds)
        finally:
            await disconnect()


async def _compete(config: Settings, shops: Sequence[ShopRef], seconds: float) -> bool:
    """Alone, together, and alone again: the machine may be busier at one time than at another."""
    first, others = shops[0], shops[1:]
    await plan(first, wait, [{"seconds": WORK}] * QUEUED)
    await asyncio.sleep(3)
    before = await _rate(config, first, seconds / 2)
    asking = [asyncio.create_task(_ask_every_second(shop, n / OTHERS, seconds)) for n, shop in enumerate(others)]
    together = await _rate(config, first, seconds)
    await asyncio.gather(*asking)
    await asyncio.sleep(2)
    alone = statistics.mean([before, await _rate(config, first, seconds / 2)])
    async with owner_connection(config) as owner:
        waits = [row["waited"] for row in await owner.fetch(WAITS, first.schema)]
    p50, p99 = statistics.median(waits), waits[int(len(waits) * 0.99)]
    good = figure("fairness", "wait_p50", p50, "ms", "< 100", f"{len(waits)} jobs of {OTHERS} shops")
    good &= figure("fairness", "wait_p99", p99, "ms", "< 500")
    against = f"{together:.1f} against {alone:.1f} jobs/s"
    return good & figure("fairness", "first_keeps", together / alone, "of its own alone", ">= 0.7", against)


async def _ask_every_second(shop: ShopRef, offset: float, seconds: float) -> None:
    await asyncio.sleep(offset)
    for _ in range(int(seconds) - 1):
        await plan(shop, wait, [{"seconds": WORK}])
        await asyncio.sleep(1)


async def _rate(config: Settings, shop: ShopRef, seconds: float) -> float:
    async def done() -> int:
        async with owner_connection(config) as owner:
            query = "SELECT count(*) FROM platform.job WHERE shop_schema = $1 AND state = 'DONE'"
            return int(await owner.fetchval(query, shop.schema))

    start, begin = perf_counter(), await done()
    await asyncio.sleep(seconds)
    return (await done() - begin) / (perf_counter() - start)


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run(short="--short" in sys.argv)) else 1)
