"""News of after-sale cases: they are told of the order."""

from __future__ import annotations

from uuid import UUID

from stoa.tenants.outbox import event


@event
class CaseOpened:
    """`reason` is one of the codes."""

    order_id: UUID
    case_id: UUID
    number: int
    kind: str
    reason: str


@event
class CaseMoved:
    """A step of a case."""

    order_id: UUID
    case_id: UUID
    action: str
    old: str
    new: str


@event
class GoodsReturned:
    """Pieces were inspected: so many of each line went back to stock, and so many were written off."""

    order_id: UUID
    case_id: UUID
    lines: tuple[tuple[UUID, int, int], ...]
