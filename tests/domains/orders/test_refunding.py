"""Giving money back: worth what was paid, to the payments it came from, never more than was captured."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tortoise.exceptions import IntegrityError

from stoa.domains import orders
from stoa.domains.orders import DiscountDraft, Pieces, RefundDraft
from stoa.domains.orders.allotting import cancel_pieces, left_of, refund_pieces
from stoa.domains.orders.errors import (
    NoSuchLine,
    NoSuchOrder,
    NoSuchRefund,
    NotNow,
    RefundEnded,
    TooManyPieces,
    TooMuchMoney,
    WrongCurrency,
)
from stoa.domains.orders.models import Order, OrderLine, Payment, Refund, RefundState
from stoa.kit.errors import InvalidInput, Refusal, Refusals
from stoa.kit.ids import new_id
from stoa.kit.money import Money
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.domains.catalog.catalogs import events_of
from tests.domains.orders.ledgers import assert_adds_up, eur, everything, pay


async def bought(ctx: Context, *payments: int, **draft: Any) -> tuple[Order, list[OrderLine]]:
    """3 cups for 10.00 in all, a jug for 5.00, delivery for 4.90, a confirmed order; paid so much each time."""
    cup, jug = await make.sold(ctx, price_minor=400), await make.sold(ctx, price_minor=500)
    draft = {"discounts": [DiscountDraft("Three for ten", eur(200), line=0)], "shipping": eur(490)} | draft
    order = await make.order(ctx, [(cup, 3), (jug, 1)], **draft)
    for n, minor in enumerate(payments):
        await pay(ctx, order, minor, f"P{n}")
    await orders.confirm_order(ctx, order.id)
    return await Order.get(id=order.id), await OrderLine.filter(order_id=order.id).order_by("position")


async def test_pieces_are_worth_what_was_paid_and_the_last_takes_the_rest(ctx: Context) -> None:
    order, [cups, _] = await bought(ctx, 1990)

    given = [(await orders.refund(ctx, order.id, RefundDraft([Pieces(cups.id, n)]))).amount_minor for n in (1, 1, 1)]

    assert given == [333, 333, 334]
    line = await OrderLine.get(id=cups.id)
    assert (line.refunded, line.refunded_minor, line.gone_minor) == (3, 1000, 1000)
    now = await Order.get(id=order.id)
    assert (now.payment_state, now.refunded_minor) == ("PART_REFUNDED", 1000)
    await assert_adds_up(ctx)


async def test_the_newest_payment_gives_first(ctx: Context) -> None:
    order, [cups, jug] = await bought(ctx, 1200, 790)
    draft = RefundDraft([Pieces(cups.id, 3)], shipping=eur(490), extra=eur(-90))

    shown = await orders.preview_refund(ctx, order.id, draft)
    before = await everything()
    made = await orders.refund(ctx, order.id, draft, reason="broken")

    first, second = await Payment.all().order_by("id")
    assert list(shown.parts) == [(second.id, 790), (first.id, 610)]
    assert (shown.giving.amount, shown.most, shown.delivery_left) == (1400, 1990, 490)
    assert made.parts == [
        {"payment_id": str(second.id), "minor": 790, "reference": ""},
        {"payment_id": str(first.id), "minor": 610, "reference": ""},
    ]
    assert (second.refunded_minor, first.refunded_minor) == (790, 610)
    assert (before["Refund"], before["Order"][0]["refunded_minor"]) == ([], 0)
    told = {"order_id": str(order.id), "refund_id": str(made.id), "amount_minor": 1400, "currency": "EUR"}
    assert ("RefundCreated", told | {"reason": "broken"}) in await events_of(ctx)
    await assert_adds_up(ctx)


async def test_what_cannot_be_given_back_is_refused(ctx: Context) -> None:
    order, [cups, jug] = await bought(ctx, 1990)
    unpaid = await make.order(ctx)
    before = await everything()

    for draft, refusal in (
        (RefundDraft([Pieces(cups.id, 4)]), TooManyPieces),
        (RefundDraft([Pieces(cups.id, 2), Pieces(cups.id, 2)]), TooManyPieces),
        (RefundDraft([Pieces(cups.id, 0)]), TooManyPieces),
        (RefundDraft([Pieces(new_id(), 1)]), NoSuchLine),
        (RefundDraft(shipping=eur(491)), TooMuchMoney),
        (RefundDraft(extra=eur(1991)), TooMuchMoney),
        (RefundDraft([Pieces(jug.id, 1)], extra=eur(-500)), InvalidInput),
        (RefundDraft(), InvalidInput),
        (RefundDraft(extra=Money(1, "USD")), WrongCurrency),
    ):
        for attempt in (orders.refund, orders.preview_refund):
            with pytest.raises((Refusal, Refusals)) as refused:
                await attempt(ctx, order.id, draft)
            [found] = getattr(refused.value, "refusals", (refused.value,))[-1:]
            assert type(found) is refusal
    with pytest.raises(NotNow):
        await orders.refund(ctx, unpaid.id, RefundDraft(extra=eur(1)))

    assert await everything() == before


async def test_twenty_at_once_never_give_more_than_was_captured(ctx: Context) -> None:
    """Issue 4: refunds <= captures, by row locks and by the database's own checks."""
    order, _ = await bought(ctx, 990, 1000)

    outcomes = await asyncio.gather(
        *(orders.refund(ctx, order.id, RefundDraft(extra=eur(150))) for _ in range(20)), return_exceptions=True
    )

    refused = [each for each in outcomes if isinstance(each, TooMuchMoney)]
    assert (len(outcomes) - len(refused), len(refused)) == (13, 7)
    assert {each.params["left"] for each in refused} == {"0.40 EUR"}
    assert (await Order.get(id=order.id)).refunded_minor == 13 * 150
    await assert_adds_up(ctx)


