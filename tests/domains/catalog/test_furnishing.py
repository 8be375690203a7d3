"""A product is made with its tags and attributes, in one transaction: all of it, or nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stoa.domains import catalog
from stoa.domains.catalog import ProductDraft, VariantDraft, merchandising
from stoa.domains.catalog.errors import NoSuchAttribute, WrongValue
from stoa.domains.catalog.merchandising import AttributeDraft
from stoa.domains.catalog.models import AttributeType, AttributeValue, Product, ProductTag, Tag
from stoa.kit.errors import InvalidInput, Refusals
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.domains.catalog.catalogs import catalog_of, events_of

CUP = ProductDraft("Cup", variants=[VariantDraft(sku="CUP")])


async def attributes(ctx: Context) -> None:
    """Besides those that every shop has, of which style is one."""
    await merchandising.define_attribute(ctx, AttributeDraft("weight", "Weight", AttributeType.NUMBER))


async def test_a_product_is_made_with_its_tags_and_attributes(ctx: Context) -> None:
    await attributes(ctx)
    await Tag.create(name="Gift", name_key="gift")

    product = await catalog.create_product(
        ctx, replace(CUP, tags=["gift", " New "], attributes={"style": ["Doric"], "weight": ["12.50"]})
    )

    tags = await ProductTag.filter(product_id=product.id).prefetch_related("tag")
    assert sorted(each.tag.name for each in tags) == ["Gift", "New"]
    values = await AttributeValue.filter(product_id=product.id).prefetch_related("attribute")
    assert sorted((each.attribute.key, each.text) for each in values) == [("style", "Doric"), ("weight", "12.5")]
    assert (await Product.get(id=product.id)).version == 1
    assert [name for name, _ in await events_of(ctx)][-3:] == [
        "ProductCreated",
        "ProductTagsChanged",
        "ProductAttributesSet",
    ]


async def test_what_is_wrong_with_either_is_said_where_it_is_and_nothing_is_made(ctx: Context) -> None:
    await attributes(ctx)
    before = await catalog_of(ctx)

    for draft, path in (
        (replace(CUP, tags=["fine", " "]), ("tags", 1)),
        (replace(CUP, tags=[f"tag {number}" for number in range(51)]), ("tags", 50)),
    ):
        with pytest.raises(Refusals) as wrong:  # together with all else that is wrong
            await catalog.create_product(ctx, replace(draft, title=" "))
        assert [(type(each), each.path) for each in wrong.value.refusals] == [
            (InvalidInput, ("title",)),
            (InvalidInput, path),
        ]
    with pytest.raises(Refusals) as wrong:
        await catalog.create_product(
            ctx, replace(CUP, tags=["fine"], attributes={"style": ["Ionic"], "weight": ["heavy"], "nothing": ["x"]})
        )

    assert [(type(each), each.path) for each in wrong.value.refusals] == [
        (WrongValue, ("attributes", 1, "values", 0)),
        (NoSuchAttribute, ("attributes", 2, "key")),
    ]
    assert await catalog_of(ctx) == before
    assert await Tag.all().count() == 0


async def test_anothers_attributes_are_not_there(ctx: Context, other_ctx: Context) -> None:
    await attributes(ctx)
    with open_shop(other_ctx.shop), pytest.raises(Refusals) as wrong:
        await catalog.create_product(other_ctx, replace(CUP, attributes={"weight": ["1"]}))

    assert [type(each) for each in wrong.value.refusals] == [NoSuchAttribute]
    assert await make.product(ctx)
