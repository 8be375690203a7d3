"""How complete a product is, and what stands in the way of its going on sale."""

from __future__ import annotations

import pytest

from stoa.domains import catalog
from stoa.domains.catalog import ProductChanges, ProductStatus
from stoa.domains.catalog.completeness import ITEMS, completeness_of_product
from stoa.domains.catalog.errors import NotReady
from stoa.domains.catalog.models import Image, Product, Variant
from stoa.tenants.context import Context
from tests import make
from tests.domains.catalog.catalogs import catalog_of
from tests.domains.catalog.products.wares import ready, variants_of


async def missing(product: Product) -> list[str]:
    return [each.code for each in (await completeness_of_product(product.id)).missing]


async def test_an_empty_product_lacks_everything_but_its_name(ctx: Context) -> None:
    """P3, P4, P5, P6: completeness lists what is missing."""
    product = await make.product(ctx, variants=({"price_minor": None, "on_hand": 0},))

    found = await completeness_of_product(product.id)

    assert [each.code for each in found.missing] == [code for code, _, _ in ITEMS if code != "TITLE"]
    assert found.score == 10
    assert [each.code for each in found.missing if each.is_required] == ["PRICE", "IMAGE", "CATEGORY"]


async def test_what_is_added_is_not_missing_any_more_until_nothing_is(ctx: Context) -> None:
    product = await make.product(ctx, title="Tea cup", variants=({"price_minor": None, "on_hand": 0},))
    [variant] = await variants_of(product)
    shelf = await make.category(ctx)
    image = await Image.create(product=product, url="https://img.test/1", position=0)
    assert (await missing(product))[:4] == ["DESCRIPTION", "PRICE", "STOCK", "IMAGE_ALT"]

    await make.stock(ctx, variant, on_hand=1)
    await Variant.filter(id=variant.id).update(price_minor=100, weight_grams=300)
    await Image.filter(id=image.id).update(alt="a cup")
    changes = ProductChanges(
        description="A cup for tea.",
        category_id=shelf.id,
        seo_title="Tea cup",
        seo_description="A cup",
        keywords=["tea", "cup"],
    )
    await catalog.update_product(ctx, product.id, changes)

    found = await completeness_of_product(product.id)
    assert (found.missing, found.score, found.can_be_published) == ([], 100, True)


async def test_every_variant_needs_a_price_and_what_is_not_sent_no_weight(ctx: Context) -> None:
    product = await make.product(ctx, variants=({"requires_shipping": False}, {"price_minor": None, "weight_grams": 5}))

    assert "PRICE" in await missing(product)
    assert "WEIGHT" not in await missing(product)


def test_the_points_of_all_come_to_a_hundred_and_every_item_has_words() -> None:
    assert sum(points for _, points, _ in ITEMS) == 100
    assert all(words.said_in("zh") != words.said_in("en") for _, _, words in ITEMS)


async def test_a_draft_goes_on_sale_only_when_it_is_ready(ctx: Context) -> None:
    """P8: a category is required before a product is published."""
    product = await make.product(ctx, status=ProductStatus.DRAFT, images=("https://img.test/1",))
    before = await catalog_of(ctx)

    with pytest.raises(NotReady, match="it lacks a category") as refused:
        await catalog.update_product(ctx, product.id, ProductChanges(status=ProductStatus.ACTIVE))

    assert refused.value.path == ("status",)
    assert refused.value.params.items() >= {"missing": "CATEGORY"}.items()
    assert await catalog_of(ctx) == before

    shelf = await make.category(ctx)
    both = ProductChanges(status=ProductStatus.ACTIVE, category_id=shelf.id)
    assert (await catalog.update_product(ctx, product.id, both)).status is ProductStatus.ACTIVE


async def test_what_is_on_sale_already_is_not_asked_again(ctx: Context) -> None:
    product = await make.product(ctx)

    saved = await catalog.update_product(ctx, product.id, ProductChanges(status=ProductStatus.ACTIVE, title="Cup"))

    assert saved.title == "Cup"


async def test_a_ready_draft_is_ready(ctx: Context) -> None:
    product = await ready(ctx)

    assert (await completeness_of_product(product.id)).can_be_published
