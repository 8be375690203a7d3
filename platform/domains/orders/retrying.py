"""Try a refund that failed once more: the same pieces, delivery and amounts, as a refund of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from stoa.domains.orders.allotting import left_of, refund_pieces, refundable
from stoa.domains.orders.counting import locked_payments
from stoa.domains.orders.errors import NoSuchRefund, RefundEnded, TooManyPieces
from stoa.domains.orders.models import Order, OrderLine, Payment, Refund, RefundState
from stoa.domains.orders.moving import Moves, lines_of, locked_order
from stoa.domains.orders.refunding import Given, Giving, delivery_left_of, give_back, too_many, too_much
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction


async def retry_refund(ctx: Context, refund_id: UUID) -> Refund:
    """Give back what a failed refund was to; from the payments as they are now. Twice gives the one of the first time.

    Pieces that were called off by it are still called off, and what they are worth is given. Raises `NoSuchRefund`,
    `RefundEnded` when it has not failed, and `TooManyPieces` or `TooMuchMoney` when its pieces or the money have been
    given back by another refund since.
    """
    found = await Refund.get_or_none(id=refund_id)
    if found is None:
        raise NoSuchRefund("There is no such refund.", path=["id"])
    async with shop_transaction():
        order = await locked_order(found.order_id)  # type: ignore[attr-defined]
        failed = await Refund.get(id=refund_id)
        if (by := _retried_by(failed)) is not None:
            return await Refund.get(id=by)
        if failed.state is not RefundState.FAILED:
            raise RefundEnded("The refund has not failed: there is nothing to try again.", path=["id"])
        made = await _again(ctx, order, failed)
        failed.parts = [{**part, "retried_by": str(made.id)} for part in failed.parts]
        await failed.save(update_fields=["parts"])
    return made


async def _again(ctx: Context, order: Order, failed: Refund) -> Refund:
    lines, payments, moves = await lines_of(order), await locked_payments(order), Moves(ctx, order)
    shipping = min(failed.shipping_minor, await delivery_left_of(order, lines))
    giving = Giving([_given(lines, each) for each in failed.lines], shipping, failed.extra_minor)
    _require_there(order, payments, giving)
    made = await give_back(ctx, order, lines, moves, payments, giving, reason=failed.reason, case_id=failed.case_id)
    assert made is not None, "a refund is of something"
    await moves.save()
    return made


def _given(lines: Sequence[OrderLine], row: dict[str, Any]) -> Given:
    """A row of the failed refund once more; it put back what was given for it."""
    line = next((each for each in lines if str(each.id) == row["line_id"]), None)
    if line is None:
        raise TooManyPieces("A line of this refund is not there any more: make another one.", path=["id"])
    if row.get("cancelled"):
        line.refunded_minor += row["minor"]
        return Given(line, row["quantity"], row["minor"], cancelled=True)
    count, left = row["quantity"], left_of(line)
    if count > left:
        raise too_many(line, left, count, "id")
    return Given(line, count, refund_pieces(line, count))


def _require_there(order: Order, payments: Sequence[Payment], giving: Giving) -> None:
    most = sum(refundable(each) for each in payments)
    if not 0 < giving.amount <= most or any(each.line.refunded_minor > each.line.gone_minor for each in giving.lines):
        raise too_much(order, "id", most, giving.amount)


def _retried_by(refund: Refund) -> UUID | None:
    """Kept with its parts: what each payment was to give is given by that one."""
    return next((UUID(part["retried_by"]) for part in refund.parts if part.get("retried_by")), None)
