"""Packing slips: what has to go into the parcels of some orders, a page for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from stoa.graphql.reporting import words
from stoa.graphql.reporting.addresses import ADDRESS, address_lines
from stoa.graphql.reporting.defining import Definition, Layout, Takes, Wish
from stoa.kit.languages import Sentence
from stoa.kit.reporting import Block, Column, Fact, Kind, Part, Rows, Table, Text
from stoa.kit.reporting.notation import day
from stoa.tenants.access.scopes import Scope

LINES = """
fragment ToPack on OrderLineConnection {
  nodes { sku title variantTitle quantity cancelled shipped requiresShipping }
  pageInfo { hasNextPage endCursor }
}
"""
QUERY = (
    """
query PackingSlips($where: OrderWhere, $after: String) {
  orders(where: $where, first: 5, after: $after) {
    nodes {
      id number channel placedAt buyerNote shippingMethod { name } shippingAddress { ...Lines }
      lines(first: 100) { ...ToPack }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + LINES
    + ADDRESS
)
REST = (
    """
query LinesToPack($id: ID!, $after: String!) {
  node(id: $id) { ... on Order { lines(first: 100, after: $after) { ...ToPack } } }
}
"""
    + LINES
)
SHIP_TO = Sentence("Ship to")
PLACED = Sentence("Placed")
METHOD = Sentence("Delivery by")
ORDER_NUMBER = Sentence("Order {number}")
TO_PACK = Sentence("To pack")
PACKED = Sentence("Packed")
BUYER_NOTE = Sentence("Note from the buyer")


class PackingLayout(Layout):
    """A page for each order with something left to send. Files for programs have the order's number in every row."""

    @property
    def subtitle(self) -> str:
        return ""

    def page(self, nodes: Sequence[Mapping[str, Any]]) -> Iterable[Block]:
        for order in nodes:
            yield from self._order(order)

    def _order(self, order: Mapping[str, Any]) -> Iterable[Block]:
        lines = [line for line in order["lines"]["nodes"] if _left(line)]
        if not lines:
            return  # all of it has left already
        say, number = self.wish.say, str(order["number"])
        placed = datetime.fromisoformat(order["placedAt"]).astimezone(ZoneInfo(self.wish.shop.time_zone))
        to = address_lines(order["shippingAddress"], self.wish.locale)
        facts = [
            Fact(say(PLACED), day(f"{placed:%Y-%m-%d}", self.wish.locale)),
            Fact(say(words.CHANNEL), order["channel"]),
            Fact(say(METHOD), (order["shippingMethod"] or {}).get("name", "–")),
        ]
        yield Part(say(PACKING_SLIPS.title), say(ORDER_NUMBER, number=number), facts, [[say(SHIP_TO), *to]])
        yield Table("slips", "", self._columns(), is_main=True)
        yield Rows([[number, ", ".join(to), *self._line(line)] for line in lines])
        if order["buyerNote"]:
            yield Text(order["buyerNote"], say(BUYER_NOTE))

    def _columns(self) -> list[Column]:
        say = self.wish.say
        return [
            Column(say(words.NUMBER), Kind.CODE, on_paper=False),
            Column(say(SHIP_TO), on_paper=False),
            Column(say(words.CODE), Kind.CODE, 1.2),
            Column(say(words.PRODUCT), width=4.0),
            Column(say(TO_PACK), Kind.COUNT, is_summed=True),
            Column(say(PACKED), width=0.7),
        ]

    def _line(self, line: Mapping[str, Any]) -> list[Any]:
        title = " – ".join(filter(None, (line["title"], line["variantTitle"])))
        return [line["sku"], title, _left(line), "□"]


def _left(line: Mapping[str, Any]) -> int:
    if not line["requiresShipping"]:
        return 0
    return int(line["quantity"] - line["cancelled"] - line["shipped"])


def _variables(wish: Wish) -> dict[str, Any]:
    return {"where": {"id": {"in": list(wish.order_ids)}}}


PACKING_SLIPS = Definition(
    name="packing_slips",
    title=Sentence("Packing slip"),
    about=Sentence("What has to go into the parcels of the orders named, a page for each."),
    scopes=(Scope.ORDERS_READ, Scope.CUSTOMERS_READ),
    query=QUERY,
    variables=_variables,
    layout=PackingLayout,
    takes={Takes.ORDERS: True},
    pages="orders",
    inside="lines",
    rest=REST,
)
