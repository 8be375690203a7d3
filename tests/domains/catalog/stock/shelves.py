"""Stock for the tests of stock: variants with so many at so many places, and what the books say of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from stoa.domains.catalog.models import Location, Stock, StockMovement, Variant
from stoa.domains.catalog.stock import Move, move
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_client, shop_transaction
from tests import make

BALANCES = ("on_hand", "reserved", "damaged", "held", "incoming")
_LEDGER = """
SELECT s.id, s.on_hand, s.reserved, s.damaged, s.held, s.incoming, sum(coalesce(m.on_hand, 0)) AS m_on_hand,
  sum(coalesce(m.reserved, 0)) AS m_reserved, sum(coalesce(m.damaged, 0)) AS m_damaged,
  sum(coalesce(m.held, 0)) AS m_held, sum(coalesce(m.incoming, 0)) AS m_incoming, coalesce((
    SELECT sum(quantity) FROM reservation r WHERE r.stock_id = s.id AND r.state = 'HELD'), 0) AS promised
FROM stock s LEFT JOIN stock_movement m ON m.stock_id = s.id GROUP BY s.id
"""


async def variants(ctx: Context, *on_hand: int | None) -> list[Variant]:
    """Variants of one product, with so many each at the main location (none when None: no row either)."""
    product = await make.product(ctx, variants=[{"on_hand": each} for each in on_hand])
    with open_shop(ctx.shop):
        return await Variant.filter(product_id=product.id).order_by("position")


async def main_location() -> Location:
    return await Location.get(is_main=True)


async def put(ctx: Context, variant: Variant, location: Location, on_hand: int) -> Stock:
    async with shop_transaction():
        await move(ctx, [Move(variant.id, location.id, on_hand=on_hand)])
    return await Stock.get(variant=variant, location=location)


async def balances(variant: Variant, location: Location | None = None) -> dict[str, int]:
    """What the books say of the variant there; at the main location when none is named."""
    location = location or await main_location()
    row = await Stock.get(variant=variant, location=location)
    return {name: value for name in BALANCES if (value := getattr(row, name))}


async def books(ctx: Context) -> dict[str, Any]:
    """Every row of every table of stock, to see what changed and what did not."""
    tables = (
        "location",
        "stock",
        "stock_movement",
        "reservation",
        "transfer",
        "stock_count",
        "stock_count_line",
        "event",
    )
    with open_shop(ctx.shop):
        return {name: await shop_client().execute_query_dict(f'SELECT * FROM "{name}" ORDER BY id') for name in tables}


async def assert_sound(*, is_all_reserved: bool = True) -> None:
    """The balances are the sums of the movements, and what is reserved is what the open reservations hold."""
    for row in await shop_client().execute_query_dict(_LEDGER):
        assert [row[name] for name in BALANCES] == [row[f"m_{name}"] for name in BALANCES], row
        if is_all_reserved:
            assert row["reserved"] == row["promised"], row


async def kinds(variant: Variant) -> list[str]:
    """What has happened to the variant's stock, in order, besides its first stock."""
    found = await StockMovement.filter(stock__variant_id=variant.id).order_by("id").values_list("kind", flat=True)
    return [str(each) for each in found][1:]


def by_variant(rows: list[Mapping[str, Any]]) -> dict[UUID, int]:
    return {row["variant_id"]: row["quantity"] for row in rows}
