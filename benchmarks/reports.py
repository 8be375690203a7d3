"""1,000 shops want a report at once: against the same in a bare loop, and without holding up the event loop.

The reports are as all are: asked for by a row and a job, which wait; dispatched in turns, gathered through the schema
with the rights of whoever asked, written by the presses, kept by the file port. The bare loop gathers, writes and keeps
the same ones in the same process with as many at once, without rows, jobs and queues; those of other shops, for whoever
comes second finds a shop's tables in PostgreSQL's caches. Both take turns, a slice at a time, so that what else the
machine does hits both alike; starting and ending the workers counts against them.

A clock ticks in the loop that all this runs in, as the one of a web process with workers inside does. A loop is blocked
for as long as one stretch of work keeps the processor from it: that is counted in time of its thread, for on a busy
machine a process waits for its turn as well, and nobody blocks anything.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.engines import benched
from benchmarks.printing import figure
from stoa.graphql.reporting import wishing
from stoa.graphql.reporting.registry import definition
from stoa.kit.clock import now
from stoa.kit.ids import new_id
from stoa.kit.reporting import Format, Spool
from stoa.settings import Settings
from stoa.tenants.access.scopes import EVERY_SCOPE
from stoa.tenants.connecting import connect, disconnect, owner_connection
from stoa.tenants.context import Actor, Context, ShopRef, open_shop
from stoa.tenants.database import platform_client
from stoa.tenants.models import Account, Membership
from stoa.tenants.provisioning import provisioner
from stoa.tenants.reporting.models import Report, ReportState
from stoa.tenants.reporting.requesting import request_report
from stoa.tenants.uploading import shop_files
from stoa.workers import reactions
from stoa.workers.reports.gathering import gather
from stoa.workers.reports.making import presses
from stoa.workers.running import at_work
from stoa.workers.settings import LANES

SHOPS, SLICES = 1_000, 4
SHARE = 2  # to so many served shops one of the bare loop's
FORMATS = (Format.PDF, Format.XLSX, Format.CSV)
SALES = definition("sales_summary")
_FILL = """
INSERT INTO sales_order (id, channel, external_id, state, payment_state, fulfilment_state, aftersale_state, currency,
  subtotal_minor, total_minor, captured_minor, placed_at, created_at, updated_at)
SELECT gen_random_uuid(), (ARRAY['web', 'app', 'wechat'])[1 + g % 3], 'E' || g, 'COMPLETED', 'PAID', 'DELIVERED',
  'NONE', 'EUR', 1000 + g * 7, 1000 + g * 7, 1000 + g * 7, now() - make_interval(hours => g * 12), now(), now()
FROM generate_series(1, 80) g;
INSERT INTO order_line (id, order_id, position, sku, title, quantity, currency, unit_minor, total_minor)
SELECT gen_random_uuid(), o.id, g, 'SKU-' || (right(o.external_id, 1)), 'Thing ' || (right(o.external_id, 1)), 1, 'EUR',
  o.total_minor / 2, o.total_minor / 2 FROM sales_order o CROSS JOIN generate_series(0, 1) g;
"""


@dataclass
class Ticking:
    """How late the loop's clock was, and how long its thread was at work in one stretch; in milliseconds."""

    late: list[float] = field(default_factory=list)
    stretches: list[float] = field(default_factory=list)

    async def run(self) -> None:
        while True:
            begun, worked = time.monotonic(), time.thread_time()
            await asyncio.sleep(0.005)
            self.late.append((time.monotonic() - begun - 0.005) * 1000)
            self.stretches.append((time.thread_time() - worked) * 1000)


async def run(*, short: bool = False) -> bool:
    """On uvloop, as the processes that serve and work are; in a thread, for this one has a loop already."""
    return await asyncio.to_thread(lambda: uvloop.run(_run(short)))


