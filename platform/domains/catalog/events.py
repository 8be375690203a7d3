"""News of the catalog."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ProductCreated:
    product_id: UUID


@dataclass(frozen=True, slots=True)
class ProductEdited:
    product_id: UUID
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CategoryCreated:
    category_id: UUID


@dataclass(frozen=True, slots=True)
class ProductsImported:
    """An import has ended in `state`. It speaks for all its products: they are not announced one by one."""

    import_id: UUID
    state: str
    created: int
    updated: int
    restored: int
