"""News of orders that were edited."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from stoa.tenants.outbox import event


@dataclass(frozen=True, slots=True)
class OrderChange:
    """One field as it was and as it became, as text. `line_id` and `label` are the line's, where it is about one."""

    field: str
    old: str | None
    new: str | None
    line_id: UUID | None = None
    label: str = ""


@event
class OrderEdited:
    """What was ordered, or where it goes, is other than before."""

    order_id: UUID
    changes: tuple[OrderChange, ...]
    total_before: int
    total_minor: int
    currency: str
