"""Sales: what a span of days brought in, in all, by day, by channel and by product.

The days are the shop's. An order counts on the day on which it was placed, unless it is a draft, or was called off
before any of it was paid; what is given back counts on the day on which it went back, so that a month that is closed
stays as it was. All in one currency, in minor units::

    gross      unit prices x quantities
    discounts  taken off the lines, order discounts included
    cancelled  called off before it was paid, and so never owed
    returns    given back, without what of it was delivery
    net        gross - discounts - cancelled - returns
    shipping   what buyers pay for delivery, less what of it was given back
    tax        what is on top of the prices; `tax_within` is inside of them
    total      net + shipping + tax: the totals of the orders, less what was called off or given back
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from stoa.kit.errors import InvalidInput
from stoa.kit.money import exponent_of
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client

MAX_DAYS: Final = 366 * 3
MAX_PRODUCTS: Final = 100
# An order that counts, of the span from $1 to before $2, in the currency $3, of the channel $4 if there is one.
_COUNTED = """
o.placed_at >= $1 AND o.placed_at < $2 AND o.currency = $3 AND ($4::text IS NULL OR o.channel = $4)
  AND (o.state IN ('PENDING', 'CONFIRMED', 'COMPLETED') OR (o.state <> 'DRAFT' AND o.captured_minor > 0))
"""
_SALES = f"""
WITH sold AS (
  SELECT (o.placed_at AT TIME ZONE $5)::date AS day, o.channel, count(*) AS orders,
    sum(o.subtotal_minor)::bigint AS gross, sum(o.discount_minor)::bigint AS discounts,
    sum(o.waived_minor)::bigint AS cancelled, 0::bigint AS returns, sum(o.shipping_minor)::bigint AS shipping,
    coalesce(sum(o.tax_minor) FILTER (WHERE NOT o.tax_included), 0)::bigint AS tax,
    coalesce(sum(o.tax_minor) FILTER (WHERE o.tax_included), 0)::bigint AS tax_within
  FROM sales_order o WHERE {_COUNTED} GROUP BY 1, 2),
back AS (
  SELECT (r.settled_at AT TIME ZONE $5)::date, o.channel, 0::bigint, 0::bigint, 0::bigint, 0::bigint,
    sum(r.amount_minor - r.shipping_minor)::bigint, -sum(r.shipping_minor)::bigint, 0::bigint, 0::bigint
  FROM refund r JOIN sales_order o ON o.id = r.order_id
  WHERE r.state = 'SETTLED' AND r.settled_at >= $1 AND r.settled_at < $2 AND r.currency = $3
    AND ($4::text IS NULL OR o.channel = $4) GROUP BY 1, 2)
SELECT json_build_array(
  (SELECT coalesce(json_agg(json_build_array(day, channel, orders, gross, discounts, cancelled, returns, shipping, tax,
      tax_within)), '[]') FROM (SELECT * FROM sold UNION ALL SELECT * FROM back) AS counted),
  (SELECT count(DISTINCT o.customer_id) FROM sales_order o WHERE {_COUNTED}),
  (SELECT count(*) FROM sales_order o WHERE o.placed_at >= $1 AND o.placed_at < $2 AND o.currency <> $3
     AND o.state <> 'DRAFT' AND ($4::text IS NULL OR o.channel = $4)))::text
"""
_UNITS = f"""
SELECT coalesce(json_agg(json_build_array(day, units)), '[]')::text FROM (
  SELECT (o.placed_at AT TIME ZONE $5)::date AS day, sum(l.quantity)::bigint AS units
  FROM sales_order o JOIN order_line l ON l.order_id = o.id WHERE {_COUNTED} GROUP BY 1) AS counted
"""
_PRODUCTS = f"""
SELECT coalesce(json_agg(json_build_array(sku, concat_ws(' – ', title, nullif(form, '')), variant_id, lines, units,
    gross, discounts)), '[]')::text FROM (
  SELECT l.sku, max(l.title COLLATE "C") AS title, max(l.variant_title COLLATE "C") AS form, l.variant_id,
    count(*) AS lines, sum(l.quantity)::bigint AS units, sum(l.unit_minor * l.quantity)::bigint AS gross,
    sum(l.discount_minor)::bigint AS discounts
  FROM sales_order o JOIN order_line l ON l.order_id = o.id WHERE {_COUNTED}
  GROUP BY l.variant_id, l.sku
  ORDER BY sum(l.unit_minor * l.quantity - l.discount_minor) DESC, l.sku, l.variant_id LIMIT $5) AS best
"""


class Interval(StrEnum):
    """What the figures of a series stand for. Weeks begin on Monday."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"


class Metric(StrEnum):
    ORDERS = "ORDERS"
    GROSS = "GROSS"
    DISCOUNTS = "DISCOUNTS"
    CANCELLED = "CANCELLED"
    RETURNS = "RETURNS"
    NET = "NET"
    SHIPPING = "SHIPPING"
    TAX = "TAX"
    TAX_WITHIN = "TAX_WITHIN"
    TOTAL = "TOTAL"


COUNTS: Final = frozenset({Metric.ORDERS})


@dataclass(frozen=True, slots=True)
class Asked:
    """Which sales: from the first day to the last, both of them counted."""

    since: date
    until: date
    channel: str | None = None
    currency: str = ""


