"""What the buyer gets in the end: money, or the thing again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from stoa.domains.catalog import stock
from stoa.domains.catalog.errors import NotReserved
from stoa.domains.catalog.stock import Holder
from stoa.domains.orders.aftersales.handling import Hand, take
from stoa.domains.orders.aftersales.opening import CaseReason
from stoa.domains.orders.aftersales.states import CaseAction
from stoa.domains.orders.channels import AFTERSALE
from stoa.domains.orders.deriving import facts_of
from stoa.domains.orders.drafting import LineDraft, OrderDraft
from stoa.domains.orders.ending import send_no_more
from stoa.domains.orders.models import AftersaleCase, Order
from stoa.domains.orders.placing import place_order
from stoa.domains.orders.refunding import Pieces, RefundDraft, refund_within
from stoa.domains.orders.states import Action, why_not
from stoa.domains.service import Buyer
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput
from stoa.kit.money import Money
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction

PAY_DIFFERENCE_WITHIN = timedelta(days=7)
_SHOWS_ONCE_SENT = frozenset(set(CaseReason) - {CaseReason.LATE, CaseReason.CHANGED_MIND, CaseReason.OTHER})


@dataclass(frozen=True, slots=True)
class Sent:
    """What is sent instead. `price`: what the buyer pays for one; None: nothing."""

    variant_id: UUID
    quantity: int
    price: Money | None = None


async def refund_case(
    ctx: Context,
    case_id: UUID,
    *,
    shipping: Money | None = None,
    extra: Money | None = None,
    expected_version: int | None = None,
) -> AftersaleCase:
    """Give back what the case's pieces are worth (of a return, those that came), with delivery or more, or less.

    Pieces that were not sent yet are called off by it, unless less is given than they are worth. With the last piece
    of the order it is cancelled. Raises `TooMuchMoney`, `TooManyPieces`, and `NotNow` when there is nothing to give
    back.
    """
    async with shop_transaction():
        hand = await take(ctx, case_id, CaseAction.REFUND, expected_version)
        draft = RefundDraft(_pieces(hand), shipping, extra)
        unsent = {} if extra is not None and extra.minor < 0 else _unsent(hand)
        order, lines, moves, reason = hand.order, hand.lines, hand.moves, hand.case.reason
        made = await refund_within(ctx, order, lines, moves, draft, reason=reason, case_id=case_id, called_off=unsent)
        rows = [row | _called_off(unsent.get(UUID(row["line_id"]), 0)) for row in hand.case.lines]
        hand.act(CaseAction.REFUND, refund_minor=made.amount_minor, lines=rows)
        if unsent:
            await send_no_more(
                ctx, order, lines, moves, [(line, unsent[line.id]) for line in lines if line.id in unsent], reason
            )
        return await hand.save()


async def send_case_anew(
    ctx: Context, case_id: UUID, sent: Sequence[Sent] | None = None, *, expected_version: int | None = None
) -> AftersaleCase:
    """Make an order of what is sent instead, for nothing or for a difference; without `sent`, of the same again.

    Its stock is held: for good when it costs nothing, else for the 7 days in which it is to be paid. Raises what
    placing raises.
    """
    async with shop_transaction():
        hand = await take(ctx, case_id, CaseAction.SEND_ANEW, expected_version)
        lines = _same_again(hand) if sent is None else [_line(hand, each) for each in sent]
        if not lines:
            raise InvalidInput("Name what is sent.", path=["lines"])
        order_id = await _placed(ctx, hand, lines)
        hand.act(CaseAction.SEND_ANEW, sent_order_id=order_id)
        return await hand.save()


async def _placed(ctx: Context, hand: Hand, lines: Sequence[LineDraft]) -> UUID:
    """The new order, of the same buyer to the same address."""
    old, is_free = hand.order, all(each.unit_price is not None and not each.unit_price.minor for each in lines)
    draft = OrderDraft(
        lines,
        channel=AFTERSALE,
        external_id=str(hand.case.id),
        buyer=Buyer(email=old.email, phone=old.phone),
        shipping_address=old.shipping_address,
        billing_address=old.billing_address,
        tax_included=old.tax_included,
        is_payable_later=is_free,
    )
    placed = (await place_order(ctx, draft)).order_id
    columns = {"customer_id": old.customer_id, "buyer_id": old.buyer_id}  # type: ignore[attr-defined]
    if not is_free:
        until = now() + PAY_DIFFERENCE_WITHIN
        await Order.filter(id=placed).update(**columns, pay_by=until)
        with suppress(NotReserved):  # nothing of it is a thing with stock
            await stock.extend(ctx, Holder("order", placed), until)
    else:
        await Order.filter(id=placed).update(**columns)
    return placed


def _pieces(hand: Hand) -> list[Pieces]:
    is_return = hand.case.kind == "RETURN_REFUND"
    counted = [(row["line_id"], row["received"] if is_return else row["quantity"]) for row in hand.case.lines]
    return [Pieces(UUID(line_id), count) for line_id, count in counted if count]


def _unsent(hand: Hand) -> dict[UUID, int]:
    """How many of the case's pieces by line are still to be sent. Of a line of which some were: those first, or last
    when what is wrong with a piece shows only once it was sent."""
    if hand.case.kind != "REFUND_ONLY" or why_not(facts_of(hand.order, hand.lines), Action.CANCEL_PIECES):
        return {}
    unsent = {}
    for each in _pieces(hand):
        line = hand.line(str(each.line_id))
        sent = max(0, line.shipped - line.refunded) if hand.case.reason in _SHOWS_ONCE_SENT else 0
        count = min(each.quantity - sent, line.quantity - line.cancelled - line.shipped)
        if line.requires_shipping and count > 0:
            unsent[line.id] = count
    return unsent


def _called_off(count: int) -> dict[str, int]:
    return {"called_off": count} if count else {}


def _same_again(hand: Hand) -> list[LineDraft]:
    free, is_exchange, lines = Money(0, hand.order.currency), hand.case.kind == "EXCHANGE", []
    for row in hand.case.lines:
        line, count = hand.line(row["line_id"]), row["received"] if is_exchange else row["quantity"]
        if count:
            lines.append(LineDraft(count, line.variant_id, title=line.title, unit_price=free))  # type: ignore[attr-defined]
    return lines


def _line(hand: Hand, sent: Sent) -> LineDraft:
    return LineDraft(sent.quantity, sent.variant_id, unit_price=sent.price or Money(0, hand.order.currency))
