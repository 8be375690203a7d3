"""Edit an order: its lines, address and delivery, before anything of it is shipped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from stoa.domains import catalog
from stoa.domains.catalog import Same
from stoa.domains.catalog.stock import Demand, Holder
from stoa.domains.orders.editing.drafting import OrderEdit
from stoa.domains.orders.editing.events import OrderChange, OrderEdited
from stoa.domains.orders.editing.previewing import Worked, holds_stock, work_out
from stoa.domains.orders.editing.replanning import Plan
from stoa.domains.orders.models import Order, OrderLine, OrderState, ShippingMethod
from stoa.domains.orders.moving import Moves, lines_of, locked_order
from stoa.kit.errors import Refusals
from stoa.kit.money import Money
from stoa.kit.text import searchable
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction

ACTION, MAX_TEXT = "EDIT", 500


async def edit_order(ctx: Context, order_id: UUID, edit: OrderEdit, *, expected_version: int | None = None) -> Order:
    """Change it all or not at all; what is so already is no change. Money that is owed then, either way, is not moved.

    Raises `NotNow`, `OrderChanged`, `NoSuchLine`, `TooFewPieces`, `NothingLeft`, `NotEnoughStock` for each line that is
    short, and what placing refuses of lines.
    """
    edit = edit.checked(ctx)
    async with shop_transaction():
        order = await locked_order(order_id, expected_version)
        lines, total_before = await lines_of(order), order.total_minor
        worked = await work_out(ctx, order, lines, edit)
        moves = Moves(ctx, order)
        changes = _line_changes(worked.plan) + await _change_columns(order, edit, worked.plan, moves)
        if not changes:
            return order
        await _save_lines(worked.plan)
        _save_prices(moves, worked, total_before)
        await _follow_stock(ctx, order, worked)
        moves.follow(worked.plan.all_lines, ACTION)
        moves.tell(OrderEdited(order.id, tuple(changes), total_before, order.total_minor, order.currency))
        return await moves.save()


def _line_changes(plan: Plan) -> list[OrderChange]:
    changed = [
        OrderChange(
            "line.quantity",
            str(each.before.quantity - each.line.cancelled),
            str(each.after.quantity - each.line.cancelled if each.after else 0),
            each.line.id,
            _label(each.line),
        )
        for each in plan.replanned
    ]
    added = [OrderChange("line.quantity", None, str(line.quantity), line.id, _label(line)) for line in plan.added]
    return changed + added


def _label(line: OrderLine) -> str:
    return (line.sku or line.title)[:120]


async def _change_columns(order: Order, edit: OrderEdit, plan: Plan, moves: Moves) -> list[OrderChange]:
    wanted: dict[str, Any] = {"shipping_minor": plan.shipping_minor}
    for name in ("shipping_address", "billing_address", "shipping_method_id", "note"):
        given = getattr(edit, name)
        if not isinstance(given, Same):
            wanted[name] = given
    differing = {name: value for name, value in wanted.items() if getattr(order, name) != value}
    if not differing:
        return []
    told = [await _told(order, name, value) for name, value in differing.items()]
    if name := differing.get("shipping_address", {}).get("name"):
        differing["search_text"] = _searchable_with(order.search_text, name)
    moves.set(**differing)
    return told


def _searchable_with(text: str, name: str) -> str:
    word = searchable(name)
    return text if word in text else f"{text} {word}".strip()


async def _told(order: Order, name: str, value: Any) -> OrderChange:
    old = getattr(order, name)
    match name:
        case "shipping_minor":
            return OrderChange("shipping", str(Money(old, order.currency)), str(Money(value, order.currency)))
        case "shipping_method_id":
            codes = dict(
                await ShippingMethod.filter(id__in=[each for each in (old, value) if each]).values_list("id", "code")
            )
            return OrderChange("shipping_method", codes.get(old), codes.get(value))
    return OrderChange(name, _text(old), _text(value))


def _text(value: Any) -> str | None:
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
    return (text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…") if value else None


async def _save_lines(plan: Plan) -> None:
    gone = [each.line.id for each in plan.replanned if each.after is None]
    stay = [each.line for each in plan.replanned if each.after is not None]
    if gone:
        await OrderLine.filter(id__in=gone).delete()
    if stay:
        await OrderLine.bulk_update(stay, ["quantity", "discount_minor", "tax_minor", "total_minor"])
    if plan.added:
        await OrderLine.bulk_create(plan.added)


def _save_prices(moves: Moves, worked: Worked, total_before: int) -> None:
    plan, order = worked.plan, moves.order
    if plan.replanned or plan.added or plan.total_minor != total_before:
        by = {"step": ACTION, "title": "", "base_minor": total_before, "minor": plan.total_minor - total_before}
        moves.set(
            subtotal_minor=plan.subtotal_minor,
            discount_minor=plan.discount_minor,
            shipping_minor=plan.shipping_minor,
            tax_minor=plan.tax_minor,
            total_minor=plan.total_minor,
            pricing=[*order.pricing, *worked.steps, by],
        )


async def _follow_stock(ctx: Context, order: Order, worked: Worked) -> None:
    """Hold what is needed now, neither less nor more; until when the rest of it is held."""
    needs, holder = worked.needs, Holder("order", order.id)
    if not needs or not holds_stock(order):
        return
    await catalog.stock.lock_stock([id for id, _ in needs])
    fewer = [Demand(id, -by, pool_id=pool_id) for (id, pool_id), by in needs.items() if by < 0]
    if fewer:
        await catalog.stock.release(ctx, holder, fewer, reason="edited")
    more = [Demand(id, by, pool_id=pool_id) for (id, pool_id), by in needs.items() if by > 0]
    if more:
        until = order.pay_by if order.state is OrderState.PENDING else None
        try:
            await catalog.stock.reserve(ctx, holder, more, expires_at=until)
        except Refusals as refused:
            _blame(refused, worked.plan, more)
            raise


def _blame(refused: Refusals, plan: Plan, more: Sequence[Demand]) -> None:
    """Say which part of the edit asks for what is short."""
    for each in refused.refusals:
        variant_id = more[int(each.path[1])].variant_id
        new = [i for i, line in enumerate(plan.added) if line.variant_id == variant_id]  # type: ignore[attr-defined]
        each.path = ("added", new[0]) if new else ("quantities",)
