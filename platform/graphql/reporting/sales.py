"""The sales summary: what a period brought in, by day, by channel and by product, beside the period before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stoa.graphql.reporting import words
from stoa.graphql.reporting.defining import Definition, Layout, Takes, Wish
from stoa.kit.languages import Sentence
from stoa.kit.reporting import Block, Chart, Column, Fact, Figure, Figures, Kind, Rows, Series, Shape, Table
from stoa.kit.reporting.notation import figure
from stoa.tenants.access.scopes import Scope

QUERY = """
query SalesSummary($since: Date!, $until: Date!, $sinceBefore: Date!, $untilBefore: Date!, $channel: String) {
  sales(since: $since, until: $until, channel: $channel) {
    totals { ...Sums } customers ordersElsewhere
    series(metrics: [ORDERS, GROSS, DISCOUNTS, CANCELLED, RETURNS, NET, SHIPPING, TAX, TOTAL]) { metric points }
    units
    channels { channel sums { ...Sums } }
    products(first: 20) { sku title units gross { minor } discounts { minor } sold { minor } }
  }
  before: sales(since: $sinceBefore, until: $untilBefore, channel: $channel) {
    totals { ...Sums } customers units
    series(metrics: [TOTAL]) { points }
  }
}
fragment Sums on SalesSums {
  orders gross { minor } discounts { minor } cancelled { minor } returns { minor } net { minor } shipping { minor }
  tax { minor } taxWithin { minor } total { minor } average { minor }
}
"""
GROSS = Sentence("Gross sales")
DISCOUNTS = Sentence("Discounts")
CANCELLED = Sentence("Cancelled")
RETURNS = Sentence("Returns")
NET = Sentence("Net sales")
SHIPPING = Sentence("Shipping")
TAX = Sentence("Tax")
AVERAGE = Sentence("Average order")
CUSTOMERS = Sentence("Customers")
FIGURES = Sentence("At a glance")
PER_DAY = Sentence("Total by day")
BY_DAY = Sentence("By day")
BY_CHANNEL = Sentence("By channel")
BEST = Sentence("Best sellers")
BEFORE = Sentence("Previous period")
SOLD = Sentence("Sold")
WITHIN = Sentence("Prices include tax of {amount}, as far as the orders say.")
ELSEWHERE = Sentence("Orders in other currencies are not counted: {count}.")
NOTE = Sentence(
    "Orders count on the day they were placed, in the shop's time zone; drafts, and orders called off before any "
    "payment, do not. Returns count on the day the money went back. Net sales = gross sales - discounts - cancelled - "
    "returns. Total = net sales + shipping + tax. Average order = (gross sales - discounts - cancelled) / orders."
)
COLUMNS = (
    ("ORDERS", words.ORDERS, Kind.COUNT),
    ("UNITS", words.PIECES, Kind.COUNT),
    ("GROSS", GROSS, Kind.MONEY),
    ("DISCOUNTS", DISCOUNTS, Kind.MONEY),
    ("CANCELLED", CANCELLED, Kind.MONEY),
    ("RETURNS", RETURNS, Kind.MONEY),
    ("NET", NET, Kind.MONEY),
    ("SHIPPING", SHIPPING, Kind.MONEY),
    ("TAX", TAX, Kind.MONEY),
    ("TOTAL", words.TOTAL, Kind.MONEY),
)


class SalesLayout(Layout):
    """Figures, charts, and three tables; the one by day is the main one."""

    @property
    def facts(self) -> list[Fact]:
        wish = self.wish
        return [
            Fact(wish.say(words.CURRENCY), wish.shop.currency),
            Fact(wish.say(words.CHANNEL), wish.channel or wish.say(words.ALL)),
            Fact(wish.say(words.TIME_ZONE), wish.shop.time_zone),
        ]

    def opening(self, data: Mapping[str, Any]) -> Iterable[Block]:
        sales, before = data["sales"], data["before"]
        yield self._figures(sales, before)
        yield self._chart(sales, before)
        yield self._bars(
            BY_CHANNEL, [(each["channel"], _minor(each["sums"], "total")) for each in sales["channels"][:8]]
        )
        best = [(each["title"] or each["sku"], _minor(each, "sold")) for each in sales["products"][:8]]
        yield self._bars(BEST, best)
        yield from self._channels(sales)
        yield from self._products(sales)
        yield from self._days(sales)

    def _figures(self, sales: Mapping[str, Any], before: Mapping[str, Any]) -> Figures:
        now, then, say = sales["totals"], before["totals"], self.wish.say
        money = (("total", words.TOTAL, True), ("net", NET, True), ("average", AVERAGE, True))
        figures = [Figure(say(name), Kind.MONEY, _minor(now, key), _minor(then, key), up) for key, name, up in money]
        figures.insert(2, Figure(say(words.ORDERS), Kind.COUNT, now["orders"], then["orders"]))
        units = (sum(value for _, value in each["units"]) for each in (sales, before))
        figures += [
            Figure(say(CUSTOMERS), Kind.COUNT, sales["customers"], before["customers"]),
            Figure(say(words.PIECES), Kind.COUNT, *units),
            Figure(say(DISCOUNTS), Kind.MONEY, _minor(now, "discounts"), _minor(then, "discounts"), False),
            Figure(say(RETURNS), Kind.MONEY, _minor(now, "returns"), _minor(then, "returns"), False),
        ]
        return Figures(say(FIGURES), figures, self._oddities(sales))

    def _oddities(self, sales: Mapping[str, Any]) -> str:
        said, within = [], _minor(sales["totals"], "taxWithin")
        if within:
            amount = figure(within, Kind.MONEY, self.wish.locale, self.wish.shop.currency)
            said.append(self.wish.say(WITHIN, amount=amount))
        if sales["ordersElsewhere"]:
            said.append(self.wish.say(ELSEWHERE, count=sales["ordersElsewhere"]))
        return " ".join(said)

    def _chart(self, sales: Mapping[str, Any], before: Mapping[str, Any]) -> Chart:
        [points] = [each["points"] for each in sales["series"] if each["metric"] == "TOTAL"]
        values = [value for _, value in points]
        earlier = [value for _, value in before["series"][0]["points"]]
        earlier = earlier[: len(values)]  # of months that differ in length the shorter one ends before the other
        series = [
            Series(self.wish.period_said, Kind.MONEY, values),
            Series(self.wish.say(BEFORE), Kind.MONEY, earlier),
        ]
        shape = Shape.COLUMNS if len(values) <= 62 else Shape.LINE
        return Chart(self.wish.say(PER_DAY), shape, [day for day, _ in points], series, Kind.DAY)

    def _bars(self, title: Sentence, values: list[tuple[str, int]]) -> Chart:
        series = Series(self.wish.say(title), Kind.MONEY, [value for _, value in values])
        return Chart(self.wish.say(title), Shape.BARS, [name for name, _ in values], [series])

    def _channels(self, sales: Mapping[str, Any]) -> Iterable[Block]:
        say = self.wish.say
        columns = [Column(say(words.CHANNEL), width=1.4), Column(say(words.ORDERS), Kind.COUNT, is_summed=True)]
        columns += [Column(say(name), kind, is_summed=True) for key, name, kind in COLUMNS if kind is Kind.MONEY]
        yield Table("channels", say(BY_CHANNEL), columns)
        keys = [key.lower() for key, _, kind in COLUMNS if kind is Kind.MONEY]
        yield Rows(
            [
                [each["channel"], each["sums"]["orders"], *(_minor(each["sums"], key) for key in keys)]
                for each in sales["channels"]
            ]
        )

    def _products(self, sales: Mapping[str, Any]) -> Iterable[Block]:
        say = self.wish.say
        columns = [Column(say(words.CODE), Kind.CODE, 0.8), Column(say(words.PRODUCT), width=2.4)]
        columns += [Column(say(words.PIECES), Kind.COUNT)]
        columns += [Column(say(name), Kind.MONEY) for name in (GROSS, DISCOUNTS, SOLD)]
        yield Table("products", say(BEST), columns)
        yield Rows(
            [
                [
                    each["sku"],
                    each["title"],
                    each["units"],
                    *(_minor(each, key) for key in ("gross", "discounts", "sold")),
                ]
                for each in sales["products"]
            ]
        )

    def _days(self, sales: Mapping[str, Any]) -> Iterable[Block]:
        say = self.wish.say
        columns = [Column(say(words.DAY), Kind.DAY, 1.5)]
        columns += [Column(say(name), kind, is_summed=True) for _, name, kind in COLUMNS]
        yield Table("days", say(BY_DAY), columns, is_main=True)
        by_metric = {each["metric"]: [value for _, value in each["points"]] for each in sales["series"]}
        by_metric["UNITS"] = [value for _, value in sales["units"]]
        days = [day for day, _ in sales["units"]]
        yield Rows([[day, *(by_metric[key][i] for key, _, _ in COLUMNS)] for i, day in enumerate(days)])


def _minor(of: Mapping[str, Any], key: str) -> Any:
    return None if of[key] is None else of[key]["minor"]


def _variables(wish: Wish) -> dict[str, Any]:
    (since, until), (earlier, end) = wish.period, wish.before
    return {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "sinceBefore": earlier.isoformat(),
        "untilBefore": end.isoformat(),
        "channel": wish.channel,
    }


SALES = Definition(
    name="sales_summary",
    title=Sentence("Sales summary"),
    about=Sentence("What a period brought in: in all, by day, by channel and by product, beside the period before."),
    scopes=(Scope.ANALYTICS_READ,),
    query=QUERY,
    variables=_variables,
    layout=SalesLayout,
    takes={Takes.PERIOD: True, Takes.CHANNEL: False},
    note=NOTE,
)
