"""Sales by their definitions: which orders count, on which day, and that everything adds up."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.domains import orders
from stoa.domains.orders import selling
from stoa.domains.orders.models import Order, OrderState, Refund
from stoa.domains.orders.selling import Asked, Interval, Metric, Sums
from stoa.kit.errors import InvalidInput
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.domains.orders.ledgers import pay

MAY = date(2026, 5, 1)


def berlin(day: int, hour: int = 12, month: int = 5) -> datetime:
    """A moment in May in the shop's time zone, which is two hours ahead of UTC then."""
    return datetime(2026, month, day, hour, tzinfo=UTC) - timedelta(hours=2)


async def placed(ctx: Context, at: datetime, minor: int = 1000, many: int = 1, **columns: object) -> Order:
    """An order of `many` pieces that was placed then."""
    order = await make.order(ctx, [(await make.sold(ctx, price_minor=minor, on_hand=100), many)])
    await Order.filter(id=order.id).update(placed_at=at, **columns)
    return await Order.get(id=order.id)


async def sales(ctx: Context, since: date = MAY, until: date = date(2026, 5, 31), **more: str) -> selling.Sales:
    return await selling.sales(ctx, Asked(since, until, **more))  # type: ignore[arg-type]


async def test_days_are_the_shops(ctx: Context) -> None:
    """X20: complaints 12: an order of half past midnight in Berlin is not one of the day before."""
    await placed(ctx, datetime(2026, 5, 9, 21, 59, tzinfo=UTC), 100)
    await placed(ctx, datetime(2026, 5, 9, 22, 0, tzinfo=UTC), 20)
    await placed(ctx, datetime(2026, 5, 10, 21, 59, 59, 999999, tzinfo=UTC), 3)

    found = await sales(ctx, date(2026, 5, 9), date(2026, 5, 10))
    assert [(day.day, sums.gross) for day, sums in found.by(Interval.DAY)] == [(9, 100), (10, 23)]
    assert (await sales(ctx, date(2026, 5, 10), date(2026, 5, 10))).total.gross == 23


async def test_the_days_of_the_clock_changes_have_23_and_25_hours(ctx: Context) -> None:
    await placed(ctx, datetime(2026, 3, 28, 23, 0, tzinfo=UTC), 1)  # 00:00 on the 29th
    await placed(ctx, datetime(2026, 3, 29, 21, 59, tzinfo=UTC), 2)  # 23:59 on the 29th, in summer
    await placed(ctx, datetime(2026, 10, 24, 22, 0, tzinfo=UTC), 4)  # 00:00 on the 25th
    await placed(ctx, datetime(2026, 10, 25, 22, 59, tzinfo=UTC), 8)  # 23:59 on the 25th, in winter

    for day, gross in ((date(2026, 3, 29), 3), (date(2026, 10, 25), 12)):
        assert (await sales(ctx, day, day)).total.gross == gross


async def test_which_orders_count(ctx: Context) -> None:
    for state in OrderState:
        await placed(ctx, berlin(3), 1, state=state)
    paid_and_cancelled = await placed(ctx, berlin(3), 100, state=OrderState.CANCELLED, captured_minor=100)
    assert paid_and_cancelled.captured_minor == 100

    found = await sales(ctx)
    assert (found.total.orders, found.total.gross) == (4, 103)  # pending, confirmed, completed, and the paid one


async def test_returns_count_when_the_money_goes_back(ctx: Context) -> None:
    order = await placed(ctx, berlin(3), 1000, many=3)
    await pay(ctx, order, 3000, "a")
    line = (await order.lines.all())[0]
    back = await orders.refund(ctx, order.id, orders.RefundDraft([orders.Pieces(line.id, 2)]))

    assert (await sales(ctx)).total.returns == 0  # pending: nothing has gone back
    await orders.settle_refund(ctx, back.id)
    await Refund.filter(id=back.id).update(settled_at=berlin(2, month=6))

    may, june = await sales(ctx), await sales(ctx, date(2026, 6, 1), date(2026, 6, 30))
    assert (may.total.returns, may.total.total) == (0, 3000)
    assert (june.total.orders, june.total.returns, june.total.net, june.total.average) == (0, 2000, -2000, None)
    assert [day for day, sums in june.by(Interval.DAY) if sums.returns] == [date(2026, 6, 2)]


async def test_what_is_called_off_before_it_is_paid_was_never_owed(ctx: Context) -> None:
    order = await placed(ctx, berlin(3), 1000, many=3, waived_minor=1000)
    assert order.total_minor == 3000

    total = (await sales(ctx)).total
    assert (total.gross, total.cancelled, total.net, total.average) == (3000, 1000, 2000, 2000)