async def test_the_database_itself_gives_no_more_than_was_captured(ctx: Context) -> None:
    order, [cups, _] = await bought(ctx, 1990)
    before = await everything()

    for rows, wrong in (
        (Payment.all(), {"refunded_minor": 1991}),
        (Order.filter(id=order.id), {"refunded_minor": 1991}),
        (OrderLine.filter(id=cups.id), {"gone_minor": 999, "refunded_minor": 1000}),
        (OrderLine.filter(id=cups.id), {"cancelled": 2, "refunded": 2}),
    ):
        with pytest.raises(IntegrityError):
            await rows.update(**wrong)

    assert await everything() == before


async def test_a_refund_is_settled_under_the_providers_references(ctx: Context) -> None:
    order, [cups, _] = await bought(ctx, 1200, 790)
    made = await orders.refund(ctx, order.id, RefundDraft([Pieces(cups.id, 3)]))
    second = await Payment.all().order_by("-id").first()
    assert second is not None

    await orders.settle_refund(ctx, made.id, reference="R", references={second.id: "R2"})
    before = await everything()
    await orders.settle_refund(ctx, made.id, reference="other")
    with pytest.raises(RefundEnded):
        await orders.fail_refund(ctx, made.id, failure="late")

    now = await Refund.get(id=made.id)
    assert (now.state, [each["reference"] for each in now.parts]) == (RefundState.SETTLED, ["R2", "R"])
    assert now.settled_at is not None
    assert await everything() == before


async def test_a_refund_that_failed_does_not_count(ctx: Context) -> None:
    order, [cups, _] = await bought(ctx, 1990)
    one = await orders.refund(ctx, order.id, RefundDraft([Pieces(cups.id, 1)]))
    two = await orders.refund(ctx, order.id, RefundDraft([Pieces(cups.id, 2)], shipping=eur(490)))

    await orders.fail_refund(ctx, one.id, failure="card closed")
    await orders.fail_refund(ctx, one.id, failure="again")

    now, line = await Order.get(id=order.id), await OrderLine.get(id=cups.id)
    assert (now.refunded_minor, line.refunded, line.refunded_minor) == (667 + 490, 2, 667)
    again = await orders.refund(ctx, order.id, RefundDraft([Pieces(cups.id, 1)]))
    assert again.amount_minor == 333
    with pytest.raises(RefundEnded):
        await orders.settle_refund(ctx, one.id)
    await orders.fail_refund(ctx, two.id, failure="closed")
    await orders.fail_refund(ctx, again.id, failure="closed")
    assert (await Order.get(id=order.id)).payment_state == "PAID"
    await assert_adds_up(ctx)


async def test_pieces_cancelled_after_they_were_refunded_stay_gone_when_that_fails(ctx: Context) -> None:
    order, [cups, jug] = await bought(ctx, 1990)
    made = await orders.refund(ctx, order.id, RefundDraft([Pieces(cups.id, 3)]))
    await orders.cancel_order(ctx, order.id, lines=[Pieces(cups.id, 2)])

    line = await OrderLine.get(id=cups.id)
    assert (line.cancelled, line.refunded, line.refunded_minor, line.gone_minor) == (2, 1, 1000, 1000)
    await orders.fail_refund(ctx, made.id, failure="closed")

    line = await OrderLine.get(id=cups.id)
    assert (line.cancelled, line.refunded, line.refunded_minor, line.gone_minor) == (2, 0, 0, 667)
    last = await orders.refund(ctx, order.id, RefundDraft([Pieces(cups.id, 1)]))
    assert last.amount_minor == 333
    await assert_adds_up(ctx)


