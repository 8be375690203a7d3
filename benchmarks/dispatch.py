"""Dispatching: what one pick costs with 200,000 jobs queued over 1,000 shops."""

from __future__ import annotations

import asyncio
import statistics
import sys
from time import perf_counter
from typing import Any

from benchmarks.engines import benched
from benchmarks.printing import figure
from stoa.tenants.connecting import listening_connection, owner_connection
from stoa.workers import picking
from stoa.workers.dispatcher import PLAN_ONCE
from stoa.workers.settings import LANES

SHOPS, JOBS = 1_000, 200_000
SHOPS_SQL = """
INSERT INTO platform.shop (id, schema_name, name, currency, time_zone, locale, state, weight, created_at)
SELECT gen_random_uuid(), 'shop_' || left(md5(n::text), 16), 'Shop ' || n, 'CNY', 'Asia/Shanghai', 'zh', 'ACTIVE',
  1 + n % 4, now() FROM generate_series(1, $1::int) n
"""
# A tenth waits for its time: of each shop some come back after a failure, and some are planned for next week.
JOBS_SQL = """
INSERT INTO platform.job (id, shop_schema, kind, name, payload, state, run_at, attempts, failures, max_attempts,
                          priority, is_ready, created_at)
SELECT gen_random_uuid(), 'shop_' || left(md5((1 + n % $1::int)::text), 16), 'general', 'bench', '{}', 'QUEUED',
  now() + CASE WHEN n / $1::int % 10 = 0 THEN interval '1 day' ELSE interval '0' END, 0, 0, 5,
  n / $1::int % 3, n / $1::int % 10 <> 0, now() FROM generate_series(1, $2::int) n
"""


async def run(*, short: bool = False) -> bool:
    async with benched() as settings:
        async with owner_connection(settings) as owner:
            await owner.execute(SHOPS_SQL, SHOPS)
            await owner.execute(JOBS_SQL, SHOPS, JOBS)
            await owner.execute("ANALYZE platform.job")
        async with listening_connection(settings) as connection:
            await connection.execute(PLAN_ONCE)
            spent = [await _pick(connection) for _ in range(10 if short else 50)]
            full = [await _full(connection) for _ in range(20)]
        good = figure(
            "dispatch", "pick", statistics.median(spent) * 1000, "ms median", "< 50", f"{JOBS:,} jobs, {SHOPS:,} shops"
        )
        figure("dispatch", "pick_slowest", max(spent) * 1000, "ms")
        figure("dispatch", "pick_nothing", statistics.median(full) * 1000, "ms median", "", "the window is full")
        return good


async def _pick(connection: Any) -> float:
    """A window's worth of jobs, marked as sent; then they are done, so that the next round has room."""
    start = perf_counter()
    picked = await picking.pick(connection, "general", LANES["general"])
    spent = perf_counter() - start
    assert len(picked) == LANES["general"].window, len(picked)
    done = "UPDATE platform.job SET state = 'DONE', finished_at = now() WHERE id = ANY($1)"
    await connection.execute(done, [id for id, _ in picked])
    return spent


async def _full(connection: Any) -> float:
    await picking.pick(connection, "general", LANES["general"])
    start = perf_counter()
    assert await picking.pick(connection, "general", LANES["general"]) == []
    return perf_counter() - start


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run(short="--short" in sys.argv)) else 1)
