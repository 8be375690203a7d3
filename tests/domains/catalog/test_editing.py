"""Editing products: what is named changes, on the version it was read at, and nothing else."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from stoa.domains import catalog
from stoa.domains.catalog import ProductChanges, VariantChanges
from stoa.domains.catalog.errors import (
    HandleTaken,
    NoSuchCategory,
    NoSuchProduct,
    NoSuchVariant,
    ProductChanged,
    SkuTaken,
)
from stoa.domains.catalog.models import Product, ProductStatus, Stock, Variant
from stoa.kit.errors import Refusal, Refusals
from stoa.kit.ids import new_id
from stoa.kit.money import Money
from stoa.tenants.access import Scope
from stoa.tenants.context import Context, MissingScope, open_shop
from tests import make
from tests.domains.catalog.catalogs import catalog_of, events_of


def euros(minor: int) -> Money:
    return Money(minor, "EUR")


async def cup(ctx: Context, **columns: Any) -> tuple[Product, list[Variant]]:
    """A product of two variants, C-1 and C-2."""
    columns = {"title": "Cup", "handle": "cup", "variants": ({"sku": "C-1"}, {"sku": "C-2"}), **columns}
    product = await make.product(ctx, **columns)
    with open_shop(ctx.shop):
        return product, await Variant.filter(product_id=product.id).order_by("position")


async def test_what_is_named_changes_and_the_rest_stays(ctx: Context) -> None:
    product, [large, small] = await cup(ctx, description="Old.")
    shelf = await make.category(ctx)

    changes = ProductChanges(
        title=" Blue\u3000cup ",
        handle="Blue Cup!",
        status=ProductStatus.ARCHIVED,
        category_id=shelf.id,
        variants=(VariantChanges(small.id, sku=" C-3 ", price=euros(500), cost=euros(100), on_hand=3),),
    )
    saved = await catalog.update_product(ctx, product.id, changes)

    now = await Product.get(id=product.id)
    assert (now.title, now.handle, now.description, now.status) == (
        "Blue cup",
        "blue-cup",
        "Old.",
        ProductStatus.ARCHIVED,
    )
    assert (now.category_id, now.version, saved.version) == (shelf.id, 2, 2)  # type: ignore[attr-defined]
    assert now.search_text == "blue cup\nblue-cup\nc-1\nc-3\n\x03\nold."
    assert now.updated_at == saved.updated_at > product.updated_at
    assert now.created_at == product.created_at
    changed = await Variant.get(id=small.id)
    assert (changed.sku, changed.price_minor, changed.cost_minor, changed.version) == ("C-3", 500, 100, 2)
    assert (await Stock.get(variant_id=small.id)).on_hand == 3
    untouched = await Variant.get(id=large.id)
    assert (untouched.sku, untouched.price_minor, untouched.version) == ("C-1", 1999, 1)
    fields = [
        "title",
        "handle",
        "status",
        "category_id",
        "variants.sku",
        "variants.price",
        "variants.cost",
        "variants.on_hand",
    ]
    [(name, news), off_sale] = await events_of(ctx)
    assert off_sale == ("ProductUnpublished", {"product_id": str(product.id)})
    assert (name, news["product_id"], news["changed"]) == ("ProductEdited", str(product.id), fields)
    assert [(each["field"], each["old"], each["new"], each["label"]) for each in news["changes"]] == [
        ("title", "Cup", "Blue cup", ""),
        ("handle", "cup", "blue-cup", ""),
        ("status", "ACTIVE", "ARCHIVED", ""),
        ("category_id", None, str(shelf.id), ""),
        ("variants.sku", "C-2", "C-3", "C-3"),
        ("variants.price", "19.99 EUR", "5.00 EUR", "C-3"),
        ("variants.cost", None, "1.00 EUR", "C-3"),
        ("variants.on_hand", "10", "3", "C-3"),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        ProductChanges(),
        ProductChanges(title="Cup", handle="cup", description="", status=ProductStatus.ACTIVE, category_id=None),
        ProductChanges(title="  Cup ", handle="CUP!"),
    ],
)
async def test_nothing_new_changes_nothing_and_is_not_announced(ctx: Context, changes: ProductChanges) -> None:
    product, [large, _] = await cup(ctx)
    before = await catalog_of(ctx)
    same = VariantChanges(large.id, sku="C-1", price=euros(1999), on_hand=10, list_price=None)

    saved = await catalog.update_product(ctx, product.id, replace(changes, variants=(same,)))

    assert saved.version == 1
    assert await catalog_of(ctx) == before


async def test_null_takes_away_what_may_be_missing(ctx: Context) -> None:
    shelf = await make.category(ctx)
    product, [large, _] = await cup(ctx, category=shelf)

    changes = VariantChanges(large.id, sku=None, barcode=None, price=None, list_price=None, cost=None)
    await catalog.update_product(ctx, product.id, ProductChanges(category_id=None, variants=(changes,)))

    variant = await Variant.get(id=large.id)
    assert (variant.sku, variant.barcode, variant.price_minor, variant.cost_minor) == (None, None, None, None)
    now = await Product.get(id=product.id)
    assert (now.category_id, now.search_text) == (None, "cup\ncup\nc-2")  # type: ignore[attr-defined]


async def test_an_empty_code_is_none(ctx: Context) -> None:
    product, [large, small] = await cup(ctx)

    empty = tuple(VariantChanges(each.id, sku=" ") for each in (large, small))
    await catalog.update_product(ctx, product.id, ProductChanges(variants=empty))

    assert [each.sku for each in await Variant.all()] == [None, None]


REFUSED: list[tuple[ProductChanges, dict[str, Any], str, tuple[str | int, ...]]] = [
    (ProductChanges(title=""), {}, "INVALID", ("title",)),
    (ProductChanges(title="x" * 256), {}, "INVALID", ("title",)),
    (ProductChanges(description="x" * 50_001), {}, "INVALID", ("description",)),
    (ProductChanges(handle="!"), {}, "INVALID", ("handle",)),
    (ProductChanges(handle="x" * 151), {}, "INVALID", ("handle",)),
    (ProductChanges(), {"title": "x" * 256}, "INVALID", ("variants", 0, "title")),
    (ProductChanges(), {"sku": "x" * 121}, "INVALID", ("variants", 0, "sku")),
    (ProductChanges(), {"barcode": "x" * 65}, "INVALID", ("variants", 0, "barcode")),
    (ProductChanges(), {"price": Money(1, "USD")}, "WRONG_CURRENCY", ("variants", 0, "price")),
    (ProductChanges(), {"list_price": euros(-1)}, "INVALID", ("variants", 0, "list_price")),
    (ProductChanges(), {"on_hand": -1}, "INVALID", ("variants", 0, "on_hand")),
    (ProductChanges(), {"on_hand": 2**31}, "INVALID", ("variants", 0, "on_hand")),
]


@pytest.mark.parametrize(("changes", "of_variant", "code", "path"), REFUSED)
async def test_wrong_changes_are_refused_where_they_are_wrong(
    ctx: Context, changes: ProductChanges, of_variant: dict[str, Any], code: str, path: tuple[str | int, ...]
) -> None:
    product, [large, _] = await cup(ctx)
    if of_variant:
        changes = replace(changes, variants=(VariantChanges(large.id, **of_variant),))
    before = await catalog_of(ctx)

    with pytest.raises(Refusals) as refused:
        await catalog.update_product(ctx, product.id, changes)

    assert [(each.code, each.path) for each in refused.value.refusals] == [(code, path)]
    assert await catalog_of(ctx) == before


async def test_everything_that_is_wrong_is_said_at_once(ctx: Context) -> None:
    product, [large, small] = await cup(ctx)
    variants = (VariantChanges(large.id, sku="A"), VariantChanges(large.id, sku="A", on_hand=-1))

    with pytest.raises(Refusals) as refused:
        await catalog.update_product(ctx, product.id, ProductChanges(title="", handle="?", variants=variants))

    assert [(each.code, each.path) for each in refused.value.refusals] == [
        ("INVALID", ("title",)),
        ("INVALID", ("handle",)),
        ("INVALID", ("variants", 1, "on_hand")),
        ("INVALID", ("variants", 1, "id")),
        ("SKU_TAKEN", ("variants", 1, "sku")),
    ]


async def refusal_of(ctx: Context, product: Product, changes: ProductChanges) -> Refusal:
    """The one refusal, after which everything must be as it was: also what came before it in the same changes."""
    before = await catalog_of(ctx)
    with pytest.raises(Refusal) as refused:
        await catalog.update_product(ctx, product.id, replace(changes, description="Changed along with it."))
    assert await catalog_of(ctx) == before
    return refused.value


async def test_a_product_of_nobody_or_of_another_shop_is_not_found(ctx: Context, other_ctx: Context) -> None:
    theirs, _ = await cup(other_ctx)
    before = await catalog_of(other_ctx)

    for product_id in (new_id(), theirs.id):
        with pytest.raises(NoSuchProduct) as refused:
            await catalog.update_product(ctx, product_id, ProductChanges(title="Mine"))
        assert (refused.value.message, refused.value.path) == ("There is no such product.", ("id",))
    assert await catalog_of(other_ctx) == before


async def test_a_variant_of_another_product_or_shop_is_not_found(ctx: Context, other_ctx: Context) -> None:
    product, _ = await cup(ctx)
    other = await make.product(ctx)
    [of_other] = await Variant.filter(product_id=other.id)
    _, [theirs, _] = await cup(other_ctx)

    for variant_id in (new_id(), of_other.id, theirs.id):
        refused = await refusal_of(ctx, product, ProductChanges(variants=(VariantChanges(variant_id, sku="X"),)))
        assert isinstance(refused, NoSuchVariant)
        assert (refused.message, refused.path) == ("This product has no such variant.", ("variants", 0, "id"))


async def test_a_category_of_nobody_or_of_another_shop_is_not_found(ctx: Context, other_ctx: Context) -> None:
    product, _ = await cup(ctx)
    theirs = await make.category(other_ctx)

    for category_id in (new_id(), theirs.id):
        refused = await refusal_of(ctx, product, ProductChanges(category_id=category_id))
        assert isinstance(refused, NoSuchCategory)
        assert refused.path == ("category_id",)


async def test_a_handle_of_another_product_is_taken(ctx: Context) -> None:
    product, _ = await cup(ctx)
    await make.product(ctx, handle="mug")

    refused = await refusal_of(ctx, product, ProductChanges(handle="MUG"))

    assert isinstance(refused, HandleTaken)
    assert (refused.path, refused.params) == (("handle",), {"taken": "mug"})


async def test_a_code_of_another_variant_is_taken(ctx: Context) -> None:
    product, [large, small] = await cup(ctx)
    await make.product(ctx, variants=({"sku": "M-1"},))
    variants = (VariantChanges(large.id, price=euros(1)), VariantChanges(small.id, sku="M-1"))

    refused = await refusal_of(ctx, product, ProductChanges(variants=variants))

    assert isinstance(refused, SkuTaken)
    assert (refused.path, refused.params) == (("variants", 1, "sku"), {"taken": "M-1"})


async def test_variants_may_exchange_their_codes(ctx: Context) -> None:
    product, [large, small] = await cup(ctx)

    swapped = (VariantChanges(large.id, sku="C-2"), VariantChanges(small.id, sku="C-1"))
    await catalog.update_product(ctx, product.id, ProductChanges(variants=swapped))

    assert [(await Variant.get(id=each.id)).sku for each in (large, small)] == ["C-2", "C-1"]
    assert (await Product.get(id=product.id)).search_text == "cup\ncup\nc-2\nc-1"


async def test_stock_that_was_never_counted_is_counted_now(ctx: Context) -> None:
    product, [large, small] = await cup(ctx, variants=({"sku": "A", "on_hand": None}, {"sku": "B", "on_hand": None}))

    counted = (VariantChanges(large.id, on_hand=5), VariantChanges(small.id, on_hand=0))
    await catalog.update_product(ctx, product.id, ProductChanges(variants=counted))

    assert {each.variant_id: each.on_hand for each in await Stock.all()} == {large.id: 5}  # type: ignore[attr-defined]


async def test_costs_are_for_those_who_may_see_them(ctx: Context) -> None:
    product, [large, _] = await cup(ctx)
    clerk = replace(ctx, scopes=ctx.scopes - {Scope.CATALOG_COST})

    for cost in (euros(1), None):
        refused = await refusal_of(clerk, product, ProductChanges(variants=(VariantChanges(large.id, cost=cost),)))
        assert isinstance(refused, MissingScope)
        assert refused.path == ("variants", 0, "cost")
    await catalog.update_product(clerk, product.id, ProductChanges(variants=(VariantChanges(large.id, on_hand=1),)))


async def test_an_edit_of_an_older_version_is_refused(ctx: Context) -> None:
    product, _ = await cup(ctx)
    await catalog.update_product(ctx, product.id, ProductChanges(title="Mug"), expected_version=1)
    before = await catalog_of(ctx)

    with pytest.raises(ProductChanged) as refused:
        await catalog.update_product(ctx, product.id, ProductChanges(title="Glass"), expected_version=1)

    assert refused.value.message == "Mug has been changed since version 1; it is at 2 now."
    assert refused.value.path == ("expected_version",)
    assert refused.value.params.items() >= {"current_version": 2}.items()
    assert await catalog_of(ctx) == before


async def test_of_edits_of_one_version_at_once_one_wins(ctx: Context) -> None:
    product, _ = await cup(ctx)
    edits = [
        catalog.update_product(ctx, product.id, ProductChanges(title=f"Cup {number}"), expected_version=1)
        for number in range(10)
    ]

    outcomes = await asyncio.gather(*edits, return_exceptions=True)

    assert Counter(type(each).__name__ for each in outcomes) == {"Product": 1, "ProductChanged": 9}
    [winner] = [each for each in outcomes if isinstance(each, Product)]
    now = await Product.get(id=product.id)
    assert (now.title, now.version) == (winner.title, 2)
    assert len(await events_of(ctx)) == 1


async def test_edits_at_once_without_a_version_all_count(ctx: Context) -> None:
    product, [large, _] = await cup(ctx)

    await asyncio.gather(
        *(catalog.update_product(ctx, product.id, ProductChanges(title=f"Cup {n}")) for n in range(5)),
        *(
            catalog.update_product(
                ctx, product.id, ProductChanges(variants=(VariantChanges(large.id, on_hand=50 + n),))
            )
            for n in range(5)
        ),
    )

    assert (await Product.get(id=product.id)).version == 11
    assert len(await events_of(ctx)) == 10


async def test_two_products_that_take_each_others_codes_at_once_do_not_wait_for_ever(ctx: Context) -> None:
    """Of two who want the same two codes, in whatever order they name them, one gets both and the other none."""
    one, ones = await cup(ctx)
    two, twos = await cup(ctx, title="Mug", handle="mug", variants=({"sku": "M-1"}, {"sku": "M-2"}))

    for _ in range(5):
        wanted = ["X", "Y"]
        edits = [
            catalog.update_product(
                ctx,
                product.id,
                ProductChanges(
                    variants=tuple(VariantChanges(v.id, sku=sku) for v, sku in zip(variants, skus, strict=True))
                ),
            )
            for product, variants, skus in ((one, ones, wanted), (two, twos, wanted[::-1]))
        ]
        outcomes = await asyncio.wait_for(asyncio.gather(*edits, return_exceptions=True), 30)
        assert Counter(type(each).__name__ for each in outcomes) == {"Product": 1, "SkuTaken": 1}
        names = iter(["C-1", "C-2", "M-1", "M-2"])
        for variant in (*ones, *twos):
            await Variant.filter(id=variant.id).update(sku=next(names))
