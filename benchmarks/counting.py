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
            took: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
            for _ in range(rounds + 1):
                for with_counts, times in took.items():
                    times.append(await _import_and_edit(settings, path, with_counts=with_counts))
            await disconnect()
    good = True
    for place, (name, what) in enumerate((("import", f"{lines} lines"), ("bulk_edit", f"{EDITED} products"))):
        pairs = list(zip(took[True], took[False], strict=True))[1:]
        counted, plain = (min(times[place] for times in side) for side in zip(*pairs, strict=True))
        against = f"{what} in {plain * 1000:.0f} ms without"
        good &= figure("counting", name, counted / plain, "times without", "<= 1.15", against)
    return good


async def _import_and_edit(settings: Settings, path: Path, *, with_counts: bool) -> tuple[float, float]:
    """In a shop of its own."""
    shop = await provisioner(settings).create("Bench", currency="EUR", time_zone="UTC")
    if not with_counts:
        async with owner_connection(settings) as owner:
            for table in COUNTED:
                for event in ("insert", "update", "delete"):
                    await owner.execute(f'ALTER TABLE "{shop.schema}".{table} DISABLE TRIGGER facets_{event}')
    ctx = Context(shop)
    with open_shop(shop):
        importing = await _timed(lambda: _import(ctx, path))
        rows = await Product.all().order_by("id").limit(EDITED)
        edits = [ProductEdit(row.id, ProductChanges(vendor="Somebody", seo_title="A title")) for row in rows]
        editing = await _timed(lambda: catalog.update_products(ctx, edits, BulkPolicy.IGNORE_FAILED))
    return importing, editing


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
