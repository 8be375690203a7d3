"""Paying: several payments of an order, reported once or twice, set aside, captured, let go, taken back by a bank."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from stoa.domains import orders
from stoa.domains.catalog import stock
from stoa.domains.catalog.models import Reservation
from stoa.domains.catalog.stock import Demand, Holder
from stoa.domains.orders import Reported
from stoa.domains.orders.deriving import facts_of
from stoa.domains.orders.errors import (
    NoSuchOrder,
    NoSuchPayment,
    NotNow,
    PaymentDiffers,
    PaymentEnded,
    TooMuchMoney,
    WrongCurrency,
)
from stoa.domains.orders.models import Order, Payment, PaymentRowState, PaymentState, Refund
from stoa.domains.orders.moving import lines_of
from stoa.kit import clock
from stoa.kit.ids import new_id
from stoa.kit.money import Money
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.domains.catalog.catalogs import events_of
from tests.domains.orders.ledgers import assert_adds_up, eur, everything, pay


async def state_of(order: Order) -> tuple[PaymentState, int, int]:
    now = await Order.get(id=order.id)
    return now.payment_state, now.captured_minor, now.refunded_minor


async def test_an_order_is_paid_by_several_payments(ctx: Context) -> None:
    order = await make.order(ctx, [(await make.sold(ctx, price_minor=1999), 2)])

    first = await pay(ctx, order, 1000, "A", method="card")
    assert await state_of(order) == ("PART_PAID", 1000, 0)
    await pay(ctx, order, 2998, "B")

    assert await state_of(order) == ("PAID", 3998, 0)
    assert (first.state, first.captured_minor, first.method) == ("SETTLED", 1000, "card")
    now = await Order.get(id=order.id)
    assert (now.pay_by, now.state) == (None, "PENDING")
    assert await Reservation.filter(holder_id=order.id).values_list("expires_at", flat=True) == [None]
    steps = [each for name, each in await events_of(ctx) if name == "OrderMoved"]
    assert [(each["old"], each["new"]) for each in steps] == [("UNPAID", "PART_PAID"), ("PART_PAID", "PAID")]
    await assert_adds_up(ctx)


async def test_reported_twice_it_is_one_payment(ctx: Context) -> None:
    order = await make.order(ctx)

    found = await asyncio.gather(*(pay(ctx, order, 3998, "A") for _ in range(5)))

    assert len({each.id for each in found}) == 1
    assert await state_of(order) == ("PAID", 3998, 0)
    assert (await Order.get(id=order.id)).version == 2


async def test_a_payment_comes_further_and_old_news_changes_nothing(ctx: Context) -> None:
    order = await make.order(ctx)
    for state, expected in (
        (Reported.PENDING, ("UNPAID", 0, 0)),
        (Reported.AUTHORIZED, ("AUTHORIZED", 0, 0)),
        (Reported.CAPTURED, ("PAID", 3998, 0)),
        (Reported.AUTHORIZED, ("PAID", 3998, 0)),
        (Reported.FAILED, ("PAID", 3998, 0)),
    ):
        await pay(ctx, order, 3998, "A", state=state)
        assert await state_of(order) == expected
    assert await Payment.all().count() == 1


async def test_the_same_reference_with_another_amount_or_order_is_refused(ctx: Context) -> None:
    order, other = await make.order(ctx), await make.order(ctx)
    await pay(ctx, order, 3998, "A")
    before = await everything()

    with pytest.raises(PaymentDiffers):
        await pay(ctx, order, 4000, "A")
    with pytest.raises(PaymentDiffers) as refused:
        await pay(ctx, other, 3998, "A")

    assert refused.value.path == ("reference",)
    assert await everything() == before


async def test_what_was_set_aside_is_captured_in_parts_and_the_rest_let_go(ctx: Context) -> None:
    order = await make.order(ctx)
    payment = await pay(ctx, order, 3998, "A", state=Reported.AUTHORIZED)
    assert (await Order.get(id=order.id)).pay_by is None

    await orders.capture_payment(ctx, payment.id, eur(1000))
    assert await state_of(order) == ("PART_PAID", 1000, 0)
    with pytest.raises(TooMuchMoney):
        await orders.capture_payment(ctx, payment.id, eur(2999))
    await orders.void_payment(ctx, payment.id)

    assert await state_of(order) == ("PART_PAID", 1000, 0)
    assert (await Payment.get(id=payment.id)).state is PaymentRowState.SETTLED
    with pytest.raises(PaymentEnded):
        await orders.capture_payment(ctx, payment.id)
    await assert_adds_up(ctx)


async def test_let_go_the_order_waits_for_money_again(ctx: Context) -> None:
    order = await make.order(ctx)
    payment = await pay(ctx, order, 3998, "A", state=Reported.AUTHORIZED)

    await orders.void_payment(ctx, payment.id)
    await orders.void_payment(ctx, payment.id)

    assert await state_of(order) == ("VOIDED", 0, 0)
    assert (await Order.get(id=order.id)).pay_by is not None
    await pay(ctx, order, 3998, "B")
    assert await state_of(order) == ("PAID", 3998, 0)


async def test_more_than_is_due_stays_visible(ctx: Context) -> None:
    order = await make.order(ctx)
    await pay(ctx, order, 3998, "A")

    await pay(ctx, order, 100, "B")

    assert await state_of(order) == ("PAID", 4098, 0)


async def test_what_comes_too_late_goes_back(ctx: Context) -> None:
    order = await make.order(ctx)
    await orders.cancel_order(ctx, order.id, reason="changed my mind")

    await pay(ctx, order, 3998, "A")

    assert await state_of(order) == ("REFUNDED", 3998, 3998)
    [refund] = await Refund.all()
    assert (refund.state, refund.amount_minor, refund.extra_minor) == ("PENDING", 3998, 3998)
    await assert_adds_up(ctx)


async def test_paid_when_its_stock_is_gone_somebody_must_look_at_it(ctx: Context) -> None:
    cup = await make.sold(ctx, on_hand=2)
    order = await make.order(ctx, [(cup, 2)])
    with clock.set_to(clock.now() + timedelta(hours=1)):
        await stock.expire_reservations(ctx)
    await stock.reserve(ctx, Holder("cart", new_id()), [Demand(cup.id, 1)])

    await pay(ctx, order, 3998, "A")

    now = await Order.get(id=order.id)
    assert now.payment_state is PaymentState.PAID
    gone = now.checks[-1]
    assert (gone["code"], gone["severity"], orders.is_blocked(now.checks)) == ("STOCK_GONE", "BLOCKING", True)
    assert orders.words_of(gone).said_in("en") == f"{cup.sku}: 1 left, 2 wanted."


async def test_a_bank_takes_it_back(ctx: Context) -> None:
    order = await make.order(ctx)
    payment = await pay(ctx, order, 3998, "A")
    await orders.confirm_order(ctx, order.id)

    await orders.charge_back(ctx, payment.id, reason="fraud")
    await orders.charge_back(ctx, payment.id, reason="fraud")

    assert await state_of(order) == ("CHARGED_BACK", 0, 0)
    [ship] = [each for each in orders.transitions_of(await facts(order)) if each.action == "SHIP"]
    assert ship.reason is not None
    assert ship.reason.code == "NOT_PAID"
    await pay(ctx, order, 3998, "B")
    assert await state_of(order) == ("PAID", 3998, 0)
    await assert_adds_up(ctx)


async def facts(order: Order) -> orders.Facts:
    return facts_of(await Order.get(id=order.id), await lines_of(order))


async def test_nothing_is_captured_or_taken_back_of_a_payment_that_has_nothing(ctx: Context) -> None:
    order = await make.order(ctx)
    payment = await pay(ctx, order, 3998, "A", state=Reported.FAILED)
    before = await everything()

    for attempt in (orders.capture_payment, orders.void_payment, orders.charge_back):
        with pytest.raises(PaymentEnded):
            await attempt(ctx, payment.id)
    with pytest.raises(WrongCurrency):
        await orders.record_payment(ctx, order.id, orders.PaymentReport("bank", Money(1, "USD")))

    assert await everything() == before


async def test_a_strangers_payment_is_not_found(ctx: Context, other_ctx: Context) -> None:
    order = await make.order(ctx)
    payment = await pay(ctx, order, 3998, "A", state=Reported.AUTHORIZED)
    before = await everything()

    with open_shop(other_ctx.shop):
        for attempt in (orders.capture_payment, orders.void_payment, orders.charge_back):
            with pytest.raises(NoSuchPayment):
                await attempt(other_ctx, payment.id)
        with pytest.raises(NoSuchOrder):
            await pay(other_ctx, order, 1)

    assert await everything() == before


async def test_an_order_nobody_paid_expires_when_its_time_is_over(ctx: Context) -> None:
    cup = await make.sold(ctx, on_hand=2)
    order, paid = await make.order(ctx, [(cup, 1)]), await make.order(ctx, [(cup, 1)])
    await pay(ctx, paid, 1999, "A")
    before = await everything()
    for each in (order, paid):
        with pytest.raises(NotNow):
            await orders.expire_order(ctx, each.id)
    assert await everything() == before

    with clock.set_to(clock.now() + timedelta(hours=1)):
        await orders.expire_order(ctx, order.id)
        await orders.expire_order(ctx, order.id)
        with pytest.raises(NotNow):
            await orders.expire_order(ctx, paid.id)

    now = await Order.get(id=order.id)
    assert (now.state, now.fulfilment_state, now.payment_state, now.waived_minor) == (
        "EXPIRED",
        "CANCELLED",
        "UNPAID",
        1999,
    )
    await stock.reserve(ctx, Holder("cart", new_id()), [Demand(cup.id, 1)])
    await assert_adds_up(ctx)
