"""Invoices: what buyers owe for their orders and have paid, a page or more for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from stoa.graphql.reporting import words
from stoa.graphql.reporting.addresses import ADDRESS, address_lines
from stoa.graphql.reporting.defining import Definition, Layout, Takes, Wish
from stoa.kit.languages import Sentence
from stoa.kit.reporting import Balance, Block, Column, Fact, Figure, Kind, Part, Rows, Table
from stoa.kit.reporting.notation import day
from stoa.tenants.access.scopes import Scope

LINES = """
fragment OnInvoice on OrderLineConnection {
  nodes { sku title variantTitle quantity unitPrice { minor } discount { minor } tax { minor } total { minor } }
  pageInfo { hasNextPage endCursor }
}
"""
QUERY = (
    """
query Invoices($where: OrderWhere, $after: String) {
  locations(first: 1, where: {isActive: {eq: true}}) {
    nodes { name address { recipient line1 line2 district city region postalCode country phone } }
  }
  orders(where: $where, first: 5, after: $after) {
    nodes {
      id number channel placedAt email paymentState taxIncluded shippingAddress { ...Lines } billingAddress { ...Lines }
      subtotal { minor currency } discount { minor } shipping { minor } tax { minor } total { minor } waived { minor }
      captured { minor } refunded { minor }
      lines(first: 100) { ...OnInvoice }
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
query InvoiceLines($id: ID!, $after: String!) {
  node(id: $id) { ... on Order { lines(first: 100, after: $after) { ...OnInvoice } } }
}
"""
    + LINES
)
BILL_TO = Sentence("Bill to")
SELLER = Sentence("Seller")
INVOICE_NUMBER = Sentence("No. {number}")
PLACED = Sentence("Order date")
UNIT_PRICE = Sentence("Unit price")
DISCOUNT = Sentence("Discount")
SUBTOTAL = Sentence("Subtotal")
SHIPPING = Sentence("Shipping")
TAX_ADDED = Sentence("Tax")
TAX_WITHIN = Sentence("Tax included in the total")
WAIVED = Sentence("Called off before payment")
PAID = Sentence("Paid")
REFUNDED = Sentence("Refunded since")
DUE = Sentence("Amount due")
PAYMENT = Sentence("Payment")
EACH_TOTAL = Sentence("Amount")
NOTE = Sentence("This invoice is made from the order as it stands. It is no fiscal receipt of a tax authority.")


class InvoiceLayout(Layout):
    """A page for each order; files for programs have the invoice's number in every row."""

    @property
    def subtitle(self) -> str:
        return ""

    def opening(self, data: Mapping[str, Any]) -> Iterable[Block]:
        found = data["locations"]["nodes"]
        self.seller = [self.wish.shop.name, *(_place(found[0]["address"], self.wish) if found else [])]
        return ()

    def page(self, nodes: Sequence[Mapping[str, Any]]) -> Iterable[Block]:
        for order in nodes:
            yield from self._order(order)

    def _order(self, order: Mapping[str, Any]) -> Iterable[Block]:
        say, number = self.wish.say, str(order["number"])
        placed = datetime.fromisoformat(order["placedAt"]).astimezone(ZoneInfo(self.wish.shop.time_zone))
        buyer = address_lines(order["billingAddress"] or order["shippingAddress"], self.wish.locale)
        facts = [
            Fact(say(PLACED), day(f"{placed:%Y-%m-%d}", self.wish.locale)),
            Fact(say(words.CURRENCY), order["subtotal"]["currency"]),
            Fact(say(PAYMENT), say(words.PAYMENT_STATES[order["paymentState"]])),
        ]
        columns = [[say(BILL_TO), *(buyer or [order["email"]])], [say(SELLER), *self.seller]]
        yield Part(say(INVOICES.title), say(INVOICE_NUMBER, number=number), facts, columns)
        yield Table("lines", "", self._columns(), is_main=True)
        yield Rows([[number, *self._line(line, order)] for line in order["lines"]["nodes"]])
        yield self._balance(order)

    def _columns(self) -> list[Column]:
        say = self.wish.say
        return [
            Column(say(words.NUMBER), Kind.CODE, on_paper=False),
            Column(say(words.CODE), Kind.CODE, 1.1),
            Column(say(words.PRODUCT), width=3.0),
            Column(say(words.PIECES), Kind.COUNT),
            Column(say(words.CURRENCY), Kind.CURRENCY, on_paper=False),
            Column(say(UNIT_PRICE), Kind.MONEY),
            Column(say(DISCOUNT), Kind.MONEY),
            Column(say(TAX_ADDED), Kind.MONEY),
            Column(say(EACH_TOTAL), Kind.MONEY),
        ]

    def _line(self, line: Mapping[str, Any], order: Mapping[str, Any]) -> list[Any]:
        title = " – ".join(filter(None, (line["title"], line["variantTitle"])))
        amounts = [line[key]["minor"] for key in ("unitPrice", "discount", "tax", "total")]
        return [line["sku"], title, line["quantity"], order["subtotal"]["currency"], *amounts]

    def _balance(self, order: Mapping[str, Any]) -> Balance:
        minor = {key: order[key]["minor"] for key in AMOUNTS}
        due = minor["total"] - minor["waived"] - minor["captured"]
        rows: list[tuple[Sentence, int, bool]] = [
            (SUBTOTAL, minor["subtotal"], False),
            *([(DISCOUNT, -minor["discount"], False)] if minor["discount"] else []),
            (SHIPPING, minor["shipping"], False),
            *([] if order["taxIncluded"] else [(TAX_ADDED, minor["tax"], False)]),
            (words.TOTAL, minor["total"], True),
            *([(TAX_WITHIN, minor["tax"], False)] if order["taxIncluded"] and minor["tax"] else []),
            *([(WAIVED, -minor["waived"], False)] if minor["waived"] else []),
            (PAID, -minor["captured"], False),
            (DUE, max(0, due), True),
            *([(REFUNDED, minor["refunded"], False)] if minor["refunded"] else []),
        ]
        figures = [Figure(self.wish.say(name), Kind.MONEY, value) for name, value, _ in rows]
        strong = [i for i, (_, _, is_strong) in enumerate(rows) if is_strong]
        return Balance(figures, strong, order["subtotal"]["currency"])


AMOUNTS = ("subtotal", "discount", "shipping", "tax", "total", "waived", "captured", "refunded")


def _place(address: Mapping[str, str], wish: Wish) -> list[str]:
    """A location's address has other names for its parts."""
    renamed = {**address, "province": address["region"], "postcode": address["postalCode"], "name": ""}
    return address_lines(renamed, wish.locale)


def _variables(wish: Wish) -> dict[str, Any]:
    return {"where": {"id": {"in": list(wish.order_ids)}}}


INVOICES = Definition(
    name="invoice",
    title=Sentence("Invoice"),
    about=Sentence("What the buyers of the orders named owe and have paid, an invoice for each."),
    scopes=(Scope.ORDERS_READ, Scope.CUSTOMERS_READ, Scope.CATALOG_READ),
    query=QUERY,
    variables=_variables,
    layout=InvoiceLayout,
    takes={Takes.ORDERS: True},
    pages="orders",
    inside="lines",
    rest=REST,
    note=NOTE,
)
