"""Confirming, holding, and the ends of an order: what becomes of its stock and of its money."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stoa.domains import orders
from stoa.domains.catalog import stock
from stoa.domains.catalog.errors import NotEnoughStock
from stoa.domains.catalog.models import Reservation, Stock, Variant
from stoa.domains.catalog.stock import Demand, Holder
from stoa.domains.orders import Pieces, Reported, shipping
from stoa.domains.orders.errors import NoSuchLine, NoSuchOrder, NotNow, OrderChanged, TooManyPieces
from stoa.domains.orders.models import Order, OrderLine, Payment, Refund, Shipment
from stoa.kit import clock
from stoa.kit.errors import InvalidInput, Refusals
from stoa.kit.ids import new_id
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.domains.catalog.catalogs import events_of
from tests.domains.orders.ledgers import assert_adds_up, eur, everything, pay
from tests.domains.orders.pieces import deliver_pieces, ship_pieces


async def reserved(variant: Variant) -> int:
    return (await Stock.get(variant=variant)).reserved


async def lines_of(order: Order) -> list[OrderLine]:
    return await OrderLine.filter(order_id=order.id).order_by("position")


async def arrived(order: Order) -> None:
    """All of it has been shipped and delivered; how, is not looked at here."""
    for line in await lines_of(order):
        line.shipped = line.delivered = line.quantity - line.cancelled
        await line.save(update_fields=["shipped", "delivered"])


async def test_a_confirmed_order_has_its_stock_for_good(ctx: Context) -> None:
    """O6"""
    order = await make.order(ctx)

    await orders.confirm_order(ctx, order.id)
    await orders.confirm_order(ctx, order.id)

    now = await Order.get(id=order.id)
    assert (now.state, now.fulfilment_state, now.version) == ("CONFIRMED", "ALLOCATED", 2)
    assert now.confirmed_at is not None
    assert await Reservation.filter(holder_id=order.id).values_list("state", "expires_at") == [("HELD", None)]


async def test_what_has_run_out_is_reserved_anew_or_refused_with_what_is_left(ctx: Context) -> None:
    cup, jug = await make.sold(ctx, on_hand=3), await make.sold(ctx, on_hand=3)
    order = await make.order(ctx, [(jug, 1), (cup, 1), (cup, 2)])
    with clock.set_to(clock.now() + timedelta(hours=1)):
        await stock.expire_reservations(ctx)
    other = Holder("cart", new_id())
    await stock.reserve(ctx, other, [Demand(cup.id, 1)])
    before = await everything()

    with pytest.raises(Refusals) as refused:
        await orders.confirm_order(ctx, order.id)

    assert {(type(each), each.params["left"]) for each in refused.value.refusals} == {(NotEnoughStock, 2)}
    assert await everything() == before
    await stock.release(ctx, other)
    await orders.confirm_order(ctx, order.id)
    assert (await reserved(cup), await reserved(jug)) == (3, 1)
    await assert_adds_up(ctx)


async def test_a_draft_takes_its_stock_when_it_is_confirmed(ctx: Context) -> None:
    cup = await make.sold(ctx)
    order = await make.order(ctx, [(cup, 2)], as_draft=True)
    assert await reserved(cup) == 0

    await orders.confirm_order(ctx, order.id)

    assert await reserved(cup) == 2


async def test_several_are_confirmed_each_by_itself(ctx: Context) -> None:
    good, held, gone = await make.order(ctx), await make.order(ctx), new_id()
    await orders.hold_order(ctx, held.id, reason="looks odd")

    results = await orders.confirm_orders(ctx, [good.id, held.id, gone])

    assert [each.order_id for each in results] == [good.id, None, None]
    told = [(refusal.code, refusal.path) for each in results for refusal in each.refusals]
    assert told == [("NOT_NOW", ("ids", 1)), ("ORDER_NOT_FOUND", ("ids", 2))]
    assert (await Order.get(id=held.id)).state == "PENDING"
    with pytest.raises(InvalidInput):
        await orders.confirm_orders(ctx, [])


async def test_what_is_held_goes_no_further_until_it_is_resumed(ctx: Context) -> None:
    order = await make.order(ctx)
    await orders.hold_order(ctx, order.id, reason="call them")
    before = await everything()

    for attempt in (orders.confirm_order, orders.hold_order):
        with pytest.raises(NotNow) as refused:
            await attempt(ctx, order.id)
        assert refused.value.params["reason"] == "ON_HOLD"

    assert await everything() == before
    await orders.resume_order(ctx, order.id)
    with pytest.raises(NotNow):
        await orders.resume_order(ctx, order.id)
    await orders.confirm_order(ctx, order.id)
    assert ("OrderHeld", {"order_id": str(order.id), "reason": "call them"}) in await events_of(ctx)


async def test_a_cancelled_order_gives_back_stock_and_money(ctx: Context) -> None:
    cup = await make.sold(ctx, price_minor=333)
    order = await make.order(ctx, [(cup, 3)], shipping=eur(490))
    await pay(ctx, order, 1000, "A")
    await pay(ctx, order, 489, "B")
    await orders.confirm_order(ctx, order.id)

    await orders.cancel_order(ctx, order.id, reason="changed my mind")
    await orders.cancel_order(ctx, order.id)

    now = await Order.get(id=order.id)
    assert (now.state, now.payment_state, now.fulfilment_state) == ("CANCELLED", "REFUNDED", "CANCELLED")
    assert (now.end_reason, now.refunded_minor, now.waived_minor) == ("changed my mind", 1489, 0)
    [refund] = await Refund.all()
    assert (refund.state, refund.amount_minor, refund.shipping_minor, refund.extra_minor) == ("PENDING", 1489, 490, 0)
    assert [(each["quantity"], each["minor"]) for each in refund.lines] == [(3, 999)]
    assert [each["minor"] for each in refund.parts] == [489, 1000]
    assert await reserved(cup) == 0
    await assert_adds_up(ctx)


async def test_some_pieces_are_cancelled_and_paid_back(ctx: Context) -> None:
    cup, jug = await make.sold(ctx, price_minor=333), await make.sold(ctx, price_minor=500)
    order = await make.order(ctx, [(cup, 3), (jug, 1)])
    await pay(ctx, order, 1499, "A")
    [cups, jugs] = await lines_of(order)

    await orders.cancel_order(ctx, order.id, lines=[Pieces(cups.id, 1), Pieces(jugs.id, 1)], reason="too many")

    now, [cups, jugs] = await Order.get(id=order.id), await lines_of(order)
    assert (now.state, now.payment_state, now.refunded_minor) == ("PENDING", "PART_REFUNDED", 833)
    assert [(each.cancelled, each.refunded, each.refunded_minor) for each in (cups, jugs)] == [(1, 0, 333), (1, 0, 500)]
    assert (await reserved(cup), await reserved(jug)) == (2, 0)
    await assert_adds_up(ctx)
    await orders.cancel_order(ctx, order.id, lines=[Pieces(cups.id, 2)])
    now = await Order.get(id=order.id)
    assert (now.state, now.payment_state, now.refunded_minor) == ("CANCELLED", "REFUNDED", 1499)
    await assert_adds_up(ctx)


async def test_what_was_cancelled_before_it_was_paid_need_not_be_paid(ctx: Context) -> None:
    order = await make.order(ctx, [(await make.sold(ctx, price_minor=1000), 4)])
    [line] = await lines_of(order)

    await orders.cancel_order(ctx, order.id, lines=[Pieces(line.id, 1)])
    await pay(ctx, order, 2500, "A")
    assert (await Order.get(id=order.id)).payment_state == "PART_PAID"
    await orders.cancel_order(ctx, order.id, lines=[Pieces(line.id, 1)])

    now = await Order.get(id=order.id)  # 20.00 are due of 40.00, 25.00 were paid
    assert (now.waived_minor, now.refunded_minor, now.payment_state) == (1500, 500, "PART_REFUNDED")
    await assert_adds_up(ctx)
    await orders.cancel_order(ctx, order.id)
    now = await Order.get(id=order.id)
    assert (now.refunded_minor, now.payment_state) == (2500, "REFUNDED")
    await assert_adds_up(ctx)


async def test_what_was_set_aside_is_let_go_with_the_order(ctx: Context) -> None:
    order = await make.order(ctx)
    await pay(ctx, order, 3998, "A", state=Reported.AUTHORIZED)

    await orders.reject_order(ctx, order.id, reason="no such colour")
    await orders.reject_order(ctx, order.id, reason="again")

    now = await Order.get(id=order.id)
    assert (now.state, now.payment_state, now.end_reason) == ("REJECTED", "VOIDED", "no such colour")
    assert (await Payment.get(order_id=order.id)).state == "VOIDED"
    assert [name for name, _ in await events_of(ctx)].count("PaymentVoided") == 1
    assert await Refund.all().count() == 0
    await assert_adds_up(ctx)


async def test_what_cannot_be_cancelled_is_refused(ctx: Context) -> None:
    order, sent = await make.order(ctx), await make.order(ctx)
    [line] = await lines_of(order)
    [of_sent] = await lines_of(sent)
    await pay(ctx, sent, 3998, "A")
    await orders.confirm_order(ctx, sent.id)
    await OrderLine.filter(id=of_sent.id).update(shipped=1)
    before = await everything()

    with pytest.raises(NotNow) as refused:
        await orders.cancel_order(ctx, sent.id)
    assert refused.value.params["reason"] == "ALREADY_SHIPPED"
    for pieces, kind in ((Pieces(line.id, 3), TooManyPieces), (Pieces(of_sent.id, 1), NoSuchLine)):
        with pytest.raises(Refusals) as several:
            await orders.cancel_order(ctx, order.id, lines=[pieces])
        assert [type(each) for each in several.value.refusals] == [kind]
    with pytest.raises(InvalidInput):
        await orders.reject_order(ctx, order.id, reason=" ")
    for attempt in (orders.cancel_order, orders.confirm_order, orders.hold_order):
        with pytest.raises(OrderChanged):
            await attempt(ctx, order.id, expected_version=7)

    assert await everything() == before


async def test_what_has_not_left_can_be_called_off_when_the_rest_has(ctx: Context) -> None:
    """Partial everything: the rest broke in the warehouse. Its money and stock go back, and the order can be completed."""
    cup, jug = await make.sold(ctx, price_minor=333), await make.sold(ctx, price_minor=500)
    order = await make.order(ctx, [(cup, 3), (jug, 1)], shipping=eur(490))
    await pay(ctx, order, 1989, "A")
    await orders.confirm_order(ctx, order.id)
    await ship_pieces(ctx, order.id, 0, 2)
    await deliver_pieces(ctx, order.id)
    [cups, jugs] = await lines_of(order)
    [parcel] = await shipping.pack_order(ctx, order.id, shipping.PackDraft({cups.id: 1}))
    assert (await Order.get(id=order.id)).fulfilment_state == "PART_DELIVERED"
    with pytest.raises(Refusals) as refused:
        await orders.cancel_order(ctx, order.id, lines=[Pieces(cups.id, 2)])
    assert refused.value.refusals[0].params["left"] == 1

    await orders.cancel_order(ctx, order.id, lines=[Pieces(jugs.id, 1)], reason="broken")
    await assert_adds_up(ctx)
    assert (await Shipment.get(id=parcel)).state == "PACKED"
    await orders.cancel_order(ctx, order.id, lines=[Pieces(cups.id, 1)], reason="broken")

    now = await Order.get(id=order.id)
    assert (now.state, now.payment_state, now.fulfilment_state) == ("CONFIRMED", "PART_REFUNDED", "DELIVERED")
    assert (now.refunded_minor, await reserved(cup), await reserved(jug)) == (833, 0, 0)
    assert (await Shipment.get(id=parcel)).state == "CANCELLED"
    assert now.delivered_at == (await Shipment.get(order_id=order.id, number=1)).delivered_at
    await assert_adds_up(ctx)
    with pytest.raises(NotNow) as not_now:
        await orders.cancel_order(ctx, order.id, lines=[Pieces(cups.id, 1)])
    assert not_now.value.params["reason"] == "NOTHING_TO_SHIP"
    await orders.complete_order(ctx, order.id)


async def test_whose_money_has_all_gone_back_is_sent_nothing(ctx: Context) -> None:
    order = await make.order(ctx)
    await pay(ctx, order, 3998, "A")
    await orders.confirm_order(ctx, order.id)
    [line] = await lines_of(order)
    await orders.refund(ctx, order.id, orders.RefundDraft([Pieces(line.id, 2)]))

    with pytest.raises(NotNow) as refused:
        await shipping.pack_order(ctx, order.id, shipping.PackDraft())

    assert refused.value.params["reason"] == "REFUNDED"
    await orders.cancel_order(ctx, order.id)
    await assert_adds_up(ctx)


async def test_an_order_is_completed_when_it_is_paid_and_has_arrived(ctx: Context) -> None:
    order = await make.order(ctx)
    await orders.confirm_order(ctx, order.id)
    await arrived(order)
    before = await everything()
    with pytest.raises(NotNow) as refused:
        await orders.complete_order(ctx, order.id)
    assert refused.value.params["reason"] == "NOT_PAID"
    assert await everything() == before

    await pay(ctx, order, 3998, "A")
    await orders.complete_order(ctx, order.id)
    await orders.complete_order(ctx, order.id)

    now = await Order.get(id=order.id)
    assert now.state == "COMPLETED"
    assert now.ended_at is not None


async def test_a_strangers_order_is_not_found(ctx: Context, other_ctx: Context) -> None:
    order = await make.order(ctx)
    before = await everything()

    with open_shop(other_ctx.shop):
        for attempt in (
            orders.confirm_order,
            orders.cancel_order,
            orders.expire_order,
            orders.complete_order,
            orders.hold_order,
            orders.resume_order,
        ):
            with pytest.raises(NoSuchOrder):
                await attempt(other_ctx, order.id)
        with pytest.raises(NoSuchOrder):
            await orders.reject_order(other_ctx, order.id, reason="mine")

    assert await everything() == before
