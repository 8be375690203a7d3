"""What mutations of orders take."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import strawberry

from stoa.domains import orders
from stoa.domains.service import Buyer
from stoa.graphql.scalars import MoneyInput, read_id
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.money import Money

VERSION = "The version you read: refused when it has been changed since."


def optional(description: str, default: Any = None) -> Any:
    return strawberry.field(default=default, description=description)


@strawberry.input
class OfOneThing:
    """What the inputs have in common by which something is done with one thing: an order, a case, a parcel."""

    id: strawberry.ID = strawberry.field(description="What it is done with, by its id.")
    expected_version: int | None = optional(VERSION)


@strawberry.input(description="Where something goes. What is not known is left out.")
class AddressInput:
    name: str = optional("Who lives there.", "")
    company: str = optional("The firm.", "")
    line1: str = optional("Street and number.", "")
    line2: str = optional("More of it.", "")
    district: str = optional("The district (区).", "")
    city: str = optional("The city.", "")
    province: str = optional("The province or state.", "")
    postcode: str = optional("The postcode.", "")
    country: str = optional("ISO 3166-1, e.g. CN.", "")
    phone: str = optional("The phone of whoever receives it.", "")

    def read(self) -> dict[str, str]:
        return {name: value for name, value in vars(self).items() if value}


@strawberry.input(description="Who buys. Somebody known by nothing is a guest.")
class BuyerInput:
    name: str = optional("As they call themselves.", "")
    email: str = optional("Their e-mail.", "")
    phone: str = optional("Their phone.", "")
    channel_id: str = optional("The channel's own id for them, e.g. wechat:oAbc.", "")

    def read(self) -> Buyer:
        return Buyer(self.name, self.email, self.phone, self.channel_id)


@strawberry.input(description="So many of a variant, by its id or code; or of something that has a title and a price.")
class OrderLineInput:
    quantity: int = strawberry.field(description="How many.")
    variant_id: strawberry.ID | None = optional("The variant.")
    sku: str = optional("The variant's code, instead of its id.", "")
    title: str = optional("What it is called, if not as in the catalog.", "")
    unit_price: MoneyInput | None = optional("As sold elsewhere; null: as the shop sells it now.")
    tax_rate: str = optional("The rate of tax as a decimal, e.g. 0.13.", "0")

    def read(self) -> orders.LineDraft:
        return orders.LineDraft(
            quantity=self.quantity,
            variant_id=None if self.variant_id is None else read_id("variant_id", self.variant_id, "var"),
            sku=self.sku,
            title=self.title,
            unit_price=money("unit_price", self.unit_price),
            tax_rate=_rate(self.tax_rate),
        )


@strawberry.input(description="Something taken off a line, or off the order.")
class OrderDiscountInput:
    title: str = strawberry.field(description="What it is called.")
    amount: MoneyInput = strawberry.field(description="What it takes off.")
    code: str = optional("The code it was given for.", "")
    line: int | None = optional("The line it is about, from 0; null: the whole order.")

    def read(self) -> orders.DiscountDraft:
        with blaming("amount"):
            return orders.DiscountDraft(self.title, self.amount.read(), self.code, self.line)


@strawberry.input(description="An order as it comes in.")
class OrderPlaceInput:
    lines: list[OrderLineInput] = strawberry.field(description="What is bought; 200 lines at the most.")
    channel: str = optional("Where it comes from: web, app, wechat, taobao, ...", "manual")
    external_id: str | None = optional("The channel's own id for it: sent twice, it is one order.")
    buyer: BuyerInput | None = optional("Who buys.")
    shipping_address: AddressInput | None = optional("Where it goes.")
    billing_address: AddressInput | None = optional("Who pays for it.")
    shipping_method_id: strawberry.ID | None = optional("The way it is to go.")
    shipping: MoneyInput | None = optional("What delivery costs the buyer; null: what its way of delivery costs.")
    discounts: list[OrderDiscountInput] = strawberry.field(default_factory=list, description="What is taken off.")
    tax_included: bool = optional("Whether prices include the tax.", True)
    total: MoneyInput | None = optional("What the channel says it comes to: refused if it comes out differently.")
    placed_at: datetime | None = optional("When the buyer placed it; null: now.")
    buyer_note: str = optional("What the buyer said with it.", "")
    note: str = optional("For the shop alone.", "")
    tags: list[str] = strawberry.field(default_factory=list, description="The shop's marks on it.")
    cart_id: strawberry.ID | None = optional("The cart whose held stock becomes the order's.")
    as_draft: bool = optional("Whether somebody is still at it: no stock is held yet.", False)
    is_payable_later: bool = optional("Whether it may be shipped before it is paid.", False)
    idempotency_key: str | None = optional("The same key again gives the same answer, and places nothing more.")

    def draft(self) -> orders.OrderDraft:
        with blaming("channel"):
            orders.require_theirs(self.channel)
        return orders.OrderDraft(
            lines=_each("lines", self.lines),
            channel=self.channel,
            external_id=self.external_id,
            buyer=(self.buyer or BuyerInput()).read(),
            shipping_address=(self.shipping_address or AddressInput()).read(),
            billing_address=(self.billing_address or AddressInput()).read(),
            shipping_method_id=None
            if self.shipping_method_id is None
            else read_id("shipping_method_id", self.shipping_method_id, "smet"),
            shipping=money("shipping", self.shipping),
            discounts=_each("discounts", self.discounts),
            tax_included=self.tax_included,
            total=money("total", self.total),
            placed_at=self.placed_at,
            buyer_note=self.buyer_note,
            note=self.note,
            tags=self.tags,
            cart_id=None if self.cart_id is None else read_id("cart_id", self.cart_id, "cart"),
            as_draft=self.as_draft,
            is_payable_later=self.is_payable_later,
        )


def money(name: str, given: MoneyInput | None) -> Money | None:
    if given is None:
        return None
    with blaming(name):
        return given.read()


def _rate(text: str) -> Decimal:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        raise InvalidInput("{rate!r} is no rate of tax.", path=["tax_rate"], rate=text[:20]) from None
    if not rate.is_finite():
        raise InvalidInput("{rate!r} is no rate of tax.", path=["tax_rate"], rate=text[:20])
    return rate


def _each(name: str, given: list[Any]) -> list[Any]:
    found = []
    for i, each in enumerate(given):
        with blaming(name, i):
            found.append(each.read())
    return found
