"""All orders with their lines, in bulk, into a file: against PostgreSQL's own COPY of the same JSON, taken in turns."""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson

from benchmarks.engines import benched
from benchmarks.filling_orders import fill_orders
from benchmarks.importing import Memory
from benchmarks.printing import figure
from stoa.graphql.bulk.checking import check_query
from stoa.graphql.bulk.reading import Reading
from stoa.graphql.schema import schema
from stoa.settings import Settings
from stoa.tenants.bulk import ask_for_query, begin, complete, write_pages
from stoa.tenants.bulk.models import BulkRun
from stoa.tenants.connecting import connect, disconnect, owner_connection
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_transaction
from stoa.tenants.provisioning import provisioner
from stoa.tenants.uploading import shop_files

ORDERS, SHORT_ORDERS, LINES = 20_000, 4_000, 5
QUERY = (
    "{ orders { nodes { id number state placedAt total { amount currency minor } "
    "lines { nodes { id sku title quantity total { amount currency minor } } } } } }"
)
# What somebody would write by hand who knows the tables: the same values in the same lines, but for the ids' form.
COPY = """
SELECT line FROM (
  SELECT o.id AS order_id, -1 AS position, json_build_object('id', o.id, 'number', o.number, 'state', o.state,
    'placedAt', o.placed_at, 'total', json_build_object('amount', (o.total_minor / 100.0)::numeric(18, 2)::text,
      'currency', o.currency, 'minor', o.total_minor))::text AS line FROM sales_order o
  UNION ALL
  SELECT l.order_id, l.position, json_build_object('id', l.id, 'sku', l.sku, 'title', l.title, 'quantity', l.quantity,
    'total', json_build_object('amount', (l.total_minor / 100.0)::numeric(18, 2)::text, 'currency', l.currency,
      'minor', l.total_minor), '__parentId', l.order_id, '__field', 'lines')::text FROM order_line l) all_of_them
ORDER BY order_id, position
"""


async def run(*, short: bool = False) -> bool:
    orders = SHORT_ORDERS if short else ORDERS
    async with benched() as settings:
        await connect(settings)
        schema()
        shop = await provisioner(settings).create("Bulk", currency="EUR", time_zone="UTC")
        async with owner_connection(settings) as owner:
            await fill_orders(owner, shop, orders, LINES)
            with open_shop(shop):
                good = await _measure(Context(shop), settings, owner, orders, 1 if short else 3)
        await disconnect()
    return good


async def _measure(ctx: Context, settings: Settings, owner: Any, orders: int, rounds: int) -> bool:
    copied = Path(settings.files) / "copied.jsonl"
    await owner.execute(f'SET search_path TO "{ctx.shop.schema}"')
    await _in_bulk(ctx)  # what is read and compiled once
    await owner.copy_from_query(COPY, output=copied)
    pairs, memory = [], Memory()
    for _ in range(rounds):
        start = perf_counter()
        done = await _in_bulk(ctx)
        middle = perf_counter()
        await owner.copy_from_query(COPY, output=copied)
        pairs.append((middle - start, perf_counter() - middle))
    grown = memory.grown()
    await _same(ctx, done, copied)
    lines = done.lines_written
    ours, copy = (statistics.median(each) for each in zip(*pairs, strict=True))
    ratio = statistics.median(copy / ours for ours, copy in pairs)
    against = f"{lines / ours:,.0f} of {lines / copy:,.0f} lines/s; {orders:,} orders, {lines:,} lines"
    good = figure("bulk", "query_of_copy", ratio, "ratio", ">= 0.1", against)
    return good & figure("bulk", "memory_growth", grown, "MB", "< 60", f"a file of {(done.size or 0) / 1e6:.0f} MB")


async def _in_bulk(ctx: Context) -> BulkRun:
    """As the worker does it."""
    query = await check_query(ctx, QUERY, {})
    run = await begin(ctx, (await ask_for_query(ctx, QUERY, None, needs=query.needs)).id, shop_transaction)
    assert run is not None

    async def asker() -> Context:
        return ctx

    await write_pages(ctx, run, Reading(query, asker).pages(run.cursor), shop_transaction)
    await complete(ctx, run, step=shop_transaction, finish=shop_transaction)
    return run


async def _same(ctx: Context, done: BulkRun, copied: Path) -> None:
    """Line for line, but for how ids and times are written."""
    theirs = (orjson.loads(line.replace("\\\\", "\\")) for line in copied.read_text("utf-8").splitlines())
    async for line in _lines(shop_files(ctx.shop).stream(str(done.file_key))):
        ours, other = orjson.loads(line), next(theirs)
        assert ours.keys() == other.keys()
        assert (ours["total"], ours.get("number"), ours.get("sku"), ours.get("quantity")) == (
            other["total"],
            other.get("number"),
            other.get("sku"),
            other.get("quantity"),
        )
    assert next(theirs, None) is None


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    rest = b""
    async for chunk in chunks:
        *ended, rest = (rest + chunk).split(b"\n")
        for line in ended:
            yield line


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run(short="--short" in sys.argv)) else 1)
