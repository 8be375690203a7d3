"""Keep an order from going on, and let it go on again."""

from __future__ import annotations

from uuid import UUID

from stoa.domains.orders.events import OrderHeld, OrderResumed
from stoa.domains.orders.models import Order
from stoa.domains.orders.moving import Moves, lines_of, locked_order, require
from stoa.domains.orders.states import Action
from stoa.kit.text import clean_line
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction


async def hold_order(ctx: Context, order_id: UUID, *, reason: str = "", expected_version: int | None = None) -> Order:
    """Nothing is confirmed or shipped until it is resumed. Its stock stays held; its deadlines go on."""
    reason = clean_line(reason, what="reason", limit=200, required=False)
    async with shop_transaction():
        order = await locked_order(order_id, expected_version)
        require(order, await lines_of(order), Action.HOLD)
        moves = Moves(ctx, order)
        moves.set(is_on_hold=True)
        moves.tell(OrderHeld(order.id, reason))
        return await moves.save()


async def resume_order(ctx: Context, order_id: UUID, *, expected_version: int | None = None) -> Order:
    """It goes on."""
    async with shop_transaction():
        order = await locked_order(order_id, expected_version)
        require(order, await lines_of(order), Action.RESUME)
        moves = Moves(ctx, order)
        moves.set(is_on_hold=False)
        moves.tell(OrderResumed(order.id))
        return await moves.save()
