"""Creating products and categories: whole or not at all."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from stoa.domains import catalog
from stoa.domains.catalog import ImageDraft, ProductDraft, VariantDraft
from stoa.domains.catalog.errors import CategoryTaken, ExternalIdTaken, HandleTaken, NoSuchCategory, NotReady, SkuTaken
from stoa.domains.catalog.models import Category, Image, Product, ProductStatus, Stock, Variant
from stoa.kit.errors import InvalidInput, Refusal, Refusals
from stoa.kit.ids import new_id
from stoa.kit.money import Money
from stoa.tenants.access import Scope
from stoa.tenants.context import Context, MissingScope, open_shop
from stoa.tenants.database import shop_transaction
from tests import make
from tests.domains.catalog.catalogs import catalog_of, events_of

CUP = ProductDraft("Cup", variants=[VariantDraft()])


def euros(minor: int) -> Money:
    return Money(minor, "EUR")


async def test_a_product_is_created_whole(ctx: Context) -> None:
    shelf = await make.category(ctx)
    draft = ProductDraft(
        "  白瓷\u3000Cup ",
        description="One.\r\nTwo.",
        status=ProductStatus.ACTIVE,
        category_id=shelf.id,
        variants=[
            VariantDraft(
                "Large",
                sku="C-2",
                barcode="40063",
                price=euros(1990),
                list_price=euros(2500),
                cost=euros(700),
                on_hand=5,
            ),
            VariantDraft("Small", sku="C-1", price=euros(0)),
        ],
        images=[ImageDraft("https://img.test/a.jpg", alt="a"), ImageDraft("https://img.test/b.jpg")],
        source="feed",
        external_id="77",
    )

    created = await catalog.create_product(ctx, draft)

    product = await Product.get(id=created.id)
    assert (product.title, product.handle, product.description) == ("白瓷 Cup", "白瓷-cup", "One.\nTwo.")
    assert (product.status, product.category_id, product.version) == (ProductStatus.ACTIVE, shelf.id, 1)  # type: ignore[attr-defined]
    assert (product.source, product.external_id) == ("feed", "77")
    assert created.created_at == product.created_at == product.updated_at
    variants = await Variant.filter(product_id=product.id).order_by("position")
    assert [(each.title, each.sku, each.position, each.currency) for each in variants] == [
        ("Large", "C-2", 0, "EUR"),
        ("Small", "C-1", 1, "EUR"),
    ]
    assert [(each.price_minor, each.list_price_minor, each.cost_minor, each.barcode) for each in variants] == [
        (1990, 2500, 700, "40063"),
        (0, None, None, None),
    ]
    assert [(await Stock.get(variant_id=each.id)).on_hand for each in variants] == [5, 0]
    images = await Image.filter(product_id=product.id).order_by("position")
    assert [(each.url, each.alt, each.position) for each in images] == [
        ("https://img.test/a.jpg", "a", 0),
        ("https://img.test/b.jpg", "", 1),
    ]
    assert await events_of(ctx) == [("ProductCreated", {"product_id": str(product.id)})]


REFUSED: list[tuple[dict[str, Any], str, tuple[str | int, ...]]] = [
    ({"title": " \u3000 "}, "INVALID", ("title",)),
    ({"title": "x" * 256}, "INVALID", ("title",)),
    ({"description": "x" * 50_001}, "INVALID", ("description",)),
    ({"handle": ""}, "INVALID", ("handle",)),
    ({"handle": "!!!"}, "INVALID", ("handle",)),
    ({"handle": "x" * 151}, "INVALID", ("handle",)),
    ({"variants": []}, "NO_VARIANT", ("variants",)),
    ({"variants": [VariantDraft()] * 101}, "INVALID", ("variants",)),
    ({"images": [ImageDraft("https://img.test/a")] * 51}, "INVALID", ("images",)),
    ({"source": "feed"}, "INVALID", ("external_id",)),
    ({"external_id": "7"}, "INVALID", ("external_id",)),
    ({"source": "x" * 41, "external_id": "7"}, "INVALID", ("source",)),
    ({"source": " ", "external_id": "7"}, "INVALID", ("source",)),
    ({"source": "feed", "external_id": "x" * 121}, "INVALID", ("external_id",)),
    ({"variants": [VariantDraft("x" * 256)]}, "INVALID", ("variants", 0, "title")),
    ({"variants": [VariantDraft(sku="x" * 121)]}, "INVALID", ("variants", 0, "sku")),
    ({"variants": [VariantDraft(barcode="x" * 65)]}, "INVALID", ("variants", 0, "barcode")),
    ({"variants": [VariantDraft(on_hand=-1)]}, "INVALID", ("variants", 0, "on_hand")),
    ({"variants": [VariantDraft(on_hand=2**31)]}, "INVALID", ("variants", 0, "on_hand")),
    ({"variants": [VariantDraft(price=euros(-1))]}, "INVALID", ("variants", 0, "price")),
    (
        {"variants": [VariantDraft(), VariantDraft(list_price=Money(1, "USD"))]},
        "WRONG_CURRENCY",
        ("variants", 1, "list_price"),
    ),
    ({"variants": [VariantDraft(sku="A"), VariantDraft(sku=" A ")]}, "SKU_TAKEN", ("variants", 1, "sku")),
    ({"images": [ImageDraft()]}, "INVALID", ("images", 0)),
    ({"images": [ImageDraft("https://img.test/a", new_id())]}, "INVALID", ("images", 0)),
    ({"images": [ImageDraft("javascript:alert(1)")]}, "INVALID", ("images", 0, "url")),
    ({"images": [ImageDraft("")]}, "INVALID", ("images", 0, "url")),
    ({"images": [ImageDraft("https://img.test/a b")]}, "INVALID", ("images", 0, "url")),
    ({"images": [ImageDraft("https://img.test/" + "x" * 2000)]}, "INVALID", ("images", 0, "url")),
    ({"images": [ImageDraft("https://img.test/a", alt="x" * 513)]}, "INVALID", ("images", 0, "alt")),
]


async def test_a_product_is_created_on_sale_only_when_it_is_ready(ctx: Context) -> None:
    """P8: category required before publish, whichever way it is published."""
    shelf, images = await make.category(ctx), [ImageDraft("https://img.test/a.jpg")]
    whole = ProductDraft(
        "Cup", status=ProductStatus.ACTIVE, variants=[VariantDraft(price=euros(1))], images=images, category_id=shelf.id
    )
    before = await catalog_of(ctx)

    for lacking, missing in (
        (replace(whole, category_id=None), "CATEGORY"),
        (replace(whole, images=()), "IMAGE"),
        (replace(whole, variants=[VariantDraft(price=euros(1)), VariantDraft()], images=()), "PRICE,IMAGE"),
    ):
        with pytest.raises(NotReady) as refused:
            await catalog.create_product(ctx, lacking)
        assert (refused.value.path, refused.value.params["missing"]) == (("status",), missing)
    assert await catalog_of(ctx) == before

    assert (await catalog.create_product(ctx, whole)).status is ProductStatus.ACTIVE


@pytest.mark.parametrize(("wrong", "code", "path"), REFUSED)
async def test_a_wrong_draft_is_refused_where_it_is_wrong(
    ctx: Context, wrong: dict[str, Any], code: str, path: tuple[str | int, ...]
) -> None:
    before = await catalog_of(ctx)

    with pytest.raises(Refusals) as refused:
        await catalog.create_product(ctx, replace(CUP, **wrong))

    assert [(each.code, each.path) for each in refused.value.refusals] == [(code, path)]
    assert await catalog_of(ctx) == before


async def test_everything_that_is_wrong_is_said_at_once(ctx: Context) -> None:
    draft = ProductDraft("", handle="?", variants=[VariantDraft(on_hand=-1, price=Money(1, "CNY"))], source="feed")

    with pytest.raises(Refusals) as refused:
        await catalog.create_product(ctx, draft)

    assert [each.path for each in refused.value.refusals] == [
        ("title",),
        ("handle",),
        ("variants", 0, "price"),
        ("variants", 0, "on_hand"),
        ("external_id",),
    ]


async def refusal_of(ctx: Context, draft: ProductDraft) -> Refusal:
    """The one refusal of a draft, after which everything must be as it was."""
    before = await catalog_of(ctx)
    with pytest.raises(Refusal) as refused:
        await catalog.create_product(ctx, draft)
    assert await catalog_of(ctx) == before
    return refused.value


async def test_a_handle_that_is_asked_for_is_cleaned_and_must_be_free(ctx: Context) -> None:
    product = await catalog.create_product(ctx, replace(CUP, handle="  Red Cup! Größe 茶 "))
    assert product.handle == "red-cup-grösse-茶"

    refused = await refusal_of(ctx, replace(CUP, handle="RED cup größe 茶"))

    assert isinstance(refused, HandleTaken)
    assert (refused.code, refused.path, refused.params) == ("HANDLE_TAKEN", ("handle",), {"taken": "red-cup-grösse-茶"})


async def test_a_code_is_unique_in_the_shop(ctx: Context, other_ctx: Context) -> None:
    await catalog.create_product(ctx, replace(CUP, variants=[VariantDraft(sku="A-1")]))

    refused = await refusal_of(ctx, replace(CUP, variants=[VariantDraft(sku="B"), VariantDraft(sku="A-1")]))

    assert isinstance(refused, SkuTaken)
    assert (refused.path, refused.params) == (("variants", 1, "sku"), {"taken": "A-1"})
    await catalog.create_product(ctx, replace(CUP, variants=[VariantDraft(sku="a-1")]))  # another code
    with open_shop(other_ctx.shop):
        await catalog.create_product(other_ctx, replace(CUP, variants=[VariantDraft(sku="A-1")]))


@pytest.mark.parametrize("sku", ["(handle)", "sku)=(x", "x) already exists", "'", "é", "(source, external_id)"])
async def test_a_taken_code_is_named_whatever_is_in_it(ctx: Context, sku: str) -> None:
    await catalog.create_product(ctx, replace(CUP, variants=[VariantDraft(sku=sku)]))

    refused = await refusal_of(ctx, replace(CUP, variants=[VariantDraft(sku="other"), VariantDraft(sku=sku)]))

    assert (refused.code, refused.path, refused.params) == ("SKU_TAKEN", ("variants", 1, "sku"), {"taken": sku})


async def test_an_external_id_is_unique_for_its_source(ctx: Context) -> None:
    await catalog.create_product(ctx, replace(CUP, source="feed", external_id="(sku)"))

    refused = await refusal_of(ctx, replace(CUP, source=" feed", external_id="(sku) "))

    assert isinstance(refused, ExternalIdTaken)
    assert refused.path == ("external_id",)
    assert refused.params.items() >= {"taken": "(sku)"}.items()
    await catalog.create_product(ctx, replace(CUP, source="other feed", external_id="(sku)"))


async def test_a_category_of_nobody_or_of_another_shop_is_not_found(ctx: Context, other_ctx: Context) -> None:
    theirs = await make.category(other_ctx)

    for category_id in (new_id(), theirs.id):
        refused = await refusal_of(ctx, replace(CUP, category_id=category_id))
        assert isinstance(refused, NoSuchCategory)
        assert (refused.message, refused.path) == ("There is no such category.", ("category_id",))


async def test_an_upload_of_nobody_is_not_found(ctx: Context) -> None:
    refused = await refusal_of(ctx, replace(CUP, images=[ImageDraft(upload_id=new_id())]))

    assert (refused.code, refused.path) == ("NOT_FOUND", ("images", 0, "upload_id"))


async def test_costs_are_for_those_who_may_see_them(ctx: Context) -> None:
    clerk = replace(ctx, scopes=ctx.scopes - {Scope.CATALOG_COST})
    draft = replace(CUP, variants=[VariantDraft(), VariantDraft(cost=euros(0))])

    refused = await refusal_of(clerk, draft)

    assert isinstance(refused, MissingScope)
    assert (refused.path, refused.params) == (("variants", 1, "cost"), {"scope": "catalog:cost"})
    await catalog.create_product(clerk, CUP)
    await catalog.create_product(ctx.as_system(), draft)


@pytest.mark.parametrize(
    ("title", "handle"),
    [
        ("明前龙井", "明前龙井"),
        ("ＦＵＬＬ", "full"),
        ("😀", "product"),
        ("İ", "i"),
        ("x" * 255, "x" * 120),
        ("a/b?c=d&e", "a-b-c-d-e"),
    ],
)
async def test_handles_are_made_of_titles_in_any_script(ctx: Context, title: str, handle: str) -> None:
    product = await catalog.create_product(ctx, replace(CUP, title=title))

    assert product.handle == handle
    assert (await catalog.create_product(ctx, replace(CUP, title=title))).handle == f"{handle}-2"


async def test_products_created_at_once_get_handles_of_their_own(ctx: Context) -> None:
    created = await asyncio.gather(*(catalog.create_product(ctx, CUP) for _ in range(20)))

    handles = [each.handle for each in created]
    assert len(set(handles)) == 20
    assert all(handle == "cup" or handle.startswith("cup-") for handle in handles)
    assert "cup" in handles
    assert Counter(name for name, _ in await events_of(ctx)) == {"ProductCreated": 20}


async def test_of_products_created_at_once_with_one_code_one_is(ctx: Context) -> None:
    drafts = [replace(CUP, variants=[VariantDraft(sku=sku) for sku in skus]) for skus in (["A", "B"], ["B", "A"])] * 6

    outcomes = await asyncio.gather(*(catalog.create_product(ctx, each) for each in drafts), return_exceptions=True)

    assert Counter(type(each).__name__ for each in outcomes) == {"Product": 1, "SkuTaken": 11}
    assert await Product.all().count() == 1
    assert await Variant.all().count() == 2
    assert len(await events_of(ctx)) == 1


async def test_of_products_created_at_once_under_one_handle_one_is(ctx: Context) -> None:
    draft = replace(CUP, handle="cup")

    outcomes = await asyncio.gather(*(catalog.create_product(ctx, draft) for _ in range(8)), return_exceptions=True)

    assert Counter(type(each).__name__ for each in outcomes) == {"Product": 1, "HandleTaken": 7}


async def test_what_is_rolled_back_around_it_never_was(ctx: Context) -> None:
    before = await catalog_of(ctx)

    with pytest.raises(ZeroDivisionError):
        async with shop_transaction():
            await catalog.create_product(ctx, CUP)
            1 / 0  # noqa: B018

    assert await catalog_of(ctx) == before


async def test_a_category_is_created_and_announced_once(ctx: Context) -> None:
    top = await catalog.create_category(ctx, "  茶具 Tea\u3000ware ")
    below = await catalog.create_category(ctx, "Cups", parent_id=top.id)

    assert (top.name, top.parent_id, below.parent_id) == ("茶具 Tea ware", None, top.id)  # type: ignore[attr-defined]
    assert await events_of(ctx) == [
        ("CategoryCreated", {"category_id": str(top.id)}),
        ("CategoryCreated", {"category_id": str(below.id)}),
    ]


@pytest.mark.parametrize("name", ["", " \t", "x" * 121, "\x00\x07", "ß" * 61])
async def test_a_category_needs_a_name_that_fits(ctx: Context, name: str) -> None:
    """Sixty-one ß are a hundred and twenty-two small letters: the form in which names are compared must fit as well."""
    before = await catalog_of(ctx)

    with pytest.raises(InvalidInput) as refused:
        await catalog.create_category(ctx, name)

    assert refused.value.path == ("name",)
    assert await catalog_of(ctx) == before


async def test_a_categorys_name_is_unique_whatever_its_case(ctx: Context) -> None:
    await catalog.create_category(ctx, "Straße")
    before = await catalog_of(ctx)

    with pytest.raises(CategoryTaken) as refused:
        await catalog.create_category(ctx, "STRASSE")

    assert (refused.value.path, refused.value.params) == (("name",), {"taken": "STRASSE"})
    assert await catalog_of(ctx) == before


async def test_of_categories_created_at_once_with_one_name_one_is(ctx: Context) -> None:
    outcomes = await asyncio.gather(*(catalog.create_category(ctx, "Cups") for _ in range(8)), return_exceptions=True)

    assert Counter(type(each).__name__ for each in outcomes) == {"Category": 1, "CategoryTaken": 7}
    assert await Category.all().count() == 1
    assert len(await events_of(ctx)) == 1


async def test_a_parent_of_nobody_or_of_another_shop_is_not_found(ctx: Context, other_ctx: Context) -> None:
    theirs = await make.category(other_ctx)
    before = await catalog_of(ctx)

    for parent_id in (new_id(), theirs.id):
        with pytest.raises(NoSuchCategory) as refused:
            await catalog.create_category(ctx, "Cups", parent_id=parent_id)
        assert refused.value.path == ("parent_id",)
    assert await catalog_of(ctx) == before
