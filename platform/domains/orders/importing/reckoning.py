"""Reckon an order: what its lines come to, what was taken off and put on, and what of it was paid and given back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from stoa.domains.orders.importing.gathering import FileLine, FileOrder
from stoa.domains.orders.importing.options import Field
from stoa.domains.orders.importing.values import rounded
from stoa.kit.money import allocate

# What Shopify calls them; `financial` counts more than amounts that the file leaves out.
UNPAID = ("pending", "authorized", "expired", "unpaid", "voided")


@dataclass(slots=True)
class LineAmounts:
    """Of one line, as `OrderLine` keeps them."""

    unit: int
    gross: int
    discount: int = 0
    tax: int = 0
    total: int = 0


@dataclass(slots=True)
class Amounts:
    """Of the whole order. `differs` is what the file says it comes to, when that is something else."""

    lines: list[LineAmounts]
    shipping: int = 0
    tax_included: bool = True
    captured: int = 0
    refunded: int = 0
    authorized: int = 0
    differs: int | None = None
    codes: list[str] = field(default_factory=list)

    @property
    def subtotal(self) -> int:
        return sum(line.gross for line in self.lines)

    @property
    def discount(self) -> int:
        return sum(line.discount for line in self.lines)

    @property
    def tax(self) -> int:
        return sum(line.tax for line in self.lines)

    @property
    def total(self) -> int:
        return self.subtotal - self.discount + self.shipping + (0 if self.tax_included else self.tax)


def reckon(order: FileOrder, lines: Sequence[FileLine]) -> Amounts:
    """The amounts of an order with these lines, each line rounded by itself.

    What the file says counts as far as it adds up: the subtotal tells the discount, the total whether the tax is inside
    of it. Without either, the lines are the order.
    """
    amounts = Amounts([LineAmounts(rounded(line.price), rounded(line.price * line.quantity)) for line in lines])
    _take_off(order, lines, amounts)
    amounts.shipping = order.amount(Field.SHIPPING) or 0
    _put_tax_on(order, amounts)
    for line in amounts.lines:
        line.total = line.gross - line.discount + (0 if amounts.tax_included else line.tax)
    said = order.amount(Field.TOTAL)
    amounts.differs = said if said is not None and said != amounts.total else None
    _take_payment(order, amounts)
    return amounts


def _take_off(order: FileOrder, lines: Sequence[FileLine], amounts: Amounts) -> None:
    gross = [each.gross for each in amounts.lines]
    own = [min(line.discount or 0, each) for line, each in zip(lines, gross, strict=True)]
    subtotal = order.amount(Field.SUBTOTAL)
    if subtotal is not None and 0 <= subtotal <= sum(gross):
        whole = sum(gross) - subtotal
    else:
        whole = min(sum(gross), sum(own) + (order.amount(Field.DISCOUNT) or 0))
    if whole < sum(own):
        own = allocate(whole, own)
    rest = allocate(whole - sum(own), [each - taken for each, taken in zip(gross, own, strict=True)]) if gross else []
    for amount, taken, more in zip(amounts.lines, own, rest, strict=True):
        amount.discount = taken + more
    if order.text(Field.DISCOUNT_CODE):
        amounts.codes = [order.text(Field.DISCOUNT_CODE)]


def _put_tax_on(order: FileOrder, amounts: Amounts) -> None:
    tax = order.amount(Field.TAX) or 0
    net = amounts.subtotal - amounts.discount + amounts.shipping
    amounts.tax_included = not (tax and order.amount(Field.TOTAL) == net + tax)
    if tax and amounts.lines:
        for line, part in zip(
            amounts.lines, allocate(tax, [each.gross - each.discount for each in amounts.lines]), strict=True
        ):
            line.tax = part


def _take_payment(order: FileOrder, amounts: Amounts) -> None:
    """An order of which the file says nothing else is history: paid."""
    status, total = order.text(Field.FINANCIAL_STATUS), amounts.total
    if status == "authorized":
        amounts.authorized = total
    if status in UNPAID:
        return
    outstanding = order.amount(Field.OUTSTANDING) or 0
    amounts.captured = max(0, total - outstanding) if status == "partially_paid" or outstanding else total
    refunded = order.amount(Field.REFUNDED)
    if refunded is None:
        refunded = amounts.captured if status == "refunded" else 0
    amounts.refunded = min(refunded, amounts.captured)
