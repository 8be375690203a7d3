"""The inventory: what lies where at this moment, and what it cost if the reader may know that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stoa.graphql.reporting import words
from stoa.graphql.reporting.defining import Definition, Layout, Takes, Wish
from stoa.kit.languages import Sentence
from stoa.kit.reporting import Block, Column, Fact, Kind, Rows, Table
from stoa.tenants.access.scopes import Scope

QUERY = """
query Inventory($where: StockLevelWhere, $after: String, $withCosts: Boolean!) {
  stockLevels(where: $where, first: 100, after: $after) {
    nodes {
      location { name } onHand available reserved damaged held incoming threshold isLow
      variant { sku title cost @include(if: $withCosts) { minor currency } product { title } }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
LOCATION = Sentence("Location")
ON_HAND = Sentence("On hand")
AVAILABLE = Sentence("Available")
RESERVED = Sentence("Reserved")
DAMAGED = Sentence("Damaged")
HELD = Sentence("Held")
INCOMING = Sentence("Incoming")
LOW = Sentence("Low")
YES = Sentence("low")
COST = Sentence("Unit cost")
WORTH = Sentence("Value at cost")
AS_OF = Sentence("As of {at}")


class InventoryLayout(Layout):
    """One table; stock is in the order in which it was first put up."""

    @property
    def has_costs(self) -> bool:
        return Scope.CATALOG_COST in self.wish.scopes

    @property
    def subtitle(self) -> str:
        return self.wish.say(AS_OF, at=self.wish.made_at)

    @property
    def facts(self) -> list[Fact]:
        wish = self.wish
        return [
            Fact(wish.say(words.CURRENCY), wish.shop.currency),
            Fact(wish.say(words.TIME_ZONE), wish.shop.time_zone),
        ]

    def opening(self, data: Mapping[str, Any]) -> Iterable[Block]:
        say = self.wish.say
        counts = (ON_HAND, AVAILABLE, RESERVED, DAMAGED, HELD, INCOMING)
        columns = [
            Column(say(words.CODE), Kind.CODE, 1.1),
            Column(say(words.PRODUCT), width=2.6),
            Column(say(LOCATION), width=1.1),
            Column(say(LOW), width=0.5),
            *(Column(say(each), Kind.COUNT, is_summed=True, on_paper=each not in (DAMAGED, HELD)) for each in counts),
        ]
        if self.has_costs:
            columns += [
                Column(say(words.CURRENCY), Kind.CURRENCY, 0.7, on_paper=False),
                Column(say(COST), Kind.MONEY),
                Column(say(WORTH), Kind.MONEY, is_summed=True),
            ]
        yield Table("stock", "", columns, is_main=True)

    def page(self, nodes: Sequence[Mapping[str, Any]]) -> Iterable[Block]:
        yield Rows([self._row(each) for each in nodes])

    def _row(self, level: Mapping[str, Any]) -> list[Any]:
        variant = level["variant"]
        title = " – ".join(filter(None, (variant["product"]["title"], variant["title"])))
        counts = [level[key] for key in ("onHand", "available", "reserved", "damaged", "held", "incoming")]
        low = self.wish.say(YES) if level["isLow"] else ""
        row = [variant["sku"] or "", title, level["location"]["name"], low, *counts]
        if self.has_costs:
            cost = variant["cost"]
            minor = None if cost is None else cost["minor"]
            worth = None if minor is None else minor * level["onHand"]
            row += [self.wish.shop.currency if cost is None else cost["currency"], minor, worth]
        return row


def _variables(wish: Wish) -> dict[str, Any]:
    where = None if wish.location_id is None else {"location": {"id": {"eq": wish.location_id}}}
    return {"where": where, "withCosts": Scope.CATALOG_COST in wish.scopes}


INVENTORY = Definition(
    name="inventory",
    title=Sentence("Inventory"),
    about=Sentence("What lies where at this moment: on hand, available, reserved, incoming, and its value at cost."),
    scopes=(Scope.CATALOG_READ,),
    optional_scopes=(Scope.CATALOG_COST,),
    query=QUERY,
    variables=_variables,
    layout=InventoryLayout,
    takes={Takes.LOCATION: False},
    pages="stockLevels",
)
