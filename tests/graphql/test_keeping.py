"""Mutations that answer rows are answered again, not done again; the key is part of their declaration."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLInputObjectType, get_named_type

from stoa.domains.catalog.models import Image, Product, ProductTag
from stoa.graphql.schema import schema
from stoa.kit.ids import new_id, type_id
from stoa.tenants.context import open_shop
from stoa.tenants.shop_models import EventRow, KeptAnswer
from tests import make
from tests.domains.catalog.catalogs import events_of
from tests.graphql.asking import Ask

BULK = """mutation ($input: ProductsBulkUpdateInput!) { productsBulkUpdate(input: $input) {
  succeeded results { index id version userErrors { __typename code message path } } userErrors { code path } } }"""
TAGS = """mutation ($input: ProductTagsChangeInput!) { productTagsChange(input: $input) {
  results { productId changed userErrors { __typename code message path } } userErrors { code path } } }"""
IMAGES = """mutation ($input: ProductImageAddInput!) { productImageAdd(input: $input) {
  product { id images(first: 5) { nodes { alt } } } userErrors { code path } } }"""
# What a request does that is sent twice, though it is the same: none of these may be without a key.
COSTLY = """productsBulkUpdate productImageAdd productImageRemove productTagsChange tagRename tagsMerge tagChangeUndo
  productAttributesSet collectionProductsAdd collectionProductsRemove collectionReorder channelCreate categoryCreate
  productListingsSet supplierPriceSet productExportStart productImportStart productBulkEditStart stockAdjust
  productCreate productUpdate productDuplicate variantsAdd tagSuggestionAccept attributeDefine collectionCreate
  orderImportStart""".split()


@pytest.mark.parametrize("name", COSTLY)
def test_what_creates_or_is_work_takes_a_key(name: str) -> None:
    mutation = schema()._schema.mutation_type
    assert mutation is not None
    given = get_named_type(mutation.fields[name].args["input"].type)
    assert isinstance(given, GraphQLInputObjectType)

    assert "idempotencyKey" in given.fields


async def test_rows_are_told_again_with_their_refusals(ask: Ask) -> None:
    cup = await make.product(ask.ctx, title="Cup")
    rows = [{"id": type_id("prod", cup.id), "title": "Mug"}, {"id": type_id("prod", new_id()), "title": "Ghost"}]

    first = await ask.data(BULK, input={"products": rows, "idempotencyKey": "k"})
    again = await ask.data(BULK, input={"products": rows, "idempotencyKey": "k"})

    assert first == again
    assert first["productsBulkUpdate"]["succeeded"] == 1
    assert [row["version"] for row in first["productsBulkUpdate"]["results"]] == [2, None]
    [refused] = first["productsBulkUpdate"]["results"][1]["userErrors"]
    assert (refused["__typename"], refused["path"]) == ("NotFoundError", ["input", "products", "1", "id"])
    with open_shop(ask.ctx.shop):
        assert (await Product.get(id=cup.id)).version == 2
    assert [name for name, _ in await events_of(ask.ctx)] == ["ProductEdited"]


async def test_tags_are_put_on_once(ask: Ask) -> None:
    cup = await make.product(ask.ctx)
    order = {"productIds": [type_id("prod", cup.id)], "add": ["Sale"], "idempotencyKey": "k"}

    first = await ask.data(TAGS, input=order)
    await ask.data(TAGS, input={"productIds": order["productIds"], "remove": ["Sale"]})
    again = await ask.data(TAGS, input=order)

    assert first == again
    assert first["productTagsChange"]["results"][0]["changed"] is True
    with open_shop(ask.ctx.shop):
        assert await ProductTag.all().count() == 0


async def test_pictures_are_added_once(ask: Ask) -> None:
    cup = await make.product(ask.ctx)
    order = {"productId": type_id("prod", cup.id), "images": [{"url": "https://img.test/1.png", "alt": "A cup"}]}

    first = await ask.data(IMAGES, input={**order, "idempotencyKey": "k"})
    again = await ask.data(IMAGES, input={**order, "idempotencyKey": "k"})

    assert first == again
    assert first["productImageAdd"]["product"]["images"]["nodes"] == [{"alt": "A cup"}]
    with open_shop(ask.ctx.shop):
        assert await Image.all().count() == 1


async def test_where_nothing_was_done_the_key_may_be_tried_again(ask: Ask) -> None:
    order: dict[str, Any] = {"products": [{"id": type_id("prod", new_id()), "title": "Ghost"}], "idempotencyKey": "k"}

    for policy in ("IGNORE_FAILED", "REJECT_EVERYTHING"):
        payload = (await ask.data(BULK, input={**order, "policy": policy}))["productsBulkUpdate"]
        assert payload["succeeded"] == 0
    assert (
        await ask.data(TAGS, input={"productIds": [type_id("prod", new_id())], "add": ["x"], "idempotencyKey": "k"})
    )["productTagsChange"]["userErrors"]

    with open_shop(ask.ctx.shop):
        assert await KeptAnswer.all().count() == 0
        assert await EventRow.all().count() == 0


async def test_the_same_key_with_other_rows_is_refused(ask: Ask) -> None:
    cup = await make.product(ask.ctx, title="Cup")
    rows = [{"id": type_id("prod", cup.id), "title": "Mug"}]
    await ask.data(BULK, input={"products": rows, "idempotencyKey": "k"})

    other = [{**rows[0], "title": "Bowl"}]
    payload = (await ask.data(BULK, input={"products": other, "idempotencyKey": "k"}))["productsBulkUpdate"]

    assert [each["code"] for each in payload["userErrors"]] == ["IDEMPOTENCY_KEY_REUSED"]
    with open_shop(ask.ctx.shop):
        assert (await Product.get(id=cup.id)).title == "Mug"
