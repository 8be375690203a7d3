"""What goes into the pipeline of prices and what comes out of it. All amounts in minor units of one currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from stoa.kit.languages import Sentence


@dataclass(frozen=True, slots=True)
class Discount:
    """Something taken off, and why. `minor` is what it takes, already computed; `line` its line, or the whole order."""

    code: str
    title: str
    minor: int
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """So many of something. `unit` is the price of one; `tax_rate` as 0.13 for 13 percent."""

    quantity: int
    unit: int
    variant_id: UUID | None = None
    tax_rate: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Basket:
    """What somebody wants to buy, with the discounts that it came with; those of promotions are added on the way."""

    currency: str
    items: Sequence[Item]
    channel: str
    customer_id: UUID | None = None
    discounts: Sequence[Discount] = ()
    shipping: int = 0
    shipping_discount: int = 0
    shipping_tax_rate: Decimal = Decimal(0)
    shipping_why: Sentence | None = None
    tax_included: bool = True
    codes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the pipeline as it is told: what it is about, what it was computed on, what it made, and perhaps how
    that comes about."""

    step: str
    title: str
    base: int
    minor: int
    line: int | None = None
    why: Sentence | None = None

    def as_row(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "title": self.title,
            "base_minor": self.base,
            "minor": self.minor,
            **({} if self.line is None else {"line": self.line}),
            **({} if self.why is None else {"why": self.why.kept()}),
        }


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line's amounts: before discounts, what was taken off, tax, and what is paid for it."""

    gross: int
    discount: int
    tax: int

    def total(self, *, tax_included: bool) -> int:
        return self.gross - self.discount + (0 if tax_included else self.tax)


@dataclass(frozen=True, slots=True)
class Priced:
    """What all of it comes to. ``total = subtotal - discount + shipping (+ tax, when it is not included)``."""

    lines: Sequence[PricedLine]
    shipping: int
    shipping_tax: int
    tax_included: bool
    steps: Sequence[Step] = field(default_factory=tuple)

    @property
    def subtotal(self) -> int:
        return sum(line.gross for line in self.lines)

    @property
    def discount(self) -> int:
        return sum(line.discount for line in self.lines)

    @property
    def tax(self) -> int:
        return sum(line.tax for line in self.lines) + self.shipping_tax

    @property
    def total(self) -> int:
        return self.subtotal - self.discount + self.shipping + (0 if self.tax_included else self.tax)
