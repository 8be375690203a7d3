"""Compare the variants that a file wants with those that a product has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from stoa.domains.catalog.importing.gathering import Wanted, WantedVariant
from stoa.domains.catalog.importing.interpreting import NO_TITLE
from stoa.domains.catalog.importing.options import Field
from stoa.domains.catalog.importing.planned import Shelf, Writes, end_of
from stoa.domains.catalog.importing.snapshots import Snapshot
from stoa.kit.ids import new_id
from stoa.kit.languages import Sentence
from stoa.tenants.importing.issues import Issue

# Every column that a file may fill, and what stands there when no file does.
VARIANT_COLUMNS: dict[str, Any] = {
    "title": "",
    "sku": None,
    "barcode": None,
    "price_minor": None,
    "list_price_minor": None,
    "cost_minor": None,
    "option_values": [],
    "weight_grams": None,
    "requires_shipping": True,
    "taxable": True,
}
Row = dict[str, Any]


def plan_new_variants(
    writes: Writes, variants: list[WantedVariant], shelf: Shelf, product_id: Any, position: int = 0
) -> list[Row]:
    """Plan variants that the shop does not have; their rows."""
    return [_plan_variant(writes, each, shelf, product_id, i) for i, each in enumerate(variants, position)]


def plan_variants(writes: Writes, wanted: Wanted, known: Snapshot, shelf: Shelf) -> tuple[bool, list[Row]]:
    """Plan new and changed variants of a product the shop has. Whether there are any; all that it will have."""
    rows: dict[str, Row] = {each["id"]: each for each in known["variants"]}
    new, any_changed = [], False
    for variant, mine in zip(wanted.variants, _match(wanted.variants, known, shelf), strict=True):
        if not is_free(writes, variant, shelf, mine["id"] if mine else None):
            continue
        if known["is_bundle"]:
            _leave_stock(writes, variant)
        if mine is None:
            new.append(variant)
        else:
            rows[mine["id"]] = row = _changed(variant, mine)
            any_changed |= _plan_change(writes, variant, mine, row)
    made = plan_new_variants(writes, new, shelf, known["id"], end_of(known["variants"]))
    return bool(any_changed or made), [*rows.values(), *made]


def is_free(writes: Writes, variant: WantedVariant, shelf: Shelf, variant_id: str | None) -> bool:
    """Whether the variant's code and key are free for it: what belongs to another product stays there.

    In a catalog the variant is not its code: it comes without it.
    """
    sku = variant.columns.get("sku")
    owner = shelf.by_sku.get(sku) if sku else None
    is_taken = owner is not None and str(owner["id"]) != variant_id
    if shelf.by_handle and sku and (is_taken or sku in shelf.new_skus):
        message = Sentence("The code {code} belongs to another variant; this one comes without a code.", {"code": sku})
        writes.issues.append(Issue(variant.line, "", "CODE_TAKEN", message, sku, field=Field.SKU))
        del variant.columns["sku"]
        is_taken = False
    if not is_taken:
        owner = shelf.by_key.get(variant.key)
        is_taken = owner is not None and str(owner["id"]) != variant_id
    if is_taken and owner is not None:
        message = Sentence(
            "The code {code} belongs to another product, {owner!r}.", {"code": variant.key, "owner": owner["title"]}
        )
        field = Field.SKU if sku else Field.PRODUCT
        writes.issues.append(Issue(variant.line, "", "CODE_TAKEN", message, variant.key, refused=True, field=field))
        return False
    shelf.new_skus.add(sku or "")
    return True


def options_of(wanted: Wanted, known: list[Row], variants: Iterable[Row]) -> list[Row]:
    """The product's options as its variants have them; values that are there stay in their order."""
    values = [each["option_values"] for each in variants]
    count = max((len(each) for each in values), default=0)
    count = max(count, len(wanted.option_names))
    return [
        {
            "name": _name(wanted, known, i),
            "values": _in_use(
                known[i]["values"] if i < len(known) else [], [each[i] for each in values if i < len(each)]
            ),
        }
        for i in range(count)
    ]


