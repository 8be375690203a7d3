"""News of products, categories, channels and pictures."""

from __future__ import annotations

from dataclasses import dataclass
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


@event
class ProductImported:
    """What an import made of the product: new, or `changed`, told as an edit's are. In its history, not announced."""

    product_id: UUID
    import_id: UUID
    is_new: bool
    changed: tuple[str, ...] = ()
    changes: tuple[FieldChange, ...] = ()


@event
class ProductImportUndone:
    """The product is what it was before the import; `changes` tells what of it is more than its form (its status, its
    handle)."""

    product_id: UUID
    import_id: UUID
    changes: tuple[FieldChange, ...] = ()


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
    """`labels` are their codes or titles."""

    product_id: UUID
    variant_ids: tuple[UUID, ...]
    labels: tuple[str, ...] = ()


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
    """`changes` tells what the variant was made of and is, by codes."""

    product_id: UUID
    variant_id: UUID
    changes: tuple[FieldChange, ...] = ()


@event
class ChannelSaved:
    channel_id: UUID


@event
class ListingsChanged:
    """Of so many products in the channel. It speaks for all of them."""

    channel_id: UUID
    products: int


@event
class ProductListingChanged:
    """The product stands otherwise in the channel. In its history, not announced."""

    product_id: UUID
    channel_id: UUID
    changes: tuple[FieldChange, ...]


@event
class CategoryEdited:
    category_id: UUID
    changed: tuple[str, ...]


@event
class CategoryDeleted:
    category_id: UUID
    name: str


@event
class ImagesChanged:
    """Pictures of the product were `how`: added, edited, reordered, removed, or processed (their sizes are there, or
    what is wrong with them)."""

    product_id: UUID
    how: str
    image_ids: tuple[UUID, ...]


@event
class ProductsExported:
    """A file with products has been written, and can be fetched for a while."""

    export_id: UUID
    format: str
    products: int
