"""News of attributes, tags and collections."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from stoa.domains.catalog.events.products import FieldChange
from stoa.tenants.outbox import event


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
    """The product's values of the attributes with these keys are others now; `changes` tells which."""

    product_id: UUID
    keys: tuple[str, ...]
    changes: tuple[FieldChange, ...] = ()


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
