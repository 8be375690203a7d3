"""Bundles: variants that are made of others, and have no stock of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from stoa.domains.catalog.assorting import there_are
from stoa.domains.catalog.errors import IsABundle, NoSuchVariant, StillInUse
from stoa.domains.catalog.events import BundleChanged, FieldChange
from stoa.domains.catalog.models import BundlePart, Product, Variant
from stoa.domains.catalog.recalling import named_together, of_variant
from stoa.domains.catalog.touching import locked_product, touch
from stoa.kit.encoding import as_json
from stoa.kit.errors import InvalidInput
from stoa.kit.ids import new_id
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import publish

MAX_PARTS: Final = 50
# How many bundles of the variant `{row}` there are: at each open location as many as its scarcest part makes there
# (the parts are sent together), and of all locations the sum. Null when it is no bundle.
AVAILABLE: Final = """SELECT sum(made)::bigint FROM (
  SELECT min(greatest(coalesce(bs.on_hand - bs.reserved - bs.damaged - bs.held, 0), 0) / bp.quantity) AS made
  FROM bundle_part bp CROSS JOIN location bl
  LEFT JOIN stock bs ON bs.variant_id = bp.part_id AND bs.location_id = bl.id
  WHERE bp.bundle_id = {row}.id AND bl.is_active GROUP BY bl.id) AS at_location"""
# Who makes a row of stock holds on to its variant, and who moves stock to its row: both are waited for, and whoever
# comes after finds a bundle (platform.add_up_stock).
_HOLD_STOCK: Final = """
WITH variants AS MATERIALIZED (SELECT id FROM variant WHERE product_id = $1 ORDER BY id FOR UPDATE)
SELECT count(*) FROM variants
"""
_STOCKED: Final = """
WITH own AS MATERIALIZED (
  SELECT s.* FROM variant v JOIN stock s ON s.variant_id = v.id WHERE v.product_id = $1 ORDER BY s.id FOR UPDATE OF s)
SELECT coalesce(sum(on_hand), 0) AS on_hand, coalesce(sum(reserved), 0) AS reserved,
  coalesce(sum(incoming), 0) AS incoming, coalesce(sum(damaged), 0) AS damaged, coalesce(sum(held), 0) AS held
FROM own
"""
_WRITE: Final = """
INSERT INTO bundle_part (id, bundle_id, part_id, quantity)
SELECT id, $1, part_id, quantity FROM jsonb_to_recordset($2::jsonb) AS w (id uuid, part_id uuid, quantity int)
ON CONFLICT (bundle_id, part_id) DO UPDATE SET quantity = excluded.quantity
"""


async def set_parts(
    ctx: Context, variant_id: UUID, parts: Mapping[UUID, int], *, expected_version: int | None = None
) -> Product:
    """Say what the variant is made of: so many of each part. Its product is a bundle as long as any variant has parts.

    Raises `NoSuchVariant`, `ProductChanged`, `StillStocked` when the product has stock of its own, `IsABundle` when a
    part is one, and `StillInUse` when the variant's product is itself part of a bundle.
    """
    _check(parts)
    async with shop_transaction():
        variant = await Variant.get_or_none(id=variant_id)
        if variant is None:
            raise NoSuchVariant("There is no such variant.", path=["variant_id"])
        product = await _locked_with_parts(variant, parts, expected_version)
        before = await _made_of(variant_id)
        if parts:
            await _require_may_be_bundle(product)
        await BundlePart.filter(bundle_id=variant_id).exclude(part_id__in=list(parts)).delete()
        if parts:
            rows = [{"id": new_id(), "part_id": part, "quantity": count} for part, count in parts.items()]
            await shop_client().execute_query(_WRITE, [variant_id, as_json(rows)])
        product.is_bundle = await BundlePart.filter(bundle__product_id=product.id).exists()
        await touch(product, "is_bundle")
        change = FieldChange("parts", before, await _made_of(variant_id))
        label = variant.sku or variant.title
        await publish(ctx, BundleChanged(product.id, variant_id, tuple(of_variant(variant_id, label, [change]))))
    return product


async def _made_of(variant_id: UUID) -> str | None:
    """As histories tell it: how many of which code or title."""
    parts = await BundlePart.filter(bundle_id=variant_id).select_related("part").order_by("id")
    return named_together(f"{each.quantity} x {each.part.sku or each.part.title}" for each in parts)


def _check(parts: Mapping[UUID, int]) -> None:
    if len(parts) > MAX_PARTS:
        raise InvalidInput("{count} parts; {limit} are allowed.", path=["parts"], count=len(parts), limit=MAX_PARTS)
    for i, count in enumerate(parts.values()):
        if not 0 < count <= 10_000:
            raise InvalidInput("{count} of a part: it must be 1 to 10,000.", path=["parts", i, "quantity"], count=count)


async def _locked_with_parts(variant: Variant, parts: Mapping[UUID, int], expected_version: int | None) -> Product:
    """The bundle's product; it and the parts' products are locked, in one order, so that none becomes a bundle."""
    own: UUID = variant.product_id  # type: ignore[attr-defined]
    found = {each.id: each.product_id for each in await Variant.filter(id__in=list(parts))}  # type: ignore[attr-defined]
    others = await Product.filter(id__in={own, *found.values()}).order_by("id").select_for_update()
    bundles = {each.id for each in others if each.is_bundle}
    for i, part in enumerate(parts):
        if part not in found:
            raise NoSuchVariant("There is no such variant.", path=["parts", i, "variant_id"])
        if found[part] == own:
            raise IsABundle("A bundle has no parts of its own product.", path=["parts", i, "variant_id"])
        if found[part] in bundles:
            raise IsABundle("A part cannot be a bundle itself.", path=["parts", i, "variant_id"])
    return await locked_product(own, expected_version)


async def _require_may_be_bundle(product: Product) -> None:
    if product.is_bundle:
        return
    holder = await BundlePart.filter(part__product_id=product.id).select_related("bundle__product").first()
    if holder is not None:
        bundle = holder.bundle.product.title
        raise StillInUse("{label} is part of {bundles}.", path=["variant_id"], label=product.title, bundles=bundle)
    await shop_client().execute_query(_HOLD_STOCK, [product.id])
    [stocked] = await shop_client().execute_query_dict(_STOCKED, [product.id])
    counts = {name: int(count) for name, count in stocked.items() if count}
    if counts:
        sentence = "Of {label} there are {counts}: a bundle has no stock of its own."
        raise there_are(sentence, product.title, counts).under("variant_id")
