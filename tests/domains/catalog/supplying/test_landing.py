"""Landed cost and moving average, as arithmetic: nothing is lost and nothing is made up."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.domains.catalog.models import SpreadBy
from stoa.domains.catalog.supplying.averaging import moving_average
from stoa.domains.catalog.supplying.landing import Arrived, Exchange, exchange_of, land, per_piece
from stoa.kit.errors import InvalidInput

SAME = Exchange("EUR", "EUR", Decimal(1))
CUPS, POTS = Arrived("cups", 3, 100, 50), Arrived("pots", 1, 700, 850)


@pytest.mark.parametrize(
    ("spread_by", "shares"),
    [(SpreadBy.VALUE, [30, 70]), (SpreadBy.QUANTITY, [75, 25]), (SpreadBy.WEIGHT, [15, 85])],
)
def test_costs_are_spread_by_value_quantity_or_weight(spread_by: SpreadBy, shares: list[int]) -> None:
    landed = land([CUPS, POTS], 100, spread_by, SAME)

    assert [each.costs_minor for each in landed] == shares
    assert [each.goods_minor for each in landed] == [300, 700]


def test_goods_that_cost_nothing_share_alike() -> None:
    gift = Arrived("gift", 5, 0)

    assert [each.costs_minor for each in land([gift, gift, gift], 100, SpreadBy.VALUE, SAME)] == [34, 33, 33]


def test_a_rate_goes_by_the_decimals_of_both_currencies() -> None:
    """10.00 CNY at 20.5 yen are 205 yen, which has no smaller unit; 1 yen at 0.049 is 5 fen."""
    assert Exchange("CNY", "JPY", Decimal("20.5")).value_of(1000) == 205
    assert Exchange("JPY", "CNY", Decimal("0.049")).value_of(1) == 5
    assert Exchange("CNY", "EUR", Decimal("0.125")).value_of(4) == 0  # half goes to the even neighbour
    assert Exchange("CNY", "EUR", Decimal("0.125")).value_of(12) == 2


@pytest.mark.parametrize("rate", ["", "x", "0", "-1", "NaN", "Infinity", "1e10", "1" * 41, "1e-10"])
def test_what_is_no_rate_is_refused(rate: str) -> None:
    with pytest.raises(InvalidInput):
        exchange_of("CNY", "EUR", rate)


lines = st.lists(
    st.builds(
        Arrived,
        st.just("x"),
        st.integers(1, 10_000),
        st.integers(0, 1_000_000),
        st.integers(0, 100_000),
    ),
    min_size=1,
    max_size=12,
)


@given(lines, st.integers(0, 10**10), st.sampled_from(SpreadBy), st.integers(1, 10**7))
def test_parts_sum_to_the_whole(lines: list[Arrived], costs: int, spread_by: SpreadBy, rate: int) -> None:
    exchange = Exchange("CNY", "EUR", Decimal(rate) / 10**6)

    landed = land(lines, costs, spread_by, exchange)

    assert sum(each.costs_minor for each in landed) == costs
    assert sum(each.goods_minor for each in landed) == exchange.value_of(sum(each.value for each in lines))
    assert all(each.goods_minor >= 0 and each.costs_minor >= 0 for each in landed)


@pytest.mark.parametrize(
    ("on_hand", "cost", "quantity", "landed", "average"),
    [
        (10, 400, 6, 3200, 450),  # (4000 + 3200) / 16
        (0, 400, 6, 3000, 500),  # nothing left of the old
        (10, None, 4, 1000, 250),  # nobody knows what the old cost
        (1, 100, 1, 101, 101),  # 100.5, half up
    ],
)
def test_the_moving_average(on_hand: int, cost: int | None, quantity: int, landed: int, average: int) -> None:
    assert moving_average(on_hand, cost, quantity, landed) == average


@given(st.integers(0, 10**12), st.integers(1, 10**6))
def test_a_piece_is_rounded_to_the_nearest(minor: int, quantity: int) -> None:
    assert abs(per_piece(minor, quantity) * quantity - minor) * 2 <= quantity
