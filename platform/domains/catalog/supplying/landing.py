"""Landed cost: what a delivery cost beyond the goods, spread over its lines so that the parts sum to the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from stoa.domains.catalog.errors import RateNeeded, WeightUnknown
from stoa.domains.catalog.models import SpreadBy
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.money import MAX_MINOR, Money, allocate, exponent_of
from stoa.kit.text import clean_line

MAX_COSTS, MAX_RATE = 20, Decimal(10) ** 9


@dataclass(frozen=True, slots=True)
class CostDraft:
    """Freight, duty, insurance, ..."""

    name: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Arrived:
    """A line of a delivery: how many came at what cost a piece, and what a piece weighs."""

    name: str
    quantity: int
    cost_minor: int
    weight_grams: int | None = None

    @property
    def value(self) -> int:
        return self.quantity * self.cost_minor


@dataclass(frozen=True, slots=True)
class Landed:
    """A line's goods and its share of the costs, in the currency of the receipt."""

    goods_minor: int
    costs_minor: int

    @property
    def minor(self) -> int:
        return self.goods_minor + self.costs_minor


@dataclass(frozen=True, slots=True)
class Exchange:
    """From the order's currency to the one in which the delivery is valued: the shop's, unless no rate is known."""

    origin: str
    target: str
    rate: Decimal

    def value_of(self, minor: int) -> int:
        """Rounded half to even."""
        shift = exponent_of(self.target) - exponent_of(self.origin)
        return int((minor * self.rate).scaleb(shift).to_integral_value(ROUND_HALF_EVEN))

    def taken(self, amount: Money) -> int:
        """The minor units of a cost in either currency. Raises `RateNeeded`."""
        if amount.currency == self.target:
            return amount.minor
        if amount.currency == self.origin:
            return self.value_of(amount.minor)
        raise RateNeeded(
            "{currency} is neither the order's currency nor, with an exchange rate, the shop's.",
            currency=amount.currency,
        )


def exchange_of(order_currency: str, shop_currency: str, rate: str | None) -> Exchange:
    """Raises `InvalidInput` for what is no rate, and for a rate between a currency and itself."""
    if rate is None:
        return Exchange(order_currency, order_currency, Decimal(1))
    if order_currency == shop_currency:
        raise InvalidInput(
            "The order is in {shop_currency} already.", path=["exchange_rate"], shop_currency=shop_currency
        )
    try:
        value = Decimal(rate.strip()) if len(rate) <= 40 else Decimal("NaN")
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 < value < MAX_RATE or value < 1 / MAX_RATE:
        raise InvalidInput(
            "{rate!r} is no exchange rate; write it like 7.1934.", path=["exchange_rate"], rate=rate[:40]
        )
    return Exchange(order_currency, shop_currency, value)


def checked_costs(drafts: Sequence[CostDraft], exchange: Exchange) -> list[dict[str, str | int]]:
    """The costs as a receipt keeps them."""
    if len(drafts) > MAX_COSTS:
        raise InvalidInput("{count} costs; {limit} are allowed.", path=["costs"], count=len(drafts), limit=MAX_COSTS)
    costs: list[dict[str, str | int]] = []
    for i, each in enumerate(drafts):
        with blaming("costs", i, "name"):
            name = clean_line(each.name, what="name of the cost", limit=60)
        with blaming("costs", i, "amount"):
            minor = exchange.taken(each.amount)
            if not 0 <= minor < MAX_MINOR:
                raise InvalidInput("{amount} is no cost.", amount=str(each.amount))
        costs.append({"name": name, "minor": minor})
    return costs


def land(lines: Sequence[Arrived], costs_minor: int, spread_by: SpreadBy, exchange: Exchange) -> list[Landed]:
    """The lines' landed costs. Goods sum to the goods' value in the target currency, shares to the costs, exactly.

    Raises `WeightUnknown` when costs are to be spread by weights that are not known, `InvalidInput` for sums that are
    too large.
    """
    values = [each.value for each in lines]
    total = exchange.value_of(sum(values))
    if total + costs_minor >= MAX_MINOR:
        raise InvalidInput("The delivery comes to more than Stoa can keep.", path=["costs"])
    goods = values if exchange.origin == exchange.target else allocate(total, values)
    shares = allocate(costs_minor, _weights(lines, spread_by)) if costs_minor else [0] * len(lines)
    return [Landed(*each) for each in zip(goods, shares, strict=True)]


def per_piece(minor: int, quantity: int) -> int:
    """What a piece comes to, rounded half up."""
    return (2 * minor + quantity) // (2 * quantity)


def _weights(lines: Sequence[Arrived], spread_by: SpreadBy) -> list[int]:
    if spread_by is SpreadBy.QUANTITY:
        return [each.quantity for each in lines]
    if spread_by is SpreadBy.VALUE:
        return [each.value for each in lines]
    unknown = [each.name for each in lines if each.weight_grams is None]
    if unknown:
        raise WeightUnknown(
            "{unknown} has no weight: spread by value or quantity.", path=["spread_by"], unknown=unknown[0]
        )
    return [each.quantity * (each.weight_grams or 0) for each in lines]
