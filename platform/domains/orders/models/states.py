"""The states that an order, its payment, its fulfilment and its after-sale are in; `domain-facts` 5.1."""

from __future__ import annotations

from enum import StrEnum


class Machine(StrEnum):
    """Four machines run beside each other."""

    ORDER = "ORDER"
    PAYMENT = "PAYMENT"
    FULFILMENT = "FULFILMENT"
    AFTERSALE = "AFTERSALE"


class OrderState(StrEnum):
    DRAFT = "DRAFT"
    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"


class PaymentState(StrEnum):
    UNPAID = "UNPAID"
    AUTHORIZED = "AUTHORIZED"
    PART_PAID = "PART_PAID"
    PAID = "PAID"
    PART_REFUNDED = "PART_REFUNDED"
    REFUNDED = "REFUNDED"
    VOIDED = "VOIDED"
    CHARGED_BACK = "CHARGED_BACK"


class FulfilmentState(StrEnum):
    """What is on hold is `Order.is_on_hold`: any state can be."""

    UNFULFILLED = "UNFULFILLED"
    ALLOCATED = "ALLOCATED"
    PICKING = "PICKING"
    PACKED = "PACKED"
    PART_SHIPPED = "PART_SHIPPED"
    SHIPPED = "SHIPPED"
    PART_DELIVERED = "PART_DELIVERED"
    DELIVERED = "DELIVERED"
    LOST = "LOST"
    CANCELLED = "CANCELLED"


class AftersaleState(StrEnum):
    """Of an order: whether any case is open, and whether some of it has come back."""

    NONE = "NONE"
    OPEN = "OPEN"
    OVERDUE = "OVERDUE"
    CLOSED = "CLOSED"


OPEN: tuple[OrderState, ...] = (OrderState.DRAFT, OrderState.PENDING, OrderState.CONFIRMED)
ENDED: tuple[OrderState, ...] = tuple(state for state in OrderState if state not in OPEN)
