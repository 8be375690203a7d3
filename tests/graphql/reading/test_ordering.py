"""The rows behind and before a place in a list, whatever its order."""

from __future__ import annotations

from functools import cmp_to_key
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoa.graphql.reading.cursors import decode_cursor, encode_cursor
from stoa.graphql.reading.fragments import ROW, Value, written
from stoa.graphql.reading.ordering import Ordering, Term, ordering_of
from stoa.graphql.reading.rows import KeyType
from stoa.graphql.schema import schema
from stoa.kit.errors import InvalidInput
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client

NUMBER = KeyType("bigint", int)
CELLS = [None, 1, 2]
ROWS = [(a, b, number) for number, (a, b) in enumerate([*product(CELLS, CELLS), (1, 1), (None, None)])]
TABLE = ", ".join(f"({a or 'NULL'}::int, {b or 'NULL'}::int, {number})" for a, b, number in ROWS)


def ordering(a_down: bool, b_down: bool, id_down: bool) -> Ordering:
    terms = (Term("a", NUMBER, a_down, True), Term("b", NUMBER, b_down, True), Term("id", NUMBER, id_down, False))
    return Ordering("Test", terms)


def in_order(terms: tuple[Term, ...]) -> list[tuple[Any, ...]]:
    """As PostgreSQL sorts: null above everything."""

    def compare(x: tuple[Any, ...], y: tuple[Any, ...]) -> int:
        for term, a, b in zip(terms, x, y, strict=True):
            if a != b:
                above = a is None or (b is not None and a > b)
                return 1 if above != term.descending else -1
        return 0

    return sorted(ROWS, key=cmp_to_key(compare))


async def rows_within(condition: str, ordering: str, values: list[Any]) -> list[tuple[Any, ...]]:
    sql = f"SELECT a, b, id FROM (VALUES {TABLE}) AS t (a, b, id) WHERE {condition} ORDER BY {ordering}"
    async with shop_client().acquire_connection() as connection:
        return [tuple(row) for row in await connection.fetch(sql, *values)]


@pytest.mark.parametrize(("a_down", "b_down", "id_down"), list(product([False, True], repeat=3)))
async def test_every_place_parts_the_list_in_two(ctx: Context, a_down: bool, b_down: bool, id_down: bool) -> None:
    order = ordering(a_down, b_down, id_down)
    whole = in_order(order.terms)

    for position, row in enumerate(whole):
        keys = [None if value is None else str(value) for value in row]
        for is_before, expected in ((True, whole[:position]), (False, whole[position + 1 :])):
            values: list[Any] = []

            def add(value: Any, values: list[Any] = values) -> Value:
                values.append(value)
                return Value(len(values))

            bound = written(order.bound(ROW, keys, add, is_before=is_before), "t", 0)
            forward = written(order.sql(ROW, backward=False), "t", 0)
            assert await rows_within(bound, forward, values) == expected


async def test_backwards_is_the_same_order_turned_round(ctx: Context) -> None:
    order = ordering(False, True, False)
    backward = written(order.sql(ROW, backward=True), "t", 0)

    assert await rows_within("TRUE", backward, []) == in_order(order.terms)[::-1]


def test_an_order_ends_with_the_id_in_the_last_terms_direction() -> None:
    schema()
    assert ordering_of("Product", ()).name == "Product:id+"
    assert ordering_of("Product", (("title", True),)).name == "Product:title-,id-"
    assert ordering_of("Product", (("title", True), ("created_at", False))).name == "Product:title-,created_at+,id+"
    assert ordering_of("Product", (("id", True), ("title", False))).name == "Product:id-,title+"
    assert ordering_of("Product", (("title", True), ("title", False))).name == "Product:title-,id-"


def test_terms_that_run_the_same_way_are_one_comparison() -> None:
    schema()
    keys: list[str | None] = ["Tea", "01900000-0000-7000-8000-000000000000"]

    def bound(descending: bool, is_before: bool) -> str:
        counted = iter(range(1, 9))
        order = ordering_of("Product", (("title", descending),))
        return written(order.bound(ROW, keys, lambda value: Value(next(counted)), is_before=is_before), "t", 4)

    assert bound(False, False) == '(t."title", t."id") > ($5::text, $6::uuid)'
    assert bound(False, True) == '(t."title", t."id") < ($5::text, $6::uuid)'
    assert bound(True, False) == '(t."title", t."id") < ($5::text, $6::uuid)'


@pytest.mark.parametrize("keys", [["Tea", "no id"], ["a\0b", "01900000-0000-7000-8000-000000000000"], [None, None]])
def test_keys_of_another_type_are_refused(keys: list[str | None]) -> None:
    schema()
    order = ordering_of("Product", (("title", False),))

    with pytest.raises(InvalidInput, match="not a cursor"):
        order.bound(ROW, keys, lambda value: pytest.fail("nothing may be sent"), is_before=False)


@settings(deadline=None)
@given(st.lists(st.none() | st.text(), max_size=4))
def test_a_cursor_gives_back_what_went_in(keys: list[str | None]) -> None:
    assert decode_cursor(encode_cursor("Product:title+", keys), "Product:title+", len(keys)) == keys


@pytest.mark.parametrize("cursor", ["", "x", "é", "e30", "WyJpZCsiLFsxXV0", "W10", "%%%", "\ud800", "A" * 5000])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInput, match="not a cursor"):
        decode_cursor(cursor, "Product:id+", 1)


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(InvalidInput, match="another list, or to this one in another order"):
        decode_cursor(encode_cursor("Variant:id+", ["x"]), "Product:id+", 1)
