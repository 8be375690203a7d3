"""An edit, worked out: what would be other than before, and what is in its way. Nothing is changed by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from stoa.domains import catalog
from stoa.domains.catalog import Same
from stoa.domains.orders.editing.drafting import OrderEdit
from stoa.domains.orders.editing.pricing_new import new_lines
from stoa.domains.orders.editing.replanning import (
    Needs,
    Plan,
    changes_of,
    charge,
    check_what_is_left,
    margin_of,
    pieces_of,
    replan,
)
from stoa.domains.orders.errors import NotNow
from stoa.domains.orders.models import Order, OrderLine, OrderState, Shipment, ShipmentState, ShippingMethod
from stoa.domains.orders.moving import lines_of, order_of, require
from stoa.domains.orders.shipping.errors import NoSuchMethod
from stoa.domains.orders.states import Action
from stoa.kit.clock import now
from stoa.kit.languages import Sentence
from stoa.tenants.context import Context


@dataclass(frozen=True, slots=True)
class LineDifference:
    """`line_id` is None for a new line; quantities are without what was called off."""

    line_id: UUID | None
    sku: str
    title: str
    quantity_before: int
    quantity: int
    total_before: int
    total: int


@dataclass(frozen=True, slots=True)
class Shortage:
    """So many more of a variant would be needed than can be had."""

    variant_id: UUID
    sku: str
    wanted: int
    left: int


@dataclass(frozen=True, slots=True)
class EditPreview:
    """What the edit would make of it. `margin_before` and `margin` are None when the cost of a line is not known."""

    order: Order
    lines: Sequence[LineDifference]
    total_before: int
    subtotal: int
    discount: int
    shipping: int
    tax: int
    total: int
    to_pay: int
    to_give_back: int
    short: Sequence[Shortage]
    margin_before: int | None
    margin: int | None


@dataclass(slots=True)
class Worked:
    """An edit that was worked out: the plan, the steps of new prices, how the need of stock changes."""

    plan: Plan
    steps: list[dict[str, Any]]
    needs: Needs
    margin_before: int | None


async def preview_edit(ctx: Context, order_id: UUID, edit: OrderEdit) -> EditPreview:
    """Raises what editing would, but for stock: what would be short is told."""
    edit = edit.checked(ctx)
    order = await order_of(order_id)
    total_before = order.total_minor
    lines = await lines_of(order)
    worked = await work_out(ctx, order, lines, edit)
    plan = worked.plan
    return EditPreview(
        order=order,
        lines=_differences(plan),
        total_before=total_before,
        subtotal=plan.subtotal_minor,
        discount=plan.discount_minor,
        shipping=plan.shipping_minor,
        tax=plan.tax_minor,
        total=plan.total_minor,
        to_pay=plan.to_pay,
        to_give_back=plan.to_give_back,
        short=await _short(plan, worked.needs),
        margin_before=worked.margin_before,
        margin=margin_of(order, plan.all_lines),
    )


async def work_out(ctx: Context, order: Order, lines: Sequence[OrderLine], edit: OrderEdit) -> Worked:
    """Changes the lines in place, and saves nothing. Raises all that is in the way of the edit, but for stock."""
    require(order, lines, Action.EDIT)
    await _require_unpacked(order)
    await _check_method(edit)
    before, margin_before = pieces_of(lines), margin_of(order, lines)
    shipping_tax = order.tax_minor - sum(line.tax_minor for line in lines)
    plan, problems = replan(order, lines, edit.quantities)
    problems.refuse()
    position = 1 + max((line.position for line in lines), default=-1)
    plan.added, steps = await new_lines(ctx, order, edit.added, position)
    check_what_is_left(plan)
    charge(plan, None if isinstance(edit.shipping, Same) else edit.shipping.minor, shipping_tax)
    return Worked(plan, steps, changes_of(before, pieces_of(plan.all_lines)), margin_before)


def holds_stock(order: Order) -> bool:
    """Whether its stock is held now. A draft's is not, nor that of an order whose time to be paid is over."""
    if order.state is OrderState.PENDING:
        return order.pay_by is None or order.pay_by > now()
    return order.state is OrderState.CONFIRMED


async def _require_unpacked(order: Order) -> None:
    if await Shipment.filter(order_id=order.id).exclude(state=ShipmentState.CANCELLED).exists():
        why = Sentence("A parcel of it is packed: cancel the parcel first.")
        raise NotNow(
            "Order {number}: {why}", path=["id"], number=order.number, why=why, reason="PACKED", action=Action.EDIT
        )


async def _check_method(edit: OrderEdit) -> None:
    wanted = edit.shipping_method_id
    if wanted is None or isinstance(wanted, Same):
        return
    if not await ShippingMethod.filter(id=wanted, is_active=True).exists():
        raise NoSuchMethod("There is no such way of delivery.", path=["shipping_method_id"])


def _differences(plan: Plan) -> list[LineDifference]:
    changed = [
        LineDifference(
            each.line.id,
            each.line.sku,
            each.line.title,
            each.before.quantity - each.line.cancelled,
            each.after.quantity - each.line.cancelled if each.after else 0,
            each.before.total_minor,
            each.after.total_minor if each.after else 0,
        )
        for each in plan.replanned
    ]
    new = [LineDifference(None, line.sku, line.title, 0, line.quantity, 0, line.total_minor) for line in plan.added]
    return changed + new


async def _short(plan: Plan, needs: Needs) -> list[Shortage]:
    more = {id: by for (id, pool_id), by in needs.items() if by > 0 and pool_id is None}  # of a sale, never more
    if not more:
        return []
    there = await catalog.stock.there_of(list(more))
    names = {line.variant_id: line.sku or line.title for line in plan.all_lines}  # type: ignore[attr-defined]
    return [Shortage(id, names[id], by, there.get(id, 0)) for id, by in more.items() if by > there.get(id, 0)]
