"""What somebody asks a purchase order to hold, checked against what the supplier sells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from stoa.domains.catalog.changing import SAME, _Same
from stoa.domains.catalog.errors import IsABundle, NoSuchVariant, NoSupplierPrice, QuantityUnfit, WrongCurrency
from stoa.domains.catalog.models import PurchaseLine, Variant
from stoa.domains.catalog.supplying.pricing import MAX_PIECES, latest_prices
from stoa.kit.checking import Problems
from stoa.kit.errors import InvalidInput, Refusal, blaming
from stoa.kit.ids import new_id
from stoa.kit.money import MAX_MINOR, Money
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context

MAX_LINES = 250


@dataclass(frozen=True, slots=True)
class LineDraft:
    """So many of a variant; without a `cost` for the supplier's newest price."""

    variant_id: UUID
    quantity: int
    cost: Money | None = None


@dataclass(frozen=True, slots=True)
class PurchaseDraft:
    """An order to be. Without a location it goes to the main one; without a currency it is in the supplier's.

    `round_up` makes of quantities that do not fit the supplier's packs and minimum the next ones that do.
    """

    supplier_id: UUID
    lines: Sequence[LineDraft] = ()
    location_id: UUID | None = None
    currency: str | None = None
    note: str = ""
    expected_on: date | None = None
    round_up: bool = False


@dataclass(frozen=True, slots=True)
class PurchaseChanges:
    """Changes to a draft; what is `SAME` stays. `lines` are all there will be."""

    lines: Sequence[LineDraft] | _Same = SAME
    location_id: UUID | _Same = SAME
    note: str | _Same = SAME
    expected_on: date | _Same | None = SAME
    round_up: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """What lines are checked against."""

    supplier: str
    currency: str
    round_up: bool
    prices: Mapping[UUID, dict[str, Any]]
    names: Mapping[UUID, str]
    bundles: frozenset[UUID] = frozenset()


def check_lines(ctx: Context, drafts: Sequence[LineDraft]) -> None:
    """What can be said without looking anything up. Raises `MissingScope` for costs, and `Refusals`."""
    problems = Problems()
    if len(drafts) > MAX_LINES:
        raise InvalidInput("{count} lines; {limit} are allowed.", path=["lines"], count=len(drafts), limit=MAX_LINES)
    seen: set[UUID] = set()
    for i, each in enumerate(drafts):
        if each.cost is not None:
            with blaming("lines", i, "cost"):
                ctx.require(Scope.CATALOG_COST)
        problems.tried(("lines", i), _check_line, each, seen)
    problems.refuse()


def _check_line(draft: LineDraft, seen: set[UUID]) -> None:
    if draft.variant_id in seen:
        raise InvalidInput("This variant is named twice.", path=["variant_id"])
    seen.add(draft.variant_id)
    if not 1 <= draft.quantity <= MAX_PIECES:
        raise InvalidInput(
            "{quantity} pieces; 1 to {limit:,} are allowed.",
            path=["quantity"],
            quantity=draft.quantity,
            limit=MAX_PIECES,
        )
    if draft.cost is not None and not 0 <= draft.cost.minor < MAX_MINOR:
        raise InvalidInput("{cost} is no cost.", path=["cost"], cost=str(draft.cost))


async def terms_of(
    supplier_id: UUID, supplier: str, currency: str, drafts: Sequence[LineDraft], *, round_up: bool
) -> Terms:
    ids = [each.variant_id for each in drafts]
    rows = await Variant.filter(id__in=ids).values("id", "sku", "title", "product__title", "product__is_bundle")
    names = {row["id"]: row["sku"] or f"{row['product__title']} {row['title']}".strip() for row in rows}
    bundles = frozenset(row["id"] for row in rows if row["product__is_bundle"])
    return Terms(supplier, currency, round_up, await latest_prices(supplier_id, names), names, bundles)


def lines_of(purchase_id: UUID, drafts: Sequence[LineDraft], terms: Terms) -> list[PurchaseLine]:
    """The rows to be. Raises `Refusals` with everything that the terms do not allow."""
    problems = Problems()
    lines = []
    for position, draft in enumerate(drafts):
        try:
            quantity, cost = _fitted(draft, terms), _cost(draft, terms)
        except Refusal as refusal:
            problems.append(refusal.under("lines", position))
            continue
        lines.append(
            PurchaseLine(
                id=new_id(),
                purchase_id=purchase_id,
                variant_id=draft.variant_id,
                quantity=quantity,
                currency=terms.currency,
                cost_minor=cost.minor,
                position=position,
            )
        )
    if sum(each.quantity * each.cost_minor for each in lines) >= MAX_MINOR:
        problems.append(InvalidInput("The order comes to more than Stoa can keep.", path=["lines"]))
    problems.refuse()
    return lines


def next_fit(quantity: int, minimum: int, pack: int) -> int:
    """The least number of pieces that is enough, at least the minimum, and whole packs."""
    return -(-max(quantity, minimum) // pack) * pack


def _fitted(draft: LineDraft, terms: Terms) -> int:
    if draft.variant_id not in terms.names:
        raise NoSuchVariant("There is no such variant.", path=["variant_id"])
    if draft.variant_id in terms.bundles:
        name = terms.names[draft.variant_id]
        raise IsABundle("{what} is a bundle: order its parts.", path=["variant_id"], what=name)
    price = terms.prices.get(draft.variant_id)
    if price is None:
        return draft.quantity
    minimum, pack = price["minimum_quantity"], price["pack_size"]
    proposed = next_fit(draft.quantity, minimum, pack)
    if proposed != draft.quantity and not terms.round_up:
        raise QuantityUnfit(
            "{supplier} sells {variant} in packs of {pack_size}, {minimum_quantity} at the least: order "
            "{proposed} instead of {quantity}.",
            path=["quantity"],
            proposed=proposed,
            minimum_quantity=minimum,
            pack_size=pack,
            supplier=terms.supplier,
            variant=terms.names[draft.variant_id],
            quantity=draft.quantity,
        )
    return proposed


def _cost(draft: LineDraft, terms: Terms) -> Money:
    """What was said, or the supplier's newest price. Raises `NoSupplierPrice` and `WrongCurrency`."""
    price, name = terms.prices.get(draft.variant_id), terms.names[draft.variant_id]
    if draft.cost is None and price is None:
        raise NoSupplierPrice(
            "{supplier} has no price for {name}: give its cost.", path=["cost"], supplier=terms.supplier, name=name
        )
    cost = draft.cost or Money(price["minor"], price["currency"])  # type: ignore[index]
    if cost.currency != terms.currency:
        raise WrongCurrency(
            "The cost of {name} is in {currency}; the order is in {terms_currency}.",
            path=["cost"],
            name=name,
            currency=cost.currency,
            terms_currency=terms.currency,
        )
    return cost
