"""Text as people type it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.kit.errors import InvalidInput
from stoa.kit.text import clean_line, clean_text, slugify


def test_a_line_is_trimmed_and_its_spaces_are_made_one() -> None:
    assert clean_line("  白瓷\u3000盖碗 \t 120\u00a0ml\r\n", what="title", limit=40) == "白瓷 盖碗 120 ml"


def test_a_text_keeps_its_lines() -> None:
    assert clean_text(" one\r\n\r\ntwo \rthree\n", what="text", limit=40) == "one\n\ntwo \nthree"


def test_letters_come_in_one_form() -> None:
    assert clean_line("Cafe\u0301", what="title", limit=9) == "Caf\u00e9"


def test_what_postgresql_cannot_keep_is_left_out() -> None:
    assert clean_line("a\x00b\x07c", what="title", limit=9) == "abc"
    assert clean_line("a\x80b\x85c\x9f", what="title", limit=9) == "abc"


def test_emptiness_is_refused_where_something_is_needed() -> None:
    with pytest.raises(InvalidInput, match="The title is empty"):
        clean_line(" \u3000 ", what="title", limit=9)
    assert clean_line("", what="title", limit=9, required=False) == ""


def test_excess_is_refused_and_counted() -> None:
    with pytest.raises(InvalidInput) as refused:
        clean_line("x" * 10, what="title", limit=9)

    assert refused.value.message == "The title is 10 characters long; 9 are allowed."
    assert refused.value.params.items() >= {"length": 10, "limit": 9}.items()


@given(st.text())
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    try:
        once = clean_line(text, what="title", limit=1000, required=False)
    except InvalidInput:
        return
    assert clean_line(once, what="title", limit=1000, required=False) == once
    assert unicodedata.is_normalized("NFC", once)


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Tea & Cups!", "tea-cups"),
        ("  明前 龙井 ", "明前-龙井"),
        ("Ｆｕｌｌ width", "full-width"),
        ("!!!", ""),
        ("a_b", "a_b"),
    ],
)
def test_a_slug_keeps_letters_of_every_script(text: str, slug: str) -> None:
    assert slugify(text) == slug


@given(st.text(), st.integers(1, 40))
def test_a_slug_never_has_a_space_or_a_slash_and_fits(text: str, limit: int) -> None:
    slug = slugify(text, limit=limit)

    assert len(slug) <= limit
    assert not set(slug) & set(" /?#&%\\")
