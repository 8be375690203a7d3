"""Variants come and go, and are put in order; what is still needed stays."""

from __future__ import annotations

import pytest

from stoa.domains import catalog
from stoa.domains.catalog import VariantDraft
from stoa.domains.catalog.errors import (
    NoSuchProduct,
    NoSuchVariant,
    NothingToSell,
    ProductChanged,
    SameCombination,
    SkuTaken,
    StillInUse,
    StillStocked,
)
from stoa.domains.catalog.models import BundlePart, Product, Stock, Variant
from stoa.kit.errors import InvalidInput, Refusals
from stoa.kit.ids import new_id
from stoa.tenants.access import Scope
from stoa.tenants.context import Context, MissingScope, open_shop
from tests import make
from tests.domains.catalog.catalogs import catalog_of, events_of
from tests.domains.catalog.products.wares import euros, shirt, variants_of


async def test_a_variant_is_added_behind_the_others_with_its_stock(ctx: Context) -> None:
    product, _ = await shirt(ctx)
    await catalog.update_product(
        ctx, product.id, catalog.ProductChanges(options=[catalog.OptionChange("Size", added=["XL"])])
    )

    await catalog.add_variants(
        ctx, product.id, [VariantDraft(option_values=("red", "XL"), sku="red-XL", price=euros(2500), on_hand=4)]
    )

    added = (await variants_of(product))[-1]
    assert (added.sku, added.title, added.position, added.price_minor) == ("red-XL", "red / XL", 4, 2500)
    assert (await Stock.get(variant_id=added.id)).on_hand == 4
    stored = await Product.get(id=product.id)
    assert stored.version == 3
    assert "red-xl" in stored.search_text
    assert (await events_of(ctx))[-1][0] == "VariantsAdded"


async def test_a_variant_that_cannot_be_added_leaves_everything_as_it_was(ctx: Context) -> None:
    product, _ = await shirt(ctx)
    other = await make.product(ctx, variants=({"sku": "taken"},))
    before = await catalog_of(ctx)

    with pytest.raises(Refusals) as refused:
        await catalog.add_variants(ctx, product.id, [VariantDraft(option_values=("red", "S"))])
    assert isinstance(refused.value.refusals[0], SameCombination)
    assert refused.value.refusals[0].path == ("variants", 0, "option_values")
    with pytest.raises(SkuTaken) as taken:
        await catalog.add_variants(ctx, other.id, [VariantDraft(sku="new"), VariantDraft(sku="taken")])
    assert taken.value.path == ("variants", 1, "sku")
    with pytest.raises(ProductChanged):
        await catalog.add_variants(ctx, other.id, [VariantDraft()], expected_version=7)
    with pytest.raises(Refusals):
        await catalog.add_variants(ctx, other.id, [VariantDraft()] * 100)
    clerk = Context(ctx.shop, ctx.actor, ctx.scopes - {Scope.CATALOG_COST})
    with pytest.raises(MissingScope):
        await catalog.add_variants(clerk, other.id, [VariantDraft(cost=euros(1))])

    assert await catalog_of(ctx) == before


async def test_a_variant_that_nobody_needs_is_removed_and_the_others_close_ranks(ctx: Context) -> None:
    product, [first, second, *rest] = await shirt(ctx)

    await catalog.remove_variants(ctx, product.id, [second.id])

    left = await variants_of(product)
    assert [(each.id, each.position) for each in left] == [(each.id, i) for i, each in enumerate([first, *rest])]
    assert await Stock.filter(variant_id=second.id).count() == 0
    assert (await events_of(ctx))[-1][1]["labels"] == ["red-L"]


async def test_what_is_in_the_way_of_removing_is_said(ctx: Context) -> None:
    product = await make.product(ctx, variants=({"sku": "A", "on_hand": 3}, {"sku": "B", "on_hand": 0}, {"sku": "C"}))
    a, b, _ = await variants_of(product)
    kit = await make.product(ctx, title="Kit", variants=({"on_hand": None},))
    await BundlePart.create(bundle=(await variants_of(kit))[0], part=b, quantity=1)
    before = await catalog_of(ctx)

    with pytest.raises(StillStocked, match="Of A there are 3 on hand") as stocked:
        await catalog.remove_variants(ctx, product.id, [a.id])
    with pytest.raises(StillInUse, match="B is part of Kit"):
        await catalog.remove_variants(ctx, product.id, [b.id])
    with pytest.raises(NothingToSell):
        await catalog.remove_variants(ctx, product.id, [each.id for each in await variants_of(product)])

    assert stocked.value.path == ("variant_ids", 0)
    assert stocked.value.params.items() >= {"on_hand": 3, "reserved": 0, "incoming": 0}.items()
    assert await catalog_of(ctx) == before


async def test_variants_are_put_in_order_and_all_must_be_named(ctx: Context) -> None:
    product, variants = await shirt(ctx)
    backwards = [each.id for each in reversed(variants)]

    await catalog.reorder_variants(ctx, product.id, backwards)
    assert [each.id for each in await variants_of(product)] == backwards
    version = (await Product.get(id=product.id)).version
    await catalog.reorder_variants(ctx, product.id, backwards)
    assert (await Product.get(id=product.id)).version == version
    before = await catalog_of(ctx)

    for wrong in (backwards[:3], [*backwards, backwards[0]]):
        with pytest.raises(InvalidInput):
            await catalog.reorder_variants(ctx, product.id, wrong)
    assert await catalog_of(ctx) == before


async def test_a_stranger_finds_nothing(ctx: Context, other_ctx: Context) -> None:
    product, [variant, *_] = await shirt(ctx)
    mine = await make.product(other_ctx)
    before = await catalog_of(ctx)

    with open_shop(other_ctx.shop):
        own = await Variant.get(product_id=mine.id)
        for id in (product.id, new_id()):
            with pytest.raises(NoSuchProduct):
                await catalog.add_variants(other_ctx, id, [VariantDraft()])
            with pytest.raises(NoSuchProduct):
                await catalog.remove_variants(other_ctx, id, [variant.id])
            with pytest.raises(NoSuchProduct):
                await catalog.reorder_variants(other_ctx, id, [variant.id])
        with pytest.raises(NoSuchVariant):
            await catalog.remove_variants(other_ctx, mine.id, [variant.id])
        with pytest.raises(NoSuchVariant):
            await catalog.reorder_variants(other_ctx, mine.id, [own.id, variant.id])

    assert await catalog_of(ctx) == before
