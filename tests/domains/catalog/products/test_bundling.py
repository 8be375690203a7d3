"""Bundles: made of other variants, as many as the parts make, and without stock of their own."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stoa.domains import catalog
from stoa.domains.catalog import ProductChanges, VariantChanges, VariantDraft
from stoa.domains.catalog.bundling import AVAILABLE
from stoa.domains.catalog.errors import IsABundle, NoSuchVariant, ProductChanged, StillInUse, StillStocked
from stoa.domains.catalog.models import BundlePart, Location, Product, Stock, StockMovement, Variant
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput, Refusals
from stoa.kit.ids import new_id
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_client
from tests import make
from tests.domains.catalog.catalogs import catalog_of, events_of
from tests.domains.catalog.products.wares import variants_of


async def one(ctx: Context, **columns: Any) -> Variant:
    """A variant, the only one of its product."""
    return (await variants_of(await make.product(ctx, variants=(columns,))))[0]


async def available(variant: Variant) -> int | None:
    sql = f"SELECT ({AVAILABLE.format(row='v')}) AS made FROM variant v WHERE v.id = $1"
    [row] = await shop_client().execute_query_dict(sql, [variant.id])
    made: int | None = row["made"]
    return made


async def product_of(variant: Variant) -> Product:
    return await Product.get(variants__id=variant.id)


async def test_there_are_as_many_as_the_scarcest_part_makes(ctx: Context) -> None:
    cup, pot, kit = await one(ctx, on_hand=9), await one(ctx, on_hand=3), await one(ctx, on_hand=0)
    assert await available(kit) is None

    await catalog.set_parts(ctx, kit.id, {cup.id: 4, pot.id: 1})

    assert await available(kit) == 2
    assert (await product_of(kit)).is_bundle
    assert not (await product_of(cup)).is_bundle
    assert (await events_of(ctx))[-1][0] == "BundleChanged"


async def test_parts_at_different_places_make_no_bundle(ctx: Context) -> None:
    """They are sent together."""
    cup, pot, kit = await one(ctx, on_hand=5), await one(ctx, on_hand=0), await one(ctx, on_hand=None)
    elsewhere = await make.location(ctx)
    await _put(pot, elsewhere, 5)
    await catalog.set_parts(ctx, kit.id, {cup.id: 1, pot.id: 1})
    assert await available(kit) == 0

    await _put(cup, elsewhere, 2)
    assert await available(kit) == 2
    await Location.filter(id=elsewhere.id).update(is_active=False)
    assert await available(kit) == 0


async def _put(variant: Variant, location: Location, count: int, *, reserved: int = 0) -> None:
    stock, _ = await Stock.get_or_create(variant=variant, location=location)
    await StockMovement.create(
        stock=stock, kind="ADJUSTMENT", on_hand=count, reserved=reserved, actor_kind="system", happened_at=now()
    )


COUNTS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), min_size=3, max_size=3)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 4), COUNTS), min_size=1, max_size=3))
async def test_what_there_is_is_what_counting_by_hand_finds(
    ctx: Context, parts: list[tuple[int, list[tuple[int, int]]]]
) -> None:
    """Of each part so many are needed, and so many on hand and reserved at three places."""
    main = await Location.get(is_main=True)
    places = [main, *await Location.filter(is_main=False).order_by("id").limit(2)]
    while len(places) < 3:
        places.append(await make.location(ctx))
    kit = await one(ctx, on_hand=None)
    wanted, makes = {}, defaultdict(list)
    for needed, counts in parts:
        part = await one(ctx, on_hand=None)
        wanted[part.id] = needed
        for place, (on_hand, reserved) in zip(places, counts, strict=True):
            await _put(part, place, on_hand, reserved=min(reserved, on_hand))
            makes[place.id].append((on_hand - min(reserved, on_hand)) // needed)

    await catalog.set_parts(ctx, kit.id, wanted)

    assert await available(kit) == sum(min(each) for each in makes.values())


async def test_a_bundle_has_no_stock_of_its_own(ctx: Context) -> None:
    cup, kit, full = await one(ctx), await one(ctx, on_hand=0), await one(ctx, on_hand=2)
    await catalog.set_parts(ctx, kit.id, {cup.id: 1})
    bundle = await product_of(kit)
    before = await catalog_of(ctx)

    with pytest.raises(IsABundle):
        await catalog.update_product(ctx, bundle.id, ProductChanges(variants=(VariantChanges(kit.id, on_hand=1),)))
    with pytest.raises(Refusals):
        await catalog.add_variants(ctx, bundle.id, [VariantDraft(on_hand=1)])
    with pytest.raises(StillStocked, match="2 on hand"):
        await catalog.set_parts(ctx, full.id, {cup.id: 1})

    assert await catalog_of(ctx) == before


async def test_no_bundle_is_in_a_bundle(ctx: Context) -> None:
    cup, kit, set_of_kits = await one(ctx), await one(ctx, on_hand=0), await one(ctx, on_hand=0)
    await catalog.set_parts(ctx, kit.id, {cup.id: 1})
    other_cup = await one(ctx)
    before = await catalog_of(ctx)

    with pytest.raises(IsABundle) as refused:
        await catalog.set_parts(ctx, set_of_kits.id, {other_cup.id: 1, kit.id: 1})
    assert refused.value.path == ("parts", 1, "variant_id")
    with pytest.raises(IsABundle):
        await catalog.set_parts(ctx, kit.id, {kit.id: 1})
    await Stock.filter(variant_id=cup.id).delete()
    with pytest.raises(StillInUse, match="is part of"):
        await catalog.set_parts(ctx, cup.id, {other_cup.id: 1})

    assert (await catalog_of(ctx))["bundle_part"] == before["bundle_part"]
    assert (await catalog_of(ctx))["product"] == before["product"]


async def test_parts_are_replaced_and_without_any_it_is_no_bundle(ctx: Context) -> None:
    cup, pot, kit = await one(ctx), await one(ctx), await one(ctx, on_hand=0)
    await catalog.set_parts(ctx, kit.id, {cup.id: 1})
    await catalog.set_parts(ctx, kit.id, {pot.id: 2})
    [part] = await BundlePart.all()
    assert (part.part_id, part.quantity) == (pot.id, 2)  # type: ignore[attr-defined]

    await catalog.set_parts(ctx, kit.id, {})

    assert not (await product_of(kit)).is_bundle
    assert await available(kit) is None


async def test_wrong_parts_are_refused(ctx: Context, other_ctx: Context) -> None:
    cup, kit = await one(ctx), await one(ctx, on_hand=0)
    with open_shop(other_ctx.shop):
        strange = await one(other_ctx)
    before = await catalog_of(ctx)

    for id in (strange.id, new_id()):
        with pytest.raises(NoSuchVariant):
            await catalog.set_parts(ctx, kit.id, {id: 1})
        with pytest.raises(NoSuchVariant):
            await catalog.set_parts(ctx, id, {cup.id: 1})
    for count in (0, -1, 10_001):
        with pytest.raises(InvalidInput):
            await catalog.set_parts(ctx, kit.id, {cup.id: count})
    with pytest.raises(ProductChanged):
        await catalog.set_parts(ctx, kit.id, {cup.id: 1}, expected_version=3)

    assert await catalog_of(ctx) == before
