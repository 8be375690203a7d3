"""What follows from amounts and counts: the states of payment and fulfilment, and the facts that guards look at."""

from __future__ import annotations

from collections.abc import Sequence

from stoa.domains.orders.models import (
    AftersaleState,
    FulfilmentState,
    Order,
    OrderLine,
    PaymentState,
)
from stoa.domains.orders.states import Facts

_BEFORE_SHIPPING = (
    FulfilmentState.UNFULFILLED,
    FulfilmentState.ALLOCATED,
    FulfilmentState.PICKING,
    FulfilmentState.PACKED,
)


def payment_state_of(order: Order) -> PaymentState:
    """Of what was authorised, captured and given back. An order that costs nothing is paid."""
    if order.captured_minor == 0:
        if order.total_minor == 0:
            return PaymentState.PAID
        return PaymentState.AUTHORIZED if order.authorized_minor else PaymentState.UNPAID
    if order.refunded_minor >= order.captured_minor:
        return PaymentState.REFUNDED
    if order.refunded_minor:
        return PaymentState.PART_REFUNDED
    return PaymentState.PAID if order.captured_minor >= order.total_minor else PaymentState.PART_PAID


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
        total=order.total_minor,
        captured=order.captured_minor,
        refunded=order.refunded_minor,
        pieces=sum(line.quantity - line.cancelled for line in lines),
        shipped=sum(line.shipped for line in lines),
        delivered=sum(line.delivered for line in lines),
        has_open_case=order.aftersale_state in (AftersaleState.OPEN, AftersaleState.OVERDUE),
        is_payable_later=bool(order.metadata.get("payable_later")),
    )
