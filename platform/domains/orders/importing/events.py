"""News of imported orders: one for all of them, told when the import has ended."""

from __future__ import annotations

from uuid import UUID

from stoa.tenants.outbox import event


@event
class OrdersImported:
    """An import of orders has ended. History sets nothing in motion: no order of it is told by itself."""

    import_id: UUID
    state: str
    created: int
    customers: int
    removed: int