class Sums(msgspec.Struct, frozen=True, array_like=True):
    """What was sold: of a period, a channel, or in all."""

    orders: int = 0
    gross: int = 0
    discounts: int = 0
    cancelled: int = 0
    returns: int = 0
    shipping: int = 0
    tax: int = 0
    tax_within: int = 0

    @property
    def net(self) -> int:
        return self.gross - self.discounts - self.cancelled - self.returns

    @property
    def total(self) -> int:
        return self.net + self.shipping + self.tax

    @property
    def average(self) -> int | None:
        """What an order is worth before returns: (gross - discounts - cancelled) / orders, rounded half up."""
        if not self.orders:
            return None
        worth = self.gross - self.discounts - self.cancelled
        return (2 * worth + self.orders) // (2 * self.orders)

    def of(self, metric: Metric) -> int:
        return int(getattr(self, metric.lower()))

    @classmethod
    def over(cls, parts: Iterable[Sums]) -> Sums:
        return cls(*(sum(column) for column in zip(*(msgspec.structs.astuple(each) for each in parts), strict=True)))


class _Row(msgspec.Struct, frozen=True, array_like=True):
    day: date
    channel: str
    orders: int
    gross: int
    discounts: int
    cancelled: int
    returns: int
    shipping: int
    tax: int
    tax_within: int

    @property
    def sums(self) -> Sums:
        return Sums(*msgspec.structs.astuple(self)[2:])


class ProductSales(msgspec.Struct, frozen=True, array_like=True):
    """How a product sold, before what was called off or given back."""

    sku: str
    title: str
    variant_id: str | None
    lines: int
    units: int
    gross: int
    discounts: int


@dataclass(frozen=True, slots=True)
class Sales:
    """Sums in all, by day (those without sales are missing) and by channel, the largest first."""

    asked: Asked
    total: Sums
    days: Mapping[date, Sums]
    channels: Sequence[tuple[str, Sums]]
    customers: int
    elsewhere: int  # orders of the span in other currencies: they are in none of the sums

    def by(self, interval: Interval) -> list[tuple[date, Sums]]:
        """Every period of the span, also those without sales."""
        found: dict[date, list[Sums]] = {day: [] for day in periods_of(self.asked, interval)}
        for day, sums in self.days.items():
            found[_first_of(day, interval)].append(sums)
        return [(day, Sums.over(parts)) for day, parts in found.items()]


_decode = msgspec.json.Decoder(tuple[list[_Row], int, int]).decode
_decode_units = msgspec.json.Decoder(list[tuple[date, int]]).decode
_decode_products = msgspec.json.Decoder(list[ProductSales]).decode


async def sales(ctx: Context, asked: Asked) -> Sales:
    """By one statement. Raises `InvalidInput`."""
    asked = checked(ctx, asked)
    async with shop_client().acquire_connection() as connection:
        found = await connection.fetchval(_SALES, *_bounds(ctx, asked), ctx.shop.time_zone)
    rows, customers, elsewhere = _decode(found)
    days, channels = defaultdict(list), defaultdict(list)
    for row in rows:
        days[row.day].append(row.sums)
        channels[row.channel].append(row.sums)
    by_channel = [(name, Sums.over(parts)) for name, parts in channels.items()]
    return Sales(
        asked,
        Sums.over(row.sums for row in rows),
        {day: Sums.over(parts) for day, parts in days.items()},
        sorted(by_channel, key=lambda each: (-each[1].total, each[0])),
        customers,
        elsewhere,
    )


async def units_sold(ctx: Context, asked: Asked, interval: Interval = Interval.DAY) -> list[tuple[date, int]]:
    """How many pieces were ordered, by period. Raises `InvalidInput`."""
    asked = checked(ctx, asked)
    values = [*_bounds(ctx, asked), ctx.shop.time_zone]
    async with shop_client().acquire_connection() as connection:
        days = _decode_units(await connection.fetchval(_UNITS, *values))
    units = dict.fromkeys(periods_of(asked, interval), 0)
    for day, number in days:
        units[_first_of(day, interval)] += number
    return list(units.items())


async def best_sellers(ctx: Context, asked: Asked, first: int = 10) -> list[ProductSales]:
    """The products that brought most, after discounts. Raises `InvalidInput`."""
    asked = checked(ctx, asked)
    if not 1 <= first <= MAX_PRODUCTS:
        raise InvalidInput("first must be between 1 and {limit}.", path=["first"], limit=MAX_PRODUCTS)
    async with shop_client().acquire_connection() as connection:
        return _decode_products(await connection.fetchval(_PRODUCTS, *_bounds(ctx, asked), first))


def checked(ctx: Context, asked: Asked) -> Asked:
    """The same with its currency. Raises `InvalidInput` for a span that ends before it begins, or is too long."""
    if asked.until < asked.since:
        raise InvalidInput("The span from {since} ends before it begins.", path=["since"], since=str(asked.since))
    if (asked.until - asked.since).days >= MAX_DAYS:
        raise InvalidInput("The span is longer than {days} days.", path=["since"], days=MAX_DAYS)
    currency = asked.currency or ctx.shop.currency
    exponent_of(currency)
    return Asked(asked.since, asked.until, asked.channel, currency)


def periods_of(asked: Asked, interval: Interval) -> list[date]:
    """The first days of all periods that the span touches."""
    day, periods = _first_of(asked.since, interval), []
    while day <= asked.until:
        periods.append(day)
        day = _first_of(day + timedelta(days={"DAY": 1, "WEEK": 7, "MONTH": 31}[interval]), interval)
    return periods


def _first_of(day: date, interval: Interval) -> date:
    if interval is Interval.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if interval is Interval.MONTH else day


def _bounds(ctx: Context, asked: Asked) -> list[datetime | str | None]:
    zone = ZoneInfo(ctx.shop.time_zone)
    start = datetime.combine(asked.since, time(), zone).astimezone(UTC)
    end = datetime.combine(asked.until + timedelta(days=1), time(), zone).astimezone(UTC)
    return [start, end, asked.currency, asked.channel]
