"""An order ends: cancelled, rejected or expired, its stock and its money go back; or completed."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from stoa.domains.catalog import stock
from stoa.domains.catalog.stock import Holder
from stoa.domains.orders.allotting import cancel_pieces, demand_of, refundable
from stoa.domains.orders.counting import locked_payments, sum_up
from stoa.domains.orders.deriving import due_of
from stoa.domains.orders.errors import NotNow
from stoa.domains.orders.events import PiecesCancelled
from stoa.domains.orders.models import Order, OrderLine, OrderState, Payment
from stoa.domains.orders.moving import Moves, lines_of, locked_order, require
from stoa.domains.orders.refunding import Given, Giving, Pieces, delivery_left_of, give_back, named_lines
from stoa.domains.orders.shipping.packing import unpack_cancelled
from stoa.domains.orders.states import Action
from stoa.domains.orders.voiding import void_open
from stoa.kit.clock import now
from stoa.kit.languages import Sentence
from stoa.kit.money import allocate
from stoa.kit.text import clean_line
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction


async def cancel_order(
    ctx: Context,
    order_id: UUID,
    *,
    lines: Sequence[Pieces] | None = None,
    reason: str = "",
    expected_version: int | None = None,
) -> Order:
    """Call it off before anything is shipped, or some pieces that have not been. Without lines, twice changes nothing.

    The stock goes back; what was paid for these pieces goes out as a pending refund, of all of it everything. What was
    not paid yet need not be. Raises `NotNow`, `TooManyPieces`, `NoSuchLine`.
    """
    reason = clean_line(reason, what="reason", limit=200, required=False)
    async with shop_transaction():
        order = await locked_order(order_id, expected_version)
        if lines is None and order.state is OrderState.CANCELLED:
            return order
        its_lines = await lines_of(order)
        require(order, its_lines, Action.CANCEL if lines is None else Action.CANCEL_PIECES)
        pieces = _all_of(its_lines) if lines is None else named_lines(its_lines, lines, _uncancelled)
        moves = Moves(ctx, order)
        if sum(n for _, n in pieces) == sum(line.quantity - line.cancelled for line in its_lines):
            await _end(ctx, order, its_lines, moves, Action.CANCEL, reason)
        else:
            await _cancel_some(ctx, order, its_lines, pieces, moves, reason)
        return await moves.save()


async def reject_order(ctx: Context, order_id: UUID, *, reason: str, expected_version: int | None = None) -> Order:
    """Do not accept it, and say why: its stock and what was paid go back. Twice changes nothing."""
    reason = clean_line(reason, what="reason", limit=200)
    async with shop_transaction():
        order = await locked_order(order_id, expected_version)
        if order.state is OrderState.REJECTED:
            return order
        lines, moves = await lines_of(order), Moves(ctx, order)
        require(order, lines, Action.REJECT)
        await _end(ctx, order, lines, moves, Action.REJECT, reason)
        return await moves.save()


async def expire_order(ctx: Context, order_id: UUID) -> Order:
    """Let go of an order that nobody has paid in time. Twice changes nothing; `NotNow` when there is time left."""
    async with shop_transaction():
        order = await locked_order(order_id)
        if order.state is OrderState.EXPIRED:
            return order
        lines, moves = await lines_of(order), Moves(ctx, order)
        require(order, lines, Action.EXPIRE)
        if order.pay_by is None or order.pay_by > now():
            why = Sentence("The time to pay it is not over.")
            raise NotNow("Order {number}: {why}", path=["id"], number=order.number, why=why, reason="NOT_DUE")
        await _end(ctx, order, lines, moves, Action.EXPIRE, "")
        return await moves.save()


async def complete_order(ctx: Context, order_id: UUID, *, expected_version: int | None = None) -> Order:
    """Settle what has arrived and is paid. Twice changes nothing."""
    async with shop_transaction():
        order = await locked_order(order_id, expected_version)
        if order.state is OrderState.COMPLETED:
            return order
        require(order, await lines_of(order), Action.COMPLETE)
        moves = Moves(ctx, order)
        moves.act(Action.COMPLETE)
        moves.set(ended_at=now())
        return await moves.save()


def _uncancelled(line: OrderLine) -> int:
    return line.quantity - line.cancelled - line.shipped


def _all_of(lines: Sequence[OrderLine]) -> list[tuple[OrderLine, int]]:
    return [(line, _uncancelled(line)) for line in lines if _uncancelled(line)]


async def _cancel_some(
    ctx: Context,
    order: Order,
    lines: Sequence[OrderLine],
    pieces: Sequence[tuple[OrderLine, int]],
    moves: Moves,
    reason: str,
) -> None:
    """What is paid beyond what the rest costs goes back; the rest of what they are worth need not be paid any more."""
    payments = await locked_payments(order)
    worths = [cancel_pieces(line, n) for line, n in pieces]
    await unpack_cancelled(moves, order, lines)
    unpaid = max(0, due_of(order) - order.captured_minor)
    there = sum(refundable(each) for each in payments)
    amount = min(max(0, sum(worths) - unpaid), there)
    moves.set(waived_minor=order.waived_minor + sum(worths) - amount)
    await stock.trim(ctx, Holder("order", order.id), _still_needed(lines, pieces), reason="cancelled")
    await _give_for(ctx, order, lines, pieces, _spread(amount, worths), moves, payments, reason=reason)
    moves.follow(lines, Action.CANCEL_PIECES, reason)


async def _end(
    ctx: Context, order: Order, lines: Sequence[OrderLine], moves: Moves, action: Action, reason: str
) -> None:
    """All of it is called off: the machines first, then money, then stock."""
    pieces = _all_of(lines)
    payments = await _close(order, moves, action, reason)
    delivery = await delivery_left_of(order, lines)
    worths = [*(cancel_pieces(line, n) for line, n in pieces), delivery]
    await unpack_cancelled(moves, order, lines)
    there = sum(refundable(each) for each in payments)
    parts = _spread(min(there, sum(worths)), worths)
    moves.set(waived_minor=min(order.total_minor, order.waived_minor + sum(worths) - sum(parts)))
    more = Giving((), parts[-1], there - sum(parts))
    await _give_for(ctx, order, lines, pieces, parts[:-1], moves, payments, reason=reason, more=more)
    moves.follow(lines, action, reason)
    await stock.release(ctx, Holder("order", order.id), reason=action.lower())


async def send_no_more(
    ctx: Context,
    order: Order,
    lines: Sequence[OrderLine],
    moves: Moves,
    pieces: Sequence[tuple[OrderLine, int]],
    reason: str,
) -> None:
    """What a refund has called off is not sent: it is unpacked, and its stock let go. With the last piece the order is
    cancelled; no more money goes back than the refund gave."""
    await unpack_cancelled(moves, order, lines)
    moves.tell(_news(order, pieces, reason))
    if any(line.quantity > line.cancelled for line in lines):
        await stock.trim(ctx, Holder("order", order.id), _still_needed(lines, pieces), reason="cancelled")
        moves.follow(lines, Action.CANCEL_PIECES, reason)
        return
    await _close(order, moves, Action.CANCEL, reason)
    moves.set(waived_minor=max(order.waived_minor, order.total_minor - order.captured_minor))
    moves.follow(lines, Action.CANCEL, reason)
    await stock.release(ctx, Holder("order", order.id), reason="cancelled")


async def _close(order: Order, moves: Moves, action: Action, reason: str) -> list[Payment]:
    """Nothing more is to be paid for it, and nothing waits any more; its payments."""
    moves.act(action, reason)
    moves.set(ended_at=now(), end_reason=reason, pay_by=None, is_on_hold=False)
    payments = await locked_payments(order)
    await void_open(moves, payments)
    sum_up(moves, payments)
    return payments


def _spread(amount: int, worths: Sequence[int]) -> list[int]:
    return list(allocate(amount, worths)) if amount else [0] * len(worths)


def _still_needed(lines: Sequence[OrderLine], pieces: Sequence[tuple[OrderLine, int]]) -> list[stock.Demand]:
    """Of the variants that pieces were cancelled of; nothing of one is a need as well."""
    variants = {line.variant_id for line, _ in pieces if line.variant_id}  # type: ignore[attr-defined]
    needed = [each for each in demand_of(lines) if each.variant_id in variants]
    unneeded = variants - {each.variant_id for each in needed}
    return needed + [stock.Demand(id, 0) for id in sorted(unneeded)]


async def _give_for(
    ctx: Context,
    order: Order,
    lines: Sequence[OrderLine],
    pieces: Sequence[tuple[OrderLine, int]],
    parts: Sequence[int],
    moves: Moves,
    payments: Sequence[Payment],
    *,
    reason: str,
    more: Giving | None = None,
) -> None:
    given = [Given(line, n, part, cancelled=True) for (line, n), part in zip(pieces, parts, strict=True)]
    for each in given:
        each.line.refunded_minor += each.minor
    more = more or Giving()
    await give_back(ctx, order, lines, moves, payments, Giving(given, more.shipping, more.extra), reason=reason)
    if given:
        moves.tell(_news(order, pieces, reason))


def _news(order: Order, pieces: Sequence[tuple[OrderLine, int]], reason: str) -> PiecesCancelled:
    return PiecesCancelled(order.id, tuple((line.id, n) for line, n in pieces), reason)
