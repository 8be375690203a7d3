"""Inputs are read as Strawberry itself would read them."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from graphql import Undefined, coerce_input_value, get_named_type, is_required_input_field
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strawberry.types.arguments import convert_argument

from stoa.graphql.converting import Readers
from stoa.graphql.schema import schema

STRAWBERRY = schema()
SCHEMA = STRAWBERRY._schema
assert SCHEMA.mutation_type is not None
LEAVES: dict[str, st.SearchStrategy[Any]] = {
    "String": st.text(max_size=5),
    "ID": st.sampled_from(["prod_1", "x"]),
    "Int": st.integers(-(2**31), 2**31 - 1),
    "Float": st.floats(-9, 9) | st.integers(-9, 9),
    "BigInt": st.integers(-(2**53), 2**53),
    "Boolean": st.booleans(),
    "Date": st.sampled_from(["2026-01-01", "2024-02-29"]),
    "DateTime": st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-01T12:00:00.5+08:00"]),
}


@st.composite
def inputs(draw: st.DrawFn, kind: Any, depth: int = 3) -> Any:
    """Any value of an input type, as JSON would bring it."""
    if str(kind).endswith("!"):
        kind = kind.of_type
    elif draw(st.integers(0, 5)) == 0:
        return None
    if str(kind).startswith("["):
        return [draw(inputs(kind.of_type, depth - 1)) for _ in range(draw(st.integers(0, 2)))]
    if hasattr(kind, "fields"):
        return {
            name: draw(inputs(field.type, depth - 1))
            for name, field in kind.fields.items()
            if is_required_input_field(field) or (depth > 0 and draw(st.booleans()))
        }
    return draw(st.sampled_from(sorted(kind.values)) if hasattr(kind, "values") else LEAVES[kind.name])


def plain(value: Any) -> Any:
    """Something that compares by content, and by type."""
    if is_dataclass(value) and not isinstance(value, type):
        return type(value).__name__, {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    return [plain(each) for each in value] if isinstance(value, list) else (type(value).__name__, value)


@pytest.mark.parametrize("name", sorted(SCHEMA.mutation_type.fields))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_an_input_is_read_as_strawberry_reads_it(name: str, data: st.DataObject) -> None:
    field = SCHEMA.mutation_type.fields[name]  # type: ignore[union-attr]
    kind = field.args["input"].type
    given_value = data.draw(inputs(kind))
    coerced = coerce_input_value(given_value, kind)
    assert coerced is not Undefined

    definition = get_named_type(kind).extensions["strawberry-definition"]  # type: ignore[union-attr]
    expected = convert_argument(
        coerced, definition.origin, STRAWBERRY.schema_converter.scalar_registry, STRAWBERRY.config
    )
    read = Readers().reader_of(kind)
    assert read is not None
    assert plain(read(coerced)) == plain(expected)
