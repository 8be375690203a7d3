"""Importing a year of sales lines as orders: lines a second, memory, progress, kill -9 in the middle, and undoing.

`python -m benchmarks.order_import FILE` takes the real file (UCI Online Retail); without one, one of its shape is made.
"""

from __future__ import annotations

import asyncio
import csv
import os
import random
import signal
import sys
import tempfile
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from time import perf_counter
from uuid import UUID

from benchmarks.engines import benched
from benchmarks.importing import HEADER, Memory, opened
from benchmarks.printing import figure
from stoa.demo import IN_LONDON, ORDER_LINES, RETURN_LINES
from stoa.domains.orders.importing import import_path, run_import, undo_import
from stoa.domains.orders.models import Order
from stoa.domains.service.models import Customer
from stoa.settings import Settings, settings
from stoa.tenants.connecting import connect, disconnect
from stoa.tenants.context import Context, ShopRef, open_shop
from stoa.tenants.database import shop_client
from stoa.tenants.importing.models import ImportRun, ImportState
from stoa.tenants.models import Shop
from stoa.tenants.provisioning import provisioner

LINES, SHORT_LINES, PART = 531_282, 60_000, 60_000
PENNY = Decimal("0.01")


async def run(*, short: bool = False, path: Path | None = None) -> bool:
    with tempfile.TemporaryDirectory(prefix="stoa-bench-") as folder:
        path = path or _written(Path(folder) / "sales.csv.gz", _sales(SHORT_LINES if short else LINES))
        part = _beginning(path, Path(folder) / "part.csv.gz", PART // 3 if short else PART)
        async with benched() as config:
            await connect(config)
            good = await _whole(config, path)
            good &= await _killed(config, part)
            await disconnect()
    return good


async def _whole(config: Settings, path: Path) -> bool:
    lines, orders, total = _reckoned(path)
    with tempfile.TemporaryDirectory() as folder:  # what the first import of a process loads is not the import's memory
        await _import(await _shop(config), _written(Path(folder) / "few.csv.gz", _sales(500)))
    shop = await _shop(config)
    told: list[int] = []
    memory, start = Memory(), perf_counter()
    done = await _import(shop, path, told)
    took, grown = perf_counter() - start, memory.grown()
    rate = done.lines_read / took
    good = figure(
        "order_import", "lines", rate, "lines/s", ">= 5000", f"{lines:,} lines, {orders:,} orders, {took:.0f} s"
    )
    good &= figure(
        "order_import", "peak_memory_growth", grown, "MB", "< 100", f"{path.stat().st_size / 1e6:.0f} MB packed"
    )
    good &= figure("order_import", "times_progress_was_told", len(set(told)), "", ">= 10")
    found = await _sums(shop)
    good &= figure("order_import", "orders_that_differ", abs(found[0] - orders), "", "<= 0", f"{found[0]:,}")
    good &= figure("order_import", "pennies_that_differ", abs(found[1] - total), "", "<= 0", f"{found[1] / 100:,.2f}")
    with open_shop(shop):
        figure("order_import", "customers", await Customer.all().count(), "")
    back = path.with_name("return_lines.csv.gz")
    if back.exists():
        good &= await _returned(config, back)
    with open_shop(shop):
        again = await import_path(Context(shop), path, source="till", mapping=ORDER_LINES, options=IN_LONDON)
        good &= figure("order_import", "orders_made_by_a_second_run", again.products_created, "", "<= 0")
        await undo_import(Context(shop), done.id)
        start = perf_counter()
        await run_import(Context(shop), done.id)
        figure("order_import", "undone", orders / (perf_counter() - start), "orders/s")
        good &= figure("order_import", "orders_left_by_undoing", await Order.all().count(), "", "<= 0")
    return good


async def _returned(config: Settings, path: Path) -> bool:
    """A file of nothing but returns: what was paid back for them, to the penny."""
    lines, _, total = _reckoned(path)
    shop = await _shop(config)
    await _import(shop, path, mapping=RETURN_LINES)
    with open_shop(shop):
        [row] = await shop_client().execute_query_dict(
            "SELECT count(*) AS cases, coalesce(sum(refund_minor), 0)::bigint AS total FROM aftersale_case"
        )
    against = f"{lines:,} lines, {row['cases']:,} cases, {row['total'] / 100:,.2f}"
    return figure("order_import", "pennies_that_differ_of_returns", abs(row["total"] + total), "", "<= 0", against)


async def _killed(config: Settings, path: Path) -> bool:
    """A process of its own is killed (kill -9) while it writes; the same call again goes on where that one was."""
    _, orders, total = _reckoned(path)
    shop = await _shop(config)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.order_import", "--work", str(shop.id), str(path)),
        stdout=asyncio.subprocess.PIPE,
        env=dict(os.environ),
    )
    assert process.stdout is not None
    async for said in process.stdout:
        if int(said) >= 85:  # reading ends at 80
            process.send_signal(signal.SIGKILL)
            break
    code = await process.wait()
    with open_shop(shop):
        there = await Order.all().count()
    done = await _import(shop, path)
    found = await _sums(shop)
    good = figure("order_import", "killed_by_signal", -code, "", ">= 9", f"{there:,} of {orders:,} orders were there")
    good &= figure("order_import", "attempts_until_done", done.attempt, "", ">= 2")
    return good & figure(
        "order_import", "pennies_that_differ_after_kill_9", abs(found[1] - total) + abs(found[0] - orders), "", "<= 0"
    )


