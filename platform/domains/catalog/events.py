"""News of the catalog."""

from __future__ import annotations

from uuid import UUID

from stoa.tenants.outbox import event


@event
class ProductCreated:
    product_id: UUID


@event
class ProductEdited:
    product_id: UUID
    changed: tuple[str, ...]


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
class ImagesChanged:
    """Pictures of the product were `how`: added, edited, reordered, removed, or processed (their sizes are there, or
    what is wrong with them)."""

    product_id: UUID
    how: str
    image_ids: tuple[UUID, ...]
