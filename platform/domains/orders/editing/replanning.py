"""What an edit makes of an order: plain arithmetic on its lines, exact to the penny.

A line that stays keeps what its pieces are worth: `total // quantity` each, as frozen at placing, its last one with
what remained. Pieces that come to it are worth that too; of those that leave, the last ones go first. Only new lines
are priced as of now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from stoa.domains.orders.drafting import MAX_LINES
from stoa.domains.orders.editing.drafting import NewQuantity
from stoa.domains.orders.editing.errors import NothingLeft, TooFewPieces
from stoa.domains.orders.errors import NoSuchLine
from stoa.domains.orders.models import Order, OrderLine
from stoa.kit.checking import Problems
from stoa.kit.errors import InvalidInput

_AMOUNTS = ("quantity", "discount_minor", "tax_minor", "total_minor")


@dataclass(frozen=True, slots=True)
class Amounts:
    """Of a line: so many pieces, and what they come to."""

    quantity: int
    discount_minor: int
    tax_minor: int
    total_minor: int

    @classmethod
    def of(cls, line: OrderLine) -> Amounts:
        return cls(*(getattr(line, name) for name in _AMOUNTS))


@dataclass(slots=True)
class Replanned:
    """A line before and after; `after` is None for one that goes."""

    line: OrderLine
    before: Amounts
    after: Amounts | None


@dataclass(slots=True)
class Plan:
    """The order after the edit. `added` are the new lines' rows, `lines` what stays with its new amounts."""

    order: Order
    replanned: list[Replanned]
    lines: list[OrderLine]
    added: list[OrderLine] = field(default_factory=list)
    shipping_minor: int = 0
    tax_minor: int = 0

    @property
    def all_lines(self) -> list[OrderLine]:
        return [*self.lines, *self.added]

    @property
    def subtotal_minor(self) -> int:
        return sum(line.unit_minor * line.quantity for line in self.all_lines)

    @property
    def discount_minor(self) -> int:
        return sum(line.discount_minor for line in self.all_lines)

    @property
    def total_minor(self) -> int:
        tax = 0 if self.order.tax_included else self.tax_minor
        return self.subtotal_minor - self.discount_minor + self.shipping_minor + tax

    @property
    def due_minor(self) -> int:
        return int(self.total_minor - self.order.waived_minor)

    @property
    def to_pay(self) -> int:
        return int(max(0, self.due_minor - self.order.captured_minor))

    @property
    def to_give_back(self) -> int:
        order = self.order
        beyond = max(0, order.captured_minor - self.due_minor)
        return int(min(beyond, order.captured_minor - order.refunded_minor))


def replan(order: Order, lines: Sequence[OrderLine], quantities: Sequence[NewQuantity]) -> tuple[Plan, Problems]:
    """With the lines' new quantities; what cannot be is told. The lines are changed in place."""
    by_id, problems, replanned = {line.id: line for line in lines}, Problems(), []
    for i, each in enumerate(quantities):
        line = by_id.get(each.line_id)
        if line is None:
            problems.append(NoSuchLine("There is no such line on this order.", path=["quantities", i, "line_id"]))
        elif each.quantity < line.refunded:
            sentence, least = "{count} of it were given back: at least so many stay.", line.refunded
            values = {"count": least, "least": least}
            problems.append(TooFewPieces(sentence, path=["quantities", i, "quantity"], **values))
        elif line.pool_id and each.quantity > line.quantity - line.cancelled:
            sentence = "{what} was bought in a flash sale: more of it is a new order."
            what = line.sku or line.title
            problems.append(InvalidInput(sentence, path=["quantities", i, "quantity"], what=what))
        elif each.quantity != line.quantity - line.cancelled:
            replanned.append(_replanned(order, line, line.cancelled + each.quantity))
    gone = {each.line.id for each in replanned if each.after is None}
    return Plan(order, replanned, [line for line in lines if line.id not in gone]), problems


def _replanned(order: Order, line: OrderLine, quantity: int) -> Replanned:
    before = Amounts.of(line)
    if quantity == 0:
        return Replanned(line, before, None)
    line.total_minor = _resized(before.total_minor, before.quantity, quantity)
    line.tax_minor = _resized(before.tax_minor, before.quantity, quantity)
    net = line.total_minor - (0 if order.tax_included else line.tax_minor)
    line.discount_minor = line.unit_minor * quantity - net
    line.quantity = quantity
    return Replanned(line, before, Amounts.of(line))


def _resized(amount: int, before: int, quantity: int) -> int:
    """What so many pieces come to, when `before` of them came to `amount`."""
    each = amount // before
    return amount + each * (quantity - before) if quantity > before else each * quantity


def check_what_is_left(plan: Plan) -> None:
    """Raises `NothingLeft` for an empty order, and `InvalidInput` for one of too many lines."""
    if len(plan.all_lines) > MAX_LINES:
        sentence = "{count} lines; 1 to {limit} are allowed."
        raise InvalidInput(sentence, path=["added"], count=len(plan.all_lines), limit=MAX_LINES)
    if not any(line.quantity > line.cancelled for line in plan.all_lines):
        raise NothingLeft("Nothing would be left of order {number}: cancel it instead.", number=plan.order.number)


def charge(plan: Plan, shipping: int | None, shipping_tax: int) -> None:
    """Let delivery cost so much (None: what it does), taxed in the proportion that it was."""
    order = plan.order
    plan.shipping_minor = order.shipping_minor if shipping is None else shipping
    if plan.shipping_minor != order.shipping_minor and order.shipping_minor:
        exact = Decimal(shipping_tax) * plan.shipping_minor / order.shipping_minor
        shipping_tax = int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    plan.tax_minor = sum(line.tax_minor for line in plan.all_lines) + shipping_tax


Needs = dict[tuple[UUID, UUID | None], int]  # pieces, by variant and the flash sale they are of


def pieces_of(lines: Iterable[OrderLine]) -> Needs:
    """What the lines need of the stock."""
    needed: Needs = {}
    for line in lines:
        variant_id: Any = line.variant_id  # type: ignore[attr-defined]
        if variant_id and line.requires_shipping:
            key = (variant_id, line.pool_id)
            needed[key] = needed.get(key, 0) + line.quantity - line.cancelled - line.shipped
    return needed


def changes_of(before: Needs, after: Needs) -> Needs:
    """By how many pieces each need grows, or shrinks (below zero)."""
    grown = {key: after.get(key, 0) - before.get(key, 0) for key in sorted(before.keys() | after.keys(), key=str)}
    return {key: by for key, by in grown.items() if by}


def margin_of(order: Order, lines: Iterable[OrderLine]) -> int | None:
    """What is earned on the pieces that are still wanted, before delivery and taxes; None when a cost is not known."""
    earned = 0
    for line in lines:
        wanted = line.quantity - line.cancelled - line.refunded
        if not wanted:
            continue
        if line.cost_minor is None:
            return None
        earned += line.total_minor - line.gone_minor - line.tax_minor * wanted // line.quantity
        earned -= line.cost_minor * wanted
    return earned
