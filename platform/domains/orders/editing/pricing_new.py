"""New lines of an order that is there already: looked up and priced as of now, promotions included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stoa.domains.orders.drafting import LineDraft
from stoa.domains.orders.inserting import line_rows
from stoa.domains.orders.models import Order, OrderLine
from stoa.domains.orders.placing import offers_for, unit_of
from stoa.domains.orders.pricing import Basket, Item, price
from stoa.kit.errors import Refusals
from stoa.tenants.context import Context

_NAMED_OTHERWISE = {
    "unit": "unit_minor",
    "discount": "discount_minor",
    "tax": "tax_minor",
    "total": "total_minor",
    "cost": "cost_minor",
}


async def new_lines(
    ctx: Context, order: Order, drafts: Sequence[LineDraft], position: int
) -> tuple[list[OrderLine], list[dict[str, Any]]]:
    """The rows, not saved yet, and the steps of their prices. Raises `Refusals` for what cannot be bought."""
    if not drafts:
        return [], []
    try:
        offers = await offers_for(drafts)
    except Refusals as refused:
        for each in refused.refusals:
            each.path = ("added", *each.path[1:])
        raise
    units = [unit_of(line, offer) for line, offer in zip(drafts, offers, strict=True)]
    basket = Basket(
        currency=order.currency,
        items=[
            Item(line.quantity, unit, offer.variant_id if offer else None, line.tax_rate)
            for line, offer, unit in zip(drafts, offers, units, strict=True)
        ],
        channel=order.channel,
        customer_id=order.customer_id,  # type: ignore[attr-defined]
        tax_included=order.tax_included,
    )
    priced = await price(ctx, basket)
    rows = [_line(order, row, position) for row in line_rows(drafts, offers, priced, units, order.currency)]
    steps = [step.as_row() for step in priced.steps if step.line is not None]
    return rows, [{**step, "line": step["line"] + position} for step in steps]


def _line(order: Order, row: dict[str, Any], position: int) -> OrderLine:
    columns = {_NAMED_OTHERWISE.get(name, name): value for name, value in row.items()}
    columns["properties"] = dict(columns["properties"])
    return OrderLine(order_id=order.id, **{**columns, "position": row["position"] + position})
