"""News of the buyers."""

from __future__ import annotations

from uuid import UUID

from stoa.tenants.outbox import event


@event
class CustomerCreated:
    customer_id: UUID
