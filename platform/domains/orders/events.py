"""News of orders. Steps of the machines are told one by one; `reason` says why."""

from __future__ import annotations

from uuid import UUID

from stoa.tenants.outbox import event


@event
class OrderPlaced:
    """An order has come in. `state` is PENDING, or CONFIRMED when a rule confirmed it at once."""

    order_id: UUID
    number: int
    channel: str
    total_minor: int
    currency: str


@event
class OrderMoved:
    """A step of one of the order's machines: ORDER, PAYMENT, FULFILMENT, AFTERSALE."""

    order_id: UUID
    machine: str
    action: str
    old: str
    new: str
    reason: str = ""
