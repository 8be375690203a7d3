"""Templates: gaps that are filled, and nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.kit.errors import InvalidInput
from stoa.kit.languages import Sentence
from stoa.kit.money import Money
from stoa.tenants.notifying.errors import BadTemplate, UnknownVariable
from stoa.tenants.notifying.templating import (
    LONGEST_BODY,
    LONGEST_TITLE,
    Voice,
    as_html,
    checked_body,
    checked_title,
    filled,
    said_title,
    written,
)

EN, ZH = Voice("en", "Europe/Berlin"), Voice("zh", "Asia/Shanghai")
NAMES = ["order.number", "order.total", "shop.name"]
VALUES = {"order.number": "1001", "order.total": Money(123456, "CNY"), "shop.name": "柱廊"}


def test_gaps_are_filled() -> None:
    text = "Order {{ order.number }} of {{order.total}}, {{\torder.number }}"

    assert filled(text, VALUES, EN) == "Order 1001 of CN¥1,234.56, 1001"
    assert filled(text, VALUES, ZH) == "Order 1001 of ¥1,234.56, 1001"


def test_values_are_written_as_the_reader_has_them() -> None:
    noon = datetime(2026, 11, 26, 12, tzinfo=UTC)

    assert [written(each, EN) for each in (noon, date(2026, 11, 26), 12345, None, Sentence("money back"))] == [
        "26/11/2026, 13:00",
        "26 Nov 2026",
        "12,345",
        "",
        "money back",
    ]
    assert [written(each, ZH) for each in (noon, date(2026, 11, 26), 12345, None, Sentence("money back"))] == [
        "2026/11/26 20:00",
        "2026年11月26日",
        "12,345",
        "",
        "仅退款",
    ]


def test_what_a_value_holds_opens_no_gap() -> None:
    evil = {"order.number": "{{ shop.name }}", "shop.name": "secret"}

    assert filled("{{ order.number }}", evil, EN) == "{{ shop.name }}"


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_value_stands_in_the_text_as_it_is_and_nothing_is_run(before: str, value: str) -> None:
    text = before.replace("{{", "").replace("}}", "")
    assert filled(f"{text}{{{{ order.number }}}}", {"order.number": value}, EN) == text + value


def test_a_title_stays_one_line_whatever_is_in_it() -> None:
    said = said_title("Order {{ order.number }}", {"order.number": "1\r\nBcc: a@b.example\u2028x " + "y" * 500}, EN)

    assert "\n" not in said
    assert said.startswith("Order 1 Bcc: a@b.example x yyy")
    assert len(said) == 300


@pytest.mark.parametrize(
    "name", ["order.numbre", "number", "order", "order.number.x", "__class__", "order.__class__", "Order.number"]
)
def test_an_unknown_variable_is_named(name: str) -> None:
    with pytest.raises(UnknownVariable) as refused:
        checked_body(f"Hello {{{{ {name} }}}}", NAMES)

    assert refused.value.params["name"] == name
    assert refused.value.message == f"There is no {name} here; there are order.number, order.total, shop.name."


@pytest.mark.parametrize(
    "text",
    [
        "{{ order.number",
        "order.number }}",
        "{{ order.number | upper }}",
        "{{ 7 * 7 }}",
        "{% for x in y %}",
        "{{ ''.__class__ }}",
        "{{ order['number'] }}",
        "{{ order.number() }}",
        "{{}}",
    ],
)
def test_braces_that_are_no_variable_are_refused(text: str) -> None:
    with pytest.raises(BadTemplate, match="is not a variable; write them like"):
        checked_title(text, NAMES)


def test_single_braces_are_text() -> None:
    assert checked_title("{order} } {", NAMES) == "{order} } {"
    assert filled("{order} {0}", VALUES, EN) == "{order} {0}"


def test_templates_have_limits() -> None:
    assert checked_title("x" * LONGEST_TITLE, NAMES)
    for check, text in (
        (checked_title, "x" * (LONGEST_TITLE + 1)),
        (checked_title, "  "),
        (checked_body, "x" * (LONGEST_BODY + 1)),
        (checked_body, "{{ shop.name }}" * 101),
    ):
        with pytest.raises(InvalidInput):
            check(text, NAMES)
    assert checked_body("", NAMES) == ""


def test_html_is_escaped_and_addresses_become_links() -> None:
    page = as_html(
        "<b>",
        'One & <script>alert("x")</script>\n\nhttps://stoa.example/?a=1&b="2" 看这里：https://stoa.example/x。',
        "zh",
    )

    assert "<script" not in page
    assert "<title>&lt;b&gt;</title>" in page
    assert "<p>One &amp; &lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;</p>" in page
    assert '<a href="https://stoa.example/?a=1&amp;b=">https://stoa.example/?a=1&amp;b=</a>&quot;2&quot;' in page
    assert '<a href="https://stoa.example/x">https://stoa.example/x</a>。' in page
    assert '<html lang="zh">' in page
