"""What supplying's mutations take."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import strawberry

from stoa.domains.catalog import supplying
from stoa.domains.catalog.changing import SAME
from stoa.graphql.catalog.inputs import changed, each_of, given, optional
from stoa.graphql.catalog.supplying.shapes import SpreadBy
from stoa.graphql.scalars import MoneyInput, read_id
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.money import Money

KEY = "Any text of your own: a request with the same key is done once."
VERSION = "The version you read: refused when it has been changed since."


def _money(name: str, given: MoneyInput) -> Money:
    with blaming(name):
        return given.read()


def _location(id: strawberry.ID | None) -> UUID | None:
    return None if id is None else read_id("location_id", id, "loc")


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            "{text!r} is not a day; write it like 2026-11-22.", path=["expected_on"], text=text[:40]
        ) from None


@strawberry.input(description="A supplier to be made.")
class SupplierCreateInput:
    name: str = strawberry.field(description="Unique in the shop.")
    currency: str | None = optional("In which they are paid; the shop's when left out.")
    email: str = optional("Where orders go.", "")
    phone: str = optional("Their telephone number.", "")
    note: str = optional("For the shop alone.", "")
    lead_days: int | None = optional("Days from order to delivery, as they say.")
    idempotency_key: str | None = optional(KEY)

    def draft(self) -> supplying.SupplierDraft:
        return supplying.SupplierDraft(
            name=self.name,
            currency=self.currency,
            email=self.email,
            phone=self.phone,
            note=self.note,
            lead_days=self.lead_days,
        )


@strawberry.input(description="Changes to a supplier; what is left out stays.")
class SupplierUpdateInput:
    id: strawberry.ID = strawberry.field(description="Which supplier.")
    expected_version: int | None = optional(VERSION)
    name: str | None = given("Unique in the shop.")
    currency: str | None = given("In which they are paid.")
    email: str | None = given("Where orders go.")
    phone: str | None = given("Their telephone number.")
    note: str | None = given("For the shop alone.")
    lead_days: int | None = given("Days from order to delivery, as they say; null: they do not say.")
    is_active: bool | None = given("Whether anything is ordered there.")
    idempotency_key: str | None = optional(KEY)

    def changes(self) -> supplying.SupplierChanges:
        names = ("name", "currency", "email", "phone", "note", "is_active")
        values: dict[str, Any] = {name: changed(self, name) for name in names}
        return supplying.SupplierChanges(**values, lead_days=changed(self, "lead_days", nullable=True))


@strawberry.input(description="Which supplier is meant.")
class SupplierRefInput:
    id: strawberry.ID = strawberry.field(description="The supplier's id.")


@strawberry.input(description="What a supplier asks for a variant from now on.")
class SupplierPriceInput:
    variant_id: strawberry.ID = strawberry.field(description="For what.")
    price: MoneyInput = strawberry.field(description="For a piece, in any currency.")
    supplier_code: str = optional("What they call it.", "")
    minimum_quantity: int = optional("The least they sell at once.", 1)
    pack_size: int = optional("They sell whole packs of so many pieces.", 1)

    def variant(self) -> UUID:
        return read_id("variant_id", self.variant_id, "var")

    def draft(self) -> supplying.PriceDraft:
        return supplying.PriceDraft(
            variant_id=self.variant(),
            price=_money("price", self.price),
            supplier_code=self.supplier_code,
            minimum_quantity=self.minimum_quantity,
            pack_size=self.pack_size,
        )


@strawberry.input(description="Prices of a supplier.")
class SupplierPriceSetInput:
    supplier_id: strawberry.ID = strawberry.field(description="Whose prices.")
    prices: list[SupplierPriceInput] = strawberry.field(description="Each with a result of its own; 250 at the most.")


@strawberry.input(description="A line of a purchase order to be.")
class PurchaseLineInput:
    variant_id: strawberry.ID = strawberry.field(description="What.")
    quantity: int = strawberry.field(description="How many; whole packs, and at least the supplier's minimum.")
    cost: MoneyInput | None = optional("For a piece; the supplier's newest price when left out.")

    def draft(self) -> supplying.LineDraft:
        return supplying.LineDraft(
            variant_id=read_id("variant_id", self.variant_id, "var"),
            quantity=self.quantity,
            cost=None if self.cost is None else _money("cost", self.cost),
        )


ROUND_UP = "Whether quantities that do not fit packs and minimum become the next that do; else they are refused."


@strawberry.input(description="A purchase order to be drafted.")
class PurchaseOrderCreateInput:
    supplier_id: strawberry.ID = strawberry.field(description="Who is to bring it.")
    lines: list[PurchaseLineInput] = strawberry.field(default_factory=list, description="What is to be ordered.")
    location_id: strawberry.ID | None = optional("Where it is to be brought; the main location when left out.")
    currency: str | None = optional("Of its costs; the supplier's when left out.")
    note: str = optional("For the shop, or for the supplier.", "")
    expected_on: str | None = optional("The day it is expected, as 2026-11-22.")
    round_up: bool = optional(ROUND_UP, default=False)
    idempotency_key: str | None = optional(KEY)

    def draft(self) -> supplying.PurchaseDraft:
        return supplying.PurchaseDraft(
            supplier_id=read_id("supplier_id", self.supplier_id, "sup"),
            lines=each_of("lines", self.lines, PurchaseLineInput.draft),
            location_id=_location(self.location_id),
            currency=self.currency,
            note=self.note,
            expected_on=_day(self.expected_on),
            round_up=self.round_up,
        )


@strawberry.input(description="Changes to the draft of a purchase order; what is left out stays.")
class PurchaseOrderUpdateInput:
    id: strawberry.ID = strawberry.field(description="Which purchase order.")
    expected_version: int | None = optional(VERSION)
    lines: list[PurchaseLineInput] | None = given("All the lines there will be.")
    location_id: strawberry.ID | None = given("Where it is to be brought.")
    note: str | None = given("For the shop, or for the supplier.")
    expected_on: str | None = given("The day it is expected, as 2026-11-22; null: not known.")
    round_up: bool = optional(ROUND_UP, default=False)
    idempotency_key: str | None = optional(KEY)

    def changes(self) -> supplying.PurchaseChanges:
        lines, location = changed(self, "lines"), changed(self, "location_id")
        day = changed(self, "expected_on", nullable=True)
        return supplying.PurchaseChanges(
            lines=SAME if lines is SAME else each_of("lines", lines, PurchaseLineInput.draft),
            location_id=SAME if location is SAME else read_id("location_id", location, "loc"),
            note=changed(self, "note"),
            expected_on=SAME if day is SAME else _day(day),
            round_up=self.round_up,
        )


@strawberry.input(description="Which purchase order is meant.")
class PurchaseOrderRefInput:
    id: strawberry.ID = strawberry.field(description="The purchase order's id.")
    expected_version: int | None = optional(VERSION)
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="What came of a line.")
class ReceivedLineInput:
    line_id: strawberry.ID = strawberry.field(description="Which line of the order.")
    quantity: int = strawberry.field(description="How many came, damaged ones among them.")
    damaged: int = optional("How many of them are damaged: on hand, but not for sale.", 0)

    def draft(self) -> supplying.ReceivedDraft:
        return supplying.ReceivedDraft(read_id("line_id", self.line_id, "pol"), self.quantity, self.damaged)


@strawberry.input(description="A cost of a delivery beyond the goods.")
class ReceiptCostInput:
    name: str = strawberry.field(description="Freight, duty, ...")
    amount: MoneyInput = strawberry.field(
        description="In the order's currency or, with an exchange rate, in the shop's."
    )

    def draft(self) -> supplying.CostDraft:
        return supplying.CostDraft(self.name, _money("amount", self.amount))


@strawberry.input(description="A delivery on a purchase order.")
class PurchaseOrderReceiveInput:
    id: strawberry.ID = strawberry.field(description="Which purchase order.")
    expected_version: int | None = optional(VERSION)
    lines: list[ReceivedLineInput] = strawberry.field(description="What came.")
    costs: list[ReceiptCostInput] = strawberry.field(
        default_factory=list, description="What it cost beyond the goods; needs `catalog:cost` as well."
    )
    spread_by: SpreadBy = optional("What the costs are spread over the lines by.", SpreadBy.VALUE)
    exchange_rate: str | None = optional("How much of the shop's currency one of the order's is, e.g. 7.1934.")
    allow_over: bool = optional("Whether more may come than was ordered.", default=False)
    update_costs: bool = optional(
        "Whether the landed cost counts in the variants' cost, a moving average: (on hand before x cost + landed) / "
        "(on hand before + received); needs `catalog:cost` as well.",
        default=False,
    )
    received_at: datetime | None = optional("When it came; now when left out.")
    reference: str = optional("The delivery note's number or the like.", "")
    idempotency_key: str | None = optional(KEY)

    def delivery(self) -> supplying.Delivery:
        return supplying.Delivery(
            lines=each_of("lines", self.lines, ReceivedLineInput.draft),
            costs=each_of("costs", self.costs, ReceiptCostInput.draft),
            spread_by=self.spread_by,
            exchange_rate=self.exchange_rate,
            allow_over=self.allow_over,
            update_costs=self.update_costs,
            received_at=self.received_at,
            reference=self.reference,
        )
