"""Pieces of orders leave and arrive in parcels, for tests that are about what comes after."""

from __future__ import annotations

from uuid import UUID

from stoa.domains.orders import shipping
from stoa.domains.orders.models import OrderLine, Shipment
from stoa.domains.orders.shipping import PackDraft, ShipDraft
from stoa.tenants.context import Context


async def ship_pieces(ctx: Context, order_id: UUID, position: int, count: int) -> None:
    """So many pieces of a line leave the house."""
    line = await OrderLine.get(order_id=order_id, position=position)
    for parcel in await shipping.pack_order(ctx, order_id, PackDraft({line.id: count})):
        await shipping.ship_parcel(ctx, parcel, ShipDraft())


async def deliver_pieces(ctx: Context, order_id: UUID) -> None:
    """All that is on its way arrives."""
    for parcel in await Shipment.filter(order_id=order_id, state="SHIPPED"):
        await shipping.deliver_parcel(ctx, parcel.id)
