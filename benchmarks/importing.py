"""Importing a year of sales lines: lines a second with all that is written, and how much memory it takes.

`python -m benchmarks.importing FILE` takes the real file (UCI Online Retail); without one, one of its shape is made.
"""

from __future__ import annotations

import asyncio
import csv
import gzip
import random
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Literal, TextIO

from benchmarks.engines import benched
from benchmarks.printing import figure
from stoa.domains.catalog.importing import import_path, run_import, undo_import
from stoa.domains.catalog.models import ImportRun, ImportState, Location, Product, Stock, Variant
from stoa.settings import Settings
from stoa.tenants.connecting import connect, disconnect
from stoa.tenants.context import Context, open_shop
from stoa.tenants.provisioning import provisioner

LINES, CODES = 531_282, 3_940
SHORT_LINES, ONE_BY_ONE = 60_000, 1_000
HEADER = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
MAPPING = {"sku": "StockCode", "title": "Description", "price": "UnitPrice"}


async def run(*, short: bool = False, path: Path | None = None) -> bool:
    with tempfile.TemporaryDirectory(prefix="stoa-bench-") as folder:
        lines = SHORT_LINES if short else LINES
        path = path or _written(Path(folder) / "sales.csv.gz", _sales(lines))
        every_line_new = _written(Path(folder) / "goods.csv", _goods(lines // 5))
        async with benched() as settings:
            await connect(settings)
            good = await _sales_log(settings, path)
            good &= await _catalog(settings, every_line_new)
            await disconnect()
    return good


async def _sales_log(settings: Settings, path: Path) -> bool:
    """Many lines, few products: what the goal is about."""
    ctx = await _shop(settings)
    with open_shop(ctx.shop):
        await _warm(ctx)
        one_by_one = await _one_by_one(ctx, path)
    ctx = await _shop(settings)
    with open_shop(ctx.shop):
        memory = Memory()
        async with _lag() as lag:
            start = perf_counter()
            done = await import_path(ctx, path, source="sales", mapping=MAPPING)
            took = perf_counter() - start
        grown = memory.grown()
        _check(done, ImportState.DONE)
        rate = done.lines_read / took
        against = f"{_reading_alone(path):,.0f} reading the cells and nothing else; {one_by_one:,.0f} row by row"
        good = figure("importing", "lines", rate, "lines/s", ">= 5000", against)
        size = f"{path.stat().st_size / 1e6:.0f} MB packed"
        good &= figure("importing", "peak_memory_growth", grown, "MB", "< 100", size)
        figure("importing", "longest_pause_of_the_loop", 1000 * max(lag), "ms")
        good &= await _again_and_back(ctx, path, done)
    return good


async def _again_and_back(ctx: Context, path: Path, first: ImportRun) -> bool:
    """The same file once more must change nothing; undoing must leave nothing."""
    again = await import_path(ctx, path, source="sales", mapping=MAPPING)
    good = figure("importing", "changes_of_a_second_run", again.products_created + again.products_updated, "", "<= 0")
    await undo_import(ctx, first.id)
    start = perf_counter()
    _check(await run_import(ctx, first.id), ImportState.UNDONE)
    figure("importing", "undone", first.products_created / (perf_counter() - start), "products/s")
    return good & figure("importing", "products_left_by_undoing", await Product.all().count(), "", "<= 0")


async def _catalog(settings: Settings, path: Path) -> bool:
    """The other extreme: every line is a product of its own."""
    ctx = await _shop(settings)
    with open_shop(ctx.shop):
        memory, start = Memory(), perf_counter()
        done = await import_path(ctx, path, source="goods", mapping=MAPPING)
        took = perf_counter() - start
        _check(done, ImportState.DONE)
        figure("importing", "lines_that_are_new_products", done.lines_read / took, "lines/s")
        return figure("importing", "peak_memory_growth_new_products", memory.grown(), "MB", "< 100")


async def _shop(settings: Settings) -> Context:
    return Context(await provisioner(settings).create("Bench", currency="GBP", time_zone="Europe/London"))


async def _warm(ctx: Context) -> None:
    """What the first import of a process loads is not the import's memory."""
    with tempfile.TemporaryDirectory() as folder:
        await import_path(ctx, _written(Path(folder) / "few.csv.gz", _sales(500)), source="warm", mapping=MAPPING)


async def _one_by_one(ctx: Context, path: Path) -> float:
    """The plain way, for comparison: look for the row, create or save it, line by line."""
    main = await Location.get(is_main=True)
    start = perf_counter()
    with opened(path) as text:
        lines = list(islice(csv.DictReader(text), ONE_BY_ONE))
    for line in lines:
        variant = await Variant.get_or_none(sku=line["StockCode"]).prefetch_related("product")
        price, title = round(float(line["UnitPrice"]) * 100), line["Description"] or line["StockCode"]
        if variant is None:
            product = await Product.create(title=title, handle=f"plain-{line['StockCode']}", search_text=title)
            variant = await Variant.create(product=product, sku=line["StockCode"], currency="GBP", price_minor=price)
            await Stock.create(variant=variant, location=main)
        else:
            variant.price_minor, variant.product.title = price, title
            await variant.save()
            await variant.product.save()
    return ONE_BY_ONE / (perf_counter() - start)


def _reading_alone(path: Path) -> float:
    """The limit: Python's own csv module, and nothing done with what it reads."""
    start = perf_counter()
    with opened(path) as text:
        lines = sum(1 for _ in csv.reader(text))
    return lines / (perf_counter() - start)


def opened(path: Path, mode: Literal["rt", "wt"] = "rt") -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, mode, 1, encoding="utf-8", newline="")
    return path.open(mode, encoding="utf-8", newline="")


def _check(done: ImportRun, state: ImportState) -> None:
    if done.state is not state:
        raise RuntimeError(f"The import is {done.state}: {done.failure}")


@asynccontextmanager
async def _lag() -> AsyncIterator[list[float]]:
    """How much later than it asked a task of the same loop got its turn, each time (seconds)."""
    late: list[float] = []

    async def look() -> None:
        while True:
            asked = perf_counter()
            await asyncio.sleep(0.005)
            late.append(perf_counter() - asked - 0.005)

    task = asyncio.create_task(look())
    try:
        yield late
    finally:
        task.cancel()


class Memory:
    """How much this process has grown at its peak since now."""

    def __init__(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        self._start = self._read("VmRSS")

    def grown(self) -> float:
        """In MB."""
        return self._read("VmHWM") - self._start

    @staticmethod
    def _read(name: str) -> float:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def _written(path: Path, rows: Iterable[tuple[object, ...]]) -> Path:
    with opened(path, "wt") as text:
        csv.writer(text).writerows([HEADER])
        csv.writer(text).writerows(rows)
    return path


def _sales(lines: int) -> Iterable[tuple[object, ...]]:
    """Lines of the shape of the real file: as many codes, prices that move, a few odd rows."""
    chance = random.Random(1)
    for i in range(lines):
        number = int(chance.paretovariate(0.4)) % CODES if chance.random() < 0.8 else chance.randrange(CODES)
        is_odd = chance.random() < 0.0022
        title = "check" if is_odd else f"GOOD NUMBER {number} OF A GIFT SHOP "
        price = "0.0" if is_odd else f"{chance.randrange(1, 2000) / 100}"
        yield 536365 + i // 26, f"{10000 + number}A", title, 6, "2010-12-01 08:26", price, 17850, "United Kingdom"


def _goods(lines: int) -> Iterable[tuple[object, ...]]:
    for i in range(lines):
        yield 1, f"G{i:07}", f"Thing {i} of many in a large shop", 1, "2010-12-01 08:26", "4.25", "", "France"


if __name__ == "__main__":
    given = [Path(each) for each in sys.argv[1:] if not each.startswith("-")]
    sys.exit(0 if asyncio.run(run(short="--short" in sys.argv, path=given[0] if given else None)) else 1)
