"""Let money go that was only set aside."""

from __future__ import annotations

from collections.abc import Sequence

from stoa.domains.orders.events import PaymentVoided
from stoa.domains.orders.models import Payment, PaymentRowState
from stoa.domains.orders.moving import Moves


async def void_open(moves: Moves, payments: Sequence[Payment]) -> None:
    """Whatever of these payments is set aside and not captured."""
    for payment in payments:
        if payment.state is PaymentRowState.AUTHORIZED:
            await void(moves, payment)


async def void(moves: Moves, payment: Payment) -> None:
    """Let go of what has not been captured; a payment of which something was is settled by that."""
    minor = payment.authorized_minor - payment.captured_minor
    payment.state = PaymentRowState.SETTLED if payment.captured_minor else PaymentRowState.VOIDED
    await payment.save(update_fields=["state"])
    moves.tell(PaymentVoided(moves.order.id, payment.id, minor))
