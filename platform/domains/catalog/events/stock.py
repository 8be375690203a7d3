"""News of stock and the places where it lies."""

from __future__ import annotations

from uuid import UUID

from stoa.tenants.outbox import event


@event
class StockLow:
    """What is available has fallen to the threshold or below it: told once, until it has recovered."""

    stock_id: UUID
    variant_id: UUID
    location_id: UUID
    available: int
    threshold: int


@event
class StockRecovered:
    """What is available is above the threshold again, or the threshold was lowered or taken away."""

    stock_id: UUID
    variant_id: UUID
    location_id: UUID
    available: int
    threshold: int | None


@event
class ReservationsExpired:
    """The time of what this holder had reserved is over; the stock is free again."""

    holder_id: UUID
    holder_kind: str
    reservation_ids: tuple[UUID, ...]


@event
class LocationCreated:
    location_id: UUID


@event
class LocationEdited:
    location_id: UUID
    changed: tuple[str, ...]


@event
class TransferStarted:
    transfer_id: UUID


@event
class TransferReceived:
    """In full or in part; `state` tells which."""

    transfer_id: UUID
    state: str


@event
class TransferCancelled:
    transfer_id: UUID


@event
class StockCountOpened:
    stock_count_id: UUID


@event
class StockCountClosed:
    """`differences` counts the lines at which the books were corrected."""

    stock_count_id: UUID
    differences: int


@event
class StockCountCancelled:
    stock_count_id: UUID
