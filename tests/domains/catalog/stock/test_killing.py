"""A process that is killed in the middle of it leaves books that add up, and stock that others can take."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from stoa.domains.catalog import stock
from stoa.domains.catalog.models import StockMovement
from stoa.domains.catalog.stock import Demand, Holder
from stoa.kit.ids import new_id
from stoa.tenants.context import Context
from tests.domains.catalog.stock.shelves import assert_sound, variants

PROCESS = "tests.domains.catalog.stock.reserving_process"


async def test_killed_in_the_middle_of_reserving_the_books_add_up(ctx: Context) -> None:
    """Issue 3: ledger = balances after kill -9."""
    found = await variants(ctx, *[40] * 5)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", PROCESS, str(ctx.shop.id), stdout=asyncio.subprocess.PIPE, env=dict(os.environ)
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        assert await process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL

    await assert_sound()
    report = await stock.integrity_report(ctx)
    assert (report.is_sound, report.rows) == (True, 5)
    assert await StockMovement.filter(kind="RESERVATION").count() > 15
    async with asyncio.timeout(30):  # no lock outlives it
        await stock.reserve(ctx, Holder("cart", new_id()), [Demand(each.id, 1) for each in found])
    await assert_sound()
