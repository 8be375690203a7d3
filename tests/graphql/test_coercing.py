"""Variables coerced by our functions are what graphql-core makes of them; what they do not take is left to it."""

from __future__ import annotations

import os
from typing import Any

import pytest
from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    OperationDefinitionNode,
    get_variable_values,
    parse,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stoa.graphql.coercing import Coercers, coerced
from stoa.graphql.schema import schema

SCHEMA = schema()._schema
COERCERS = Coercers(SCHEMA)
EXAMPLES = int(os.environ.get("EXAMPLES", "300"))
INPUTS = sorted(name for name, kind in SCHEMA.type_map.items() if isinstance(kind, GraphQLInputObjectType))
ODD: list[Any] = [None, True, 0, 7, 2**31, 2**70, 1.0, 1.5, "", "x", "ACTIVE", "12", [], ["x"], {}, {"x": 1}]


def operation(head: str) -> OperationDefinitionNode:
    [found] = parse(f"query {head} {{ __typename }}").definitions
    assert isinstance(found, OperationDefinitionNode)
    return found


def ours(op: OperationDefinitionNode, given: dict[str, Any]) -> Any:
    """What our functions make of the variables; None when they leave them to graphql-core."""
    coercion = COERCERS.coercion_of(op)
    assert coercion is not None
    try:
        return coerced(coercion, given)
    except Exception:  # whatever it is: that is what `Executor` does
        return None


def theirs(op: OperationDefinitionNode, given: dict[str, Any]) -> Any:
    return get_variable_values(SCHEMA, op.variable_definitions, given)


def values(kind: GraphQLInputType, depth: int = 0) -> st.SearchStrategy[Any]:
    """Mostly good values of the type, now and then odd ones."""
    if isinstance(kind, GraphQLNonNull):
        return values(kind.of_type, depth)
    if isinstance(kind, GraphQLList):
        good = st.lists(values(kind.of_type, depth + 1), max_size=2) if depth < 4 else st.just([])
        return good | st.sampled_from(ODD)
    if isinstance(kind, GraphQLInputObjectType):
        if depth > 3:
            return st.just({})
        fields = {name: values(field.type, depth + 1) for name, field in kind.fields.items()}
        return st.fixed_dictionaries({}, optional=fields) | st.sampled_from(ODD)
    good = {
        "Int": st.integers(0, 9),
        "Boolean": st.booleans(),
        "Date": st.just("2026-01-01"),
        "DateTime": st.just("2026-01-01T00:00:00Z"),
        "BigInt": st.integers(0, 2**40),
    }
    names = list(getattr(kind, "values", ()))
    return (st.sampled_from(names) if names else good.get(kind.name, st.text(max_size=3))) | st.sampled_from(ODD)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_our_functions_take_is_what_graphql_core_makes_of_it(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(INPUTS))
    form = data.draw(st.sampled_from(["{}", "{}!", "[{}!]", "[{}]!"]))
    op = operation(f"($it: {form.format(name)}, $other: Int)")
    wanted = data.draw(values(SCHEMA.type_map[name]))  # type: ignore[arg-type]
    given_values = {"it": [wanted] if "[" in form else wanted} | data.draw(
        st.fixed_dictionaries({}, optional={"other": st.sampled_from(ODD)})
    )

    mine, expected = ours(op, given_values), theirs(op, given_values)

    if mine is not None:
        assert repr(mine) == repr(expected)


@pytest.mark.parametrize(
    ("head", "given_values"),
    [
        ("($id: ID!)", {"id": "prod_x"}),
        ("($first: Int, $after: String)", {"first": 5}),
        ("($where: ProductWhere)", {"where": {"title": {"contains": "x"}, "or": [{"status": {"eq": "ACTIVE"}}]}}),
        ("($input: ProductCreateInput!)", {"input": {"title": "x", "variants": [{"price": {"amount": "1.00",
                                                                                         "currency": "EUR"}}]}}),
    ],
)  # fmt: skip
def test_the_ordinary_is_taken(head: str, given_values: dict[str, Any]) -> None:
    made = ours(operation(head), given_values)

    assert made is not None
    assert repr(made) == repr(theirs(operation(head), given_values))


@pytest.mark.parametrize(
    ("head", "given_values"),
    [
        ("($id: ID!)", {}),
        ("($id: ID!)", {"id": None}),
        ("($id: ID)", {"id": 7}),
        ("($n: Int)", {"n": 2**31}),
        ("($n: Int)", {"n": True}),
        ("($n: [Int!])", {"n": [1, None]}),
        ("($input: ProductCreateInput!)", {"input": {"title": "x", "variants": [], "colour": "red"}}),
        ("($input: ProductCreateInput!)", {"input": {"title": "x"}}),
        ("($s: ProductStatus)", {"s": "GONE"}),
    ],
)
def test_the_unusual_is_left_to_graphql_core(head: str, given_values: dict[str, Any]) -> None:
    assert ours(operation(head), given_values) is None


def test_an_operation_with_defaults_is_left_to_graphql_core() -> None:
    assert COERCERS.coercion_of(operation("($n: Int = 5)")) is None
    wrong = get_variable_values(SCHEMA, operation("($n: Int = 5)").variable_definitions, {"n": "x"})
    assert isinstance(wrong, list)
    assert isinstance(wrong[0], GraphQLError)
