"""Which part of a line, and which payment, gives how much: plain arithmetic, exact to the penny."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from stoa.domains.catalog.stock import Demand
from stoa.domains.orders.models import Order, OrderLine, Payment, PaymentRowState
from stoa.domains.orders.pricing import worth_of


def left_of(line: OrderLine) -> int:
    """Pieces that are neither cancelled nor given back."""
    return int(line.quantity - line.cancelled - line.refunded)


def worth(line: OrderLine, count: int) -> int:
    """What the next `count` pieces of the line are worth. The last one takes what remains of the line."""
    gone = line.cancelled + line.refunded
    if count and gone + count == line.quantity:
        return int(line.total_minor - line.gone_minor)
    return worth_of(line.total_minor, line.quantity, gone, count)


def refund_pieces(line: OrderLine, count: int) -> int:
    """Give back so many; what they are worth."""
    minor = worth(line, count)
    line.refunded += count
    line.gone_minor += minor
    line.refunded_minor += minor
    return minor


def cancel_pieces(line: OrderLine, count: int) -> int:
    """Call off so many; what they are worth. Those that were given back before are called off last, and are worth
    nothing any more."""
    fresh = min(count, left_of(line))
    minor = worth(line, fresh)
    line.cancelled += count
    line.refunded -= count - fresh
    line.gone_minor += minor
    return minor


def delivery_worth(order: Order, lines: Iterable[OrderLine]) -> int:
    """What of the total is for delivery, its tax included."""
    return int(order.total_minor - sum(line.total_minor for line in lines))


def refundable(payment: Payment) -> int:
    return 0 if payment.state is PaymentRowState.CHARGED_BACK else payment.captured_minor - payment.refunded_minor


def split(amount: int, payments: Sequence[Payment]) -> list[tuple[UUID, int]]:
    """Which payment gives how much, the newest first. There must be enough in them."""
    parts = []
    for payment in sorted(payments, key=lambda each: each.id, reverse=True):
        part = min(amount, refundable(payment))
        if part > 0:
            parts.append((payment.id, part))
            amount -= part
    assert amount == 0, "more than the payments hold"
    return parts


def as_rows(parts: Iterable[tuple[UUID, int]]) -> list[dict[str, Any]]:
    return [{"payment_id": str(id), "minor": minor, "reference": ""} for id, minor in parts]


def demand_of(lines: Iterable[OrderLine]) -> list[Demand]:
    """What the lines still need of the stock."""
    return [
        Demand(line.variant_id, line.quantity - line.cancelled - line.shipped, pool_id=line.pool_id)  # type: ignore[attr-defined]
        for line in lines
        if line.variant_id and line.requires_shipping and line.quantity > line.cancelled + line.shipped  # type: ignore[attr-defined]
    ]
