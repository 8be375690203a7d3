"""The memory in front of the database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stoa.kit.ids import new_id
from stoa.tenants.access.remembering import Key, Remembered
from tests.tenants.access.people import NOON

SECOND = timedelta(seconds=1)
ZENO, CLEANTHES, SHOP = new_id(), new_id(), new_id()


@pytest.fixture
def memory() -> Remembered[str]:
    memory = Remembered[str](limit=3)
    memory.is_hearing = True
    return memory


def _key(text: str) -> Key:
    return text, None


def _keep(memory: Remembered[str], text: str, *about: object, good_for: int = 100) -> None:
    memory.keep(
        _key(text),
        text.upper(),
        about=about or (ZENO,),  # type: ignore[arg-type]
        changes=memory.changes,
        moment=NOON,
        good_until=NOON + good_for * SECOND,
    )


def _recall(memory: Remembered[str], text: str, second: float = 0) -> str | None:
    return memory.recall(_key(text), NOON + second * SECOND)


def test_what_was_kept_is_recalled(memory: Remembered[str]) -> None:
    _keep(memory, "a")

    assert _recall(memory, "a") == "A"
    assert _recall(memory, "b") is None


def test_nothing_is_older_than_a_minute(memory: Remembered[str]) -> None:
    _keep(memory, "a")

    assert [_recall(memory, "a", second) for second in (59.999, 60)] == ["A", None]


def test_nothing_outlives_the_credential(memory: Remembered[str]) -> None:
    _keep(memory, "a", good_for=2)

    assert [_recall(memory, "a", second) for second in (1.999, 2)] == ["A", None]


def test_a_clock_set_back_makes_nothing_young_again(memory: Remembered[str]) -> None:
    _keep(memory, "a")

    assert _recall(memory, "a", -1) is None


def test_the_least_recently_used_goes_first(memory: Remembered[str]) -> None:
    for text in "abc":
        _keep(memory, text)
    _recall(memory, "a")

    _keep(memory, "d")

    assert [_recall(memory, text) for text in "abcd"] == ["A", None, "C", "D"]
    assert len(memory) == 3


def test_a_change_makes_forget_what_it_is_about(memory: Remembered[str]) -> None:
    _keep(memory, "a", ZENO, SHOP)
    _keep(memory, "b", CLEANTHES, SHOP)

    memory.forget(ZENO)
    assert [_recall(memory, text) for text in "ab"] == [None, "B"]

    memory.forget(SHOP)
    assert [_recall(memory, text) for text in "ab"] == [None, None]


def test_an_answer_older_than_a_change_is_not_kept(memory: Remembered[str]) -> None:
    """Asked before the change, answered after it."""
    before = memory.changes
    memory.forget(CLEANTHES)

    memory.keep(_key("a"), "A", about=(ZENO,), changes=before, moment=NOON, good_until=NOON + SECOND)

    assert _recall(memory, "a") is None


def test_who_hears_of_nothing_remembers_nothing(memory: Remembered[str]) -> None:
    _keep(memory, "a")

    memory.is_hearing = False
    assert _recall(memory, "a") is None

    _keep(memory, "a")
    memory.is_hearing = True
    assert _recall(memory, "a") is None


def test_forgetting_leaves_no_trace(memory: Remembered[str]) -> None:
    """A process that runs for months must not grow with everybody who ever came by."""
    for number in range(1000):
        _keep(memory, f"{number}", new_id(), SHOP)
        _keep(memory, f"{number}", new_id(), SHOP)
    memory.forget(SHOP)

    assert len(memory) == 0
    assert len(memory._about) == 0
