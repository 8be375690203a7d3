"""What operations cost: exact points for the shapes that clients write."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import OperationDefinitionNode, get_introspection_query, parse

from stoa.graphql.costing import Prices, sizes_in
from stoa.graphql.documents import Documents
from stoa.graphql.schema import schema


@pytest.fixture(scope="module")
def prices() -> Prices:
    return Prices(schema()._schema)


def cost(prices: Prices, text: str, **variables: Any) -> int:
    document = Documents(prices.schema).read(text)
    return prices.of(document.operation(None), document.fragments, variables)


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("{ __typename }", 0),
        ("{ me { account { id } scopes } }", 1),
        ('{ product(id: "x") { title } }', 1),
        ('{ product(id: "x") { category { parent { id } } firstImage { url } } }', 4),
        ("{ products { nodes { title } } }", 20),
        ("{ products(first: 50) { nodes { title } } }", 50),
        ("{ products(first: 50) { edges { node { title } } } }", 50),
        ("{ products(first: 0) { count { value } } }", 0),
        ("{ products(last: 7) { nodes { id } pageInfo { endCursor } count { value } } }", 7),
        ("{ products(first: null) { nodes { id } } }", 20),
        ("{ products(first: 7, last: null) { nodes { id } } }", 7),
        ("{ products(first: 100000) { nodes { id } } }", 100),
        ("{ products(first: -5) { nodes { id } } }", 100),
        ("{ products(first: 5) { count { value } } }", 5),
        ("{ products(first: 10) { nodes { variants(first: 5) { nodes { price { amount } } } } } }", 10 * (1 + 5)),
        ("{ products(first: 10) { nodes { id } edges { node { id } } } }", 20),
        ('{ nodes(ids: ["a", "b", "c"]) { id } }', 3),
        ('{ nodes(ids: ["a", "b"]) { ... on Product { variants(first: 5) { nodes { id } } } } }', 2 * (1 + 5)),
        ('{ node(id: "a") { id } }', 1),
        ("{ members { account { id } } }", 20),
        ('mutation { categoryCreate(input: {name: "x"}) { userErrors { code } } }', 10),
        ('mutation { categoryCreate(input: {name: "x"}) { category { parent { id } } userErrors { code } } }', 12),
        ("subscription { productChanged { category { id } } }", 2),
    ],
)
def test_points_of_an_operation(prices: Prices, text: str, points: int) -> None:
    assert cost(prices, text) == points


def test_a_fragment_costs_as_often_as_it_is_spread(prices: Prices) -> None:
    fragment = (
        " fragment F on Query { products(first: 10) { nodes { ...P } } } fragment P on Product { category { id } }"
    )

    assert cost(prices, "{ ...F }" + fragment) == 20
    assert cost(prices, "{ ...F ... on Query { ...F } ...F }" + fragment) == 60


def test_sixty_levels_of_doubling_fragments_cost_what_they_say(prices: Prices) -> None:
    doubled = " ".join(f"fragment F{i} on Query {{ ...F{i + 1} ...F{i + 1} }}" for i in range(60))
    text = f'{{ ...F0 }} {doubled} fragment F60 on Query {{ product(id: "x") {{ id }} }}'

    assert cost(prices, text) == 2**60


@pytest.mark.parametrize(
    ("variables", "points"),
    [({"n": 7}, 7), ({}, 30), ({"n": None}, 20), ({"n": 1000}, 100), ({"n": -1}, 100), ({"n": "many"}, 100)],
)
def test_lengths_in_variables_count_and_their_defaults_do(
    prices: Prices, variables: dict[str, Any], points: int
) -> None:
    assert cost(prices, "query ($n: Int = 30) { products(first: $n) { nodes { id } } }", **variables) == points


def test_ids_in_variables_count_each(prices: Prices) -> None:
    text = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"

    assert cost(prices, text, ids=["a"] * 40) == 40
    assert cost(prices, text, ids="a") == 1


def test_the_introspection_of_tools_costs_a_hundred(prices: Prices) -> None:
    assert cost(prices, get_introspection_query(input_value_deprecation=True)) == 100


def test_a_look_at_one_type_costs_next_to_nothing(prices: Prices) -> None:
    assert cost(prices, '{ __type(name: "Product") { name fields { name } } }') == 1


def test_introspection_pays_each_time_it_is_spread(prices: Prices) -> None:
    doubled = " ".join(f"fragment F{i} on __Schema {{ ...F{i + 1} ...F{i + 1} }}" for i in range(9))
    types = "fragment F9 on __Schema { types { fields { name args { name } } } }"

    assert cost(prices, f"{{ __schema {{ ...F0 }} }} {doubled} {types}") > 1000
    assert cost(prices, "{ a: __schema { ...F9 } b: __schema { ...F9 } } " + types) < 100


def test_what_a_cost_depends_on_is_small_whatever_is_sent() -> None:
    text = "query ($a: Int, $b: [ID!], $c: String, $d: Int) { products(first: $a) { nodes { id } } }"
    [definition] = parse(text).definitions
    assert isinstance(definition, OperationDefinitionNode)

    assert sizes_in(definition, {"a": 10**30, "b": ["x"] * 9999, "c": "y" * 10**6}) == (101, 251, None, None)
