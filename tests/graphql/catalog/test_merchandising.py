"""Merchandising through the API: categories, attributes, tags, collections, search."""

from __future__ import annotations

from typing import Any

import pytest

from stoa.domains.catalog.models import Product, SearchLog
from stoa.domains.catalog.naming import refresh_search_text
from stoa.kit.ids import new_id, type_id
from stoa.tenants.database import shop_transaction
from tests import make
from tests.graphql.asking import Ask

ROWS = "succeeded results { index id productId changed userErrors { code path } } userErrors { code path message }"


async def do(ask: Ask, name: str, selection: str, /, **input: Any) -> Any:
    """The mutation's payload."""
    kind = f"{name[0].upper()}{name[1:]}Input"
    kind = {
        "CollectionDeleteInput": "CollectionRefInput",
        "CollectionRefreshInput": "CollectionRefInput",
        "CollectionProductsAddInput": "CollectionProductsInput",
        "CollectionProductsRemoveInput": "CollectionProductsInput",
        "CollectionReorderInput": "CollectionProductsInput",
    }.get(kind, kind)
    query = f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ {selection} }} }}"
    return (await ask.data(query, input=input))[name]


async def product(ask: Ask, title: str, **columns: Any) -> str:
    row = await make.product(ask.ctx, title=title, **columns)
    async with shop_transaction():
        await refresh_search_text([row.id])
    return type_id("prod", row.id)


async def test_a_category_is_moved_and_tells_its_way_up(ask: Ask) -> None:
    """P8, P10: the tree of categories."""
    ids = [type_id("cat", (await make.category(ask.ctx, name)).id) for name in ("Home", "Kitchen", "Cups")]
    for above, below in zip(ids, ids[1:], strict=False):
        answer = await do(ask, "categoryUpdate", "userErrors { code }", id=below, parentId=above)
        assert answer == {"userErrors": []}

    answer = await do(
        ask,
        "categoryUpdate",
        "category { name version ancestors { id name } translations { locale name description } } userErrors { code }",
        id=ids[2],
        expectedVersion=2,
        translations=[{"locale": "zh", "name": "茶杯"}],
    )

    assert answer["category"] == {
        "name": "Cups",
        "version": 3,
        "ancestors": [{"id": ids[0], "name": "Home"}, {"id": ids[1], "name": "Kitchen"}],
        "translations": [{"locale": "zh", "name": "茶杯", "description": None}],
    }
    refused = await do(ask, "categoryDelete", "deletedId userErrors { code path message }", id=ids[1])
    message = "On Kitchen stand 0 products and 1 categories; move them first."
    assert refused == {
        "deletedId": None,
        "userErrors": [{"code": "CATEGORY_IN_USE", "path": ["input", "id"], "message": message}],
    }
    circle = await do(ask, "categoryUpdate", "userErrors { code path }", id=ids[0], parentId=ids[2])
    assert circle["userErrors"] == [{"code": "CATEGORY_CIRCLE", "path": ["input", "parentId"]}]
    assert await do(ask, "categoryDelete", "deletedId", id=ids[2]) == {"deletedId": ids[2]}


async def test_attributes_are_defined_set_shown_and_filtered_by(ask: Ask) -> None:
    """P10: typed attributes."""
    defined = await do(
        ask,
        "attributeDefine",
        "attribute { key type choices { value translations { locale name } } isFacet } userErrors { code path }",
        key="colour",
        name="Colour",
        type="CHOICE",
        choices=[{"value": "red", "translations": [{"locale": "zh", "name": "红色"}]}, {"value": "blue"}],
    )
    assert defined["attribute"]["choices"][0] == {"value": "red", "translations": [{"locale": "zh", "name": "红色"}]}
    await do(ask, "attributeDefine", "userErrors { code }", key="weight", name="Weight", type="NUMBER", unit="g")
    cup, pot = await product(ask, "Cup"), await product(ask, "Pot")

    values = [{"key": "colour", "values": ["红色"]}, {"key": "weight", "values": ["2.50"]}]
    missing = type_id("prod", new_id())
    answer = await do(ask, "productAttributesSet", ROWS, productIds=[cup, missing], values=values)
    assert [each["changed"] for each in answer["results"]] == [True, False]
    assert [(each["index"], each["id"], each["productId"]) for each in answer["results"]] == [
        (0, cup, cup),
        (1, missing, missing),
    ]
    assert answer["succeeded"] == 1
    assert [each["path"] for each in answer["userErrors"]] == [["input", "productIds", "1"]]
    await do(ask, "productAttributesSet", ROWS, productIds=[pot], values=[{"key": "weight", "values": ["0.1"]}])

    query = "query ($id: ID!) { product(id: $id) { attributes { nodes { attribute { key unit } text number } } } }"
    shown = (await ask.data(query, id=cup))["product"]["attributes"]["nodes"]
    assert shown == [
        {"attribute": {"key": "colour", "unit": ""}, "text": "red", "number": None},
        {"attribute": {"key": "weight", "unit": "g"}, "text": "2.5", "number": 2.5},
    ]
    for test, expected in (
        ({"attribute": {"key": {"eq": "colour"}}, "text": {"in": ["red", "blue"]}}, [cup]),
        ({"attribute": {"key": {"eq": "weight"}}, "number": {"gte": 2}}, [cup]),
        ({"attribute": {"key": {"eq": "weight"}}, "number": {"eq": 0.1}}, [pot]),
        ({"attribute": {"isFacet": {"eq": False}}}, []),
    ):
        where = {"attributes": {"some": test}}
        found = await ask.data("query ($where: ProductWhere) { products(where: $where) { nodes { id } } }", where=where)
        assert [each["id"] for each in found["products"]["nodes"]] == expected, test


