"""Compare what a file wants with what the shop has: the rows to write, and nothing that is so already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from stoa.domains.catalog.drafting import MAX_IMAGES
from stoa.domains.catalog.importing.gathering import Wanted, WantedVariant
from stoa.domains.catalog.importing.interpreting import ODD_TITLE
from stoa.domains.catalog.importing.issues import Issue
from stoa.domains.catalog.importing.options import Field
from stoa.domains.catalog.importing.snapshots import Snapshot
from stoa.domains.catalog.naming import search_text_of
from stoa.kit.ids import new_id

VARIANT_COLUMNS = ("title", "sku", "barcode", "price_minor", "list_price_minor", "cost_minor")


@dataclass(slots=True)
class Shelf:
    """What must be known beyond the products themselves: the ids of categories by name, and whose a code is."""

    source: str
    currency: str
    status: str
    categories: Mapping[str, str]
    by_sku: Mapping[str, dict[str, Any]]
    by_key: Mapping[str, dict[str, Any]]
    taken_handles: set[str]


@dataclass(slots=True)
class Writes:
    """Rows to write, ready for the statements of `writing.py`."""

    products: list[dict[str, Any]] = field(default_factory=list)
    product_changes: list[dict[str, Any]] = field(default_factory=list)
    variants: list[dict[str, Any]] = field(default_factory=list)
    variant_changes: list[dict[str, Any]] = field(default_factory=list)
    stock: list[dict[str, Any]] = field(default_factory=list)
    images: list[dict[str, Any]] = field(default_factory=list)
    befores: list[dict[str, Any]] = field(default_factory=list)
    created: int = 0
    updated: int = 0
    issues: list[Issue] = field(default_factory=list)

    def note_before(self, product_id: Any, wanted: Wanted, before: Snapshot | None) -> None:
        self.befores.append({"id": new_id(), "product_id": product_id, "line": wanted.line, "before": before})


def plan(wanted: Sequence[Wanted], known: Mapping[str, Snapshot], shelf: Shelf, handles: Sequence[str]) -> Writes:
    """What to write for these products; `handles` are free ones for those that the shop does not have, in order."""
    writes, free_handles = Writes(), iter(handles)
    for each in wanted:
        if each.key in known:
            writes.updated += plan_changes(writes, each, known[each.key], shelf)
        else:
            writes.created += plan_new(writes, each, shelf, next(free_handles))
    return writes


def plan_new(writes: Writes, wanted: Wanted, shelf: Shelf, free_handle: str) -> bool:
    """Plan a product that the shop does not have. False when not one of its variants may be made."""
    product_id = new_id()
    variants = [each for each in wanted.variants if _is_free(writes, each, shelf, None)]
    if wanted.variants and not variants:
        return False
    variants = variants or [WantedVariant(wanted.key, wanted.line, {})]
    title, handle = _title(writes, wanted), _handle(writes, wanted, shelf, free_handle)
    skus = [each.columns["sku"] for each in variants if "sku" in each.columns]
    writes.products.append(
        {
            "id": product_id,
            "title": title,
            "handle": handle,
            "description": wanted.description or "",
            "status": shelf.status,
            "category_id": _category(wanted, shelf),
            "source": shelf.source,
            "external_id": wanted.key,
            "search_text": search_text_of(title, handle, skus, description=wanted.description or ""),
        }
    )
    for position, variant in enumerate(variants):
        _plan_variant(writes, variant, shelf, product_id, position)
    _plan_images(writes, product_id, wanted.images, 0)
    writes.note_before(product_id, wanted, None)
    return True


def plan_changes(writes: Writes, wanted: Wanted, known: Snapshot, shelf: Shelf) -> bool:
    """Plan what differs. False when nothing does."""
    has_other_variants, skus = _plan_variants(writes, wanted, known, shelf)
    has_new_images = _plan_new_images(writes, wanted, known)
    columns = _product_columns(writes, wanted, known, shelf, skus)
    has_other_columns = any(known[name] != value for name, value in columns.items())
    if not (has_other_variants or has_new_images or has_other_columns):
        return False
    writes.product_changes.append({"id": known["id"], **columns})
    writes.note_before(known["id"], wanted, known)
    return True


def _plan_variants(writes: Writes, wanted: Wanted, known: Snapshot, shelf: Shelf) -> tuple[bool, list[str]]:
    """Plan new and changed variants of a product the shop has. Whether there are any; the codes it will have."""
    skus: dict[Any, str | None] = {each["id"]: each["sku"] for each in known["variants"]}
    position, any_changed = _end(known["variants"]), False
    for variant in wanted.variants:
        mine = _match(variant, known, shelf.source)
        if not _is_free(writes, variant, shelf, mine["id"] if mine else None):
            continue
        if mine is None:
            variant_id = _plan_variant(writes, variant, shelf, known["id"], position)
            skus[variant_id] = variant.columns.get("sku")
            position, any_changed = position + 1, True
        else:
            any_changed |= _plan_variant_change(writes, variant, mine)
            skus[mine["id"]] = variant.columns.get("sku", mine["sku"])
    return any_changed, [sku for sku in skus.values() if sku]


def _plan_new_images(writes: Writes, wanted: Wanted, known: Snapshot) -> bool:
    """Plan the images that the product lacks; what it has stays."""
    urls = {each["url"] for each in known["images"]}
    new = [url for url in wanted.images if url not in urls]
    room = max(0, MAX_IMAGES - len(known["images"]))
    if len(new) > room:
        message = f"{known['title']} would have more than {MAX_IMAGES} images; not all are added."
        writes.issues.append(Issue(wanted.line, "", "TOO_MANY_IMAGES", message, wanted.key, field=Field.IMAGE))
    _plan_images(writes, known["id"], new[:room], _end(known["images"]))
    return bool(new[:room])


def _end(rows: list[dict[str, Any]]) -> int:
    return 1 + max([each["position"] for each in rows], default=-1)


def _match(variant: WantedVariant, known: Snapshot, source: str) -> dict[str, Any] | None:
    """The product's variant with this external id; else one that was made by hand under the same code."""
    sku = variant.columns.get("sku")
    for each in known["variants"]:
        if each["source"] == source and each["external_id"] == variant.key:
            return dict(each)
    return next((each for each in known["variants"] if sku and each["sku"] == sku), None)


