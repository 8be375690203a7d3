"""Compare what a file wants with what the shop has: the rows to write, and nothing that is so already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stoa.domains.catalog.errors import NoSuchAttribute
from stoa.domains.catalog.importing.forming import is_free, options_of, plan_new_variants, plan_variants
from stoa.domains.catalog.importing.gathering import Wanted, WantedVariant
from stoa.domains.catalog.importing.interpreting import ODD_TITLE
from stoa.domains.catalog.importing.options import Field
from stoa.domains.catalog.importing.picturing import plan_images, plan_new_images
from stoa.domains.catalog.importing.planned import Shelf, Told, Writes
from stoa.domains.catalog.importing.releasing import Standing, ready_status
from stoa.domains.catalog.importing.snapshots import Known, Snapshot
from stoa.domains.catalog.importing.telling import told_of
from stoa.domains.catalog.metadata import merged_metadata, read_value
from stoa.domains.catalog.naming import search_text_of
from stoa.kit.errors import Refusal
from stoa.kit.ids import new_id
from stoa.kit.languages import Sentence
from stoa.tenants.importing.issues import Issue

SAID = ("description", "vendor", "seo_title", "seo_description", "keywords", "translations")


def plan(wanted: Sequence[Wanted], known: Known, shelf: Shelf, handles: Sequence[str]) -> Writes:
    """What to write for these products; `handles` are free ones for those that the shop does not have, in order."""
    writes, free_handles = Writes(), iter(handles)
    for each in wanted:
        if each.key in known.twice:
            message = Sentence(
                "{key} was the key of a product that goes by another handle in this file.", {"key": each.key}
            )
            writes.issues.append(Issue(each.line, "", "PRODUCT_TWICE", message, each.key, True, Field.PRODUCT))
        elif each.key in known.snapshots:
            writes.updated += plan_changes(writes, each, known.snapshots[each.key], shelf)
        else:
            writes.created += plan_new(writes, each, shelf, next(free_handles))
    return writes


def plan_new(writes: Writes, wanted: Wanted, shelf: Shelf, free_handle: str) -> bool:
    """Plan a product that the shop does not have. False when not one of its variants may be made."""
    product_id = new_id()
    variants = [each for each in wanted.variants if is_free(writes, each, shelf, None)]
    if wanted.variants and not variants:
        return False
    rows = plan_new_variants(writes, variants or [WantedVariant(wanted.key, wanted.line, {})], shelf, product_id)
    title, handle = _title(writes, wanted), _handle(writes, wanted, shelf, free_handle)
    category_id = _category(wanted, shelf)
    has = Standing(title, rows, category_id, has_image=bool(wanted.images))
    writes.products.append(
        {
            "id": product_id,
            "title": title,
            "handle": handle,
            "description": wanted.description or "",
            "status": ready_status(writes, wanted, shelf.status, None, has),
            "category_id": category_id,
            "vendor": wanted.vendor or "",
            "options": options_of(wanted, [], rows),
            "seo_title": wanted.seo_title or "",
            "seo_description": wanted.seo_description or "",
            "keywords": wanted.keywords or [],
            "translations": wanted.translations or {},
            "metadata": _metadata(writes, wanted, shelf, {}),
            "source": shelf.source,
            "external_id": wanted.key,
            "search_text": search_text_of(
                title,
                handle,
                _codes(rows),
                barcodes=[each["barcode"] for each in rows if each["barcode"]],
                description=wanted.description or "",
            ),
        }
    )
    plan_images(writes, product_id, wanted.images, 0)
    _plan_tags(writes, product_id, wanted, shelf, [])
    writes.note_before(product_id, wanted, None)
    writes.told.append(Told(product_id, None, writes.products[-1]["status"]))
    return True


def plan_changes(writes: Writes, wanted: Wanted, known: Snapshot, shelf: Shelf) -> bool:
    """Plan what differs. False when nothing does."""
    stocked = len(writes.stock)
    has_other_variants, rows = plan_variants(writes, wanted, known, shelf)
    has_other_images = plan_new_images(writes, wanted, known, shelf)
    has_other_tags = _plan_tags(writes, known["id"], wanted, shelf, known["tags"])
    columns = _product_columns(writes, wanted, known, shelf, rows)
    has_other_columns = any(known[name] != value for name, value in columns.items())
    if not (has_other_variants or has_other_images or has_other_tags or has_other_columns):
        return False
    writes.product_changes.append({"id": known["id"], **columns})
    writes.note_before(known["id"], wanted, known)
    if columns["handle"] != known["handle"]:
        writes.handles.append({"id": known["id"], "old": known["handle"], "new": columns["handle"]})
    besides = [name for name, differs in (("images", has_other_images), ("tags", has_other_tags)) if differs]
    writes.told.append(told_of(known, columns, rows, writes.stock[stocked:], besides))
    return True


def _product_columns(
    writes: Writes, wanted: Wanted, known: Snapshot, shelf: Shelf, rows: list[dict[str, Any]]
) -> dict[str, Any]:
    title = wanted.title or known["title"]
    handle = known["handle"]
    if wanted.handle not in (None, handle):
        handle = _handle(writes, wanted, shelf, handle, own=known["redirects"])
    said = {name: getattr(wanted, name) for name in SAID}
    category_id = _category(wanted, shelf) or known["category_id"]
    has = Standing(title, rows, category_id, has_image=bool(known["images"] or wanted.images))
    return {
        "title": title,
        "handle": handle,
        "status": ready_status(writes, wanted, known["status"], known["status"], has),
        "category_id": category_id,
        "options": _options(wanted, known, rows),
        "metadata": _metadata(writes, wanted, shelf, known["metadata"]),
        "search_text": known["search_text"],  # made anew once all is written
        **{name: known[name] if value is None else value for name, value in said.items()},
    }


def _options(wanted: Wanted, known: Snapshot, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The options that the product has, if the file says something of them."""
    if not wanted.option_names and not any("option_values" in each.columns for each in wanted.variants):
        return list(known["options"])
    return options_of(wanted, known["options"], rows)


