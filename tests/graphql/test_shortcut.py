"""Operations that go past graphql-core's executor are answered as it answers them, and nothing is done twice."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from stoa.domains.catalog.models import Product
from stoa.graphql.compiled import WARM_UP
from stoa.graphql.executing import Executor
from stoa.graphql.schema import schema
from stoa.kit.ids import type_id
from stoa.settings import Settings
from stoa.tenants.access import Scope
from stoa.tenants.context import Context
from tests import make
from tests.graphql.asking import Ask, statements_sent
from tests.graphql.compiled_parity import Document, random_documents
from tests.graphql.reading.worlds import random_world, settle
from tests.graphql.test_parity import INPUTS

SCHEMA = schema()._schema
EXAMPLES = int(os.environ.get("EXAMPLES", "60"))
FIELDS = "id title category { name } variants(first: 2) { nodes { sku price { amount currency } } }"
ONE = f"query ($id: ID!) {{ product(id: $id) {{ {FIELDS} }} }}"
LIST = f"query ($first: Int, $full: Boolean = false) {{ products(first: $first) {{ nodes {{ {FIELDS} }} \
pageInfo @include(if: $full) {{ hasNextPage }} }} }}"
CREATE = """mutation ($input: ProductCreateInput!) {
  productCreate(input: $input) { product { id title } userErrors { __typename code path } } }"""


@pytest.fixture
def ask(executor: Executor, settings: Settings, ctx: Context) -> Ask:
    return Ask(executor, settings, ctx)


async def warmed_up(ask: Ask, query: str, **variables: Any) -> None:
    """Let the operation be met so often that its shortcut is made at the next time, and meet it then."""
    ask.way(query, variables).met = WARM_UP - 1
    await ask.run_straight(query, variables)


async def by_core(ask: Ask, query: str, **variables: Any) -> dict[str, Any]:
    return await ask.run(query, variables, executor=StrawberryGraphQLCoreExecutionContext)


async def test_one_product_and_a_list_have_shortcuts_that_answer_the_same(ask: Ask, ctx: Context) -> None:
    product = await make.product(ctx, title="Lamp", category=await make.category(ctx, "Lights"), variants=[{}, {}])
    for query, variables in (
        (ONE, {"id": type_id("prod", product.id)}),
        (LIST, {"first": 5, "full": False}),
        (LIST, {"full": True}),
    ):
        await warmed_up(ask, query, **variables)

        answer = await ask.run_straight(query, variables)

        assert ask.way(query, variables).shortcut is not None
        assert answer == await by_core(ask, query, **variables)
        assert answer["errors"] == []
        assert ask.statements == 1


async def test_a_shortcut_is_made_when_the_operation_has_been_met_often_and_not_before(ask: Ask) -> None:
    for _ in range(WARM_UP - 1):
        await ask.run_straight(LIST + "#", {"full": False})
        assert ask.way(LIST + "#", {"full": False}).shortcut is None

    await ask.run_straight(LIST + "#", {"full": False})

    assert ask.way(LIST + "#", {"full": False}).shortcut is not None
    assert ask.way(LIST + "#", {"full": True}).shortcut is None


@pytest.mark.parametrize(
    "query", ["{ me { scopes } }", "{ products { nodes { id } } me { scopes } }", "{ __typename }", "{ shop { name } }"]
)
async def test_other_operations_have_none(ask: Ask, query: str) -> None:
    await warmed_up(ask, query)

    assert ask.way(query, {}).shortcut is None
    assert (await ask.run_straight(query, {}))["errors"] == []


async def test_several_roots_are_answered_together_in_the_order_asked_for(ask: Ask, ctx: Context) -> None:
    await make.product(ctx, title="Lamp")
    query = "{ b: products { nodes { title } } a: categories { nodes { name } } }"
    await warmed_up(ask, query)

    answer = await ask.run_straight(query, {})

    assert ask.way(query, {}).shortcut is not None
    assert list(answer["data"]) == ["b", "a"]
    assert answer == await by_core(ask, query)


async def test_what_is_not_there_is_null(ask: Ask) -> None:
    variables = {"id": type_id("prod", make.new_id())}
    await warmed_up(ask, ONE, **variables)

    assert await ask.run_straight(ONE, variables) == {"data": {"product": None}, "errors": []}


async def test_a_refused_field_is_an_error_at_its_place(ask: Ask) -> None:
    await warmed_up(ask, ONE, id="prod_nonsense")

    answer = await ask.run_straight(ONE, {"id": "prod_nonsense"})

    assert answer == await by_core(ask, ONE, id="prod_nonsense")
    assert answer["errors"] == [("'prod_nonsense' is not an id.", ["product"])]


async def test_of_several_roots_those_that_fail_leave_the_others_alone(ask: Ask, ctx: Context) -> None:
    product = await make.product(ctx, title="Lamp", variants=[{"sku": "L-1"}])
    query = """query ($id: ID!) {
      a: product(id: "x") { id } b: product(id: $id) { variants { nodes { cost { amount } } } }
      c: product(id: $id) { title } d: variant(id: "y") { id } }"""
    variables = {"id": type_id("prod", product.id)}
    for who, failing in ((ask, ["a", "d"]), (ask.without(Scope.CATALOG_COST), ["a", "b", "d"])):
        await warmed_up(who, query, **variables)

        answer = await who.run_straight(query, variables)

        assert answer == await by_core(who, query, **variables)
        assert answer["data"]["c"] == {"title": "Lamp"}
        assert [path for _, path in answer["errors"]] == [[key] for key in failing]


async def test_a_mutation_runs_once_whatever_becomes_of_it(ask: Ask, ctx: Context) -> None:
    wish = {"title": "Lamp", "variants": [{"sku": "L-1"}]}
    await warmed_up(ask, CREATE, input=wish)
    assert ask.way(CREATE, {}).shortcut is not None

    made = await ask.run_straight(CREATE, {"input": {"title": "Vase", "variants": [{"sku": "V-1"}]}})
    refused = await ask.run_straight(CREATE, {"input": wish})
    forbidden = await ask.without(Scope.CATALOG_WRITE).run_straight(CREATE, {"input": wish})

    assert made["data"]["productCreate"]["product"]["title"] == "Vase"
    assert made["data"]["productCreate"]["userErrors"] == []
    assert refused["data"]["productCreate"] == {
        "product": None,
        "userErrors": [{"__typename": "TakenError", "code": "SKU_TAKEN", "path": ["input", "variants", "0", "sku"]}],
    }
    assert forbidden["data"] == {"productCreate": None} or forbidden["data"] is None
    assert [message for message, _ in forbidden["errors"]] == ["productCreate needs the scope catalog:write."]
    assert await Product.all().order_by("title").values_list("title", flat=True) == ["Lamp", "Vase"]


async def test_graphql_core_gets_what_resolvers_returned_and_asks_none_of_them_again(ask: Ask, ctx: Context) -> None:
    """Twice the same code: the second root refuses, so graphql-core answers; the first one's statement was sent once."""
    await make.product(ctx, title="Lamp")
    query = '{ products { nodes { title } } product(id: "x") { id } }'
    await warmed_up(ask, query)

    async with statements_sent(ctx) as sent:
        answer = await ask.run_straight(query, {})

    assert answer["data"] == {"products": {"nodes": [{"title": "Lamp"}]}, "product": None}
    assert len(sent) == 1


