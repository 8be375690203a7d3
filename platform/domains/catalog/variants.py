"""Change the variants of a product, and how many of each there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.models import Model

from stoa.domains.catalog.changing import VariantChanges
from stoa.domains.catalog.errors import IsABundle, NoSuchVariant, SkuTaken, StockPromised
from stoa.domains.catalog.events import FieldChange
from stoa.domains.catalog.models import Product, Stock, Variant
from stoa.domains.catalog.optioning import OptionChange, changed_options, combinations_wrong, title_of
from stoa.domains.catalog.recalling import changes_between, of_variant
from stoa.domains.catalog.stock.reasons import PRODUCT_EDITED
from stoa.domains.catalog.stock.setting import set_on_hand
from stoa.domains.catalog.translating import clean_titles, merged
from stoa.kit.encoding import as_json
from stoa.kit.money import Money
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client

PRICES = ("price", "list_price", "cost")
PLAIN = ("title", "sku", "barcode", "option_values", "weight_grams", "requires_shipping", "taxable")


Told = tuple[list[str], list[FieldChange]]  # which fields, and what they were and are
_REVALUE = """
UPDATE variant v SET option_values = n.new, version = v.version + 1,
  title = CASE WHEN v.title = n.old_title THEN n.new_title ELSE v.title END
