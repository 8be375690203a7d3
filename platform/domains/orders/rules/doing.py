"""What rules that the clock asks let happen to an order; each refuses what is in the way of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from stoa.domains.orders.ending import complete_order, expire_order
from stoa.domains.orders.models import RuleKind
from stoa.domains.orders.moving import Moves, locked_order
from stoa.domains.orders.shipping.sending import deliver_digital
from stoa.kit.clock import now
from stoa.tenants.context import Context

Deed = Callable[[Context, UUID], Awaitable[object]]


async def let_go(ctx: Context, order_id: UUID) -> None:
    """Its time to be paid is over as of now, for the rule says so."""
    order = await locked_order(order_id)
    if order.pay_by is not None and order.pay_by > now():
        moves = Moves(ctx, order)
        moves.set(pay_by=now())
        await moves.save()
    await expire_order(ctx, order_id)


DEEDS: Mapping[RuleKind, Deed] = {
    RuleKind.SHIP_DIGITAL: deliver_digital,
    RuleKind.EXPIRE_UNPAID: let_go,
    RuleKind.COMPLETE_DELIVERED: complete_order,
}