async def test_the_same_key_twice_and_wrong_values_are_refused(ask: Ask) -> None:
    cup = await product(ask, "Cup")
    values = [{"key": "material", "values": ["a"]}, {"key": "material", "values": ["b"]}]
    twice = await do(ask, "productAttributesSet", ROWS, productIds=[cup], values=values)
    assert [(each["code"], each["path"]) for each in twice["userErrors"]] == [("INVALID", ["input", "values", "1"])]
    wrong = await do(ask, "productAttributesSet", ROWS, productIds=[cup], values=[{"key": "x", "values": ["b"]}])
    assert [each["path"] for each in wrong["userErrors"]] == [["input", "values", "0", "key"]]
    assert wrong["results"] is None


async def test_tags_lead_to_products_and_are_merged_and_put_back(ask: Ask) -> None:
    """P11: tags, tag search, merge, rename."""
    cup, pot = await product(ask, "Cup"), await product(ask, "Pot")
    await do(ask, "productTagsChange", ROWS, productIds=[cup], add=["Gift"])
    await do(ask, "productTagsChange", ROWS, productIds=[pot], add=["Present"])

    found = await ask.data('{ tags(where: {name: {contains: "gif"}}) { nodes { id name productCount } } }')
    [gift] = found["tags"]["nodes"]
    assert (gift["name"], gift["productCount"]) == ("Gift", 1)
    all_tags = (await ask.data("{ tags { nodes { id name } } }"))["tags"]["nodes"]
    assert [each["name"] for each in all_tags] == ["Gift", "Present"]
    merged = await do(
        ask,
        "tagsMerge",
        "tag { productCount } changeId userErrors { code }",
        intoId=gift["id"],
        mergedIds=[all_tags[1]["id"]],
    )
    assert merged["tag"]["productCount"] == 2
    where = {"tags": {"some": {"tag": {"name": {"eq": "Gift"}}}}}
    query = "query ($where: ProductWhere) { products(where: $where) { nodes { id tags { nodes { tag { name } } } } } }"
    nodes = (await ask.data(query, where=where))["products"]["nodes"]
    assert [each["id"] for each in nodes] == [cup, pot]
    assert nodes[1]["tags"]["nodes"] == [{"tag": {"name": "Gift"}}]
    undone = await do(ask, "tagChangeUndo", "tag { productCount } userErrors { code }", id=merged["changeId"])
    assert undone == {"tag": {"productCount": 1}, "userErrors": []}
    again = await do(ask, "tagChangeUndo", "tag { id } userErrors { code message }", id=merged["changeId"])
    assert again["userErrors"] == [{"code": "TAG_CHANGED_SINCE", "message": "This has been undone already."}]
    renamed = await do(ask, "tagRename", "tag { name } changeId userErrors { code }", id=gift["id"], name="礼物")
    assert (renamed["tag"], renamed["changeId"][:4]) == ({"name": "礼物"}, "evt_")


GIFTS = {"match": "ALL", "conditions": [{"about": "TITLE", "relation": "CONTAINS", "value": "cup"}]}


async def test_a_collection_is_previewed_made_and_refreshed(ask: Ask) -> None:
    """P12: collections by rules."""
    cups = [await product(ask, f"Cup {n}") for n in range(3)]
    await product(ask, "Pot")

    query = """query ($rules: CollectionRulesInput!) {
      collectionPreview(rules: $rules, first: 2) { count { value precision } nodes { id title } } }"""
    preview = (await ask.data(query, rules=GIFTS))["collectionPreview"]
    assert preview == {
        "count": {"value": 3, "precision": "EXACT"},
        "nodes": [{"id": cups[2], "title": "Cup 2"}, {"id": cups[1], "title": "Cup 1"}],
    }
    shown = "collection { id handle kind rules { match conditions { about relation value key } } products { count { value } } } userErrors { code path }"
    made = await do(ask, "collectionCreate", shown, title="All cups", rules=GIFTS)
    assert made["collection"] | {"id": ""} == {
        "id": "",
        "handle": "all-cups",
        "kind": "RULES",
        "rules": {
            "match": "ALL",
            "conditions": [{"about": "TITLE", "relation": "CONTAINS", "value": "cup", "key": None}],
        },
        "products": {"count": {"value": 3}},
    }
    row = made["collection"]["id"]
    cups.append(await product(ask, "Cup 3"))
    assert await do(ask, "collectionRefresh", "come gone userErrors { code }", id=row) == {
        "come": 1,
        "gone": 0,
        "userErrors": [],
    }
    where = {"collections": {"some": {"collection": {"handle": {"eq": "all-cups"}}}}}
    found = await ask.data("query ($where: ProductWhere) { products(where: $where) { nodes { id } } }", where=where)
    assert [each["id"] for each in found["products"]["nodes"]] == cups
    refused = await do(ask, "collectionProductsAdd", ROWS, id=row, productIds=[cups[0]])
    assert [each["code"] for each in refused["userErrors"]] == ["FOLLOWS_RULES"]
    wrong = {"match": "ANY", "conditions": [{"about": "PRICE", "relation": "IS", "value": "1"}]}
    refused = await do(ask, "collectionUpdate", shown, id=row, rules=wrong)
    assert refused["userErrors"] == [{"code": "INVALID", "path": ["input", "rules", "conditions", "0", "relation"]}]
    assert await do(ask, "collectionDelete", "deletedId", id=row) == {"deletedId": row}


