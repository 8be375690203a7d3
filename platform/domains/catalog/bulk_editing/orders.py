"""What a bulk edit changes: said once for all its products, kept with the run as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any, Final
from uuid import UUID

import msgspec

from stoa.domains.catalog.bulk_editing.errors import PriceBelowZero
from stoa.domains.catalog.drafting import clean_vendor
from stoa.domains.catalog.errors import NoSuchCategory
from stoa.domains.catalog.merchandising.tagging import clean_names
from stoa.domains.catalog.merchandising.valuing import checked_values
from stoa.domains.catalog.metadata import checked_metadata
from stoa.domains.catalog.models import Category, PriceKind, ProductStatus
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.money import MAX_MINOR, Money, exponent_of
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context

MAX_PERCENT, MAX_DECIMALS = Decimal(10_000), 6
PRICES: Final = {PriceKind.SALE: "price", PriceKind.LIST: "list_price", PriceKind.COST: "cost"}


class PriceRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a price changes: by so many percent, or by an amount; then to the nearest multiple of `to`; then `less`.

    Amounts are in minor units. It is exact: rounded once, half up (a half goes away from zero), to minor units or to
    `to`. What has no price still has none then.
    """

    kind: PriceKind
    percent: Decimal | None = None
    amount: int | None = None
    to: int = 1
    less: int = 0

    def applied(self, price: Money) -> Money:
        """Raises `PriceBelowZero` and `InvalidInput`."""
        with localcontext() as exact:
            exact.prec = 60
            wanted = Decimal(price.minor)
            wanted = wanted + wanted * (self.percent or 0) / 100 + (self.amount or 0)
            steps = (wanted / self.to).to_integral_value(ROUND_HALF_UP)
            new = Money(int(steps) * self.to - self.less, price.currency)
        if new.minor < 0 and self.kind is PriceKind.COST:
            raise PriceBelowZero("What the shop pays for it would fall below zero.")
        if new.minor < 0:
            raise PriceBelowZero("{old} would become {new}.", old=str(price), new=str(new))
        if new.minor >= MAX_MINOR:
            raise InvalidInput("{text!r} is more than Stoa can keep.", text=new.amount)
        return new


class Order(msgspec.Struct, frozen=True, omit_defaults=True):
    """The changes; what is left out stays as it is. Of attributes no value takes the values away."""

    status: ProductStatus | None = None
    vendor: str | None = None
    category_id: UUID | msgspec.UnsetType | None = msgspec.UNSET
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    prices: tuple[PriceRule, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = {}
    metadata: Mapping[str, str | None] = {}

    def kept(self) -> dict[str, Any]:
        return msgspec.to_builtins(self)  # type: ignore[no-any-return]

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Order:
        return msgspec.convert(kept, cls, strict=False)

    @property
    def parts(self) -> set[str]:
        """The parts of a product that it may touch, as snapshots name them."""
        return set(self._parts())

    def _parts(self) -> Iterator[str]:
        if self.status is not None:
            yield from ("status", "publish_at", "unpublish_at")
        if self.vendor is not None:
            yield "vendor"
        if self.category_id is not msgspec.UNSET:
            yield "category_id"
        if self.add_tags or self.remove_tags:
            yield "tags"
        if self.prices:
            yield "prices"
        if self.attributes:
            yield "attributes"
        if self.metadata:
            yield "metadata"


async def checked_order(ctx: Context, order: Order) -> Order:
    """The order as it is kept. Refuses what could be done to no product at all."""
    if not order.parts:
        raise InvalidInput("Say what is to be changed.", path=["changes"])
    with blaming("changes"):
        vendor = None if order.vendor is None else _blamed_vendor(order.vendor)
        adding, removing = clean_names("add_tags", order.add_tags), clean_names("remove_tags", order.remove_tags)
        if both := adding.keys() & removing.keys():
            raise InvalidInput("{tag} is to be added and removed.", path=["remove_tags"], tag=adding[min(both)])
        await _check_category(order.category_id)
        check_rules(ctx, order.prices)
        with blaming("attributes"):
            await checked_values(order.attributes)
        await checked_metadata(order.metadata)
    return msgspec.structs.replace(
        order, vendor=vendor, add_tags=tuple(adding.values()), remove_tags=tuple(removing.values())
    )


def _blamed_vendor(vendor: str) -> str:
    with blaming("vendor"):
        return clean_vendor(vendor)


async def _check_category(category_id: UUID | msgspec.UnsetType | None) -> None:
    if isinstance(category_id, UUID) and not await Category.exists(id=category_id):
        raise NoSuchCategory("There is no such category.", path=["category_id"])


def check_rules(ctx: Context, rules: Sequence[PriceRule]) -> None:
    for i, rule in enumerate(rules):
        with blaming("prices", i):
            if rule.kind in {each.kind for each in rules[:i]}:
                raise InvalidInput("This price is named twice.", path=["price"])
            if rule.kind is PriceKind.COST:
                ctx.require(Scope.CATALOG_COST)
            _check_rule(rule)


def _check_rule(rule: PriceRule) -> None:
    if (rule.percent is None) == (rule.amount is None):
        raise InvalidInput("Say by how many percent or by which amount, and not both.")
    if rule.percent is not None and not is_percentage(rule.percent):
        raise InvalidInput(
            "{percent} is no percentage: -100 to {most}, with {decimals} decimals at most.",
            path=["percent"],
            percent=str(rule.percent)[:40],
            most=int(MAX_PERCENT),
            decimals=MAX_DECIMALS,
        )
    if rule.to < 1:
        raise InvalidInput("Prices are rounded to something above zero.", path=["round_to"])
    if rule.less < 0:
        raise InvalidInput("What is taken off cannot be less than nothing.", path=["less"])


def is_percentage(percent: Decimal) -> bool:
    if not percent.is_finite() or not -100 <= percent <= MAX_PERCENT:
        return False
    exponent = percent.as_tuple().exponent
    return isinstance(exponent, int) and -exponent <= MAX_DECIMALS


def minor_of(amount: Money | None, currency: str, *path: str) -> int | None:
    """Minor units of an amount in the shop's currency."""
    if amount is None:
        return None
    if amount.currency != currency:
        exponent_of(amount.currency)
        raise InvalidInput(
            "Prices of this shop are in {currency}, not {price_currency}.",
            path=path,
            currency=currency,
            price_currency=amount.currency,
        )
    return amount.minor
