"""News of the catalog."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from stoa.tenants.outbox import event


@event
class ProductCreated:
    product_id: UUID


@event
class ProductEdited:
    """`changed` names the fields, `changes` tells what they were and are (the first hundred)."""

    product_id: UUID
    changed: tuple[str, ...]
    changes: tuple[FieldChange, ...] = ()


@event
class CategoryCreated:
    category_id: UUID


@event
class ProductsImported:
    """An import has ended in `state`. It speaks for all its products: they are not announced one by one."""

    import_id: UUID
    state: str
    created: int
    updated: int
    restored: int


@dataclass(frozen=True, slots=True)
class FieldChange:
    """What a field was and is, as text of bounded length; `of` is the variant's id and `label` its code or title."""

    field: str
    old: str | None
    new: str | None
    of: UUID | None = None
    label: str = ""


@event
class VariantsAdded:
    product_id: UUID
    variant_ids: tuple[UUID, ...]


@event
class VariantsRemoved:
    """`labels` are the codes or titles that the variants had."""

    product_id: UUID
    variant_ids: tuple[UUID, ...]
    labels: tuple[str, ...]


@event
class HandleFreed:
    product_id: UUID
    handle: str


@event
class ProductPublished:
    product_id: UUID


@event
class ProductUnpublished:
    product_id: UUID


@event
class ProductPublishRefused:
    """Its time had come, and it was not ready; it stays a draft."""

    product_id: UUID
    missing: str


@event
class ProductDuplicated:
    """`product_id` is the new one."""

    product_id: UUID
    original_id: UUID


@event
class ProductDeleted:
    product_id: UUID
    title: str


@event
class BundleChanged:
    product_id: UUID
    variant_id: UUID


@event
class ChannelSaved:
    channel_id: UUID


@event
class ListingsChanged:
    """Of so many products in the channel."""

    channel_id: UUID
    products: int


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


@event
class CategoryEdited:
    category_id: UUID
    changed: tuple[str, ...]


@event
class CategoryDeleted:
    category_id: UUID
    name: str


@event
class AttributeDefined:
    attribute_id: UUID
    key: str


@event
class AttributeEdited:
    attribute_id: UUID
    changed: tuple[str, ...]


@event
class AttributeDeleted:
    attribute_id: UUID
    key: str
    values: int


@event
class ProductAttributesSet:
    """The product's values of the attributes with these keys are others now."""

    product_id: UUID
    keys: tuple[str, ...]


@event
class ProductTagsChanged:
    product_id: UUID
    added: tuple[str, ...]
    removed: tuple[str, ...]


@event
class TagRenamed:
    """Holds what undoing it needs."""

    tag_id: UUID
    before: str
    after: str


@event
class TagsMerged:
    """Tags went into another one. `merged` holds what undoing needs: each tag as it was, with its products; `given`
    the products that did not have the remaining tag before."""

    tag_id: UUID
    name: str
    merged: list[dict[str, Any]]
    given: list[UUID]


@event
class TagChangeUndone:
    tag_id: UUID
    undone: UUID


@event
class CollectionCreated:
    collection_id: UUID


@event
class CollectionEdited:
    collection_id: UUID
    changed: tuple[str, ...]


@event
class CollectionDeleted:
    collection_id: UUID
    title: str


@event
class ImagesChanged:
    """Pictures of the product were `how`: added, edited, reordered, removed, or processed (their sizes are there, or
    what is wrong with them)."""

    product_id: UUID
    how: str
    image_ids: tuple[UUID, ...]


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


@event
class ProductsExported:
    """A file with products has been written, and can be fetched for a while."""

    export_id: UUID
    format: str
    products: int
