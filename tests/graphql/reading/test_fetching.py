"""One statement for a root field, however much is asked; and only for those who may ask."""

from __future__ import annotations

from typing import Any

import pytest

from stoa.domains.catalog.models import Category
from stoa.graphql.reading.fetching import MAX_PLANS, MAX_STATEMENTS
from stoa.kit.ids import type_id
from stoa.tenants.access import Scope
from tests import make
from tests.graphql.asking import Ask, statements_sent

EVERYTHING = """
{ products(first: 5) {
    nodes { id title onHand category { name parent { name parent { name } } } firstImage { url }
      images(first: 2) { nodes { url } }
      few: variants(first: 1) { nodes { sku product { title } } }
      variants(first: 2, where: {price: {gt: {amount: "1", currency: "EUR"}}}) {
        edges { cursor node { sku onHand price { amount } product { category { products(first: 2) { nodes { title } } } } } }
        pageInfo { hasNextPage endCursor } count { value } } }
    edges { cursor node { title variants(first: 3) { nodes { title } } } }
    count { value precision } pageInfo { endCursor } } }
"""


async def fill(ask: Ask, products: int) -> list[Any]:
    top = await make.category(ask.ctx)
    below = await make.category(ask.ctx, parent=top)
    return [
        await make.product(
            ask.ctx, category=below, variants=({}, {}, {}), images=("https://img.test/a", "https://img.test/b")
        )
        for _ in range(products)
    ]


async def sent_for(ask: Ask, query: str, **variables: Any) -> int:
    """Statements that really went to PostgreSQL; the planner's own count must agree."""
    async with statements_sent(ask.ctx) as sent:
        await ask.data(query, **variables)
    assert len(sent) == ask.statements
    return len(sent)


async def test_a_list_is_one_statement_however_deep_and_however_long(ask: Ask) -> None:
    assert await sent_for(ask, EVERYTHING) == 1
    await fill(ask, 1)
    assert await sent_for(ask, EVERYTHING) == 1
    await fill(ask, 8)
    assert await sent_for(ask, EVERYTHING) == 1
    assert await sent_for(ask, EVERYTHING) == 1  # by the plan that is known now


async def test_every_root_field_is_one_statement(ask: Ask) -> None:
    [product] = await fill(ask, 1)
    id = type_id("prod", product.id)

    query = (
        f'{{ a: product(id: "{id}") {{ title }} b: product(id: "{id}") {{ title }} variants {{ nodes {{ sku }} }} }}'
    )
    assert await sent_for(ask, query) == 3


async def test_nodes_are_one_statement_a_type(ask: Ask) -> None:
    products = await fill(ask, 4)
    category = await Category.all().first()
    assert category is not None
    ids = [*(type_id("prod", each.id) for each in products), type_id("cat", category.id)]
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Product { variants { nodes { sku } } } } }"

    assert await sent_for(ask, query, ids=ids[:1]) == 1
    assert await sent_for(ask, query, ids=ids[:4]) == 1
    assert await sent_for(ask, query, ids=ids * 3) == 2
    assert await sent_for(ask, "query ($id: ID!) { node(id: $id) { id ... on Product { title } } }", id=ids[0]) == 1
    assert await sent_for(ask, query, ids=[]) == 0


