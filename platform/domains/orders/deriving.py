"""What follows from amounts and counts: the states of payment and fulfilment, and the facts that guards look at."""

from __future__ import annotations

from collections.abc import Sequence

from stoa.domains.orders.guarding import Facts
from stoa.domains.orders.models import (
    AftersaleState,
    FulfilmentState,
    Order,
    OrderLine,
    PaymentState,
)

_BEFORE_SHIPPING = (
    FulfilmentState.UNFULFILLED,
    FulfilmentState.ALLOCATED,
    FulfilmentState.PICKING,
    FulfilmentState.PACKED,
)


def payment_state_of(order: Order) -> PaymentState:
    """Of what was authorised, captured and given back. An order that costs nothing is paid.

    What a bank has taken back stays so until all is paid anew.
    """
    is_short = not order.captured_minor or order.captured_minor < due_of(order)
    if is_short and order.payment_state is PaymentState.CHARGED_BACK:
        return PaymentState.CHARGED_BACK
    if order.captured_minor == 0:
        return _state_unpaid(order)
    if order.refunded_minor >= order.captured_minor:
        return PaymentState.REFUNDED
    if order.refunded_minor:
        return PaymentState.PART_REFUNDED
    return PaymentState.PAID if order.captured_minor >= due_of(order) else PaymentState.PART_PAID


def _state_unpaid(order: Order) -> PaymentState:
    if order.total_minor == 0:
        return PaymentState.PAID
    if order.authorized_minor:
        return PaymentState.AUTHORIZED
    was_authorized = order.payment_state in (PaymentState.AUTHORIZED, PaymentState.VOIDED)
    return PaymentState.VOIDED if was_authorized else PaymentState.UNPAID


def due_of(order: Order) -> int:
    """What is to be paid for the order in all: its total, without what was cancelled before it was paid."""
    due: int = order.total_minor - order.waived_minor
    return due


def fulfilment_state_of(order: Order, lines: Sequence[OrderLine]) -> FulfilmentState:
    """Of how many pieces went and arrived; before any went, what it is now."""
    pieces = sum(line.quantity - line.cancelled for line in lines)
    shipped, delivered = sum(line.shipped for line in lines), sum(line.delivered for line in lines)
    if pieces == 0:
        return FulfilmentState.CANCELLED
    if delivered:
        return FulfilmentState.DELIVERED if delivered >= pieces else FulfilmentState.PART_DELIVERED
    if shipped:
        if order.fulfilment_state is FulfilmentState.LOST:  # until something arrives, or more is sent
            return FulfilmentState.LOST
        return FulfilmentState.SHIPPED if shipped >= pieces else FulfilmentState.PART_SHIPPED
    return order.fulfilment_state if order.fulfilment_state in _BEFORE_SHIPPING else FulfilmentState.UNFULFILLED


def facts_of(order: Order, lines: Sequence[OrderLine]) -> Facts:
    return Facts(
        state=order.state,
        is_on_hold=order.is_on_hold,
        total=due_of(order),
        captured=order.captured_minor,
        refunded=order.refunded_minor,
        pieces=sum(line.quantity - line.cancelled for line in lines),
        shipped=sum(line.shipped for line in lines),
        delivered=sum(line.delivered for line in lines),
        has_open_case=order.aftersale_state in (AftersaleState.OPEN, AftersaleState.OVERDUE),
        is_payable_later=bool(order.metadata.get("payable_later")),
    )
