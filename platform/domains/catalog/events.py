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
class ProductsExported:
    """A file with products has been written, and can be fetched for a while."""

    export_id: UUID
    format: str
    products: int
