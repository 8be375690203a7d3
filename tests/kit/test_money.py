"""Money is exact."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.kit.errors import InvalidInput
from stoa.kit.money import EXPONENTS, MAX_MINOR, Money, allocate, decimal_string, parse_money

currencies = st.sampled_from(sorted(EXPONENTS))
minors = st.integers(-MAX_MINOR + 1, MAX_MINOR - 1)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (1999, "EUR", "19.99"),
        (5, "EUR", "0.05"),
        (0, "EUR", "0.00"),
        (-5, "EUR", "-0.05"),
        (-1999, "EUR", "-19.99"),
        (500, "JPY", "500"),
        (-500, "JPY", "-500"),
        (1234, "KWD", "1.234"),
    ],
)
def test_an_amount_is_written_with_its_currencys_decimals(minor: int, currency: str, text: str) -> None:
    assert Money(minor, currency).amount == text


@given(minors, currencies)
def test_what_is_written_reads_back(minor: int, currency: str) -> None:
    assert parse_money(decimal_string(minor, currency), currency) == Money(minor, currency)
    assert Decimal(decimal_string(minor, currency)) == Decimal(minor).scaleb(-EXPONENTS[currency])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("19.999", "more decimals"),
        ("1e20", "is not an amount"),
        ("100000000000000000000", "more than Stoa can keep"),
        ("NaN", "is not an amount"),
        ("-Infinity", "is not an amount"),
        ("\uff11\uff12", "is not an amount"),
        ("12,50", "is not an amount"),
        ("", "is not an amount"),
        ("1_000", "is not an amount"),
    ],
)
def test_an_amount_that_is_not_exact_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_money(text, "EUR")

    assert reason in refused.value.message


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(InvalidInput, match="'EURO' is not a currency"):
        parse_money("1", "EURO")


def test_two_currencies_do_not_add_up() -> None:
    with pytest.raises(InvalidInput, match="EUR and USD cannot be added"):
        Money(1, "EUR") + Money(1, "USD")


def test_the_largest_remainders_get_what_is_left() -> None:
    assert allocate(100, [1, 1, 1]) == [34, 33, 33]
    assert allocate(-100, [1, 1, 1]) == [-34, -33, -33]
    assert allocate(5, [0, 0]) == [3, 2]
    assert allocate(0, [3, 4]) == [0, 0]
    assert allocate(7, [0, 1]) == [0, 7]


@given(minors, st.lists(st.integers(0, 10**9), min_size=1, max_size=30))
def test_parts_sum_to_the_whole_and_none_is_off_by_a_unit(total: int, weights: list[int]) -> None:
    parts = allocate(total, weights)

    assert sum(parts) == total
    whole = sum(weights)
    if whole:
        assert all(abs(part * whole - total * weight) < whole for part, weight in zip(parts, weights, strict=True))
