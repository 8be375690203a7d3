"""What the provider says of a refund: it went through, or it did not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from stoa.domains.orders.counting import add_refunds, locked_payments, save_lines, sum_up
from stoa.domains.orders.errors import NoSuchRefund, RefundEnded
from stoa.domains.orders.events import RefundFailed, RefundSettled
from stoa.domains.orders.models import Order, OrderLine, Refund, RefundState
from stoa.domains.orders.moving import Moves, lines_of, locked_order
from stoa.kit.clock import now
from stoa.kit.text import clean_line
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction


async def settle_refund(
    ctx: Context, refund_id: UUID, *, reference: str = "", references: Mapping[UUID, str] | None = None
) -> Refund:
    """The money has gone back, under these references (one for all, or by payment); twice changes nothing.

    Raises `RefundEnded` when it has failed.
    """
    reference = clean_line(reference, what="reference", limit=120, required=False)
    async with shop_transaction():
        order, refund = await _locked(refund_id)
        if refund.state is RefundState.SETTLED:
            return refund
        _require_pending(refund)
        named = {str(id): text for id, text in (references or {}).items()}
        refund.parts = [{**part, "reference": named.get(part["payment_id"], reference)[:120]} for part in refund.parts]
        refund.state, refund.settled_at = RefundState.SETTLED, now()
        await refund.save(update_fields=["parts", "state", "settled_at"])
        moves = Moves(ctx, order)
        moves.tell(RefundSettled(order.id, refund.id, refund.amount_minor, refund.currency))
        await moves.save()
    return refund


async def fail_refund(ctx: Context, refund_id: UUID, *, failure: str) -> Refund:
    """The money has not gone back: what was counted as refunded is not any more; twice changes nothing.

    Pieces that were refunded may be refunded again. Those that were cancelled stay so: what they are worth is given by
    trying the refund again (retrying.py). Raises `RefundEnded` when it has been settled.
    """
    failure = clean_line(failure, what="failure", limit=200)
    async with shop_transaction():
        order, refund = await _locked(refund_id)
        if refund.state is RefundState.FAILED:
            return refund
        _require_pending(refund)
        refund.state, refund.failure = RefundState.FAILED, failure
        await refund.save(update_fields=["state", "failure"])
        moves = Moves(ctx, order)
        await _undo(order, refund, moves)
        moves.tell(RefundFailed(order.id, refund.id, refund.amount_minor, refund.currency, failure))
        await moves.save()
    return refund


async def _locked(refund_id: UUID) -> tuple[Order, Refund]:
    """The order first, as everywhere."""
    found = await Refund.get_or_none(id=refund_id)
    if found is None:
        raise NoSuchRefund("There is no such refund.", path=["id"])
    order = await locked_order(found.order_id)  # type: ignore[attr-defined]
    return order, await Refund.get(id=refund_id)


def _require_pending(refund: Refund) -> None:
    if refund.state is RefundState.SETTLED:
        raise RefundEnded("The refund has been settled.", path=["id"])
    if refund.state is RefundState.FAILED:
        raise RefundEnded("The refund has failed: try it again.", path=["id"])


async def _undo(order: Order, refund: Refund, moves: Moves) -> None:
    payments, lines = await locked_payments(order), await lines_of(order)
    await add_refunds(order, payments, {UUID(part["payment_id"]): -part["minor"] for part in refund.parts})
    sum_up(moves, payments)
    touched = _put_back(refund, lines)
    if touched:
        await save_lines(order, touched)
    moves.follow(lines, "REFUND_FAILED", refund.failure)


def _put_back(refund: Refund, lines: Sequence[OrderLine]) -> list[OrderLine]:
    by_id, touched = {str(line.id): line for line in lines}, []
    for each in refund.lines:
        line = by_id.get(each["line_id"])
        if line is None:
            continue  # an edit has taken the line away
        line.refunded_minor -= each["minor"]
        if not each.get("cancelled"):
            _let_return(line, each["quantity"], each["minor"])
        touched.append(line)
    return touched


def _let_return(line: OrderLine, quantity: int, minor: int) -> None:
    """The pieces are not gone any more, except for those that were cancelled since."""
    count = min(quantity, line.refunded)
    line.refunded -= count
    line.gone_minor -= minor if count == quantity else line.total_minor // line.quantity * count
