"""Write the money and the pieces of an order: its lines and payments, each in one statement, and the sums of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from stoa.domains.orders.models import Order, OrderLine, Payment, PaymentRowState
from stoa.domains.orders.moving import Moves
from stoa.kit.encoding import as_json
from stoa.tenants.database import shop_client

_LINES = """
UPDATE order_line l SET cancelled = w.cancelled, refunded = w.refunded, refunded_minor = w.refunded_minor,
  gone_minor = w.gone_minor
FROM jsonb_to_recordset($1::jsonb) AS w (id uuid, cancelled int, refunded int, refunded_minor bigint, gone_minor bigint)
WHERE l.id = w.id AND l.order_id = $2
"""
_PAYMENTS = """
UPDATE payment p SET refunded_minor = p.refunded_minor + w.minor
FROM jsonb_to_recordset($1::jsonb) AS w (id uuid, minor bigint) WHERE p.id = w.id AND p.order_id = $2
"""
_OPEN = (PaymentRowState.AUTHORIZED, PaymentRowState.SETTLED)


async def locked_payments(order: Order) -> list[Payment]:
    """All of the order's, nobody else's until the transaction ends; the order is locked already."""
    return await Payment.filter(order_id=order.id).select_for_update().order_by("id")


async def save_lines(order: Order, lines: Iterable[OrderLine]) -> None:
    rows = [
        {
            "id": line.id,
            "cancelled": line.cancelled,
            "refunded": line.refunded,
            "refunded_minor": line.refunded_minor,
            "gone_minor": line.gone_minor,
        }
        for line in lines
    ]
    await shop_client().execute_query(_LINES, [as_json(rows), order.id])


async def add_refunds(order: Order, payments: Sequence[Payment], parts: Mapping[UUID, int]) -> None:
    """Let the payments give so much more (or, below zero, less)."""
    for payment in payments:
        payment.refunded_minor += parts.get(payment.id, 0)
    rows = [{"id": id, "minor": minor} for id, minor in parts.items()]
    await shop_client().execute_query(_PAYMENTS, [as_json(rows), order.id])


def sum_up(moves: Moves, payments: Iterable[Payment]) -> None:
    """The order's sums are those of its payments, without what a bank has taken back."""
    standing = [each for each in payments if each.state in _OPEN]
    moves.set(
        authorized_minor=sum(_authorized(each) for each in standing),
        captured_minor=sum(each.captured_minor for each in standing),
        refunded_minor=sum(each.refunded_minor for each in standing),
    )


def _authorized(payment: Payment) -> int:
    """What is captured, or still may be."""
    is_open = payment.state is PaymentRowState.AUTHORIZED
    minor: int = payment.authorized_minor if is_open else payment.captured_minor
    return minor