async def test_nodes_come_as_asked_for_and_null_where_there_is_nothing(ask: Ask) -> None:
    first, second = await fill(ask, 2)
    one, two, none = type_id("prod", first.id), type_id("prod", second.id), type_id("prod", make.new_id())

    data = await ask.data("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=[two, none, one, two])

    assert data == {"nodes": [{"id": two}, None, {"id": one}, {"id": two}]}


async def test_a_mutations_payload_is_one_statement_more(ask: Ask) -> None:
    await fill(ask, 1)
    query = """
    mutation ($title: String!, $deep: Boolean!) { productCreate(input: {title: $title, variants: [{}]}) {
      product { id title ... @include(if: $deep) { category { name } variants { nodes { sku onHand } } } }
      userErrors { message } } }
    """

    async def planned(deep: bool) -> int:
        await ask.data(query, title="Tea", deep=deep)
        return ask.statements

    assert [await planned(False), await planned(True)] == [1, 1]
    refused = await ask.data(query, title="", deep=True)
    assert refused["productCreate"]["product"] is None
    assert ask.statements == 0


async def test_a_payloads_id_is_known_without_a_statement(ask: Ask) -> None:
    query = 'mutation { productCreate(input: {title: "Tea", variants: [{}]}) { product { %s } } }'

    for selected in ("id", "a: id __typename", "__typename"):
        data = await ask.data(query % selected)
        assert data["productCreate"]["product"] is not None
        assert ask.statements == 0
    id = (await ask.data(query % "id"))["productCreate"]["product"]["id"]
    assert (await ask.data(f'{{ product(id: "{id}") {{ title }} }}'))["product"] == {"title": "Tea"}


async def test_what_is_not_selected_is_not_read(ask: Ask) -> None:
    await fill(ask, 1)

    async with statements_sent(ask.ctx) as sent:
        await ask.data(
            "query ($all: Boolean!) { products { nodes { title description @include(if: $all) } } }", all=False
        )
        await ask.data(
            "query ($all: Boolean!) { products { nodes { title description @include(if: $all) } } }", all=True
        )

    assert ['"description"' in each.sql for each in sent] == [False, True]
    assert all('"variant"' not in each.sql for each in sent)


async def test_plans_and_statements_of_a_document_are_bounded(ask: Ask) -> None:
    names = [f"v{number}" for number in range(8)]
    query = (
        f"query ({' '.join(f'${name}: Boolean!' for name in names)}, $first: Int) {{ products(first: $first) {{ nodes {{ id "
        + " ".join(f"{name}: title @include(if: ${name})" for name in names)
        + " } } }"
    )
    for number in range(150):
        await ask.data(query, first=number % 100, **{name: bool(number >> i & 1) for i, name in enumerate(names)})

    document = ask.executor.documents.known(query)
    assert document is not None
    assert len(document.plans) == MAX_PLANS
    one = "query ($first: Int) { products(first: $first) { nodes { id } } }"
    for number in range(100):
        await ask.data(one, first=number)
    [plan] = ask.executor.documents.known(one).plans.values()  # type: ignore[union-attr]
    assert len(plan.statements) == MAX_STATEMENTS


@pytest.mark.parametrize(
    "query",
    [
        "{ products { nodes { id } } }",
        "{ products { count { value } } }",
        "{ categories { nodes { products { nodes { id } } } } }",
        '{ product(id: "prod_01h455vb4pex5vsknk084sn02q") { id } }',
        '{ node(id: "prod_01h455vb4pex5vsknk084sn02q") { id } }',
        '{ nodes(ids: ["prod_01h455vb4pex5vsknk084sn02q"]) { id } }',
    ],
)
async def test_reading_needs_the_types_scope_and_sends_nothing_without(ask: Ask, query: str) -> None:
    async with statements_sent(ask.ctx) as sent:
        error = await ask.without(Scope.CATALOG_READ).error(query)

    assert (error["code"], error["params"]["scope"]) == ("PERMISSION_DENIED", "catalog:read")
    assert sent == []


@pytest.mark.parametrize(
    "query",
    [
        "{ variants { nodes { cost { amount } } } }",
        "{ products { nodes { variants { edges { node { ... on Variant { c: cost { minor } } } } } } } }",
        '{ variants(where: {cost: {gt: {amount: "1", currency: "EUR"}}}) { nodes { sku } } }',
        "{ variants(where: {not: {or: [{cost: {isNull: true}}]}}) { count { value } } }",
        "{ products(where: {variants: {none: {cost: {isNull: false}}}}) { nodes { id } } }",
        "query ($w: VariantWhere = {cost: {isNull: false}}) { products { nodes { variants(where: $w) { nodes { id } } } } }",
    ],
)
async def test_what_needs_a_scope_of_its_own_can_be_neither_read_nor_found_out_without(ask: Ask, query: str) -> None:
    await make.product(ask.ctx, variants=({"cost_minor": 700},))
    await ask.data(query)

    async with statements_sent(ask.ctx) as sent:
        error = await ask.without(Scope.CATALOG_COST).error(query)

    assert (error["code"], error["params"]["scope"]) == ("PERMISSION_DENIED", "catalog:cost")
    assert sent == []


async def test_a_skipped_field_needs_no_scope(ask: Ask) -> None:
    query = "query ($costs: Boolean!) { variants { nodes { sku cost @include(if: $costs) { amount } } } }"
    clerk = ask.without(Scope.CATALOG_COST)

    assert await clerk.data(query, costs=False) == {"variants": {"nodes": []}}
    assert (await clerk.error(query, costs=True))["code"] == "PERMISSION_DENIED"


async def test_a_mutation_whose_payload_may_not_be_read_does_nothing(ask: Ask) -> None:
    query = 'mutation { productCreate(input: {title: "Tea", variants: [{}]}) { %s userErrors { message } } }'
    writer = ask.with_scopes({Scope.CATALOG_WRITE})

    error = await writer.error(query % "product { id }")
    assert (error["code"], error["params"]["scope"]) == ("PERMISSION_DENIED", "catalog:read")
    assert await ask.data("{ products { nodes { id } } }") == {"products": {"nodes": []}}

    assert await writer.data(query % "__typename") == {
        "productCreate": {"__typename": "ProductPayload", "userErrors": []}
    }
    assert (await ask.data("{ products { count { value } } }"))["products"]["count"]["value"] == 1
