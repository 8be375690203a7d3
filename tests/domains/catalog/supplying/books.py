"""What stock and orders say, to hold one against the other."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from stoa.domains.catalog.models import PurchaseLine, PurchaseOrder, Stock, StockMovement, Variant
from stoa.domains.catalog.supplying.states import OPEN
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_client
from tests import make

BALANCES = ("on_hand", "reserved", "damaged", "held", "incoming")
_LEDGER = f"""
SELECT count(*) AS wrong FROM stock s LEFT JOIN (
  SELECT stock_id, {", ".join(f"sum({name}) AS {name}" for name in BALANCES)} FROM stock_movement GROUP BY stock_id
) m ON m.stock_id = s.id
WHERE {" OR ".join(f"s.{name} <> coalesce(m.{name}, 0)" for name in BALANCES)}
"""


async def variants_of(ctx: Context, count: int = 2, **columns: Any) -> list[Variant]:
    """Variants of one product, with nothing on hand."""
    product = await make.product(ctx, variants=({"on_hand": None, **columns},) * count)
    with open_shop(ctx.shop):
        return await Variant.filter(product_id=product.id).order_by("position")


async def lines_of(order: PurchaseOrder) -> list[PurchaseLine]:
    return await PurchaseLine.filter(purchase_id=order.id).order_by("position")


async def stock_of(variant: Variant) -> tuple[int, int, int]:
    """On hand, damaged, incoming, at all locations."""
    rows = await Stock.filter(variant_id=variant.id)
    return (
        sum(each.on_hand for each in rows),
        sum(each.damaged for each in rows),
        sum(each.incoming for each in rows),
    )


async def movements_of(order: PurchaseOrder) -> list[tuple[str, int, int, int, str]]:
    """Kind, on hand, damaged, incoming and reason of every movement made for the order."""
    rows = await StockMovement.filter(reference_kind="purchase_order", reference_id=order.id).order_by("id")
    return [(each.kind.value, each.on_hand, each.damaged, each.incoming, each.reason) for each in rows]


async def rows_that_do_not_add_up() -> int:
    """Rows of stock whose balances are not the sums of their movements."""
    [row] = await shop_client().execute_query_dict(_LEDGER)
    return int(row["wrong"])


async def outstanding() -> dict[UUID, int]:
    """How many of each variant are on their way, by the orders."""
    found: dict[UUID, int] = {}
    for line in await PurchaseLine.filter(purchase__state__in=[state.value for state in OPEN]):
        variant_id: UUID = line.variant_id  # type: ignore[attr-defined]
        found[variant_id] = found.get(variant_id, 0) + max(line.quantity - line.received, 0)
    return {variant_id: count for variant_id, count in found.items() if count}


async def incoming() -> dict[UUID, int]:
    """How many of each variant are on their way, by the stock."""
    return {each.variant_id: each.incoming for each in await Stock.filter(incoming__gt=0)}  # type: ignore[attr-defined]
