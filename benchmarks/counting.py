"""What it costs that the database counts facets along: imports and bulk edits with the triggers, and without them.

In turns, each in a shop of its own; the fastest of each is told, since whatever else is at work only ever adds.
"""

from __future__ import annotations

import asyncio
import csv
import random
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter

from benchmarks.engines import benched
from benchmarks.printing import figure
from stoa.domains import catalog
from stoa.domains.catalog import BulkPolicy, ProductChanges, ProductEdit
from stoa.domains.catalog.importing import import_path
from stoa.domains.catalog.models import ImportState, Product
from stoa.settings import Settings
from stoa.tenants.connecting import connect, disconnect, owner_connection
from stoa.tenants.context import Context, open_shop
from stoa.tenants.provisioning import provisioner

COUNTED = ("product", "product_tag", "attribute_value", "variant")
MAPPING = {each: each for each in ("sku", "title", "price", "tags", "category")}
EDITED = 250


async def run(*, short: bool = False) -> bool:
    lines, rounds = (2_000, 4) if short else (10_000, 6)
    with tempfile.TemporaryDirectory(prefix="stoa-bench-") as folder:
        path = _goods(Path(folder) / "goods.csv", lines)
        async with benched() as settings:
            await connect(settings)
            imports = await _imports(settings, path, rounds)
            edits = await _edits(settings, path, rounds)
            await disconnect()
    good = _told("import", f"{lines} lines", imports)
    return good & _told("bulk_edit", f"{EDITED} products", edits)


def _told(name: str, what: str, took: dict[bool, list[float]]) -> bool:
    """The first of each is for warming up."""
    counted, plain = min(took[True][1:]), min(took[False][1:])
    against = f"{what} in {plain * 1000:.0f} ms without"
    return figure("counting", name, counted / plain, "times without", "<= 1.15", against)


async def _imports(settings: Settings, path: Path, rounds: int) -> dict[bool, list[float]]:
    """Each into a shop of its own."""
    took: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(rounds + 1):
        for with_counts, times in took.items():
            ctx = Context(await provisioner(settings).create("Bench", currency="EUR", time_zone="UTC"))
            await _count(settings, ctx, wanted=with_counts)
            with open_shop(ctx.shop):
                times.append(await _timed(lambda ctx=ctx: _import(ctx, path)))  # type: ignore[misc]
    return took


async def _edits(settings: Settings, path: Path, rounds: int) -> dict[bool, list[float]]:
    """Of the same products again and again."""
    took: dict[bool, list[float]] = {True: [], False: []}
    ctx = Context(await provisioner(settings).create("Bench", currency="EUR", time_zone="UTC"))
    with open_shop(ctx.shop):
        await _import(ctx, path)
        rows = await Product.all().order_by("id").limit(EDITED)
        for turn in range(rounds + 1):
            for with_counts, times in took.items():
                await _count(settings, ctx, wanted=with_counts)
                edits = [ProductEdit(row.id, ProductChanges(vendor=f"{with_counts} {turn}")) for row in rows]
                times.append(
                    await _timed(lambda edits=edits: catalog.update_products(ctx, edits, BulkPolicy.IGNORE_FAILED))  # type: ignore[misc]
                )
    return took


async def _count(settings: Settings, ctx: Context, *, wanted: bool) -> None:
    async with owner_connection(settings) as owner:
        for table in COUNTED:
            for event in ("insert", "update", "delete"):
                able = "ENABLE" if wanted else "DISABLE"
                await owner.execute(f'ALTER TABLE "{ctx.shop.schema}".{table} {able} TRIGGER facets_{event}')


async def _import(ctx: Context, path: Path) -> None:
    done = await import_path(ctx, path, source="goods", mapping=MAPPING)
    if done.state is not ImportState.DONE:
        raise RuntimeError(f"The import is {done.state}: {done.failure}")


async def _timed(work: Callable[[], Awaitable[object]]) -> float:
    start = perf_counter()
    await work()
    return perf_counter() - start


def _goods(path: Path, lines: int) -> Path:
    chance = random.Random(1)
    with path.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(MAPPING)
        for n in range(lines):
            tags = f"tag {chance.randrange(40)}, tag {chance.randrange(40)}"
            price = f"{chance.randrange(1, 20_000) / 100:.2f}"
            writer.writerow((f"G{n:07}", f"Thing {n} of many", price, tags, f"Shelf {n % 20}"))
    return path


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run(short="--short" in sys.argv)) else 1)
