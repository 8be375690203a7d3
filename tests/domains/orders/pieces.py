"""Pieces of orders leave and arrive without a parcel around them: for tests that are about something else."""

from __future__ import annotations

from uuid import UUID

from stoa.domains.catalog import stock
from stoa.domains.catalog.stock import Demand, Holder
from stoa.domains.orders.errors import TooManyPieces
from stoa.domains.orders.models import Order
from stoa.domains.orders.moving import Moves, lines_of, locked_order, require
from stoa.domains.orders.states import Action
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction


async def ship_pieces(ctx: Context, order_id: UUID, position: int, count: int) -> Order:
    """So many pieces of a line leave the house."""
    async with shop_transaction():
        order = await locked_order(order_id)
        lines, moves = await lines_of(order), Moves(ctx, order)
        require(order, lines, Action.SHIP)
        line = lines[position]
        if count > line.quantity - line.cancelled - line.shipped:
            raise TooManyPieces("too many")
        demand = [Demand(line.variant_id, count)]  # type: ignore[attr-defined]
        await stock.ship(ctx, Holder("order", order.id), demand)
        line.shipped += count
        await line.save(update_fields=["shipped"])
        moves.follow(lines, Action.SHIP)
        return await moves.save()


async def deliver_pieces(ctx: Context, order_id: UUID) -> Order:
    """All that is on its way arrives."""
    async with shop_transaction():
        order = await locked_order(order_id)
        lines, moves = await lines_of(order), Moves(ctx, order)
        for line in lines:
            line.delivered = line.shipped
            await line.save(update_fields=["delivered"])
        moves.follow(lines, "DELIVER")
        return await moves.save()
