"""Amounts are read exactly, or not at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.kit.tabular.amounts import NotAnAmount, read_amount


@pytest.mark.parametrize(
    ("text", "decimal", "places", "currency", "minor"),
    [
        ("2.55", None, 2, "GBP", 255),
        ("3", None, 2, "GBP", 300),
        (" 0.0 ", None, 2, "GBP", 0),
        ("1.234,50", ",", 2, "EUR", 123450),
        ("1.234,50", None, 2, "EUR", 123450),  # the last of two signs is the decimal one
        ("1,234.50", None, 2, "EUR", 123450),
        ("1,234,567.5", None, 2, "EUR", 123456750),
        ("1,234.50", ".", 2, "USD", 123450),
        ("1.234.567", ",", 2, "EUR", 123456700),
        ("1 234,50 €", ",", 2, "EUR", 123450),
        ("1\u202f234,50", ",", 2, "EUR", 123450),
        ("1'234.50", ".", 2, "CHF", 123450),
        ("1’234.50", ".", 2, "CHF", 123450),
        ("12.345", ",", 2, "EUR", 1234500),
        ("12.340", ".", 2, "EUR", 1234),
        ("12.345", None, 3, "KWD", 12345),
        ("1234.500", None, 2, "EUR", 123450),
        ("¥12.30", None, 2, "CNY", 1230),
        ("￥１２.30", None, 2, "CNY", 1230),
        ("12.30元", None, 2, "CNY", 1230),
        ("CNY 12.30", None, 2, "CNY", 1230),
        ("$ 1,234,567.89", ".", 2, "USD", 123456789),
        ("-5", None, 0, "", -5),
        ("5.0", None, 0, "", 5),
        (".5", ".", 2, "EUR", 50),
        ("¥1200", None, 0, "JPY", 1200),
    ],
)
def test_an_amount_is_read_exactly(
    text: str, decimal: Literal[".", ","] | None, places: int, currency: str, minor: int
) -> None:
    assert read_amount(text, decimal, places, currency) == minor


@pytest.mark.parametrize(
    ("text", "decimal", "currency", "code"),
    [
        ("12.345", None, "EUR", "AMBIGUOUS_NUMBER"),
        ("1,50", None, "EUR", "AMBIGUOUS_NUMBER"),
        ("1.234.567", None, "EUR", "AMBIGUOUS_NUMBER"),
        ("1,23.45,6", None, "EUR", "NOT_A_NUMBER"),
        ("12.345", ".", "EUR", "TOO_FINE"),
        ("1234.567", None, "EUR", "TOO_FINE"),
        ("0.001", None, "GBP", "UNDER_ONE_UNIT"),
        ("¥12.30", None, "EUR", "WRONG_CURRENCY"),
        ("5 USD", None, "EUR", "WRONG_CURRENCY"),
        ("1,23", ".", "EUR", "NOT_A_NUMBER"),
        ("12.30", ",", "EUR", "NOT_A_NUMBER"),
        ("1,234.567", ",", "EUR", "NOT_A_NUMBER"),
        ("12 30", None, "EUR", "NOT_A_NUMBER"),
        ("1e3", None, "EUR", "NOT_A_NUMBER"),
        ("12.", None, "EUR", "NOT_A_NUMBER"),
        ("inf", None, "EUR", "NOT_A_NUMBER"),
        ("-", None, "EUR", "NOT_A_NUMBER"),
        ("price on request", None, "EUR", "NOT_A_NUMBER"),
        ("1" * 90, None, "EUR", "NOT_A_NUMBER"),
        ("1" * 20, None, "EUR", "TOO_LARGE"),
    ],
)
def test_what_cannot_be_read_exactly_is_said(
    text: str, decimal: Literal[".", ","] | None, currency: str, code: str
) -> None:
    found = read_amount(text, decimal, 2, currency)

    assert isinstance(found, NotAnAmount)
    assert found.code == code


@given(st.integers(0, 10**12), st.sampled_from([".", ","]), st.booleans())
def test_what_is_written_in_a_style_is_read_in_it(minor: int, decimal: Literal[".", ","], is_grouped: bool) -> None:
    text = f"{Decimal(minor).scaleb(-2):{',' if is_grouped else ''}.2f}"
    if decimal == ",":
        text = text.translate(str.maketrans(",.", ".,"))

    assert read_amount(text, decimal, 2, "EUR") == minor


@given(st.text(max_size=30), st.sampled_from([".", ",", None]))
def test_any_text_gets_an_answer(text: str, decimal: Literal[".", ","] | None) -> None:
    assert isinstance(read_amount(text, decimal, 2, "EUR"), int | NotAnAmount)
