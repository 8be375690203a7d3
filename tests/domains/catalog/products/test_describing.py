"""Descriptions: plain text stays as it is, HTML loses all that could act."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.domains.catalog.describing import TAGS, clean_description, is_html, words_of


@pytest.mark.parametrize("text", ["", "Plain.", "5 < 6 & 7 > 3", "茶 <3", "a &amp; b", "one\n\ntwo"])
def test_plain_text_stays_plain(text: str) -> None:
    assert clean_description(text) == text
    assert not is_html(text)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("<p>Good <b>tea</b></p>", "<p>Good <b>tea</b></p>"),
        ('<p onclick="x()">a</p>', "<p>a</p>"),
        ("<script>alert(1)</script><p>a</p>", "<p>a</p>"),
        ('<a href="javascript:x()">a</a>', '<a rel="noopener noreferrer nofollow">a</a>'),
        ('<a href="https://a.test/">a</a>', '<a href="https://a.test/" rel="noopener noreferrer nofollow">a</a>'),
        ('<img src="https://a.test/1.jpg" onerror="x()">', '<img src="https://a.test/1.jpg">'),
        ("<iframe src='https://a.test'></iframe>rest", "rest"),
        ("<div>5 &lt; 6</div>", "5 < 6"),
        ("<div>&lt;b&gt;</div>", "<p>&lt;b&gt;</p>"),  # written to be seen as a tag: it must not become one
        ("<style>p { }</style>", ""),
        ("<svg><script>x()</script></svg>", ""),
    ],
)
def test_html_is_sanitised(text: str, cleaned: str) -> None:
    """P4: rich text, sanitised."""
    assert clean_description(text) == cleaned


PIECES = st.sampled_from(
    ["<p>", "</p>", "<script>", "</script>", "<img src=x onerror=y>", "&lt;", "&gt;", "<b", ">", "x", "&amp;", "<!--"]
    + ["-->", "<svg/onload=z>", "javascript:", "<a href='", "'>", "茶", " ", "<textarea>", "</style>", "&#60;"]
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_nothing_but_allowed_tags_ever_comes_through_and_twice_changes_nothing(text: str) -> None:
    cleaned = clean_description(text)

    assert clean_description(cleaned) == cleaned
    assert {each.lower() for each in re.findall(r"</?([a-zA-Z0-9]+)", cleaned)} <= TAGS
    assert not re.search(r"<[^>]*\son\w+\s*=", cleaned)
    assert "<!--" not in cleaned


def test_readers_see_the_words() -> None:
    assert words_of("<p>Good&nbsp;<b>tea</b></p>").split() == ["Good", "tea"]
    assert words_of("5 < 6") == "5 < 6"
    assert html.unescape("&lt;") == "<"