async def _shop(config: Settings) -> ShopRef:
    return await provisioner(config).create("Bench", currency="GBP", time_zone="Europe/London")


async def _import(
    shop: ShopRef, path: Path, told: list[int] | None = None, mapping: Mapping[str, str] = ORDER_LINES
) -> ImportRun:
    def listener(run: ImportRun) -> None:
        if told is not None:
            told.append(run.percent)

    with open_shop(shop):
        done = await import_path(
            Context(shop), path, source="till", mapping=mapping, options=IN_LONDON, listener=listener
        )
    if done.state is not ImportState.DONE:
        raise RuntimeError(f"The import is {done.state}: {done.failure}")
    return done


async def _sums(shop: ShopRef) -> tuple[int, int]:
    with open_shop(shop):
        [row] = await shop_client().execute_query_dict(
            "SELECT count(DISTINCT order_id) AS orders, coalesce(sum(total_minor), 0)::bigint AS total FROM order_line"
        )
    return row["orders"], row["total"]


def _reckoned(path: Path) -> tuple[int, int, int]:
    """Lines, orders and pennies by Python's own csv and decimals."""
    lines, numbers, total = 0, set(), Decimal(0)
    with opened(path) as text:
        for row in csv.DictReader(text):
            lines += 1
            numbers.add(row.get("InvoiceNo"))  # returns have none
            total += (Decimal(row["UnitPrice"]) * int(row["Quantity"])).quantize(PENNY, ROUND_HALF_UP)
    return lines, len(numbers), int(total * 100)


def _beginning(path: Path, part: Path, lines: int) -> Path:
    with opened(path) as text, opened(part, "wt") as out:
        for i, line in enumerate(text):
            if i > lines:
                break
            out.write(line)
    return part


def _written(path: Path, rows: Iterable[tuple[object, ...]]) -> Path:
    with opened(path, "wt") as text:
        csv.writer(text).writerows([HEADER])
        csv.writer(text).writerows(rows)
    return path


def _sales(lines: int) -> Iterable[tuple[object, ...]]:
    """Lines of the shape of the real file: 26 an invoice, a quarter without a customer, a few odd rows."""
    chance = random.Random(1)
    for i in range(lines):
        order = i // 26
        customer = "" if order % 4 == 0 else 12_000 + order % 4339
        number = chance.randrange(3940)
        price = "0.0" if chance.random() < 0.0022 else f"{chance.randrange(1, 2000) / 100}"
        time = f"2011-{1 + order % 12:02}-{1 + order % 28:02} {8 + order % 12:02}:{order % 60:02}"
        title = f"GOOD NUMBER {number} OF A GIFT SHOP"
        yield 536365 + order, f"{number}A", title, chance.randrange(1, 13), time, price, customer, "United Kingdom"


async def _work(shop_id: str, path: str) -> None:
    """What the process does that is killed: it says how far it is."""
    await connect(settings())
    shop = (await Shop.get(id=UUID(shop_id))).ref
    with open_shop(shop):
        await import_path(
            Context(shop),
            Path(path),
            source="till",
            mapping=ORDER_LINES,
            options=IN_LONDON,
            listener=lambda run: print(run.percent, flush=True),
        )
    await disconnect()


if __name__ == "__main__":
    if "--work" in sys.argv:
        asyncio.run(_work(*sys.argv[2:4]))
        sys.exit(0)
    given = [Path(each) for each in sys.argv[1:] if not each.startswith("-")]
    sys.exit(0 if asyncio.run(run(short="--short" in sys.argv, path=given[0] if given else None)) else 1)
