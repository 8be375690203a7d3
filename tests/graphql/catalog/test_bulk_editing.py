"""Bulk edits in the API: ordered by a filter, followed, their rows paged, cancelled and undone; titles of variants."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stoa.domains.catalog.bulk_editing import run_bulk_edit
from stoa.domains.catalog.models import BulkEdit, Product, ProductStatus, Variant
from stoa.graphql.requests import Request
from stoa.kit.ids import parse_type_id, type_id
from stoa.tenants.context import open_shop
from tests import make
from tests.graphql.asking import Ask

START = """mutation ($input: ProductBulkEditStartInput!) { productBulkEditStart(input: $input) {
  productBulkEdit { id state percent dryRun } userErrors { code message path } } }"""
ONE = """query ($id: ID!, $after: String) { productBulkEdit(id: $id) {
  state percent productsTotal productsDone productsChanged productsRefused productsRestored
  rows(first: 2, after: $after) { nodes { productId title outcome code message changes { field old new variantId } }
    pageInfo { hasNextPage endCursor } } } }"""
UNDO = "mutation ($id: ID!) { productBulkEditUndo(input: {id: $id}) { productBulkEdit { state } userErrors { code } } }"
PROGRESS = "subscription ($id: ID!) { productBulkEditProgress(id: $id) { state percent } }"
UPDATE = """mutation ($input: ProductUpdateInput!) { productUpdate(input: $input) {
  product { variants { nodes { title translations { locale title } } } } userErrors { code path } } }"""
CREATE = """mutation ($input: ProductCreateInput!) { productCreate(input: $input) {
  product { variants { nodes { title translations { locale title } } } } userErrors { code path } } }"""


async def started(ask: Ask, **given: Any) -> dict[str, Any]:
    payload = (await ask.data(START, input=given))["productBulkEditStart"]
    assert payload["userErrors"] == []
    return dict(payload["productBulkEdit"])


async def worked_on(ask: Ask, id: str) -> None:
    with open_shop(ask.ctx.shop):
        await run_bulk_edit(ask.ctx.as_system(), parse_type_id(id, "bed"))


async def test_what_a_filter_finds_is_changed_and_told_row_by_row(ask: Ask) -> None:
    """P3: a price by percent, of all that a filter finds behind relations, with a row for each product."""
    lamps = await make.category(ask.ctx, "Lamps")
    for i in range(3):
        await make.product(ask.ctx, title=f"Lamp {i}", category=lamps, variants=({"price_minor": 1000 * (i + 1)},))
    cup = await make.product(ask.ctx, title="Cup")
    where = {"category": {"name": {"eq": "Lamps"}}, "status": {"in": ["ACTIVE"]}}
    changes = {
        "prices": [
            {
                "price": "SALE",
                "percent": "-12.5",
                "roundTo": {"amount": "1.00", "currency": "EUR"},
                "less": {"amount": "0.01", "currency": "EUR"},
            }
        ],
        "addTags": ["Sale"],
    }

    edit = await started(ask, where=where, search="lamp", changes=changes)
    assert (edit["state"], edit["percent"], edit["dryRun"]) == ("QUEUED", 0, False)
    await worked_on(ask, edit["id"])

    seen = (await ask.data(ONE, id=edit["id"]))["productBulkEdit"]
    counts = ("productsTotal", "productsDone", "productsChanged", "productsRefused", "productsRestored")
    assert (seen["state"], seen["percent"], [seen[name] for name in counts]) == ("DONE", 100, [3, 3, 3, 0, 0])
    first, _ = seen["rows"]["nodes"]
    assert (first["title"], first["outcome"], first["code"]) == ("Lamp 0", "CHANGED", None)
    assert [(each["field"], each["old"], each["new"]) for each in first["changes"]] == [
        ("tags", "", "Sale"),
        ("variants.price", "10.00", "8.99"),  # 8.75, 9.00, 8.99
    ]
    rest = (await ask.data(ONE, id=edit["id"], after=seen["rows"]["pageInfo"]["endCursor"]))["productBulkEdit"]["rows"]
    assert ([each["title"] for each in rest["nodes"]], rest["pageInfo"]["hasNextPage"]) == (["Lamp 2"], False)
    with open_shop(ask.ctx.shop):
        assert sorted([each.price_minor for each in await Variant.exclude(product_id=cup.id)]) == [899, 1799, 2599]
        assert (await Variant.get(product_id=cup.id)).price_minor == 1999

    assert (await ask.data(UNDO, id=edit["id"]))["productBulkEditUndo"]["productBulkEdit"] == {"state": "UNDOING"}
    await worked_on(ask, edit["id"])
    with open_shop(ask.ctx.shop):
        assert sorted([each.price_minor for each in await Variant.exclude(product_id=cup.id)]) == [1000, 2000, 3000]


@pytest.mark.parametrize(
    ("wrong", "code", "path"),
    [
        ({}, "NOTHING_CHOSEN", ["input", "where"]),
        ({"where": {"title": None}}, "INVALID", ["input", "where", "title"]),
        ({"search": "x" * 501}, "INVALID", ["input", "search"]),
        (
            {"everything": True, "changes": {"prices": [{"price": "SALE", "percent": "ten"}]}},
            "INVALID",
            ["input", "changes", "prices", "0", "percent"],
        ),
        (
            {"everything": True, "changes": {"metadata": [{"key": "nothing", "value": "x"}]}},
            "ATTRIBUTE_NOT_FOUND",
            ["input", "changes", "metadata", "0", "key"],
        ),
        (
            {
                "everything": True,
                "changes": {"prices": [{"price": "SALE", "amount": {"amount": "1.00", "currency": "USD"}}]},
            },
            "INVALID",
            ["input", "changes", "prices", "0", "amount"],
        ),
    ],
)
async def test_a_bad_filter_or_change_is_refused_at_the_door(
    ask: Ask, wrong: dict[str, Any], code: str, path: list[str]
) -> None:
    payload = (await ask.data(START, input={"changes": {"vendor": "x"}, **wrong}))["productBulkEditStart"]

    assert [(each["code"], each["path"]) for each in payload["userErrors"]] == [(code, path)]
    with open_shop(ask.ctx.shop):
        assert await BulkEdit.all().count() == 0


async def test_it_is_ordered_once_for_a_key(ask: Ask) -> None:
    order = {"everything": True, "changes": {"vendor": "x"}, "idempotencyKey": "k"}

    assert await started(ask, **order) == await started(ask, **order)

    with open_shop(ask.ctx.shop):
        assert await BulkEdit.all().count() == 1


async def test_progress_is_told_until_the_end(ask: Ask) -> None:
    await make.product(ask.ctx, status=ProductStatus.DRAFT)
    edit = await started(ask, everything=True, changes={"vendor": "x"})
    heard = []
    with open_shop(ask.ctx.shop):
        stream = ask.executor.stream(Request(PROGRESS, {"id": edit["id"]}), ask.context())
        async with asyncio.timeout(20):
            async for answer in stream:
                heard.append(answer.body["data"]["productBulkEditProgress"])
                if len(heard) == 1:
                    await worked_on(ask, edit["id"])

    assert (heard[0], heard[-1]) == ({"state": "QUEUED", "percent": 0}, {"state": "DONE", "percent": 100})


async def test_attributes_are_set_and_put_back(ask: Ask) -> None:
    define = (
        """mutation { attributeDefine(input: {key: "watts", name: "Watts", type: NUMBER}) { userErrors { code } } }"""
    )
    assert (await ask.data(define))["attributeDefine"]["userErrors"] == []
    lamp = await make.product(ask.ctx, title="Lamp")
    set_one = """mutation ($input: ProductAttributesSetInput!) { productAttributesSet(input: $input) {
      results { changed } userErrors { code message } } }"""
    values = [{"key": "watts", "values": ["40"]}]
    payload = await ask.data(set_one, input={"productIds": [type_id("prod", lamp.id)], "values": values})
    assert payload["productAttributesSet"]["userErrors"] == []
    held = """query ($id: ID!) { product(id: $id) { attributes { nodes { text } } } }"""

    edit = await started(ask, everything=True, changes={"attributes": [{"key": "watts", "values": ["60"]}]})
    await worked_on(ask, edit["id"])
    then = await ask.data(held, id=type_id("prod", lamp.id))
    await ask.data(UNDO, id=edit["id"])
    await worked_on(ask, edit["id"])

    assert then["product"]["attributes"]["nodes"] == [{"text": "60"}]
    assert (await ask.data(held, id=type_id("prod", lamp.id)))["product"]["attributes"]["nodes"] == [{"text": "40"}]


async def test_a_variants_title_is_said_in_other_languages(ask: Ask) -> None:
    """P9: zh and en, of products, options and variants alike."""
    given = [{"locale": "zh", "title": "红色"}]
    made = await ask.data(CREATE, input={"title": "Lamp", "variants": [{"title": "Red", "translations": given}]})
    [variant] = made["productCreate"]["product"]["variants"]["nodes"]
    assert variant == {"title": "Red", "translations": given}
    with open_shop(ask.ctx.shop):
        product, row = await Product.get(title="Lamp"), await Variant.get(title="Red")

    async def updated(translations: list[dict[str, str]]) -> Any:
        change = {"id": type_id("var", row.id), "translations": translations}
        return (await ask.data(UPDATE, input={"id": type_id("prod", product.id), "variants": [change]}))[
            "productUpdate"
        ]

    both = await updated([{"locale": "en", "title": "Crimson"}])
    gone = await updated([{"locale": "zh", "title": ""}])
    wrong = await updated([{"locale": "xx", "title": "?"}])
    twice = await updated([{"locale": "zh", "title": "a"}, {"locale": "zh", "title": "b"}])

    assert both["product"]["variants"]["nodes"][0]["translations"] == [{"locale": "en", "title": "Crimson"}, *given]
    assert gone["product"]["variants"]["nodes"][0]["translations"] == [{"locale": "en", "title": "Crimson"}]
    assert [each["path"] for each in wrong["userErrors"]] == [["input", "variants", "0", "translations"]]
    assert [each["path"] for each in twice["userErrors"]] == [["input", "variants", "0", "translations", "1", "locale"]]
    with open_shop(ask.ctx.shop):
        assert (await Variant.get(id=row.id)).translations == {"en": {"title": "Crimson"}}