async def test_the_total_is_what_orders_come_to(ctx: Context) -> None:
    """total = net + shipping + tax, and the same as the orders' own totals."""
    await placed(ctx, berlin(3), 1000, tax_minor=160, tax_included=True)
    await placed(
        ctx, berlin(4), 1000, many=2, discount_minor=300, shipping_minor=490, tax_minor=175, tax_included=False,
        total_minor=2365,
    )  # fmt: skip

    total = (await sales(ctx)).total
    assert total == Sums(2, 3000, 300, 0, 0, 490, 175, 160)
    assert (total.net, total.total) == (2700, 3365)


async def test_channels_and_currencies_stand_apart(ctx: Context) -> None:
    await placed(ctx, berlin(3), 100, channel="web")
    await placed(ctx, berlin(3), 900, channel="app")
    await placed(ctx, berlin(4), 30, channel="web")
    await placed(ctx, berlin(4), 7777, channel="web", currency="USD")

    found = await sales(ctx)
    assert [(name, sums.orders, sums.total) for name, sums in found.channels] == [("app", 1, 900), ("web", 2, 130)]
    assert (found.total.orders, found.elsewhere) == (3, 1)
    assert (await sales(ctx, channel="web")).total.gross == 130
    assert (await sales(ctx, currency="USD")).total.gross == 7777


async def test_series_have_every_period_also_those_without_sales(ctx: Context) -> None:
    await placed(ctx, berlin(3), 100)
    await placed(ctx, berlin(31), 5)

    found = await sales(ctx)
    assert len(found.by(Interval.DAY)) == 31
    weeks = [(day.isoformat(), sums.of(Metric.TOTAL)) for day, sums in found.by(Interval.WEEK)]
    assert weeks == [
        ("2026-04-27", 100),
        ("2026-05-04", 0),
        ("2026-05-11", 0),
        ("2026-05-18", 0),
        ("2026-05-25", 5),
    ]
    assert [(day, sums.orders) for day, sums in found.by(Interval.MONTH)] == [(MAY, 2)]


async def test_best_sellers_are_told_on_the_first_day(ctx: Context) -> None:
    """Complaints 12: there is no nightly sum that would have to be waited for."""
    cup = await make.sold(ctx, price_minor=500, on_hand=100, sku="CUP")
    pot = await make.sold(ctx, price_minor=900, on_hand=100, sku="POT")
    for lines in ([(cup, 3), (pot, 1)], [(cup, 1)]):
        order = await make.order(ctx, lines)
        await Order.filter(id=order.id).update(placed_at=berlin(3))

    asked = Asked(MAY, date(2026, 5, 31))
    best = await selling.best_sellers(ctx, asked)
    assert [(each.sku, each.lines, each.units, each.gross) for each in best] == [
        ("CUP", 2, 4, 2000),
        ("POT", 1, 1, 900),
    ]
    assert [each.sku for each in await selling.best_sellers(ctx, asked, 1)] == ["CUP"]
    units = await selling.units_sold(ctx, asked, Interval.WEEK)
    assert [units for _, units in units] == [5, 0, 0, 0, 0]


async def test_another_shops_sales_are_not_counted(ctx: Context, other_ctx: Context) -> None:
    with open_shop(other_ctx.shop):
        await make.order(other_ctx)
    assert (await sales(ctx, date(2020, 1, 1), date(2022, 12, 31))).total == Sums()
    today = datetime.now(UTC).date()
    span = Asked(today - timedelta(days=2), today + timedelta(days=2))
    assert (await selling.sales(ctx, span)).total == Sums()


@pytest.mark.parametrize(
    ("since", "until", "says"),
    [("2026-05-02", "2026-05-01", "ends before"), ("2020-01-01", "2026-05-01", "longer than 1098 days")],
)
async def test_a_span_that_cannot_be_is_refused(ctx: Context, since: str, until: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        await sales(ctx, date.fromisoformat(since), date.fromisoformat(until))


async def test_a_currency_must_be_one(ctx: Context) -> None:
    with pytest.raises(InvalidInput, match="'EURO' is not a currency"):
        await sales(ctx, currency="EURO")
    with pytest.raises(InvalidInput, match="between 1 and 100"):
        await selling.best_sellers(ctx, Asked(MAY, MAY), 101)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 400), st.sampled_from(Interval))
def test_periods_cover_the_span_without_a_gap(since: date, days: int, interval: Interval) -> None:
    until = since + timedelta(days=days)
    periods = selling.periods_of(Asked(since, until), interval)

    assert periods[0] <= since
    assert periods == sorted(set(periods))
    every = {since + timedelta(days=n) for n in range(days + 1)}
    assert {selling._first_of(day, interval) for day in every} == set(periods)


@given(st.integers(1, 50), st.integers(-10_000, 1_000_000))
def test_the_average_is_rounded_half_up(number: int, worth: int) -> None:
    average = Sums(orders=number, gross=worth).average
    assert average is not None
    assert -number <= 2 * (average * number - worth) <= number
