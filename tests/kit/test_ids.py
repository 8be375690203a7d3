"""Ids: UUIDv7 inside, TypeIDs outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.kit.errors import InvalidInput
from stoa.kit.ids import first_id_of, id_at, new_id, parse_type_id, prefix_of, type_id, type_id_maker

uuids = st.uuids(allow_nil=True)


def test_the_examples_of_the_typeid_specification() -> None:
    assert type_id("prefix", UUID("0188bac7-4afa-78aa-bc3b-bd1eef28d881")) == "prefix_01h2xcejqtf2nbrexx3vqjhp41"
    assert type_id("x", UUID(int=0)) == "x_00000000000000000000000000"
    assert type_id("x", UUID(int=2**128 - 1)) == "x_7zzzzzzzzzzzzzzzzzzzzzzzzz"


@given(uuids)
def test_an_id_survives_the_journey(id: UUID) -> None:
    assert parse_type_id(type_id("prod", id), "prod") == id
    assert type_id_maker("prod")(str(id)) == type_id("prod", id)


@given(uuids, uuids)
def test_typeids_sort_as_their_uuids_do(one: UUID, other: UUID) -> None:
    assert (type_id("x", one) < type_id("x", other)) == (one < other)


def test_new_ids_sort_by_the_time_they_were_made() -> None:
    made = [new_id() for _ in range(1000)]

    assert made == sorted(made)
    assert {id.version for id in made} == {7}


@pytest.mark.parametrize(
    "text",
    ["", "prod_", "prod", "prod_short", "prod_8zzzzzzzzzzzzzzzzzzzzzzzzz", "prod_0000000000000000000000000u", "_" + "0" * 26,
     "prod_" + "0" * 27, "prod_" + "0" * 25 + "\u0660"],
)  # fmt: skip
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_type_id(text)


def test_an_id_of_another_type_is_refused() -> None:
    with pytest.raises(InvalidInput, match="not an id of this type"):
        parse_type_id(type_id("cat", new_id()), "prod")


def test_the_prefix_tells_the_type() -> None:
    assert prefix_of(type_id("order_line", new_id())) == "order_line"
    assert prefix_of("nothing") == ""


def test_an_id_of_a_moment_sorts_with_those_that_were_made_then() -> None:
    moment = datetime(2010, 12, 1, 8, 26, tzinfo=UTC)

    id = id_at(moment)

    assert (id.version, id.variant) == (7, new_id().variant)
    assert first_id_of(moment) <= id < first_id_of(moment + timedelta(milliseconds=1)) < new_id()
    assert id != id_at(moment)
    assert first_id_of(datetime(1970, 1, 1, tzinfo=UTC)) <= id_at(datetime(1969, 7, 20, tzinfo=UTC)) < id
