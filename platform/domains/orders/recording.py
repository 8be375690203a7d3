"""Write down what providers report of payments: set aside, captured, failed; whichever order it comes in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise.exceptions import IntegrityError

from stoa.domains.orders.counting import locked_payments
from stoa.domains.orders.errors import PaymentDiffers
from stoa.domains.orders.models import Order, Payment, PaymentRowState
from stoa.domains.orders.moving import locked_order, require_currency
from stoa.domains.orders.paying import take_in
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput
from stoa.kit.money import MAX_MINOR, Money
from stoa.kit.text import clean_line
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction


class Reported(StrEnum):
    """How far a payment is, as its provider says."""

    PENDING = "PENDING"
    AUTHORIZED = "AUTHORIZED"
    CAPTURED = "CAPTURED"
    FAILED = "FAILED"


_ROW_STATES = {
    Reported.PENDING: PaymentRowState.PENDING,
    Reported.AUTHORIZED: PaymentRowState.AUTHORIZED,
    Reported.CAPTURED: PaymentRowState.SETTLED,
    Reported.FAILED: PaymentRowState.FAILED,
}
# What may come after what; whatever else is reported is old news. Money that came is money that came.
_LATER: dict[PaymentRowState, tuple[Reported, ...]] = {
    PaymentRowState.PENDING: (Reported.AUTHORIZED, Reported.CAPTURED, Reported.FAILED),
    PaymentRowState.AUTHORIZED: (Reported.CAPTURED,),
    PaymentRowState.FAILED: (Reported.AUTHORIZED, Reported.CAPTURED),
    PaymentRowState.VOIDED: (Reported.CAPTURED,),
}


@dataclass(frozen=True, slots=True)
class PaymentReport:
    """A payment as its provider tells it. The provider and its `reference` say which one it is."""

    provider: str
    amount: Money
    state: Reported = Reported.CAPTURED
    reference: str | None = None
    method: str = ""
    note: str = ""
    paid_at: datetime | None = None

    def checked(self) -> PaymentReport:
        if not 0 < self.amount.minor < MAX_MINOR:
            raise InvalidInput("{amount} cannot be paid.", path=["amount"], amount=str(self.amount))
        reference = self.reference and clean_line(self.reference, what="reference", limit=120)
        return replace(
            self,
            provider=clean_line(self.provider, what="provider", limit=40),
            reference=reference or None,
            method=clean_line(self.method, what="method", limit=40, required=False),
            note=clean_line(self.note, what="note", limit=200, required=False),
        )


async def record_payment(ctx: Context, order_id: UUID, report: PaymentReport) -> Payment:
    """Write down what a provider reports. The same reference reported again is one payment, which may come further.

    Never refused for the order's state: money that came is money that came. More than is due stays visible; for an
    order that was called off all of it goes back at once, as a pending refund. Raises `PaymentDiffers`.
    """
    report = report.checked()
    async with shop_transaction():
        order = await locked_order(order_id, of="order_id")
        require_currency(order, report.amount, "amount")
        payments = await locked_payments(order)
        earlier = next((each for each in payments if _is_it(each, report)), None)
        if earlier is not None and not _comes_further(earlier, report):
            return earlier
        payment = earlier or await _created(order, report)
        if earlier is None:
            payments.append(payment)
        await _advance(payment, report)
        await take_in(ctx, order, payment, payments)
    return payment


def _is_it(payment: Payment, report: PaymentReport) -> bool:
    return report.reference is not None and (payment.provider, payment.reference) == (report.provider, report.reference)


def _comes_further(payment: Payment, report: PaymentReport) -> bool:
    """Whether the report is news. Raises `PaymentDiffers` when it is about another amount."""
    settles_less = report.state is Reported.CAPTURED and report.amount.minor < payment.authorized_minor
    if report.amount.minor != payment.authorized_minor and not settles_less:
        raise PaymentDiffers(
            "{provider} has reported {reference} before, with {amount}.",
            path=["amount"],
            provider=report.provider,
            reference=report.reference or "",
            amount=str(Money(payment.authorized_minor, payment.currency)),
        )
    return report.state in _LATER.get(payment.state, ())


async def _created(order: Order, report: PaymentReport) -> Payment:
    try:
        async with shop_transaction():
            return await Payment.create(
                order_id=order.id,
                provider=report.provider,
                method=report.method,
                reference=report.reference,
                state=PaymentRowState.PENDING,
                currency=order.currency,
                authorized_minor=report.amount.minor,
                note=report.note,
            )
    except IntegrityError:
        raise PaymentDiffers(
            "{provider} has reported {reference} before, for another order.",
            path=["reference"],
            provider=report.provider,
            reference=report.reference or "",
        ) from None


async def _advance(payment: Payment, report: PaymentReport) -> None:
    payment.state = _ROW_STATES[report.state]
    if report.state is Reported.CAPTURED:
        payment.captured_minor = max(payment.captured_minor, report.amount.minor)
        payment.paid_at = report.paid_at or now()
    await payment.save(update_fields=["state", "captured_minor", "paid_at"])
