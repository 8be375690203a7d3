"""The assortment of a product: variants are added, removed and put in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from tortoise.exceptions import IntegrityError

from stoa.domains.catalog.drafting import MAX_VARIANTS, VariantDraft, checked_variant, require_cost, sku_twice
from stoa.domains.catalog.errors import (
    IsABundle,
    NoSuchVariant,
    NothingToSell,
    SkuTaken,
    StillInUse,
    StillStocked,
)
from stoa.domains.catalog.events import ProductEdited, VariantsAdded, VariantsRemoved
from stoa.domains.catalog.inserting import variant_row
from stoa.domains.catalog.models import Product, Variant
from stoa.domains.catalog.optioning import combinations_wrong, title_of
from stoa.domains.catalog.stock.reasons import FIRST_STOCK
from stoa.domains.catalog.stock.setting import set_on_hand
from stoa.domains.catalog.touching import locked_product, touch
from stoa.kit.checking import Problems
from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.kit.errors import InvalidInput, Refusal
from stoa.kit.languages import Sentence, joined
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import publish

_ADD = """
INSERT INTO variant (id, product_id, title, sku, barcode, currency, price_minor, list_price_minor, cost_minor,
  position, option_values, weight_grams, requires_shipping, taxable, translations, version, created_at)
SELECT v.id, $1, v.title, v.sku, v.barcode, $2, v.price, v.list_price, v.cost, v.position, v.option_values,
  v.weight_grams, v.requires_shipping, v.taxable, v.translations, 1, $3
FROM jsonb_to_recordset($4::jsonb) AS v (id uuid, title text, sku text, barcode text, price bigint, list_price bigint,
  cost bigint, position int, option_values jsonb, weight_grams int, requires_shipping bool, taxable bool,
  translations jsonb)
ORDER BY v.sku
"""
# What stands in the way of removing variants; those of which nothing does are not among the rows.
_IN_THE_WAY = """
SELECT v.id, coalesce(nullif(v.sku, ''), nullif(v.title, ''), $2) AS label,
  coalesce(s.on_hand, 0) AS on_hand, coalesce(s.reserved, 0) AS reserved, coalesce(s.incoming, 0) AS incoming,
  (SELECT string_agg(DISTINCT p.title, ', ') FROM bundle_part b JOIN variant o ON o.id = b.bundle_id
   JOIN product p ON p.id = o.product_id WHERE b.part_id = v.id AND NOT b.bundle_id = ANY($1)) AS bundles
FROM variant v LEFT JOIN LATERAL (
  SELECT sum(on_hand) AS on_hand, sum(reserved) AS reserved, sum(incoming) AS incoming
  FROM stock WHERE variant_id = v.id) s ON true
WHERE v.id = ANY($1)
"""
_COUNTED = {
    "on_hand": Sentence("{count} on hand"),
    "reserved": Sentence("{count} reserved"),
    "incoming": Sentence("{count} incoming"),
    "damaged": Sentence("{count} damaged"),
    "held": Sentence("{count} held"),
}
_STANDS_ON = {"purchase_line": Sentence("a purchase order"), "bundle_part": Sentence("a bundle")}
_SOMETHING_ELSE = Sentence("something else")
_REORDER = """
UPDATE variant SET position = wanted.position
FROM unnest($1::uuid[]) WITH ORDINALITY AS w (id, place), LATERAL (SELECT (w.place - 1)::int AS position) wanted
WHERE variant.id = w.id AND variant.position <> wanted.position
"""
_CLOSE_RANKS = """
UPDATE variant SET position = ranked.position
FROM (SELECT id, (row_number() OVER (ORDER BY position, id) - 1)::int AS position FROM variant
  WHERE product_id = $1) ranked
