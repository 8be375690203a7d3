"""How PostgreSQL goes about the lists: by an index, and with work that does not grow with the shop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from stoa.domains.catalog import merchandising
from stoa.graphql.executing import Executor
from stoa.kit.ids import type_id
from stoa.settings import Settings
from stoa.tenants.connecting import owner_connection
from stoa.tenants.context import open_shop
from stoa.tenants.database import shop_client
from tests import make
from tests.graphql.asking import Ask, Sent, statements_sent
from tests.graphql.reading.filling import category_id, fill, product_id

LARGE, SMALL = 20_000, 200
CATEGORY = type_id("cat", category_id(3))
FULL = (
    "{ products(first: 50) { nodes { id title handle status onHand category { id name } firstImage { url alt } "
    "images { nodes { url } } variants(first: 3) { nodes { id sku title price { amount } onHand } } } } }"
)


class Shops:
    def __init__(self, large: Ask, small: Ask) -> None:
        self.large, self.small = large, small


@pytest.fixture(scope="module")
async def shops(settings: Settings, database: None, executor: Executor) -> Shops:
    """A shop of 20,000 products, and one of 200."""
    made = []
    for products in (LARGE, SMALL):
        shop = await make.shop(f"Shop of {products}")
        async with owner_connection(settings) as owner:
            await fill(owner, shop, products)
        made.append(Ask(executor, settings, await make.context(shop)))
    return Shops(*made)


async def explain(ask: Ask, query: str, **variables: Any) -> Iterator[dict[str, Any]]:
    """The nodes of the plan of the one statement that answers the query, run as the shop's own role."""
    async with statements_sent(ask.ctx) as sent:
        answer = await ask.run(query, variables)
    assert answer["errors"] == []
    [statement] = sent
    return await explained(ask, statement)


async def explained(ask: Ask, statement: Sent) -> Iterator[dict[str, Any]]:
    with open_shop(ask.ctx.shop):
        async with shop_client().acquire_connection() as connection:
            analyse = "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) "
            text = await connection.fetchval(analyse + statement.sql, *statement.values)
    return nodes_of(json.loads(text)[0]["Plan"])


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes_of(below)


