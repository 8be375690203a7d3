"""Anything may stand in any argument of any field: the answer is data, or an error with a code, and never ours."""

from __future__ import annotations

import os
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
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stoa.graphql.executing import Executor
from stoa.graphql.reading.cursors import encode_cursor
from stoa.graphql.schema import schema
from stoa.kit.ids import new_id, type_id
from stoa.settings import Settings
from tests import make
from tests.graphql.asking import Ask

SCHEMA = schema()._schema
EXAMPLES = int(os.environ.get("EXAMPLES", "25"))
TEXTS = [
    "",
    " ",
    "'",
    "''; DROP TABLE product; --",
    '"',
    "\\",
    "%_",
    "$1",
    "{row}",
    "{0}{}",
    "%s%(x)s",
    "\x00",
    "\x01\x7f",
    "\ud800",
    "\u2028\u202e",
    "😀",
    "茶杯",
    "e\u0301",
    "ß" * 130,
    "x" * 300,
    "y" * 60_000,
    "\n",
    "../../etc/passwd",
    "https://img.test/a",
    "javascript:alert(1)",
    "EUR",
    "Europe/Berlin",
    "UTC",
    "en",
    "catalog:read",
    "text/csv",
    "image/png",
    "someone@example.com",
    "1.50",
    "-1",
    "NaN",
    "1e400",
    "9" * 400,
    "{ me { scopes } }",
    encode_cursor("Product:id+", [str(new_id())]),
    encode_cursor("Product:id+", ["\x00"]),
    encode_cursor("Category:name_key+,id+", ["x", str(new_id())]),
    encode_cursor("Product:created_at+,id+", ["0001-01-01T00:00:00+14:00", str(new_id())]),
    encode_cursor("Product:title+,id+", ["a\ud800".encode("utf-8", "replace").decode(), str(new_id())]),
]
IDS = [
    *(type_id(prefix, new_id()) for prefix in ("prod", "var", "cat", "img", "imp", "iss", "upl", "tok", "mem", "shop")),
    *(
        "",
        "_",
        "prod_",
        "prod_8zzzzzzzzzzzzzzzzzzzzzzzzz",
        "PROD_01h455vb4pex5vsknk084sn02q",
        "prod_01h455vb4pex5vsknk084sn02u",
    ),
    *("\x00", "\ud800", "x" * 10_000, "prod_" + "😀" * 26, "a_b_c_" * 9),
]
LEAVES: dict[str, st.SearchStrategy[Any]] = {
    "String": st.sampled_from(TEXTS) | st.text(max_size=20),
    "ID": st.sampled_from(IDS) | st.integers(),
    "Int": st.sampled_from([0, 1, -1, 100, 101, 2**31 - 1, -(2**31)]),
    "BigInt": st.sampled_from([0, 2**53, -(2**53), 2**53 + 1]),
    "Float": st.sampled_from([0, 1, -0.0, 0.5, -1, 1e308, 2**53]),
    "Boolean": st.booleans(),
    "Date": st.sampled_from(["2026-01-01", "0001-01-01", "9999-12-31", "2026-02-30", "20260101", "", "\x00", 5]),
    "DateTime": st.sampled_from(
        ["2026-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", "2026-01-01", "", "\x00", 5]
    ),
}
CODES = {
    *("INVALID", "PERMISSION_DENIED", "UNAUTHENTICATED", "TOO_COMPLEX", "BAD_USER_INPUT", "BAD_REQUEST"),
    *("GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "NOT_FOUND"),
}


@st.composite
def values(draw: st.DrawFn, kind: GraphQLInputType, depth: int = 3) -> Any:
    if isinstance(kind, GraphQLNonNull):
        kind = kind.of_type
    elif draw(st.integers(0, 6)) == 0:
        return None
    if isinstance(kind, GraphQLList):
        return [draw(values(kind.of_type, depth - 1)) for _ in range(draw(st.sampled_from([0, 1, 1, 2, 3])))]
    if isinstance(kind, GraphQLEnumType):
        return draw(st.sampled_from(sorted(kind.values)))
    if isinstance(kind, GraphQLInputObjectType):
        return {
            name: draw(values(field.type, depth - 1))
            for name, field in kind.fields.items()
            if is_required_input_field(field) or (depth > 0 and draw(st.booleans()))
        }
    return draw(LEAVES[kind.name])


def selection(kind: Any) -> str:
    if is_leaf_type(kind):
        return ""
    if "nodes" in kind.fields and "pageInfo" in kind.fields:
        return "{ nodes { id } edges { cursor } count { value } }"
    if "userErrors" in kind.fields:
        return "{ userErrors { code message path } }"
    return "{ __typename }"


class Somebody:
    """Short to write: Hypothesis writes down what a test is called with."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask


@pytest.fixture(scope="module")
async def somebody(database: None, executor: Executor, settings: Settings) -> Somebody:
    shop = await make.shop("Besieged")
    ask = Ask(executor, settings, await make.context(shop))
    await make.product(
        ask.ctx, variants=({}, {}), images=("https://img.test/a",), category=await make.category(ask.ctx)
    )
    return Somebody(ask)


def fields() -> list[tuple[str, GraphQLObjectType, str]]:
    roots = [("query", SCHEMA.query_type), ("mutation", SCHEMA.mutation_type)]
    return [(word, root, name) for word, root in roots if root for name in root.fields if root.fields[name].args]


@pytest.mark.parametrize(("word", "root", "name"), fields(), ids=str)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_no_argument_breaks_a_field(
    somebody: Somebody, word: str, root: GraphQLObjectType, name: str, data: st.DataObject
) -> None:
    field = root.fields[name]
    given_args = {
        key: data.draw(values(argument.type))
        for key, argument in field.args.items()
        if is_required_argument(argument) or data.draw(st.booleans())
    }
    head = ", ".join(f"${key}: {field.args[key].type}" for key in given_args)
    call = ", ".join(f"{key}: ${key}" for key in given_args)
    below = selection(get_named_type(field.type))
    query = f"{word} ({head}) {{ {name}({call}) {below} }}" if given_args else f"{word} {{ {name} {below} }}"

    body = await somebody.ask(query, **given_args)

    for error in body.get("errors", ()):
        code = error["extensions"]["code"]
        assert code in CODES or code.endswith("_NOT_FOUND"), (error, given_args)
    payload = (body.get("data") or {}).get(name)
    for error in (payload or {}).get("userErrors", ()) if word == "mutation" else ():
        assert error["code"] != "INTERNAL"
        assert error["path"][0] == "input"