def _name(wanted: Wanted, known: list[Row], i: int) -> str:
    name = wanted.option_names[i] if i < len(wanted.option_names) else None
    return name or (str(known[i]["name"]) if i < len(known) else f"Option {i + 1}")


def _in_use(known: list[str], used: list[str]) -> list[str]:
    return list(dict.fromkeys([*(each for each in known if each in used), *filter(None, used)]))


def _match(variants: list[WantedVariant], known: Snapshot, shelf: Shelf) -> list[Row | None]:
    """The product's variant for each: with this external id; else with this code; in a catalog else of this form.
    None for two."""
    found: list[Row | None] = [None] * len(variants)
    free: dict[str, Row] = {each["id"]: each for each in known["variants"]}
    for name, wanted_name in (_by_key(shelf), _by_sku(), *([_by_form()] if shelf.by_handle else [])):
        by_name: dict[Any, Row] = {}
        for each in free.values():
            by_name.setdefault(name(each), each)
        for i, variant in enumerate(variants):
            mine = by_name.get(wanted_name(variant)) if found[i] is None else None
            if mine is not None and mine["id"] in free:
                found[i] = free.pop(mine["id"])
    return found


Names = tuple[Callable[[Row], Any], Callable[[WantedVariant], Any]]  # of a row, of what is wanted; None is never alike


def _by_key(shelf: Shelf) -> Names:
    return lambda row: row["external_id"] if row["source"] == shelf.source else "", lambda variant: variant.key


def _by_sku() -> Names:
    return lambda row: row["sku"] or "", lambda variant: variant.columns.get("sku")


def _by_form() -> Names:
    return lambda row: _form(row), lambda variant: _form(variant.columns)


def _form(columns: Row) -> Any:
    title = columns.get("title", "")
    return tuple(columns.get("option_values", ())) or ("" if title.casefold() == NO_TITLE else title)


def _plan_variant(writes: Writes, variant: WantedVariant, shelf: Shelf, product_id: Any, position: int) -> Row:
    row: Row = {
        "id": new_id(),
        "product_id": product_id,
        "currency": shelf.currency,
        "position": position,
        "source": shelf.source,
        "external_id": variant.key,
        **VARIANT_COLUMNS,
        "title": variant.form,
        **variant.columns,
    }
    stock = row.pop("on_hand", 0)
    writes.variants.append(row)
    writes.stock.append({"variant_id": row["id"], "on_hand": stock})
    return row


def _leave_stock(writes: Writes, variant: WantedVariant) -> None:
    """There are as many of a bundle as its parts make, whatever the file says."""
    if stock := variant.columns.pop("on_hand", 0):
        sentence = Sentence("{stock} cannot be on hand: it is a bundle, and there are as many as its parts make.")
        message = sentence.filled(stock=stock)
        writes.issues.append(Issue(variant.line, "", "BUNDLE_STOCK", message, str(stock), field=Field.STOCK))


def _changed(variant: WantedVariant, mine: Row) -> Row:
    row = {name: variant.columns.get(name, mine[name]) for name in ("id", *VARIANT_COLUMNS)}
    if variant.form and row["option_values"] != mine["option_values"]:
        row["title"] = variant.columns.get("title", variant.form)
    return row


def _plan_change(writes: Writes, variant: WantedVariant, mine: Row, row: Row) -> bool:
    stock = variant.columns.get("on_hand", mine["on_hand"])
    if has_changed := any(mine[name] != value for name, value in row.items()):
        writes.variant_changes.append(row)
    has_other_stock = stock != mine["on_hand"]
    if has_other_stock and stock < mine["spoken_for"]:
        message = Sentence(
            "{stock} cannot be on hand: {spoken_for} are reserved, held or damaged; the stock stays.",
            {"stock": str(stock), "spoken_for": mine["spoken_for"]},
        )
        writes.issues.append(Issue(variant.line, "", "STOCK_RESERVED", message, str(stock), field=Field.STOCK))
        has_other_stock = False
    if has_other_stock:
        writes.stock.append({"variant_id": UUID(mine["id"]), "on_hand": stock})
    return has_changed or has_other_stock
