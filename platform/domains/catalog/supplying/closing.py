"""End a purchase order before all of it has come."""

from __future__ import annotations

from uuid import UUID

from stoa.domains.catalog.events import PurchaseOrderCancelled, PurchaseOrderClosed
from stoa.domains.catalog.models import PurchaseLine, PurchaseOrder, PurchaseState
from stoa.domains.catalog.supplying.ordering import check_version, expect, locked_purchase, save
from stoa.domains.catalog.supplying.states import OPEN, PurchaseAction, require
from stoa.kit.clock import now
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction
from stoa.tenants.outbox import publish


async def close_purchase(ctx: Context, purchase_id: UUID, *, expected_version: int | None = None) -> PurchaseOrder:
    """The rest will not come, and is not incoming any more. Twice changes nothing.

    Raises `NoSuchPurchase`, `PurchaseChanged` and `PurchaseStands`.
    """
    async with shop_transaction():
        order = await locked_purchase(purchase_id)
        if order.state is PurchaseState.CLOSED:
            return order
        check_version(order, expected_version)
        require(order, PurchaseAction.CLOSE)
        short = await _give_up(ctx, order, "closed short")
        await _end(order, PurchaseState.CLOSED)
        await publish(ctx, PurchaseOrderClosed(order.id, short))
    return order


async def cancel_purchase(ctx: Context, purchase_id: UUID, *, expected_version: int | None = None) -> PurchaseOrder:
    """Nothing of it will come. Twice changes nothing. Raises `NoSuchPurchase`, `PurchaseChanged`, `PurchaseStands`."""
    async with shop_transaction():
        order = await locked_purchase(purchase_id)
        if order.state is PurchaseState.CANCELLED:
            return order
        check_version(order, expected_version)
        require(order, PurchaseAction.CANCEL)
        was_placed = order.state in OPEN
        if was_placed:
            await _give_up(ctx, order, "cancelled")
        await _end(order, PurchaseState.CANCELLED)
        await publish(ctx, PurchaseOrderCancelled(order.id, was_placed))
    return order


async def _give_up(ctx: Context, order: PurchaseOrder, reason: str) -> int:
    """What is outstanding is not incoming any more; how many pieces that were."""
    lines = await PurchaseLine.filter(purchase_id=order.id)
    rest = {each.variant_id: max(each.quantity - each.received, 0) for each in lines}  # type: ignore[attr-defined]
    await expect(ctx, order, {variant_id: -count for variant_id, count in rest.items()}, reason=reason)
    return sum(rest.values())


async def _end(order: PurchaseOrder, state: PurchaseState) -> None:
    order.state, order.ended_at = state, now()
    await save(order, "state", "ended_at")