def _is_free(writes: Writes, variant: WantedVariant, shelf: Shelf, variant_id: str | None) -> bool:
    """Whether the variant's code and key are free for it: what belongs to another product stays there."""
    sku = variant.columns.get("sku")
    for owner in (shelf.by_sku.get(sku) if sku else None, shelf.by_key.get(variant.key)):
        if owner is not None and str(owner["id"]) != variant_id:
            message = f"The code {variant.key} belongs to another product, {owner['title']!r}."
            field = Field.SKU if sku else Field.PRODUCT
            writes.issues.append(Issue(variant.line, "", "CODE_TAKEN", message, variant.key, refused=True, field=field))
            return False
    return True


def _plan_variant(writes: Writes, variant: WantedVariant, shelf: Shelf, product_id: Any, position: int) -> UUID:
    variant_id = new_id()
    columns = {"title": "", **dict.fromkeys(VARIANT_COLUMNS[1:])} | variant.columns
    stock = columns.pop("on_hand", 0)
    writes.variants.append(
        {
            "id": variant_id,
            "product_id": product_id,
            "currency": shelf.currency,
            "position": position,
            "source": shelf.source,
            "external_id": variant.key,
            **columns,
        }
    )
    writes.stock.append({"variant_id": variant_id, "on_hand": stock})
    return variant_id


def _plan_variant_change(writes: Writes, variant: WantedVariant, mine: dict[str, Any]) -> bool:
    wanted = {name: variant.columns.get(name, mine[name]) for name in VARIANT_COLUMNS}
    stock = variant.columns.get("on_hand", mine["on_hand"])
    if has_changed := any(mine[name] != value for name, value in wanted.items()):
        writes.variant_changes.append({"id": mine["id"], **wanted})
    if has_other_stock := stock != mine["on_hand"]:
        writes.stock.append({"variant_id": mine["id"], "on_hand": stock})
    return has_changed or has_other_stock


def _plan_images(writes: Writes, product_id: Any, urls: list[str], position: int) -> None:
    for i, url in enumerate(urls, position):
        writes.images.append({"id": new_id(), "product_id": product_id, "url": url, "position": i})


def _product_columns(writes: Writes, wanted: Wanted, known: Snapshot, shelf: Shelf, skus: list[str]) -> dict[str, Any]:
    title = wanted.title or known["title"]
    handle = known["handle"]
    if wanted.handle not in (None, handle):
        handle = _handle(writes, wanted, shelf, handle)
    return {
        "title": title,
        "handle": handle,
        "description": known["description"] if wanted.description is None else wanted.description,
        "category_id": _category(wanted, shelf) or known["category_id"],
        "search_text": search_text_of(title, handle, skus),
    }


def _title(writes: Writes, wanted: Wanted) -> str:
    """A new product's title; for want of a better one that of an odd row, and at last its code."""
    if wanted.title is None and wanted.odd_title is not None:
        message = f"The only title of {wanted.key} is on a row without a price; it may be a note."
        line, field = wanted.lines[ODD_TITLE], Field.TITLE
        writes.issues.append(Issue(line, "", "DOUBTFUL_TITLE", message, wanted.odd_title, field=field))
    return wanted.title or wanted.odd_title or wanted.key


def _handle(writes: Writes, wanted: Wanted, shelf: Shelf, otherwise: str) -> str:
    """The handle that the file asks for if it is free, else another one."""
    if wanted.handle is None:
        return otherwise
    if wanted.handle in shelf.taken_handles:
        message = f"The handle {wanted.handle} is in use; {wanted.key} goes by {otherwise}."
        line, field = wanted.lines[Field.HANDLE], Field.HANDLE
        writes.issues.append(Issue(line, "", "HANDLE_TAKEN", message, wanted.handle, field=field))
        return otherwise
    shelf.taken_handles.add(wanted.handle)
    return wanted.handle


def _category(wanted: Wanted, shelf: Shelf) -> str | None:
    return shelf.categories[wanted.category.casefold()] if wanted.category else None
