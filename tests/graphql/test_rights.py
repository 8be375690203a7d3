"""What needs a scope says so, and refuses without it: generated from the schema, so nobody can forget."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

from stoa.graphql.reading.declared import TYPES
from stoa.graphql.requests import Request
from stoa.graphql.schema import schema
from stoa.kit.ids import new_id, type_id
from stoa.tenants.access.scopes import EVERY_SCOPE
from stoa.tenants.context import open_shop
from tests import make
from tests.domains.catalog.catalogs import catalog_of
from tests.graphql.asking import Ask, statements_sent

SCHEMA = schema()._schema
QUERY, MUTATION, SUBSCRIPTION = SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.subscription_type
assert QUERY is not None
assert MUTATION is not None
assert SUBSCRIPTION is not None
NAMED = re.compile(r"Needs the scope `([a-z]+:[a-z]+)`")
# Whoever is not signed in may do these, or whoever is, in whatever shop: they look for themselves.
OPEN_MUTATIONS = {"accountOpen", "sessionStart", "sessionEnd", "shopOpen"}
OPEN_QUERIES = {"me", "sessions"}
BY_THE_ID = {"node": "prod", "nodes": "prod"}  # the scope is that of what the id names
SAMPLES: dict[str, Any] = {
    "String": "x",
    "Int": 1,
    "Float": 0.5,
    "Boolean": False,
    "ID": type_id("prod", new_id()),
    "Date": "2026-01-01",
    "DateTime": "2026-01-01T00:00:00Z",
}


def needed(description: str | None) -> list[str]:
    return NAMED.findall(description or "")


def sample(kind: GraphQLInputType) -> Any:
    """The least that is valid."""
    if isinstance(kind, GraphQLNonNull):
        return sample(kind.of_type)
    if isinstance(kind, GraphQLList):
        return [sample(kind.of_type)]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        return {name: sample(field.type) for name, field in kind.fields.items() if is_required_input_field(field)}
    return SAMPLES[kind.name]


def document(root: GraphQLObjectType, name: str, selected: str | None = None) -> tuple[str, dict[str, Any]]:
    """A document that asks for one root field with the least of arguments."""
    field = root.fields[name]
    args = {key: arg for key, arg in field.args.items() if is_required_argument(arg)}
    head = f"({', '.join(f'${key}: {arg.type}' for key, arg in args.items())})" if args else ""
    given = f"({', '.join(f'{key}: ${key}' for key in args)})" if args else ""
    below = "" if is_leaf_type(get_named_type(field.type)) else f" {{ {selected or '__typename'} }}"
    kind = {MUTATION: "mutation", QUERY: "query"}.get(root, "subscription")
    return f"{kind}{head} {{ {name}{given}{below} }}", {key: sample(arg.type) for key, arg in args.items()}


def test_only_scopes_that_there_are_are_named() -> None:
    named = {
        scope
        for kind in SCHEMA.type_map.values()
        for each in (kind, *getattr(kind, "fields", {}).values())
        for scope in needed(each.description)
    }

    assert named <= EVERY_SCOPE


@pytest.mark.parametrize("name", sorted(MUTATION.fields))
async def test_a_mutation_says_what_it_needs_and_does_nothing_without(ask: Ask, name: str) -> None:
    scopes = needed(MUTATION.fields[name].description)
    if name in OPEN_MUTATIONS:
        assert scopes == []
        return
    [scope] = scopes
    before = await catalog_of(ask.ctx)
    query, variables = document(MUTATION, name)

    async with statements_sent(ask.ctx) as sent:
        error = await ask.without(scope).error(query, **variables)
        nothing_at_all = await ask.with_scopes([]).error(query, **variables)

    assert (error["code"], error["params"]) == ("PERMISSION_DENIED", {"scope": scope, "field": name})
    assert nothing_at_all["code"] == "PERMISSION_DENIED"
    assert sent == []
    assert await catalog_of(ask.ctx) == before


@pytest.mark.parametrize("name", sorted(QUERY.fields))
async def test_a_field_of_query_says_what_it_needs_and_tells_nothing_without(ask: Ask, name: str) -> None:
    scopes = needed(QUERY.fields[name].description)
    query, variables = document(QUERY, name)
    if name in OPEN_QUERIES:
        assert scopes == []
        await ask.with_scopes([]).data(query, **variables)
        return
    scope = TYPES["Product"].scope if name in BY_THE_ID else scopes[0]
    if name not in BY_THE_ID:
        assert scopes == [scope]

    async with statements_sent(ask.ctx) as sent:
        error = await ask.without(scope).error(query, **variables)

    assert (error["code"], error["params"]["scope"]) == ("PERMISSION_DENIED", scope)
    assert sent == []


async def test_who_may_not_ask_is_not_told_what_is_wrong_with_the_question(ask: Ask) -> None:
    for query in (
        '{ category(id: "nonsense") { id } }',
        "{ products(first: 101) { nodes { id } } }",
        '{ products { nodes { variants(after: "nonsense") { nodes { id } } } } }',
    ):
        assert (await ask.error(query))["code"] == "INVALID"
        assert (await ask.with_scopes([]).error(query))["code"] == "PERMISSION_DENIED"


@pytest.mark.parametrize("name", sorted(SUBSCRIPTION.fields))
async def test_a_subscription_says_what_it_needs_and_tells_nothing_without(ask: Ask, name: str) -> None:
    [scope] = needed(SUBSCRIPTION.fields[name].description)
    query, variables = document(SUBSCRIPTION, name)

    clerk = ask.without(scope)
    with open_shop(ask.ctx.shop):
        answers = [each.body async for each in ask.executor.stream(Request(query, variables), clerk.context())]

    assert [each["errors"][0]["extensions"]["code"] for each in answers] == ["PERMISSION_DENIED"]


def scoped_fields() -> Iterator[tuple[str, str, str]]:
    """Stored fields that need more than their type does."""
    for stored in TYPES.values():
        kind = SCHEMA.type_map[stored.name]
        assert isinstance(kind, GraphQLObjectType)
        for name, field in kind.fields.items():
            for scope in needed(field.description):
                yield stored.name, name, scope


def test_there_are_such_fields() -> None:
    assert ("Variant", "cost", "catalog:cost") in set(scoped_fields())


@pytest.mark.parametrize(("type_name", "name", "scope"), list(scoped_fields()))
async def test_a_field_that_needs_more_refuses_without(ask: Ask, type_name: str, name: str, scope: str) -> None:
    kind = SCHEMA.type_map[type_name]
    assert isinstance(kind, GraphQLObjectType)
    below = "" if is_leaf_type(get_named_type(kind.fields[name].type)) else "{ __typename }"
    id = type_id(TYPES[type_name].prefix, new_id())

    error = await ask.without(scope).error(f'{{ node(id: "{id}") {{ ... on {type_name} {{ {name} {below} }} }} }}')

    assert (error["code"], error["params"]["scope"]) == ("PERMISSION_DENIED", scope)


async def test_a_type_says_what_its_rows_need(ask: Ask) -> None:
    for stored in TYPES.values():
        assert needed(SCHEMA.type_map[stored.name].description) == [stored.scope]
        error = await ask.without(stored.scope).error(f'{{ node(id: "{type_id(stored.prefix, new_id())}") {{ id }} }}')
        assert (error["code"], error["params"]) == (
            "PERMISSION_DENIED",
            {"scope": stored.scope, "field": stored.name},
        )


async def test_those_who_are_nobody_see_nothing(ask: Ask) -> None:
    """Without an identity every field that needs a shop says that one must sign in."""
    await make.product(ask.ctx)
    for name in sorted(QUERY.fields.keys() - {"me"}):
        query, variables = document(QUERY, name)
        context = ask.context()
        context.identity = context.ctx = None
        answer = await ask.executor.answer(Request(query, variables), context)
        assert answer.body["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED", name