async def test_a_refund_that_failed_is_tried_again_once(ctx: Context) -> None:
    order, [cups, _] = await bought(ctx, 1990)
    made = await orders.refund(ctx, order.id, RefundDraft([Pieces(cups.id, 2)], extra=eur(50)), reason="late")
    with pytest.raises(RefundEnded):
        await orders.retry_refund(ctx, made.id)
    await orders.fail_refund(ctx, made.id, failure="closed")
    await assert_adds_up(ctx)

    again = await asyncio.gather(*(orders.retry_refund(ctx, made.id) for _ in range(3)))
    await assert_adds_up(ctx)

    assert {each.id for each in again} == {again[0].id} != {made.id}
    [fresh] = await Refund.filter(state="PENDING")
    assert (fresh.amount_minor, fresh.extra_minor, fresh.reason) == (made.amount_minor, 50, "late")
    assert [(each["quantity"], each["minor"]) for each in fresh.lines] == [
        (each["quantity"], each["minor"]) for each in made.lines
    ]
    assert (await Order.get(id=order.id)).refunded_minor == made.amount_minor


async def test_what_was_called_off_is_given_by_trying_again(ctx: Context) -> None:
    """The pieces stay called off while the refund fails: its second try gives what they are worth, delivery too."""
    order, _ = await bought(ctx, 1990)
    await orders.cancel_order(ctx, order.id, reason="changed my mind")
    [refund] = await Refund.all()
    await orders.fail_refund(ctx, refund.id, failure="closed")
    assert (await Order.get(id=order.id)).refunded_minor == 0

    fresh = await orders.retry_refund(ctx, refund.id)

    assert (fresh.amount_minor, fresh.shipping_minor) == (refund.amount_minor, refund.shipping_minor)
    now = await Order.get(id=order.id)
    assert (now.state, now.payment_state, now.refunded_minor) == ("CANCELLED", "REFUNDED", refund.amount_minor)
    await assert_adds_up(ctx)


async def test_what_was_given_back_otherwise_since_is_not_given_again(ctx: Context) -> None:
    order, [cups, _] = await bought(ctx, 1990)
    made = await orders.refund(ctx, order.id, RefundDraft([Pieces(cups.id, 3)]))
    await orders.fail_refund(ctx, made.id, failure="closed")
    await orders.refund(ctx, order.id, RefundDraft([Pieces(cups.id, 1)]))
    before = await everything()

    with pytest.raises(TooManyPieces) as refused:
        await orders.retry_refund(ctx, made.id)

    assert (refused.value.path, refused.value.params["left"]) == (("id",), 2)
    assert await everything() == before


async def test_a_strangers_order_and_refund_are_not_found(ctx: Context, other_ctx: Context) -> None:
    order, [cups, _] = await bought(ctx, 1990)
    made = await orders.refund(ctx, order.id, RefundDraft([Pieces(cups.id, 1)]))
    before = await everything()

    with open_shop(other_ctx.shop):
        for attempt in (orders.refund, orders.preview_refund):
            with pytest.raises(NoSuchOrder):
                await attempt(other_ctx, order.id, RefundDraft(extra=eur(1)))
        with pytest.raises(NoSuchRefund):
            await orders.settle_refund(other_ctx, made.id)
        with pytest.raises(NoSuchRefund):
            await orders.retry_refund(other_ctx, made.id)
        with pytest.raises(NoSuchRefund):
            await orders.fail_refund(other_ctx, made.id, failure="theirs")

    assert await everything() == before


@given(
    total=st.integers(0, 10_000),
    quantity=st.integers(1, 50),
    doings=st.lists(st.tuples(st.booleans(), st.integers(1, 50)), max_size=12),
)
def test_whatever_the_parts_together_they_come_to_the_line(
    total: int, quantity: int, doings: list[tuple[bool, int]]
) -> None:
    """Issue 4: frozen allocations sum to the total in whatever order pieces are refunded and cancelled."""
    line = OrderLine(quantity=quantity, total_minor=total)
    given = []
    for is_refund, count in doings:
        if is_refund:
            given.append(refund_pieces(line, min(count, left_of(line))))
        else:
            given.append(cancel_pieces(line, min(count, line.quantity - line.cancelled)))
        assert 0 <= line.cancelled + line.refunded <= quantity
    given.append(cancel_pieces(line, line.quantity - line.cancelled))

    assert sum(given) == total == line.gone_minor
    assert (line.cancelled, line.refunded) == (quantity, 0)
    assert all(each >= 0 for each in given)
