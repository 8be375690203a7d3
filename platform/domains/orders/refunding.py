"""Give money back: so many pieces of lines, delivery, and what is given beyond; to the payments it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from stoa.domains.orders.allotting import (
    as_rows,
    delivery_worth,
    left_of,
    refund_pieces,
    refundable,
    split,
    worth,
)
from stoa.domains.orders.counting import add_refunds, locked_payments, save_lines, sum_up
from stoa.domains.orders.errors import NoSuchLine, NoSuchOrder, TooManyPieces, TooMuchMoney, WrongCurrency
from stoa.domains.orders.events import RefundCreated
from stoa.domains.orders.models import Order, OrderLine, Payment, Refund, RefundState
from stoa.domains.orders.moving import Moves, lines_of, locked_order, require
from stoa.domains.orders.states import Action
from stoa.kit.errors import InvalidInput, Refusal, Refusals
from stoa.kit.money import Money
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction

MAX_LINES = 200


@dataclass(frozen=True, slots=True)
class Pieces:
    """So many of a line."""

    line_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class RefundDraft:
    """What is to go back. `extra` is given beyond what the pieces and delivery are worth; below zero, kept back."""

    lines: Sequence[Pieces] = ()
    shipping: Money | None = None
    extra: Money | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """So many pieces of a line, and what is given for them. Cancelled: they are not counted as refunded."""

    line: OrderLine
    quantity: int
    minor: int
    cancelled: bool = False

    def as_row(self) -> dict[str, Any]:
        row = {"line_id": str(self.line.id), "quantity": self.quantity, "minor": self.minor}
        return row | ({"cancelled": True} if self.cancelled else {})


@dataclass(frozen=True, slots=True)
class Giving:
    """All that goes back at once."""

    lines: Sequence[Given] = ()
    shipping: int = 0
    extra: int = 0

    @property
    def amount(self) -> int:
        return sum(each.minor for each in self.lines) + self.shipping + self.extra


@dataclass(frozen=True, slots=True)
class RefundPreview:
    """What would be given back, by line and by payment, and how much there is to give at the most."""

    order: Order
    giving: Giving
    parts: Sequence[tuple[UUID, int]] = field(default_factory=tuple)
    most: int = 0
    delivery_left: int = 0


async def preview_refund(ctx: Context, order_id: UUID, draft: RefundDraft) -> RefundPreview:
    """What a refund would come to; nothing is changed. Raises what `refund` raises."""
    order = await Order.get_or_none(id=order_id)
    if order is None:
        raise NoSuchOrder("There is no such order.", path=["order_id"])
    lines, payments = await lines_of(order), await Payment.filter(order_id=order.id).order_by("id")
    require(order, lines, Action.REFUND, of="order_id")
    delivery = await delivery_left_of(order, lines)
    given = [Given(line, n, worth(line, n)) for line, n in _named(lines, draft.lines)]
    giving = _checked(order, given, draft, payments, delivery)
    most = sum(refundable(each) for each in payments)
    return RefundPreview(order, giving, split(giving.amount, payments), most, delivery)


async def refund(
    ctx: Context,
    order_id: UUID,
    draft: RefundDraft,
    *,
    reason: str = "",
    case_id: UUID | None = None,
    expected_version: int | None = None,
) -> Refund:
    """Give it back, from the newest payment on; the refund is pending until the provider has answered.

    It counts as refunded from now on. Raises `TooManyPieces`, `TooMuchMoney` and `NotNow` when nothing is left.
    """
    async with shop_transaction():
        order = await locked_order(order_id, expected_version, of="order_id")
        moves = Moves(ctx, order)
        made = await refund_within(ctx, order, await lines_of(order), moves, draft, reason=reason, case_id=case_id)
        await moves.save()
    return made


async def refund_within(
    ctx: Context,
    order: Order,
    lines: Sequence[OrderLine],
    moves: Moves,
    draft: RefundDraft,
    *,
    reason: str = "",
    case_id: UUID | None = None,
) -> Refund:
    """`refund` inside a transaction that holds the order, and saves its moves."""
    require(order, lines, Action.REFUND, of="order_id")
    payments = await locked_payments(order)
    delivery = await delivery_left_of(order, lines)
    pieces = _named(lines, draft.lines)
    giving = _checked(order, [Given(line, n, worth(line, n)) for line, n in pieces], draft, payments, delivery)
    for line, n in pieces:
        refund_pieces(line, n)
    made = await give_back(ctx, order, lines, moves, payments, giving, reason=reason, case_id=case_id)
    assert made is not None
    return made


async def give_back(
    ctx: Context,
    order: Order,
    lines: Sequence[OrderLine],
    moves: Moves,
    payments: Sequence[Payment],
    giving: Giving,
    *,
    reason: str,
    case_id: UUID | None = None,
) -> Refund | None:
    """Write it: the refund, the lines that are named, the payments, the order's sums. None when it is nothing."""
    if giving.lines:
        await save_lines(order, {each.line.id: each.line for each in giving.lines}.values())
    if giving.amount == 0:
        return None
    parts = split(giving.amount, payments)
    await add_refunds(order, payments, dict(parts))
    sum_up(moves, payments)
    made = await Refund.create(
        order_id=order.id,
        case_id=case_id,
        currency=order.currency,
        amount_minor=giving.amount,
        shipping_minor=giving.shipping,
        extra_minor=giving.extra,
        lines=[each.as_row() for each in giving.lines if each.quantity],
        parts=as_rows(parts),
        reason=reason[:200],
        actor_kind=ctx.actor.kind,
        actor_id=ctx.actor.id,
    )
    moves.tell(RefundCreated(order.id, made.id, giving.amount, order.currency, reason[:200]))
    moves.follow(lines, Action.REFUND, reason)
    return made


