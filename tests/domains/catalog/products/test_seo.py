"""What search engines see: key words where they count, and texts that fit."""

from __future__ import annotations

import pytest

from stoa.domains.catalog.seo import advice, clean_keywords, coverage, room_of
from stoa.kit.errors import InvalidInput


def test_coverage_says_where_each_keyword_occurs() -> None:
    """P9: keywords in title and description."""
    [tea, cup, none] = coverage(
        "青花瓷茶杯 Tea-Cup",
        "<p>Fine <b>Tea</b> from here</p>",
        "ＴＥＡ",
        "手工茶杯",
        "青花瓷茶杯-tea-cup",
        ["tea", "茶杯", "壶"],
    )

    assert (tea.in_title, tea.in_description, tea.in_seo_title, tea.in_seo_description, tea.in_handle) == (
        *(True, True, True, False),
        True,
    )
    assert (cup.in_title, cup.in_description, cup.in_seo_title, cup.in_seo_description, cup.in_handle) == (
        *(True, False, False, True),
        True,
    )
    assert (tea.is_covered, cup.is_covered, none.is_covered) == (True, True, False)


def test_case_width_and_punctuation_do_not_matter() -> None:
    [found] = coverage("Hand-made TEA cup!", "", "", "", "", ["hand made tea"])

    assert found.in_title


def test_what_is_inside_a_tag_is_not_read() -> None:
    [found] = coverage("", '<a href="https://tea.test/">x</a>', "", "", "", ["tea"])

    assert not found.in_description


@pytest.mark.parametrize(
    ("title", "description", "codes"),
    [
        ("", "", ["SEO_TITLE_MISSING", "SEO_DESCRIPTION_MISSING"]),
        ("a" * 60, "b" * 160, []),
        ("a" * 61, "b" * 161, ["SEO_TITLE_LONG", "SEO_DESCRIPTION_LONG"]),
        ("茶" * 30, "茶" * 25, []),
        ("茶" * 31, "茶" * 24, ["SEO_TITLE_LONG", "SEO_DESCRIPTION_SHORT"]),
    ],
)
def test_lengths_are_judged_by_the_room_that_letters_take(title: str, description: str, codes: list[str]) -> None:
    found = advice(title, description)

    assert [each.code for each in found] == codes


def test_a_message_has_the_number_in_it() -> None:
    [found] = advice("茶" * 31, "b" * 100)

    assert str(found.message) == "The title for search engines is 62 letters wide; they cut it at about 60."
    assert found.message.said_in("zh") == "SEO 标题宽度为 62 个字符（一个汉字算两个），搜索引擎约在 60 处截断。"
    assert room_of("aé茶") == 4


def test_keywords_are_cleaned_and_each_is_kept_once() -> None:
    assert clean_keywords([" Tea ", "tea", "ＴＥＡ", "茶"]) == ["Tea", "茶"]
    with pytest.raises(InvalidInput) as refused:
        clean_keywords(["tea", "!!"])
    assert refused.value.path == (1,)
    with pytest.raises(InvalidInput):
        clean_keywords(["tea"] * 21)
