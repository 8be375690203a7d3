"""What an import has to do: the rows to write, and what must be known of the shop to tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stoa.domains.catalog.events import FieldChange
from stoa.domains.catalog.importing.gathering import Wanted
from stoa.domains.catalog.importing.snapshots import Snapshot
from stoa.domains.catalog.models import Attribute
from stoa.kit.ids import new_id
from stoa.tenants.importing.issues import Issue


@dataclass(slots=True)
class Shelf:
    """What must be known beyond the products themselves: the ids of categories and tags by name, and whose a code is.

    `by_handle`: the file is a catalog (see `options.is_catalog`). `public_url` stands before addresses of our own.
    """

    source: str
    currency: str
    status: str
    by_handle: bool
    public_url: str
    categories: Mapping[str, str]
    tags: Mapping[str, str]
    by_sku: Mapping[str, dict[str, Any]]
    by_key: Mapping[str, dict[str, Any]]
    taken_handles: set[str]
    attributes: Mapping[str, Attribute]
    new_skus: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Told:
    """What a product's history says of the import; `before` is None of a new one."""

    product_id: Any
    before: str | None
    after: str
    changed: list[str] = field(default_factory=list)
    changes: tuple[FieldChange, ...] = ()


@dataclass(slots=True)
class Writes:
    """Rows to write, ready for the statements of `writing.py`."""

    products: list[dict[str, Any]] = field(default_factory=list)
    product_changes: list[dict[str, Any]] = field(default_factory=list)
    variants: list[dict[str, Any]] = field(default_factory=list)
    variant_changes: list[dict[str, Any]] = field(default_factory=list)
    stock: list[dict[str, Any]] = field(default_factory=list)
    images: list[dict[str, Any]] = field(default_factory=list)
    image_changes: list[dict[str, Any]] = field(default_factory=list)
    tags: list[dict[str, Any]] = field(default_factory=list)
    untagged: list[dict[str, Any]] = field(default_factory=list)
    befores: list[dict[str, Any]] = field(default_factory=list)
    handles: list[dict[str, Any]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    created: int = 0
    updated: int = 0
    issues: list[Issue] = field(default_factory=list)

    def note_before(self, product_id: Any, wanted: Wanted, before: Snapshot | None) -> None:
        self.befores.append({"id": new_id(), "product_id": product_id, "line": wanted.line, "before": before})


def end_of(rows: list[dict[str, Any]]) -> int:
    """The place after the last of them."""
    return 1 + max([each["position"] for each in rows], default=-1)