FROM jsonb_to_recordset($1::jsonb) AS n (id uuid, new jsonb, old_title text, new_title text)
WHERE v.id = n.id AND v.option_values <> n.new
"""


async def change_options(product: Product, changes: Sequence[OptionChange]) -> list[dict[str, Any]]:
    """The product's options after the changes; its variants have the new values already. Its row must be locked.

    A title that was made of the values follows them. Raises as `changed_options`.
    """
    variants = await Variant.filter(product_id=product.id).order_by("position", "id")
    options, values = changed_options(product.options, [each.option_values for each in variants], changes)
    rows = [
        {"id": each.id, "new": new, "old_title": title_of(each.option_values), "new_title": title_of(new)}
        for each, new in zip(variants, values, strict=True)
    ]
    await shop_client().execute_query(_REVALUE, [as_json(rows)])
    return options


async def change_variants(ctx: Context, product: Product, changes: Sequence[VariantChanges]) -> Told:
    """Save the checked changes; tells which fields they were, as ``variants.sku``. The product's row must be locked.

    Raises `NoSuchVariant`, `SkuTaken`, `StockPromised`, `IsABundle` and `SameCombination`. Variants of one product may
    exchange their codes.
    """
    if not changes:
        return [], []
    variants, stocks = await _variants_and_stocks(product, changes)
    await _let_go_of_codes(variants, changes)
    changed: dict[str, None] = {}
    told: list[FieldChange] = []
    # in the order of their codes, in which everybody who takes several takes them: two can never wait for each other
    for i, each in sorted(enumerate(changes), key=lambda item: str(item[1].sku)):
        variant = variants[each.variant_id]
        fields, differences = await _change(i, variant, each)
        more, restocked = await _restock(ctx, product, i, stocks.get(each.variant_id), each)
        changed |= dict.fromkeys(f"variants.{name}" for name in (*fields, *more))
        told += of_variant(variant.id, variant.sku or variant.title, [*differences, *restocked])
    if "variants.option_values" in changed:
        await _check_combinations(product, changes)
    return list(changed), told


async def _check_combinations(product: Product, changes: Sequence[VariantChanges]) -> None:
    """Of all the variants as they are now; blames the change in the way."""
    places = {each.variant_id: i for i, each in enumerate(changes)}
    # those that were changed last: of two that are the same, the changed one is to blame
    variants = sorted(await Variant.filter(product_id=product.id), key=lambda each: each.id in places)
    for refusal in combinations_wrong(product.options, [each.option_values for each in variants]):
        _, place, *rest = refusal.path
        refusal.path = ("variants", places.get(variants[int(place)].id, 0), *rest)
        raise refusal


async def _variants_and_stocks(
    product: Product, changes: Sequence[VariantChanges]
) -> tuple[dict[UUID, Variant], dict[UUID, Stock]]:
    ids = [each.variant_id for each in changes]
    variants = {each.id: each for each in await Variant.filter(id__in=ids, product_id=product.id)}
    for i, each in enumerate(changes):
        if each.variant_id not in variants:
            raise NoSuchVariant("This product has no such variant.", path=["variants", i, "id"])
    at_main = Stock.filter(variant_id__in=ids, location__is_main=True)
    stocks = await Stock.filter(id__in=await at_main.values_list("id", flat=True)).order_by("id").select_for_update()
    return variants, {each.variant_id: each for each in stocks}  # type: ignore[attr-defined]


async def _let_go_of_codes(variants: dict[UUID, Variant], changes: Sequence[VariantChanges]) -> None:
    """Before any takes a new one: it may be the old one of the next."""
    given = {each.variant_id: each.named["sku"] for each in changes if "sku" in each.named}
    leaving = [id for id, sku in given.items() if variants[id].sku not in (None, sku)]
    if len(leaving) > 1:
        await Variant.filter(id__in=leaving).update(sku=None)


async def _change(i: int, variant: Variant, changes: VariantChanges) -> Told:
    names, told = change_columns(variant, changes)
    if not names:
        return [], []
    changed = [f"{name}_minor" if name in PRICES else name for name in names]
    try:
        await variant.save(update_fields=[*changed, "version"])
    except IntegrityError:
        raise SkuTaken("The code {taken} is in use.", path=["variants", i, "sku"], taken=variant.sku or "") from None
    return names, told


def change_columns(variant: Variant, changes: VariantChanges) -> Told:
    """Set what is named in the row at hand, and its version; nothing is saved."""
    columns = _columns(variant, changes)
    before = {name: getattr(variant, name) for name in columns}
    changed = set_what_differs(variant, columns)
    variant.version += bool(changed)
    told = changes_between(_priced(before, variant), _priced(columns, variant), changed)
    return [column.removesuffix("_minor") for column in changed], told


def _columns(variant: Variant, changes: VariantChanges) -> dict[str, Any]:
    named = changes.named
    columns: dict[str, Any] = {name: named[name] for name in PLAIN if name in named}
    if "translations" in named:
        columns["translations"] = merged(variant.translations, clean_titles(named["translations"]))
    for name in PRICES:
        if name in named:
            price: Money | None = named[name]
            columns[f"{name}_minor"] = None if price is None else price.minor
    return columns


def _priced(columns: dict[str, Any], variant: Variant) -> dict[str, Any]:
    """The same with prices as people read them."""
    return {
        name: Money(value, variant.currency) if name.endswith("_minor") and value is not None else value
        for name, value in columns.items()
    }


async def _restock(ctx: Context, product: Product, i: int, stock: Stock | None, changes: VariantChanges) -> Told:
    """Bring the stock at the main location to what was named."""
    on_hand, there = changes.named.get("on_hand"), stock.on_hand if stock else 0
    if on_hand is None or on_hand == there:
        return [], []
    at: tuple[str | int, ...] = ("variants", i, "on_hand")
    if product.is_bundle:
        raise IsABundle("A bundle has no stock of its own: there are as many as its parts make.", path=at)
    if stock and on_hand - there + stock.available < -stock.backorder_limit:
        raise StockPromised(
            "{promised} are reserved or set aside; {on_hand} on hand would not cover them.",
            path=at,
            promised=there - stock.available,
            on_hand=on_hand,
        )
    await set_on_hand(ctx, {changes.variant_id: on_hand}, reason=PRODUCT_EDITED.text)
    return ["on_hand"], [FieldChange("on_hand", str(there), str(on_hand))]


def set_what_differs(row: Model, wanted: dict[str, Any]) -> list[str]:
    """Tells which columns those were."""
    changed = [name for name, value in wanted.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, wanted[name])
    return changed
