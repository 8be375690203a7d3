"""Reserving: never more than there is, whoever comes at once; and what the operation costs beyond its statement."""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from benchmarks.engines import benched
from benchmarks.filling import fill
from benchmarks.printing import figure
from stoa.domains.catalog import ProductDraft, VariantDraft, create_product, stock
from stoa.domains.catalog.models import Location, Reservation, Variant
from stoa.domains.catalog.stock import Demand, Holder, Move, move
from stoa.kit.errors import Refusals
from stoa.kit.ids import new_id
from stoa.settings import Settings
from stoa.tenants.connecting import connect, disconnect, owner_connection
from stoa.tenants.context import Context, ShopRef, open_shop
from stoa.tenants.database import shop_transaction
from stoa.tenants.provisioning import provisioner

BUYERS, UNITS = 200, 100
PRODUCTS = 2_000
AT_ONCE = 8

# What somebody writes who knows the rows: lock them in order, see whether there is enough, write both.
BARE = """
WITH wanted AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS w (variant_id uuid, quantity int)),
locked AS MATERIALIZED (
  SELECT s.id, w.quantity, s.on_hand - s.reserved - s.damaged - s.held >= w.quantity AS fits
  FROM stock s JOIN wanted w USING (variant_id) WHERE s.location_id = $2 ORDER BY s.id FOR UPDATE OF s),
granted AS (SELECT * FROM locked WHERE (SELECT bool_and(fits) FROM locked)),
made AS (
  INSERT INTO reservation (id, stock_id, quantity, state, holder_kind, holder_id, created_at)
  SELECT uuidv7(), id, quantity, 'HELD', 'cart', $3, now() FROM granted RETURNING id)
INSERT INTO stock_movement (id, stock_id, kind, reserved, reference_kind, reference_id, actor_kind, happened_at)
SELECT uuidv7(), id, 'RESERVATION', quantity, 'cart', $3, 'system', now() FROM granted
"""


async def run(*, short: bool = False) -> bool:
    async with benched(STOA_SHOP_POOL=str(AT_ONCE)) as settings:
        shop, large = [await provisioner(settings).create(name, currency="EUR", time_zone="UTC") for name in "AB"]
        await connect(settings)
        try:
            with open_shop(shop):
                good = await _never_more(Context(shop))
            async with owner_connection(settings) as owner:
                await fill(owner, large, PRODUCTS)
            with open_shop(large):
                return good & await _throughput(settings, large, 1.0 if short else 4.0, 3 if short else 7)
        finally:
            await disconnect()


async def _never_more(ctx: Context) -> bool:
    """200 buyers want one each of 100 units that lie as 4 products at 2 locations."""
    variants = await _shelf(ctx)
    outcomes = await asyncio.gather(*(_buy(ctx, variants[n % len(variants)]) for n in range(BUYERS)))
    granted = sum(outcome is None for outcome in outcomes)
    told = sum(outcome == 0 for outcome in outcomes)
    report = await stock.integrity_report(ctx)
    held = sum(await Reservation.filter(state="HELD").values_list("quantity", flat=True))  # type: ignore[arg-type]
    good = figure("stock", "granted", granted, f"of {BUYERS} for {UNITS} units", "<= 100", f"{told} heard: 0 left")
    good &= figure("stock", "granted_at_least", held, "reserved", ">= 100")
    return good & figure("stock", "breaches", report.breaches_total, "of the books", "<= 0")


async def _shelf(ctx: Context) -> list[UUID]:
    attic = await stock.create_location(ctx, stock.LocationChanges(name="Attic", position=1))
    for n in range(4):
        await create_product(ctx, ProductDraft(f"Vase {n}", variants=[VariantDraft(on_hand=UNITS // 8)]))
    variants = list(await Variant.all().order_by("id").values_list("id", flat=True))
    rest = (UNITS - 4 * (UNITS // 8)) // 4
    async with shop_transaction():
        await move(ctx, [Move(each, attic.id, on_hand=rest) for each in variants])  # type: ignore[arg-type]
    return variants  # type: ignore[return-value]


async def _buy(ctx: Context, variant_id: UUID) -> int | None:
    """None when it was granted, else how many were said to be left."""
    try:
        await stock.reserve(ctx, Holder("cart", new_id()), [Demand(variant_id, 1)])
    except Refusals as refused:
        return int(refused.refusals[0].params["left"])
    return None


async def _throughput(settings: Settings, shop: ShopRef, seconds: float, rounds: int) -> bool:
    """Carts of three lines, 8 at a time, the same rows by both ways; pairs of rounds, so that both see the same."""
    ctx = Context(shop)
    variants: list[Any] = list(await Variant.filter(title__not="").order_by("id").values_list("id", flat=True))
    await _plenty(ctx, variants)
    main = (await Location.get(is_main=True)).id

    async def ours(n: int) -> None:
        await stock.reserve(ctx, Holder("cart", new_id()), [Demand(each, 1) for each in _cart(variants, n)])

    async with asyncpg.create_pool(
        settings.database_url.get_secret_value(),
        min_size=AT_ONCE,
        max_size=AT_ONCE,
        server_settings={"search_path": shop.schema, "jit": "off"},
        reset=_keep,
    ) as pool:

        async def bare(n: int) -> None:
            rows = [{"variant_id": each, "quantity": 1} for each in _cart(variants, n)]
            async with pool.acquire() as connection:
                await connection.execute(BARE, msgspec.json.encode(rows).decode(), main, new_id())

        pairs = [(await _rate(ours, seconds), await _rate(bare, seconds)) for _ in range(rounds + 1)][1:]
    ratio = statistics.median(our / their for our, their in pairs)
    rate, limit = (statistics.median(column) for column in zip(*pairs, strict=True))
    against = f"{rate:.0f} against {limit:.0f} /s"
    return figure("stock", "reserve", ratio, "of the hand-written statement", ">= 0.5", against)


async def _keep(connection: Any) -> None:
    """No reset: the limit pays for nothing it does not need."""


def _cart(variants: list[UUID], n: int) -> list[UUID]:
    return [variants[(n * 3 + i) % len(variants)] for i in range(3)]


async def _plenty(ctx: Context, variants: list[UUID]) -> None:
    for start in range(0, len(variants), 2_000):
        async with shop_transaction():
            await move(ctx, [Move(each, on_hand=1_000_000) for each in variants[start : start + 2_000]])


async def _rate(work: Callable[[int], Awaitable[None]], seconds: float) -> float:
    """How often a second, by 8 who do one after the other."""
    start, done = perf_counter(), 0

    async def go_on(worker: int) -> None:
        nonlocal done
        n = worker * 1_009
        while perf_counter() - start < seconds:
            await work(n)
            n += 1
            done += 1

    await asyncio.gather(*(go_on(worker) for worker in range(AT_ONCE)))
    return done / (perf_counter() - start)


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run(short="--short" in sys.argv)) else 1)
