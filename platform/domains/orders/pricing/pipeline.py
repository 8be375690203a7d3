"""The pipeline of prices, always in this order: unit prices, line discounts, order discounts, shipping, tax.

The base of each step is what the step before left. An order discount is spread over the lines by what they come to
after their own discounts, with the largest remainder, so that the parts sum to the whole. No discount takes a line, or
shipping, below nothing: what is left over is not given, and the step tells so by its amount. Tax is computed by line
and rounded half up, inside of the price when prices include it and on top of it otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from stoa.domains.orders.pricing.basket import Basket, Discount, Priced, PricedLine, Step
from stoa.domains.orders.pricing.promoting import promotions_for
from stoa.kit.money import allocate
from stoa.tenants.context import Context


async def price(ctx: Context, basket: Basket) -> Priced:
    """What the basket comes to, with the discounts that it came with and those that promotions give."""
    return priced(basket, [*basket.discounts, *await promotions_for(ctx, basket)])


def priced(basket: Basket, discounts: Sequence[Discount]) -> Priced:
    work = _Work(basket, [item.quantity * item.unit for item in basket.items])
    work.unit_prices()
    for each in discounts:
        if each.line is not None:
            work.off_a_line(each, each.line)
    for each in discounts:
        if each.line is None:
            work.off_the_order(each)
    return work.with_shipping_and_tax()


@dataclass(slots=True)
class _Work:
    basket: Basket
    gross: list[int]
    off: list[int] = field(init=False)
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.off = [0] * len(self.gross)

    def unit_prices(self) -> None:
        for i, item in enumerate(self.basket.items):
            self.steps.append(Step("UNIT", f"{item.quantity} x {item.unit}", item.unit, self.gross[i], i))

    def off_a_line(self, discount: Discount, line: int) -> None:
        base = self.gross[line] - self.off[line]
        minor = min(discount.minor, base)
        self.off[line] += minor
        self.steps.append(Step("LINE", discount.title, base, -minor, line))

    def off_the_order(self, discount: Discount) -> None:
        left = [gross - off for gross, off in zip(self.gross, self.off, strict=True)]
        minor = min(discount.minor, sum(left))
        for i, part in enumerate(allocate(minor, left) if minor else ()):
            self.off[i] += part
        self.steps.append(Step("ORDER", discount.title, sum(left), -minor))

    def with_shipping_and_tax(self) -> Priced:
        basket = self.basket
        shipping = basket.shipping - min(basket.shipping_discount, basket.shipping)
        self.steps.append(Step("SHIPPING", "", basket.shipping, shipping, why=basket.shipping_why))
        taxes = [
            tax_of(gross - off, item.tax_rate, included=basket.tax_included)
            for gross, off, item in zip(self.gross, self.off, basket.items, strict=True)
        ]
        shipping_tax = tax_of(shipping, basket.shipping_tax_rate, included=basket.tax_included)
        net = sum(self.gross) - sum(self.off) + shipping
        self.steps.append(Step("TAX", "", net, sum(taxes) + shipping_tax))
        lines = [PricedLine(*amounts) for amounts in zip(self.gross, self.off, taxes, strict=True)]
        return Priced(lines, shipping, shipping_tax, basket.tax_included, tuple(self.steps))


def tax_of(minor: int, rate: Decimal, *, included: bool) -> int:
    """The tax in an amount that includes it, or on one that does not; rounded half up."""
    if not rate or not minor:
        return 0
    exact = minor * rate / (1 + rate) if included else minor * rate
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))