async def test_variables_that_are_wrong_are_told_as_graphql_core_tells_them(ask: Ask) -> None:
    for variables in ({"first": "many"}, {"first": 2**40}, {"full": None}, {"first": 1.5}):
        assert (await ask.run_straight(LIST, variables))["errors"]
    assert (await ask.run_straight(LIST, {"first": 3.0}))["errors"] == []


class Owner:
    """Short to write: Hypothesis writes down what a test is called with."""

    def __init__(self, ask: Ask) -> None:
        self.ask, self.clerk = ask, ask.without(Scope.CATALOG_COST, Scope.TOKENS_READ)


@pytest.fixture(scope="module")
async def owner_of_much(database: None, executor: Executor, settings: Settings) -> Owner:
    shop = await make.shop("Shortcuts")
    await settle(random_world(shop, 6, products=7))
    return Owner(Ask(executor, settings, await make.context(shop)))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(document=random_documents(SCHEMA, inputs=INPUTS), may_do_all=st.booleans())
async def test_any_document_is_answered_as_by_graphql_core(
    owner_of_much: Owner, document: Document, may_do_all: bool
) -> None:
    ask = owner_of_much.ask if may_do_all else owner_of_much.clerk
    ask.way(document.text, document.variables).met = WARM_UP - 1

    answers = [await ask.run_straight(document.text, document.variables) for _ in range(2)]

    expected = await by_core(ask, document.text, **document.variables)
    for answer in answers:
        assert repr(answer["data"]) == repr(expected["data"])
        if expected["data"] is not None:  # else it is a matter of time which errors come before the one that ends all
            assert sorted(answer["errors"], key=str) == sorted(expected["errors"], key=str)
        assert bool(answer["errors"]) == bool(expected["errors"])
