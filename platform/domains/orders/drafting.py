"""An order as it comes in, from whatever channel, and what is checked about it before anything is looked up."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from stoa.domains import service
from stoa.domains.orders.errors import WrongCurrency
from stoa.domains.service import Buyer
from stoa.kit.addresses import clean_address
from stoa.kit.checking import Problems
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput, Refusal
from stoa.kit.money import Money
from stoa.kit.text import clean_line, clean_text
from stoa.tenants.context import Context

MAX_LINES, MAX_DISCOUNTS, MAX_QUANTITY, MAX_MINOR = 200, 20, 1_000_000, 10**13
MANUAL = "manual"
CLOCKS_DIFFER = timedelta(minutes=10)  # from the channel's to ours, at the most


@dataclass(frozen=True, slots=True)
class LineDraft:
    """So many of a variant, named by its id or its code. `unit_price`: as sold elsewhere; None: as the shop sells it.

    Without a variant the line is of something that the catalog does not have: it needs a title and a price. With a
    `pool_id` it takes of what is set aside for that flash sale, and of nothing else.
    """

    quantity: int
    variant_id: UUID | None = None
    sku: str = ""
    title: str = ""
    unit_price: Money | None = None
    tax_rate: Decimal = Decimal(0)
    properties: Mapping[str, str] = field(default_factory=dict)
    pool_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class DiscountDraft:
    """Something taken off a line (counted from 0), or off the order."""

    title: str
    amount: Money
    code: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """An order as it comes in. `total` is what the channel says it comes to: it must come out the same.

    `as_draft` keeps it from going its way: a person is still at it. `cart_id` holds stock that becomes the order's.
    """

    lines: Sequence[LineDraft]
    channel: str = MANUAL
    external_id: str | None = None
    buyer: Buyer = field(default_factory=Buyer)
    shipping_address: Mapping[str, str] = field(default_factory=dict)
    billing_address: Mapping[str, str] = field(default_factory=dict)
    shipping_method_id: UUID | None = None
    shipping: Money | None = None
    discounts: Sequence[DiscountDraft] = ()
    codes: Sequence[str] = ()
    tax_included: bool = True
    total: Money | None = None
    placed_at: datetime | None = None
    buyer_note: str = ""
    note: str = ""
    tags: Sequence[str] = ()
    cart_id: UUID | None = None
    as_draft: bool = False
    is_payable_later: bool = False

    def checked(self, ctx: Context) -> OrderDraft:
        """In normal form. Raises `Refusals` with all that is wrong with it."""
        problems = Problems()
        draft = replace(
            self,
            channel=problems.tried("channel", clean_line, self.channel, what="channel", limit=40),
            external_id=self.external_id
            and problems.tried("external_id", clean_line, self.external_id, what="external id", limit=120),
            buyer=self._checked_buyer(problems),
            shipping_address=problems.tried("shipping_address", clean_address, self.shipping_address),
            billing_address=problems.tried("billing_address", clean_address, self.billing_address),
            buyer_note=problems.tried("buyer_note", clean_text, self.buyer_note, what="note", limit=5000),
            note=problems.tried("note", clean_text, self.note, what="note", limit=5000),
            tags=[
                problems.tried(("tags", i), clean_line, tag, what="tag", limit=60) for i, tag in enumerate(self.tags)
            ],
        )
        problems += self._wrong_numbers(ctx)
        problems += self._wrong_places()
        problems.refuse()
        return draft

    def _checked_buyer(self, problems: Problems) -> Buyer:
        given = self.buyer
        return replace(
            given,
            name=problems.tried(("buyer", "name"), clean_line, given.name, what="name", limit=120, required=False),
            email=problems.tried(("buyer", "email"), service.clean_email, given.email),
            phone=problems.tried(("buyer", "phone"), service.normal_phone, given.phone),
            channel_id=problems.tried(
                ("buyer", "channel_id"), clean_line, given.channel_id, what="channel id", limit=200, required=False
            ),
        )

    def _wrong_numbers(self, ctx: Context) -> Iterator[Refusal]:
        if not 1 <= len(self.lines) <= MAX_LINES:
            sentence = "{count} lines; 1 to {limit} are allowed."
            yield InvalidInput(sentence, path=["lines"], count=len(self.lines), limit=MAX_LINES)
        if len(self.discounts) > MAX_DISCOUNTS:
            sentence = "{count} discounts; {limit} are allowed."
            yield InvalidInput(sentence, path=["discounts"], count=len(self.discounts), limit=MAX_DISCOUNTS)
        for i, line in enumerate(self.lines):
            if not 1 <= line.quantity <= MAX_QUANTITY:
                sentence = "{quantity} pieces; 1 to {limit:,} are allowed."
                yield InvalidInput(sentence, path=["lines", i, "quantity"], quantity=line.quantity, limit=MAX_QUANTITY)
            if not 0 <= line.tax_rate < 1:
                yield InvalidInput("{rate} is no rate of tax.", path=["lines", i, "tax_rate"], rate=str(line.tax_rate))
            if line.variant_id is None and not line.sku and not (line.title and line.unit_price):
                sentence = "Name a variant by its id or code; or give a title and a price."
                yield InvalidInput(sentence, path=["lines", i])
        for path, money in self._amounts():
            yield from wrong_money(ctx, path, money)

    def _wrong_places(self) -> Iterator[Refusal]:
        """In time, and among the lines."""
        if self.placed_at is not None and self.placed_at > now() + CLOCKS_DIFFER:
            yield InvalidInput("That is not over yet.", path=["placed_at"])
        for i, each in enumerate(self.discounts):
            if each.line is not None and not 0 <= each.line < len(self.lines):
                yield InvalidInput("There is no line {line}.", path=["discounts", i, "line"], line=each.line)

    def _amounts(self) -> Iterator[tuple[list[str | int], Money | None]]:
        yield ["shipping"], self.shipping
        yield ["total"], self.total
        for i, line in enumerate(self.lines):
            yield ["lines", i, "unit_price"], line.unit_price
        for i, each in enumerate(self.discounts):
            yield ["discounts", i, "amount"], each.amount

    @property
    def content_hash(self) -> bytes:
        """The same for the same order, however often it is sent; also when drafts have learned something new since."""
        content = msgspec.to_builtins(self, order="sorted", enc_hook=_plain)
        for line in content["lines"]:
            if line["pool_id"] is None:
                del line["pool_id"]
        return hashlib.sha256(msgspec.json.encode(content)).digest()


def wrong_money(ctx: Context, path: list[str | int], money: Money | None) -> Iterator[Refusal]:
    """What is wrong with an amount of an order of this shop."""
    if money is None:
        return
    if money.currency != ctx.shop.currency:
        yield WrongCurrency(
            "Orders of this shop are in {currency}, not {price_currency}.",
            path=path,
            currency=ctx.shop.currency,
            price_currency=money.currency,
        )
    elif not 0 <= money.minor < MAX_MINOR:
        yield InvalidInput("{amount} cannot be an amount here.", path=path, amount=str(money))


def _plain(value: Any) -> Any:
    if isinstance(value, Money):
        return [value.minor, value.currency]
    raise TypeError(f"{type(value)} in an order's draft")