def read_whole(nodes: Iterator[dict[str, Any]]) -> set[str]:
    """Tables read from end to end; a shelf's worth of categories is read so rightly."""
    return {node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"} - {"category"}


def rows_touched(nodes: Iterator[dict[str, Any]]) -> int:
    """How many rows were read from tables and indexes, kept or not."""
    return sum(
        int((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
        for node in nodes
        if "Scan" in node["Node Type"] and "Subquery" not in node["Node Type"]
    )


def page(arguments: str, fields: str = "edges { cursor node { title } }") -> str:
    return f"query ($after: String) {{ products(first: 50, after: $after{arguments}) {{ {fields} }} }}"


@pytest.mark.parametrize(
    ("arguments", "index"),
    [
        ("", "product_pkey"),
        (", orderBy: [{field: ID, direction: DESC}]", "product_pkey"),
        (", orderBy: [{field: TITLE}]", "product_by_title"),
        (", orderBy: [{field: TITLE, direction: DESC}]", "product_by_title"),
        (", orderBy: [{field: CREATED_AT}]", "product_by_age"),
        (", orderBy: [{field: CREATED_AT, direction: DESC}]", "product_by_age"),
        (", orderBy: [{field: UPDATED_AT}]", "product_by_change"),
        (", orderBy: [{field: UPDATED_AT, direction: DESC}]", "product_by_change"),
        (", orderBy: [{field: TITLE}, {field: CREATED_AT, direction: DESC}]", "product_by_title"),
        (", orderBy: [{field: UPDATED_AT, direction: DESC}, {field: TITLE}]", "product_by_change"),
    ],
)
async def test_every_order_has_an_index_that_finds_the_next_page_at_once(
    shops: Shops, arguments: str, index: str
) -> None:
    ask, after = shops.large, None
    for _ in range(3):  # the third page costs what the first does
        nodes = list(await explain(ask, page(arguments), after=after))
        assert index in {node.get("Index Name") for node in nodes}
        assert read_whole(iter(nodes)) == set()
        assert rows_touched(iter(nodes)) <= 120
        after = (await ask.data(page(arguments), after=after))["products"]["edges"][-1]["cursor"]


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (
            f'{{ products(where: {{category: {{id: {{eq: "{CATEGORY}"}}}}}}) {{ nodes {{ title }} }} }}',
            "product_of_category",
        ),
        (f'{{ category(id: "{CATEGORY}") {{ products {{ nodes {{ title }} }} }} }}', "product_of_category"),
        ('{ variants(where: {sku: {eq: "SKU-77-1"}}) { nodes { title } } }', "variant_sku_key"),
        ('{ variants(where: {sku: {in: ["SKU-77-1", "SKU-9-2"]}}) { nodes { title } } }', "variant_sku_key"),
        ('{ products(where: {variants: {some: {sku: {eq: "SKU-77-1"}}}}) { nodes { title } } }', "variant_sku_key"),
        ('{ products(where: {handle: {eq: "product-77"}}) { nodes { title } } }', "product_handle_key"),
        (
            '{ products(where: {source: {eq: "x"}, externalId: {eq: "7"}}) { nodes { title } } }',
            "uid_product_source_d86b51",
        ),
        ('{ products(search: "sku-777-1") { nodes { title } } }', "product_search"),
        ('{ products(search: "Teapot 631") { nodes { title } } }', "product_search"),
        ('{ products(search: "青花瓷 3777") { nodes { title } } }', "product_search"),
        ('{ products(search: "龙") { nodes { title } } }', "product_search"),
        ('{ products(where: {title: {contains: "no such"}}) { nodes { title } } }', "product_search"),
        ('{ products(where: {title: {startsWith: "Lamp 99"}}) { nodes { title } } }', "product_by_title"),
        ("{ products(first: 50) { nodes { variants(first: 3) { nodes { sku } } } } }", "variant_of_product"),
        ("{ products(first: 50) { nodes { variants { nodes { onHand } } } } }", "uid_stock_variant_bdb3ff"),
        ("{ products(first: 50) { nodes { firstImage { url } } } }", "image_of_product"),
        ("{ products(first: 50) { nodes { images { nodes { url } } } } }", "image_of_product"),
        ("{ variants(first: 100) { nodes { sku product { title } } } }", "variant_of_product"),
        (FULL, "product_pkey"),
    ],
)
async def test_lists_are_read_by_their_index(shops: Shops, query: str, index: str) -> None:
    nodes = list(await explain(shops.large, query))

    assert read_whole(iter(nodes)) == set()
    assert index in {node.get("Index Name") for node in nodes}


@pytest.mark.parametrize(
    "query",
    [
        FULL,
        "{ products(first: 50, orderBy: [{field: TITLE, direction: DESC}]) { nodes { title } } }",
        "{ variants(first: 100) { nodes { sku onHand product { title } } pageInfo { hasNextPage endCursor } } }",
        f'{{ product(id: "{type_id("prod", product_id(7))}") {{ title variants {{ nodes {{ sku }} }} }} }}',
        f'{{ nodes(ids: ["{type_id("prod", product_id(7))}", "{type_id("prod", product_id(8))}"]) {{ id }} }}',
        '{ variants(where: {sku: {eq: "SKU-77-1"}}) { nodes { product { title } } } }',
    ],
)
async def test_a_list_touches_no_more_rows_in_a_shop_a_hundred_times_larger(shops: Shops, query: str) -> None:
    large, small = await explain(shops.large, query), await explain(shops.small, query)

    assert 0 < rows_touched(large) <= rows_touched(small)


async def test_counting_ends_where_it_is_no_use_any_more(shops: Shops) -> None:
    query = "{ products(first: 1) { count { value precision } } }"

    assert await shops.large.data(query) == {"products": {"count": {"value": 10_000, "precision": "AT_LEAST"}}}
    assert await shops.small.data(query) == {"products": {"count": {"value": 200, "precision": "EXACT"}}}
    assert rows_touched(await explain(shops.large, query)) <= 10_003


@pytest.mark.parametrize("text", ["sku-777-1", "Teapot 631", "青花瓷 3777", "teapto 6319", "青花磁盖碗 3777"])
async def test_a_search_goes_by_the_index_with_typing_errors_too(shops: Shops, text: str) -> None:
    """X30: both as typed and spelled alike."""
    ask = shops.large
    with open_shop(ask.ctx.shop):
        async with statements_sent(ask.ctx) as sent:
            await merchandising.search_products(ask.ctx, text, first=20)
    searches = [each for each in sent if "FROM product p" in each.sql]

    assert searches
    for each in searches:
        nodes = list(await explained(ask, each))
        assert read_whole(iter(nodes)) == set()
        assert "product_search" in {node.get("Index Name") for node in nodes}
