"""Refusals say what, which one and where."""

from __future__ import annotations

import pytest

from stoa.kit.errors import InvalidInput, Refusals, Taken, blaming


def test_a_refusal_learns_where_it_happened_floor_by_floor() -> None:
    with pytest.raises(Taken) as refused, blaming("variants", 2), blaming("sku"):
        raise Taken("The code {taken} is in use.", taken="C1")

    assert refused.value.path == ("variants", 2, "sku")
    assert refused.value.params == {"taken": "C1"}
    assert refused.value.code == "TAKEN"


def test_several_refusals_are_told_at_once() -> None:
    both = Refusals([InvalidInput("One."), InvalidInput("Two.")])

    assert str(both) == "One.; Two."
    assert [each.message for each in both.refusals] == ["One.", "Two."]