async def _run(short: bool) -> bool:
    number = int(os.environ.get("SHOPS", 120 if short else SHOPS))
    async with benched(STOA_SHOPS_PER_CONNECTION="100") as config:
        contexts = await _shops(config, number + number // SHARE + 6)
        reactions.fill()
        await connect(config)
        try:
            contexts = await _peopled(contexts)
            return await _compete(config, contexts[:number], contexts[number:])
        finally:
            presses().close()
            await disconnect()


async def _shops(config: Settings, number: int) -> list[ShopRef]:
    made = []
    async with owner_connection(config) as owner:
        for n in range(number):
            shop = await provisioner(config).create(f"Shop {n}", currency="EUR", time_zone="Europe/Berlin")
            async with owner.transaction():
                await owner.execute(f'SET LOCAL search_path TO "{shop.schema}"')
                await owner.execute(_FILL)
            made.append(shop)
    return made


async def _peopled(shops: Sequence[ShopRef]) -> list[Context]:
    """The same person owns them all."""
    person = await Account.create(email="zeno@stoa.example", email_key="zeno@stoa.example", name="Zeno")
    await Membership.bulk_create([Membership(account=person, shop_id=each.id, role="OWNER") for each in shops])
    return [Context(each, Actor("account", person.id, person.name), EVERY_SCOPE) for each in shops]


async def _compete(config: Settings, contexts: Sequence[Context], others: Sequence[Context]) -> bool:
    """All of them have asked and wait; then the two ways take turns, a slice at a time."""
    await _bare(others[:6])  # both find the presses running, and the schema built
    for i, ctx in enumerate(contexts):
        with open_shop(ctx.shop):
            await request_report(ctx, wishing.wanted(ctx, SALES, FORMATS[i % 3], _locale(i), _days(), now()))
    gc.collect()
    gc.freeze()  # as the application does at its start
    others = others[6:]
    ticking, made, bare, done = Ticking(), 0.0, 0.0, 0
    for turn in range(1, SLICES + 1):
        start = time.perf_counter()
        done = await _made(config, ticking, len(contexts) * turn // SLICES)
        made += time.perf_counter() - start
        start = time.perf_counter()
        await _bare(others[len(others) * (turn - 1) // SLICES : len(others) * turn // SLICES])
        bare += time.perf_counter() - start
    assert await Report.filter(state=ReportState.DONE).count() == len(contexts)
    against = f"{done / made:.1f} against {len(others) / bare:.1f} reports/s, {done} and {len(others)} shops"
    good = figure("reports", "throughput", (done / made) / (len(others) / bare), "of a bare loop", ">= 0.85", against)
    late = sorted(ticking.late)
    load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    most = max(ticking.stretches)
    good &= figure("reports", "loop_blocked", most, "ms at most", "<= 50", f"time of its thread, {load}")
    figure("reports", "loop_late_p99", late[int(len(late) * 0.99)], "ms", "", load)
    figure("reports", "loop_late_most", late[-1], "ms", "", load)
    return good


async def _made(config: Settings, ticking: Ticking, until: int) -> int:
    """Have workers work until so many are done, from their start to their end; how many are."""
    clock = asyncio.create_task(ticking.run())
    try:
        async with at_work(config, ["reports"]):
            while await _ended() < until:
                await asyncio.sleep(0.05)
    finally:
        clock.cancel()
    return await _ended()


async def _ended() -> int:
    rows = await platform_client().execute_query_dict("SELECT count(*) FROM platform.report WHERE state <> 'QUEUED'")
    return int(rows[0]["count"])


async def _bare(contexts: Sequence[Context]) -> None:
    """The same reports, as many at once, and nothing around them."""
    waiting = list(enumerate(contexts))

    async def work() -> None:
        while waiting:
            i, ctx = waiting.pop(0)
            await _one(ctx, FORMATS[i % 3], _locale(i))

    await asyncio.gather(*(work() for _ in range(LANES["reports"].at_once)))


async def _one(ctx: Context, format: Format, locale: Any) -> None:
    wish = wishing.wish(ctx.shop, locale, _days(), ctx.scopes, moment=now(), made_by=ctx.actor.name)
    with open_shop(ctx.shop), tempfile.TemporaryDirectory(prefix="stoa-bench-report-") as folder:
        spool, out = Path(folder) / "spool", Path(folder) / "file"
        with Spool(spool) as into:
            await gather(ctx, SALES, wish, into, 10_000, _nothing)
        written = await presses().write(spool, out, format)
        files = shop_files(ctx.shop)

        async def body() -> Any:
            yield written.path.read_bytes()

        await files.put(files.key("reports", new_id().hex), body())


async def _nothing(rows: int) -> None:
    pass


def _days() -> wishing.Parameters:
    today = now().date()
    return wishing.Parameters(today - timedelta(days=31), today - timedelta(days=1))


def _locale(i: int) -> Any:
    return "zh" if i % 2 else "en"


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run(short="--short" in sys.argv)) else 1)
