"""SQL out of trusted pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.graphql.reading.fragments import (
    FALSE,
    ROW,
    SCOPES,
    TRUE,
    VIEWER,
    Value,
    all_of,
    any_of,
    column,
    template,
    written,
)

A, B = ("a",), ("b",)


def test_a_template_knows_the_row_and_no_other_brace() -> None:
    sql = "SELECT '{}'::jsonb, $1, {row}.id, '{other}' WHERE {row}.x"

    assert template(sql) == ("SELECT '{}'::jsonb, $1, ", ROW, ".id, '{other}' WHERE ", ROW, ".x")
    assert written(template(sql), "t7", 3) == "SELECT '{}'::jsonb, $1, t7.id, '{other}' WHERE t7.x"


def test_who_asks_is_a_parameter_behind_all_others() -> None:
    condition = template("{row}.owner_id = {viewer} AND {row}.scope = ANY({scopes})")

    assert condition == ("", ROW, ".owner_id = ", VIEWER, " AND ", ROW, ".scope = ANY(", SCOPES, ")")
    assert (
        written(condition, "t1", 2, {SCOPES: 6, VIEWER: 7}) == "t1.owner_id = $7::uuid AND t1.scope = ANY($6::text[])"
    )
    with pytest.raises(KeyError):
        written(condition, "t1", 2)


@given(st.text())
def test_text_in_a_fragment_stays_what_it_is(text: str) -> None:
    assert written((text, ROW, text), "t", 9) == f"{text}t{text}"


def test_values_are_numbered_behind_those_of_the_pages_before() -> None:
    assert written((*column(ROW, "title"), " = ", Value(2)), "t1", 5) == 't1."title" = $7'


def test_conditions_are_put_together() -> None:
    assert all_of([]) == TRUE
    assert all_of([TRUE, A, TRUE]) == A
    assert all_of([A, B]) == ("(", "a", " AND ", "b", ")")
    assert any_of([]) == FALSE
    assert any_of([B]) == B
    assert any_of([A, all_of([A, B])]) == ("(", "a", " OR ", "(", "a", " AND ", "b", ")", ")")


def test_a_number_is_no_parameter_by_accident() -> None:
    assert isinstance(Value(1), int)
    assert repr(Value(1)) == "Value(1)"
    assert written(("1", Value(1)), "t", 0) == "1$1"