def _codes(rows: list[dict[str, Any]]) -> list[str]:
    return [each["sku"] for each in rows if each["sku"]]


def _plan_tags(writes: Writes, product_id: Any, wanted: Wanted, shelf: Shelf, known: list[str]) -> bool:
    """The product has the tags that the file gives it, and no others, if it gives any."""
    if wanted.tags is None:
        return False
    ids = {shelf.tags[tag.casefold()] for tag in wanted.tags if tag.casefold() in shelf.tags}
    new, gone = sorted(ids - set(known)), sorted(set(known) - ids)
    writes.tags += [{"id": new_id(), "product_id": product_id, "tag_id": each} for each in new]
    writes.untagged += [{"product_id": product_id, "tag_id": each} for each in gone]
    return bool(new or gone)


def _title(writes: Writes, wanted: Wanted) -> str:
    """A new product's title; for want of a better one that of an odd row, and at last its code."""
    if wanted.title is None and wanted.odd_title is not None:
        message = Sentence(
            "The only title of {key} is on a row without a price; it may be a note.", {"key": wanted.key}
        )
        line, field = wanted.lines[ODD_TITLE], Field.TITLE
        writes.issues.append(Issue(line, "", "DOUBTFUL_TITLE", message, wanted.odd_title, field=field))
    return wanted.title or wanted.odd_title or wanted.key


def _handle(writes: Writes, wanted: Wanted, shelf: Shelf, otherwise: str, own: Sequence[str] = ()) -> str:
    """The handle that the file asks for if it is free or one of its `own` of old, else another one."""
    if wanted.handle is None:
        return otherwise
    if wanted.handle in shelf.taken_handles and wanted.handle not in own:
        message = Sentence(
            "The handle {taken} is in use; {key} goes by {handle}.",
            {"taken": wanted.handle, "key": wanted.key, "handle": otherwise},
        )
        line, field = wanted.lines[Field.HANDLE], Field.HANDLE
        writes.issues.append(Issue(line, "", "HANDLE_TAKEN", message, wanted.handle, field=field))
        return otherwise
    shelf.taken_handles.add(wanted.handle)
    return wanted.handle


def _metadata(writes: Writes, wanted: Wanted, shelf: Shelf, known: dict[str, Any]) -> dict[str, Any]:
    """What is known of the product besides, with what the file says over it, as far as the shop has such attributes."""
    given: dict[str, Any] = {}
    for key, text in (wanted.metadata or {}).items():
        try:
            if key not in shelf.attributes:
                raise NoSuchAttribute("The shop has no attribute {key} besides its facets.", key=key[:60])
            given[key] = read_value(shelf.attributes[key], text)
        except Refusal as refusal:
            _say_of_metadata(writes, wanted, refusal, f"{key}: {text}")
    try:
        return merged_metadata(known, given)
    except Refusal as refusal:
        _say_of_metadata(writes, wanted, refusal, wanted.key)
        return known


def _say_of_metadata(writes: Writes, wanted: Wanted, refusal: Refusal, value: str) -> None:
    line = wanted.lines[Field.METADATA]
    writes.issues.append(Issue(line, "", refusal.code, refusal.sentence, value, field=Field.METADATA))


def _category(wanted: Wanted, shelf: Shelf) -> str | None:
    return shelf.categories.get(wanted.category[-1].casefold()) if wanted.category else None