WHERE variant.id = ranked.id AND variant.position <> ranked.position
"""


async def add_variants(
    ctx: Context, product_id: UUID, drafts: Sequence[VariantDraft], *, expected_version: int | None = None
) -> Product:
    """Add variants behind those there are, with their stock. Each has a value of each of the product's options.

    Raises what creating raises of variants, `NoSuchProduct`, `ProductChanged`, `SameCombination`, and `IsABundle` when
    the product is one and the drafts have stock.
    """
    drafts = _checked(ctx, drafts)
    async with shop_transaction():
        product = await locked_product(product_id, expected_version)
        existing = await Variant.filter(product_id=product_id).order_by("position", "id")
        rows = _rows(product, existing, drafts)
        try:
            await shop_client().execute_query(_ADD, [product_id, ctx.shop.currency, now(), as_json(rows)])
        except IntegrityError as error:
            raise _sku_taken(error, drafts) from None
        on_hand = {row["id"]: draft.on_hand for row, draft in zip(rows, drafts, strict=True)}
        await set_on_hand(ctx, on_hand, reason=FIRST_STOCK.text)
        await touch(product)
        labels = tuple(each["sku"] or each["title"] for each in rows)
        await publish(ctx, VariantsAdded(product_id, tuple(on_hand), labels))
    return product


async def remove_variants(
    ctx: Context, product_id: UUID, variant_ids: Sequence[UUID], *, expected_version: int | None = None
) -> Product:
    """Remove variants that nobody needs any more; the others close ranks.

    Raises `NoSuchProduct`, `NoSuchVariant`, `ProductChanged`, `NothingToSell` when none would be left, `StillStocked`
    and `StillInUse`, which say what is in the way.
    """
    async with shop_transaction():
        product = await locked_product(product_id, expected_version)
        variants = await Variant.filter(product_id=product_id)
        _require_all({each.id for each in variants}, variant_ids)
        if len(set(variant_ids)) == len(variants):
            raise NothingToSell("A product needs at least one variant: delete the product.", path=["variant_ids"])
        labels = await require_unneeded(product, variant_ids, "variant_ids")
        await delete_variants(variant_ids)
        await shop_client().execute_query(_CLOSE_RANKS, [product_id])
        await touch(product)
        await publish(ctx, VariantsRemoved(product_id, tuple(variant_ids), tuple(labels)))
    return product


async def reorder_variants(
    ctx: Context, product_id: UUID, variant_ids: Sequence[UUID], *, expected_version: int | None = None
) -> Product:
    """Put the variants in this order; all of them must be named. Raises as `remove_variants`."""
    async with shop_transaction():
        product = await locked_product(product_id, expected_version)
        ids = [each.id for each in await Variant.filter(product_id=product_id).order_by("position", "id")]
        _require_all(set(ids), variant_ids)
        if len(variant_ids) != len(ids) or len(set(variant_ids)) != len(ids):
            raise InvalidInput("Name each of the {count} variants once.", path=["variant_ids"], count=len(ids))
        if ids != list(variant_ids):
            await shop_client().execute_query(_REORDER, [list(variant_ids)])
            await touch(product)
            await publish(ctx, ProductEdited(product_id, ("variants.position",)))
    return product


async def require_unneeded(product: Product, variant_ids: Sequence[UUID], *path: str) -> list[str]:
    """The labels of the variants, when there is no stock of them and no bundle holds them; else says what there is."""
    rows = await shop_client().execute_query_dict(_IN_THE_WAY, [list(variant_ids), product.title])
    by_id = {row["id"]: row for row in rows}
    for i, each in enumerate(variant_ids):
        refusal = _in_the_way(by_id[each])
        if refusal is not None:
            raise refusal.under(*path, i)
    return [str(by_id[each]["label"]) for each in variant_ids]


async def delete_variants(variant_ids: Sequence[UUID]) -> None:
    """Raises `StillInUse` for what other rows say of them: purchase orders, returns."""
    try:
        await shop_client().execute_query("DELETE FROM variant WHERE id = ANY($1)", [list(variant_ids)])
    except IntegrityError as error:
        raise still_in_use(error) from None


def still_in_use(error: IntegrityError) -> StillInUse:
    table = str(error.args[0].table_name or "")
    what = _STANDS_ON.get(table, _SOMETHING_ELSE)
    return StillInUse("It stands on {what}: archive it instead.", table=table, what=what)


def _in_the_way(row: dict[str, Any]) -> Refusal | None:
    label = row["label"]
    if row["on_hand"] or row["reserved"] or row["incoming"]:
        return there_are("Of {label} there are {counts}.", label, row)
    if row["bundles"]:
        return StillInUse("{label} is part of {bundles}.", label=label, bundles=str(row["bundles"]))
    return None


def there_are(sentence: str, label: str, balances: Mapping[str, int]) -> StillStocked:
    """With the balances that are not zero in it, as in "3 on hand, 1 reserved"."""
    counts = {name: int(balances.get(name, 0)) for name in _COUNTED}
    words = joined(_COUNTED[name].filled(count=count) for name, count in counts.items() if count)
    return StillStocked(sentence, path=(), label=label, counts=words, **counts)


def _require_all(known: set[UUID], wanted: Sequence[UUID]) -> None:
    if not wanted:
        raise InvalidInput("No variant is named.", path=["variant_ids"])
    for i, each in enumerate(wanted):
        if each not in known:
            raise NoSuchVariant("This product has no such variant.", path=["variant_ids", i])


def _checked(ctx: Context, drafts: Sequence[VariantDraft]) -> list[VariantDraft]:
    for i, draft in enumerate(drafts):
        require_cost(ctx, i, needed=draft.cost is not None)
    problems = Problems()
    checked = [checked_variant(problems, ctx, i, each) for i, each in enumerate(drafts)]
    if not drafts:
        problems.append(InvalidInput("No variant is named.", path=["variants"]))
    problems.extend(sku_twice([each.sku for each in checked]))
    problems.refuse()
    return checked


def _rows(product: Product, existing: Sequence[Variant], drafts: Sequence[VariantDraft]) -> list[dict[str, Any]]:
    """The new rows. Blames what is wrong with the drafts beside the variants there are."""
    problems = Problems()
    count = len(existing) + len(drafts)
    if count > MAX_VARIANTS:
        problems.append(
            InvalidInput("{count} variants; {limit} are allowed.", path=["variants"], count=count, limit=MAX_VARIANTS)
        )
    if product.is_bundle:
        problems.extend(
            IsABundle("A bundle has no stock of its own.", path=["variants", i, "on_hand"])
            for i, each in enumerate(drafts)
            if each.on_hand
        )
    old = [each.option_values for each in existing]
    for refusal in combinations_wrong(product.options, [*old, *(each.option_values for each in drafts)]):
        _, place, *rest = refusal.path
        refusal.path = ("variants", max(int(place) - len(old), 0), *rest)
        problems.append(refusal)
    problems.refuse()
    titled = [each if each.title else replace(each, title=title_of(each.option_values)) for each in drafts]
    start = max((each.position for each in existing), default=-1) + 1
    return [variant_row(start + i, each) for i, each in enumerate(titled)]


def _sku_taken(error: IntegrityError, drafts: Sequence[VariantDraft]) -> Refusal:
    for i, draft in enumerate(drafts):
        if draft.sku and f"(sku)=({draft.sku})" in (error.args[0].detail or ""):
            return SkuTaken("The code {taken} is in use.", path=["variants", i, "sku"], taken=draft.sku)
    return SkuTaken("A code of these variants is in use.", path=["variants"])