async def delivery_left_of(order: Order, lines: Sequence[OrderLine]) -> int:
    """What of the delivery's worth has not been given back."""
    given = Refund.filter(order_id=order.id).exclude(state=RefundState.FAILED).values_list("shipping_minor", flat=True)
    return max(0, delivery_worth(order, lines) - sum(await given))  # type: ignore[arg-type]


def _named(lines: Sequence[OrderLine], wanted: Sequence[Pieces]) -> list[tuple[OrderLine, int]]:
    """The lines that are meant. Raises `Refusals` for all that are not there, or have fewer pieces left."""
    if len(wanted) > MAX_LINES:
        raise InvalidInput("{count} lines; {limit} are allowed.", path=["lines"], count=len(wanted), limit=MAX_LINES)
    return named_lines(lines, wanted, left_of)


def named_lines(lines: Sequence[OrderLine], wanted: Sequence[Pieces], left: Any) -> list[tuple[OrderLine, int]]:
    """`left` says how many of a line can be meant. A line that is named twice is judged as one."""
    by_id, counts = {line.id: line for line in lines}, dict.fromkeys((each.line_id for each in wanted), 0)
    wrong: list[Refusal] = []
    for n, each in enumerate(wanted):
        line = by_id.get(each.line_id)
        counts[each.line_id] += max(each.quantity, 0)
        if line is None:
            wrong.append(NoSuchLine("There is no such line on this order.", path=["lines", n, "line_id"]))
        elif each.quantity < 1 or counts[line.id] > left(line):
            wrong.append(_too_many(line, n, left(line), each.quantity))
    if wrong:
        raise Refusals(wrong)
    return [(by_id[id], count) for id, count in counts.items()]


def _too_many(line: OrderLine, n: int, left: int, wanted: int) -> Refusal:
    sentence = "{what}: {left} pieces are left for this, {wanted} wanted."
    what = line.sku or line.title
    return TooManyPieces(sentence, path=["lines", n, "quantity"], what=what, left=left, wanted=wanted)


def _checked(
    order: Order, given: Sequence[Given], draft: RefundDraft, payments: Sequence[Payment], delivery: int
) -> Giving:
    giving = Giving(given, _minor(order, draft, "shipping"), _minor(order, draft, "extra"))
    if not 0 <= giving.shipping <= delivery:
        raise _too_much(order, "shipping", delivery, giving.shipping)
    if giving.amount <= 0:
        raise InvalidInput("That comes to nothing: name lines, delivery or an amount.", path=["lines"])
    most = sum(refundable(each) for each in payments)
    if giving.amount > most:
        raise _too_much(order, "lines", most, giving.amount)
    return giving


def _minor(order: Order, draft: RefundDraft, name: str) -> int:
    money: Money | None = getattr(draft, name)
    if money is None:
        return 0
    if money.currency != order.currency:
        raise WrongCurrency(
            "This order is in {currency}, not {other_currency}.",
            path=[name],
            currency=order.currency,
            other_currency=money.currency,
        )
    return money.minor


def _too_much(order: Order, name: str, left: int, wanted: int) -> Refusal:
    return TooMuchMoney(
        "Order {number}: {left} can be given back at the most, not {wanted}.",
        path=[name],
        number=order.number,
        left=str(Money(left, order.currency)),
        wanted=str(Money(wanted, order.currency)),
    )
