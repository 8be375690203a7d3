"""Orders that may be shipped, and all that shipping could change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stoa.domains import orders
from stoa.domains.catalog import stock
from stoa.domains.catalog.models import Location, Reservation, Stock, StockMovement, Variant
from stoa.domains.orders.models import Order, OrderLine, OrderTransition, Shipment, ShipmentLine, ShippingMethod
from stoa.tenants.context import Context, open_shop
from stoa.tenants.shop_models import EventRow
from tests import make


async def confirmed(ctx: Context, lines: Sequence[tuple[Variant, int]] | None = None, **draft: Any) -> Order:
    """An order that may be shipped before it is paid."""
    placed = await make.order(ctx, lines, is_payable_later=True, **draft)
    with open_shop(ctx.shop):
        return await orders.confirm_order(ctx, placed.id)


async def method(ctx: Context, code: str = "express", **columns: Any) -> ShippingMethod:
    """One of the four that a shop has from the first day, with these columns."""
    with open_shop(ctx.shop):
        if columns:
            await ShippingMethod.filter(code=code).update(**columns)
        return await ShippingMethod.get(code=code)


async def stocked(ctx: Context, variant: Variant, place: Location, on_hand: int) -> None:
    """So many of it at another place."""
    adjustment = stock.Adjustment(variant.id, place.id, quantity=on_hand)
    with open_shop(ctx.shop):
        [outcome] = await stock.adjust(ctx, [adjustment], reason="found")
    assert outcome.refusals == []


async def everything() -> dict[str, Any]:
    """What an operation of delivery could change."""
    tables = (Order, OrderLine, OrderTransition, Shipment, ShipmentLine, Reservation, Stock, StockMovement, EventRow)
    return {each.__name__: await each.all().order_by("id").values() for each in tables}


async def counts(order: Order) -> list[tuple[int, int, int]]:
    """By line: shipped, delivered, returned."""
    lines = await OrderLine.filter(order_id=order.id).order_by("position")
    return [(line.shipped, line.delivered, line.returned) for line in lines]


async def states(order: Order) -> tuple[str, list[str]]:
    """Of the order's fulfilment, and of its parcels."""
    fresh = await Order.get(id=order.id)
    parcels = await Shipment.filter(order_id=order.id).order_by("number")
    return fresh.fulfilment_state.value, [each.state.value for each in parcels]
