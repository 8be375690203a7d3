"""The order list: every order of a period, with what it came to, what was paid and what went back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from stoa.graphql.reporting import words
from stoa.graphql.reporting.defining import Definition, Layout, Takes, Wish
from stoa.kit.languages import Sentence
from stoa.kit.reporting import Block, Column, Fact, Kind, Rows, Table
from stoa.tenants.access.scopes import Scope

QUERY = """
query OrderList($where: OrderWhere, $after: String, $withBuyers: Boolean!) {
  orders(where: $where, orderBy: [{field: PLACED_AT}], first: 100, after: $after) {
    nodes {
      number channel externalId placedAt state paymentState fulfilmentState
      customer @include(if: $withBuyers) { name }
      subtotal { minor } discount { minor } shipping { minor } tax { minor }
      total { minor currency } captured { minor } refunded { minor }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
PLACED = Sentence("Placed")
PAYMENT = Sentence("Payment")
DELIVERY = Sentence("Delivery")
CUSTOMER = Sentence("Customer")
THEIR_NUMBER = Sentence("Channel's number")
SUBTOTAL = Sentence("Subtotal")
DISCOUNT = Sentence("Discount")
SHIPPING = Sentence("Shipping")
TAX = Sentence("Tax")
PAID = Sentence("Paid")
REFUNDED = Sentence("Refunded")
AMOUNTS = (SUBTOTAL, DISCOUNT, SHIPPING, TAX, words.TOTAL, PAID, REFUNDED)
ON_PAPER = (words.TOTAL, PAID, REFUNDED)


class OrdersLayout(Layout):
    """One table, in the order of placing; totals by currency."""

    @property
    def has_buyers(self) -> bool:
        return Scope.CUSTOMERS_READ in self.wish.scopes

    @property
    def facts(self) -> list[Fact]:
        wish = self.wish
        return [
            Fact(wish.say(words.CHANNEL), wish.channel or wish.say(words.ALL)),
            Fact(wish.say(words.TIME_ZONE), wish.shop.time_zone),
        ]

    def opening(self, data: Mapping[str, Any]) -> Iterable[Block]:
        say = self.wish.say
        columns = [
            Column(say(words.NUMBER), Kind.CODE, 0.75),
            Column(say(PLACED), Kind.MOMENT, 1.65),
            Column(say(words.CHANNEL), width=1.0),
            Column(say(THEIR_NUMBER), Kind.CODE, on_paper=False),
            Column(say(words.STATE), width=1.0),
            Column(say(PAYMENT), width=1.0),
            Column(say(DELIVERY), on_paper=False),
            *([Column(say(CUSTOMER), width=1.5)] if self.has_buyers else []),
            Column(say(words.CURRENCY), Kind.CURRENCY, 0.8),
            *(Column(say(each), Kind.MONEY, is_summed=True, on_paper=each in ON_PAPER) for each in AMOUNTS),
        ]
        yield Table("orders", "", columns, is_main=True)

    def page(self, nodes: Sequence[Mapping[str, Any]]) -> Iterable[Block]:
        yield Rows([self._row(each) for each in nodes])

    def _row(self, order: Mapping[str, Any]) -> list[Any]:
        say, zone = self.wish.say, ZoneInfo(self.wish.shop.time_zone)
        placed = datetime.fromisoformat(order["placedAt"]).astimezone(zone)
        buyer = [(order["customer"] or {}).get("name", "")] if self.has_buyers else []
        keys = ("subtotal", "discount", "shipping", "tax", "total", "captured", "refunded")
        return [
            str(order["number"]),
            f"{placed:%Y-%m-%d %H:%M}",
            order["channel"],
            order["externalId"] or "",
            say(words.ORDER_STATES[order["state"]]),
            say(words.PAYMENT_STATES[order["paymentState"]]),
            say(words.FULFILMENT_STATES[order["fulfilmentState"]]),
            *buyer,
            order["total"]["currency"],
            *(order[key]["minor"] for key in keys),
        ]


def placed_within(wish: Wish) -> dict[str, Any]:
    """The condition for orders of the period, and of the channel if there is one."""
    (since, until), zone = wish.period, ZoneInfo(wish.shop.time_zone)
    start = datetime.combine(since, time(), zone).astimezone(UTC)
    end = datetime.combine(until + timedelta(days=1), time(), zone).astimezone(UTC)
    where: dict[str, Any] = {"placedAt": {"gte": start.isoformat(), "lt": end.isoformat()}}
    return where if wish.channel is None else where | {"channel": {"eq": wish.channel}}


def _variables(wish: Wish) -> dict[str, Any]:
    return {"where": placed_within(wish), "withBuyers": Scope.CUSTOMERS_READ in wish.scopes}


ORDER_LIST = Definition(
    name="order_list",
    title=Sentence("Order list"),
    about=Sentence("Every order of a period: its states, what it came to, what was paid and what went back."),
    scopes=(Scope.ORDERS_READ,),
    optional_scopes=(Scope.CUSTOMERS_READ,),
    query=QUERY,
    variables=_variables,
    layout=OrdersLayout,
    takes={Takes.PERIOD: True, Takes.CHANNEL: False},
    pages="orders",
)
