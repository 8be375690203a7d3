"""News of suppliers and what is ordered from them."""

from __future__ import annotations

from uuid import UUID

from stoa.tenants.outbox import event


@event
class SupplierCreated:
    supplier_id: UUID


@event
class SupplierEdited:
    supplier_id: UUID
    changed: tuple[str, ...]


@event
class SupplierPricesSet:
    supplier_id: UUID
    variant_ids: tuple[UUID, ...]


@event
class PurchaseOrderCreated:
    purchase_order_id: UUID
    number: int


@event
class PurchaseOrderEdited:
    purchase_order_id: UUID
    changed: tuple[str, ...]


@event
class PurchaseOrderPlaced:
    purchase_order_id: UUID
    number: int


@event
class PurchaseOrderReceived:
    """A delivery has come: `quantity` pieces, so many of them `damaged`. `complete`: nothing is outstanding now."""

    purchase_order_id: UUID
    receipt_id: UUID
    quantity: int
    damaged: int
    complete: bool


@event
class PurchaseOrderClosed:
    """The rest, so many pieces, will not come."""

    purchase_order_id: UUID
    short: int


@event
class PurchaseOrderCancelled:
    purchase_order_id: UUID
    was_placed: bool