async def test_a_collection_by_hand_is_put_in_order(ask: Ask) -> None:
    cups = [await product(ask, f"Cup {n}") for n in range(3)]
    made = await do(ask, "collectionCreate", "collection { id rules { match } }", title="By hand")
    row = made["collection"]["id"]
    assert made["collection"]["rules"] is None

    for name, products in (
        ("collectionProductsAdd", cups),
        ("collectionReorder", [cups[2]]),
        ("collectionProductsRemove", [cups[0]]),
    ):
        answer = await do(ask, name, ROWS, id=row, productIds=products)
        assert answer["userErrors"] == []
    query = "query ($id: ID!) { collection(id: $id) { products { nodes { product { id } } } } }"
    nodes = (await ask.data(query, id=row))["collection"]["products"]["nodes"]
    assert [each["product"]["id"] for each in nodes] == [cups[2], cups[1]]


SEARCH = """query ($text: String!, $first: Int!, $after: String) { productSearch(text: $text, first: $first, after: $after) {
  nodes { id title variants { nodes { sku } } } again: nodes { title } hits { productId rank cursor } isCorrected
  count { value precision } pageInfo { hasNextPage hasPreviousPage endCursor } } }"""


async def test_products_are_searched_page_by_page(ask: Ask) -> None:
    """X30: ranked search in three statements and one for each place that shows products."""
    cups = [await product(ask, f"Teacup {'x' * n}", variants=({"sku": f"T-{n}"},)) for n in range(5)]

    first = (await ask.data(SEARCH, text="teacup", first=3))["productSearch"]
    assert [each["id"] for each in first["nodes"]] == cups[:3]
    assert first["again"] == [{"title": each["title"]} for each in first["nodes"]]
    assert [each["rank"] for each in first["hits"]] == ["TITLE_START"] * 3
    assert (first["count"], first["isCorrected"]) == ({"value": 5, "precision": "EXACT"}, False)
    after = first["pageInfo"]["endCursor"]
    second = (await ask.data(SEARCH, text="teacup", first=3, after=after))["productSearch"]
    assert [each["id"] for each in second["nodes"]] == cups[3:]
    assert (second["pageInfo"]["hasNextPage"], second["pageInfo"]["hasPreviousPage"]) == (False, True)
    typo = (await ask.data(SEARCH, text="tecup", first=9))["productSearch"]
    assert (typo["isCorrected"], len(typo["nodes"])) == (True, 5)
    assert await SearchLog.all().order_by("words").values_list("words", "searches", "found") == [
        ("teacup", 1, 5),
        ("tecup", 1, 0),
    ]
    misses = await ask.data("{ searchMisses { words searches found lastDay } }")
    assert [each["words"] for each in misses["searchMisses"]] == ["tecup"]
    suggested = await ask.data("{ tagSuggestions(atLeast: 1) { tag searches reason productIds } }")
    [one] = suggested["tagSuggestions"]
    assert (one["tag"], one["reason"], len(one["productIds"])) == ("tecup", "SPELLED_ALIKE", 5)
    taken = await do(ask, "tagSuggestionAccept", ROWS, tag="tecup", productIds=one["productIds"][:1])
    assert [each["changed"] for each in taken["results"]] == [True]


@pytest.mark.parametrize(("variables", "argument"), [({"text": ""}, "text"), ({"text": "a", "after": "x"}, "after")])
async def test_what_cannot_be_searched_is_blamed(ask: Ask, variables: dict[str, Any], argument: str) -> None:
    error = await ask.error(SEARCH, **{"first": 1, **variables})

    assert (error["code"], error["argument"]) == ("INVALID", [argument])


async def test_the_list_finds_by_the_wider_text_too(ask: Ask) -> None:
    cup = await product(ask, "Cup", description="Made of porcelain")
    await do(ask, "productTagsChange", ROWS, productIds=[cup], add=["节日"])

    for text in ("porcelain", "节日", "cup 节日"):
        query = "query ($text: String!) { products(search: $text) { nodes { id } } }"
        assert await ask.data(query, text=text) == {"products": {"nodes": [{"id": cup}]}}
    assert await Product.all().count() == 1
