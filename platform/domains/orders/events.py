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
class ConfirmationOverdue:
    """It should have been confirmed by now, and still waits: told once."""

    order_id: UUID
    number: int


@event
class OrderMoved:
    """A step of one of the order's machines: ORDER, PAYMENT, FULFILMENT, AFTERSALE."""

    order_id: UUID
    machine: str
    action: str
    old: str
    new: str
    reason: str = ""


# Of the order's own machine and its money --------------------------------------------------------------------------


@event
class OrderHeld:
    """It goes no further until it is resumed."""

    order_id: UUID
    reason: str = ""


@event
class OrderResumed:
    order_id: UUID


@event
class PiecesCancelled:
    """Some of it was called off, or all. `lines` are pairs: a line's id, and how many pieces."""

    order_id: UUID
    lines: tuple[tuple[UUID, int], ...]
    reason: str = ""


@event
class PaymentReported:
    """A payment is new, or has come further. `state` is the row's; amounts are all that it has come to so far."""

    order_id: UUID
    payment_id: UUID
    provider: str
    state: str
    authorized_minor: int
    captured_minor: int
    currency: str


@event
class PaymentVoided:
    """Money that was set aside is let go: the provider is to be told, unless it told us. `minor` is how much."""

    order_id: UUID
    payment_id: UUID
    minor: int


@event
class PaymentChargedBack:
    order_id: UUID
    payment_id: UUID
    minor: int
    reason: str = ""


@event
class RefundCreated:
    """Money is to go back: the provider is to be told."""

    order_id: UUID
    refund_id: UUID
    amount_minor: int
    currency: str
    reason: str = ""


@event
class RefundSettled:
    order_id: UUID
    refund_id: UUID
    amount_minor: int
    currency: str


@event
class RefundFailed:
    """The provider did not give it back; what was refunded counts as not refunded again."""

    order_id: UUID
    refund_id: UUID
    amount_minor: int
    currency: str
    failure: str


# Of arranging --------------------------------------------------------------------------------------------------------


@event
class OrderArranged:
    """Somebody put tags on it, took some off, or let it wait in another queue."""

    order_id: UUID
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    old_queue: str | None = None
    queue: str | None = None


@event
class SavedViewCreated:
    view_id: UUID
    name: str


@event
class SavedViewEdited:
    view_id: UUID
    changed: tuple[str, ...]


@event
class SavedViewDeleted:
    view_id: UUID
    name: str
