"""What becomes of a payment: captured, let go, taken back by a bank; and what follows from it for the order."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from stoa.domains.catalog import stock
from stoa.domains.catalog.stock import Holder
from stoa.domains.orders.allotting import demand_of, refundable
from stoa.domains.orders.checks import STOCK_GONE, Severity, as_row
from stoa.domains.orders.counting import locked_payments, sum_up
from stoa.domains.orders.deriving import due_of
from stoa.domains.orders.errors import NoSuchPayment, PaymentEnded, TooMuchMoney
from stoa.domains.orders.events import PaymentChargedBack, PaymentReported
from stoa.domains.orders.models import (
    Machine,
    Order,
    OrderLine,
    OrderState,
    Payment,
    PaymentRowState,
    PaymentState,
)
from stoa.domains.orders.moving import Moves, lines_of, locked_order, require_currency
from stoa.domains.orders.placing import PAY_WITHIN
from stoa.domains.orders.refunding import Giving, give_back
from stoa.domains.orders.states import Action
from stoa.domains.orders.voiding import void
from stoa.kit.clock import now
from stoa.kit.errors import Refusals
from stoa.kit.money import Money
from stoa.kit.text import clean_line
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction

_CALLED_OFF = (OrderState.CANCELLED, OrderState.EXPIRED, OrderState.REJECTED)


async def capture_payment(ctx: Context, payment_id: UUID, amount: Money | None = None) -> Payment:
    """Take what was set aside, or a part of it; the rest can be captured later, or let go.

    Raises `PaymentEnded` when nothing is left of it, and `TooMuchMoney`.
    """
    async with shop_transaction():
        order, payments, payment = await _locked(payment_id)
        left = payment.authorized_minor - payment.captured_minor
        if payment.state is not PaymentRowState.AUTHORIZED or not left:
            raise PaymentEnded("Nothing of this payment is left to be captured.", path=["id"])
        if amount is not None:
            require_currency(order, amount, "amount")
        minor = left if amount is None else amount.minor
        if not 0 < minor <= left:
            raise _too_much(order, left, minor)
        payment.captured_minor += minor
        payment.paid_at = payment.paid_at or now()
        if minor == left:
            payment.state = PaymentRowState.SETTLED
        await payment.save(update_fields=["captured_minor", "paid_at", "state"])
        await take_in(ctx, order, payment, payments)
    return payment


async def void_payment(ctx: Context, payment_id: UUID) -> Payment:
    """Let go of what was set aside and not captured; twice changes nothing. Raises `PaymentEnded`."""
    async with shop_transaction():
        order, payments, payment = await _locked(payment_id)
        if payment.state is PaymentRowState.VOIDED:
            return payment
        if payment.state is not PaymentRowState.AUTHORIZED:
            raise PaymentEnded("Nothing of this payment is set aside.", path=["id"])
        moves = Moves(ctx, order)
        await void(moves, payment)
        sum_up(moves, payments)
        if order.state is OrderState.PENDING and not _is_covered(order) and not order.metadata.get("payable_later"):
            moves.set(pay_by=now() + PAY_WITHIN)
        moves.follow(await lines_of(order), "VOID")
        await moves.save()
    return payment


async def charge_back(ctx: Context, payment_id: UUID, *, reason: str = "") -> Payment:
    """The buyer's bank has taken the payment back: it does not count any more, and the order is not paid by it.

    Twice changes nothing. Raises `PaymentEnded` when nothing was captured.
    """
    reason = clean_line(reason, what="reason", limit=200, required=False)
    async with shop_transaction():
        order, payments, payment = await _locked(payment_id)
        if payment.state is PaymentRowState.CHARGED_BACK:
            return payment
        if not payment.captured_minor:
            raise PaymentEnded("Nothing of this payment has been captured.", path=["id"])
        minor = refundable(payment)
        payment.state = PaymentRowState.CHARGED_BACK
        await payment.save(update_fields=["state"])
        moves = Moves(ctx, order)
        sum_up(moves, payments)
        moves.step(Machine.PAYMENT, PaymentState.CHARGED_BACK, "CHARGE_BACK", reason)
        moves.tell(PaymentChargedBack(order.id, payment.id, minor, reason))
        await moves.save()
    return payment


async def _locked(payment_id: UUID) -> tuple[Order, list[Payment], Payment]:
    """The order first, as everywhere."""
    found = await Payment.get_or_none(id=payment_id)
    if found is None:
        raise NoSuchPayment("There is no such payment.", path=["id"])
    order = await locked_order(found.order_id)  # type: ignore[attr-defined]
    payments = await locked_payments(order)
    return order, payments, next(each for each in payments if each.id == payment_id)


async def take_in(ctx: Context, order: Order, payment: Payment, payments: Sequence[Payment]) -> None:
    """What follows for the order: its sums, its state, its deadline and its stock."""
    lines, moves = await lines_of(order), Moves(ctx, order)
    sum_up(moves, payments)
    moves.tell(
        PaymentReported(
            order.id,
            payment.id,
            payment.provider,
            payment.state,
            payment.authorized_minor,
            payment.captured_minor,
            payment.currency,
        )
    )
    moves.follow(lines, Action.PAY)
    if order.state in _CALLED_OFF:
        await _send_back(ctx, order, lines, moves, payments)
    elif order.pay_by is not None and _is_covered(order):
        moves.set(pay_by=None)
        await _keep_stock(ctx, order, lines, moves)
    await moves.save()


def _is_covered(order: Order) -> bool:
    """Whether the money is there, or set aside."""
    return bool(order.authorized_minor >= due_of(order))


async def _send_back(
    ctx: Context, order: Order, lines: Sequence[OrderLine], moves: Moves, payments: Sequence[Payment]
) -> None:
    there = sum(refundable(each) for each in payments)
    await give_back(ctx, order, lines, moves, payments, Giving(extra=there), reason=order.end_reason)


async def _keep_stock(ctx: Context, order: Order, lines: Sequence[OrderLine], moves: Moves) -> None:
    """What is paid is not sold to others any more. When others were first, somebody has to look at it."""
    if order.state is OrderState.DRAFT:
        return
    try:
        async with shop_transaction():
            await stock.keep(ctx, Holder("order", order.id), demand_of(lines))
    except Refusals as short:
        rows = [as_row(STOCK_GONE, Severity.BLOCKING, each.sentence) for each in short.refusals]
        moves.set(checks=[*order.checks, *rows])


def _too_much(order: Order, left: int, wanted: int) -> TooMuchMoney:
    return TooMuchMoney(
        "{left} can be captured at the most, not {wanted}.",
        path=["amount"],
        left=str(Money(left, order.currency)),
        wanted=str(Money(wanted, order.currency)),
    )
