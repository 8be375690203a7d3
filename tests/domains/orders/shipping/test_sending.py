"""Shipping: parcels leave the stock, arrive, get lost, come back; the order follows."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from stoa.domains.catalog.errors import NotReserved
from stoa.domains.catalog.models import Reservation, Stock, StockMovement
from stoa.domains.orders import shipping
from stoa.domains.orders.errors import NotNow, TooManyPieces, WrongCurrency
from stoa.domains.orders.models import Order, OrderLine, Shipment, ShipmentState
from stoa.domains.orders.shipping import PackDraft, ShipDraft, ShipRow
from stoa.domains.orders.shipping.errors import NoSuchShipment, NumberTaken, WrongCode, WrongShipmentState
from stoa.kit import clock
from stoa.kit.errors import InvalidInput, Refusals
from stoa.kit.money import Money
from stoa.tenants.access.errors import Throttled
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.domains.catalog.catalogs import events_of
from tests.domains.orders.shipping.sending import confirmed, counts, everything, method, states


async def packed(ctx: Context, order: Order, **draft: object) -> Shipment:
    [id] = await shipping.pack_order(ctx, order.id, PackDraft(**draft))  # type: ignore[arg-type]
    return await Shipment.get(id=id)


async def test_a_parcel_leaves_the_house_and_the_stock_once(ctx: Context) -> None:
    """O7, O9"""
    way = await method(ctx, promised_days=3)
    cup = await make.sold(ctx)
    order = await confirmed(ctx, [(cup, 4)])
    parcel = await packed(ctx, order, method_id=way.id)
    moment = datetime(2026, 11, 26, 12, tzinfo=UTC)

    with clock.set_to(moment):
        await shipping.ship_parcel(ctx, parcel.id, ShipDraft(" yt 123 ", cost=Money(850, "EUR")))
        after = await everything()
        await shipping.ship_parcel(ctx, parcel.id, ShipDraft("YT123"))

    assert await everything() == after
    sent = await Shipment.get(id=parcel.id)
    assert (sent.state, sent.carrier, sent.tracking_number) == (ShipmentState.SHIPPED, "yuantong", "YT123")
    assert (sent.cost_minor, sent.shipped_at) == (850, moment)
    assert sent.promised_at == datetime(2026, 11, 29, 23, tzinfo=UTC)  # the 29th is over in Berlin
    stock = await Stock.get(variant=cup)
    assert (stock.on_hand, stock.reserved) == (6, 0)
    sale = await StockMovement.filter(kind="SALE").first()
    assert sale is not None
    assert (sale.on_hand, sale.reserved, sale.reference_kind, sale.reference_id) == (-4, -4, "order", order.id)
    assert await counts(order) == [(4, 0, 0)]
    assert await states(order) == ("SHIPPED", ["SHIPPED"])
    names = [name for name, _ in await events_of(ctx)]
    assert names.count("ShipmentShipped") == 1


async def test_parts_go_and_arrive_one_after_the_other(ctx: Context) -> None:
    """O3, O7: the order's fulfilment follows."""
    order = await confirmed(ctx, [(await make.sold(ctx), 3)])
    line = await OrderLine.get(order_id=order.id)
    first = await packed(ctx, order, lines={line.id: 1})
    await shipping.ship_parcel(ctx, first.id, ShipDraft("A1"))
    assert await states(order) == ("PART_SHIPPED", ["SHIPPED"])
    second = await packed(ctx, order)

    await shipping.deliver_parcel(ctx, first.id)
    assert await states(order) == ("PART_DELIVERED", ["DELIVERED", "PACKED"])
    await shipping.ship_parcel(ctx, second.id, ShipDraft("A2"))
    assert (await Order.get(id=order.id)).delivered_at is None
    await shipping.deliver_parcel(ctx, second.id)
    after = await everything()
    await shipping.deliver_parcel(ctx, second.id)

    assert await everything() == after
    assert await states(order) == ("DELIVERED", ["DELIVERED", "DELIVERED"])
    assert await counts(order) == [(3, 3, 0)]
    assert (await Order.get(id=order.id)).delivered_at == (await Shipment.get(id=second.id)).delivered_at


async def test_a_lost_parcel_may_turn_up(ctx: Context) -> None:
    order = await confirmed(ctx)
    parcel = await packed(ctx, order)
    await shipping.ship_parcel(ctx, parcel.id, ShipDraft("L1"))

    await shipping.lose_parcel(ctx, parcel.id, reason="fell off a truck")
    after = await everything()
    await shipping.lose_parcel(ctx, parcel.id, reason="again")

    assert await everything() == after
    assert await states(order) == ("LOST", ["LOST"])
    assert (await Shipment.get(id=parcel.id)).exception == "fell off a truck"
    await shipping.deliver_parcel(ctx, parcel.id)
    assert await states(order) == ("DELIVERED", ["DELIVERED"])


async def test_an_order_with_a_lost_parcel_goes_on_with_the_next(ctx: Context) -> None:
    order = await confirmed(ctx, [(await make.sold(ctx), 2)])
    line = await OrderLine.get(order_id=order.id)
    first, second = await packed(ctx, order, lines={line.id: 1}), await packed(ctx, order)
    await shipping.ship_parcel(ctx, first.id, ShipDraft("L1"))
    await shipping.lose_parcel(ctx, first.id, reason="")

    await shipping.ship_parcel(ctx, second.id, ShipDraft("L2"))

    assert await states(order) == ("SHIPPED", ["LOST", "SHIPPED"])


async def test_a_parcel_sent_back_is_on_hand_again(ctx: Context) -> None:
    cup = await make.sold(ctx)
    order = await confirmed(ctx, [(cup, 4)])
    parcel = await packed(ctx, order)
    await shipping.ship_parcel(ctx, parcel.id, ShipDraft("R1"))

    await shipping.take_parcel_back(ctx, parcel.id, reason="refused at the door", restock=True)
    after = await everything()
    await shipping.take_parcel_back(ctx, parcel.id, reason="", restock=True)

    assert await everything() == after
    assert await counts(order) == [(4, 0, 4)]
    assert await Stock.filter(variant=cup).values_list("on_hand", "reserved") == [(10, 0)]
    assert (await Shipment.get(id=parcel.id)).state is ShipmentState.RETURNED


async def test_digital_goods_arrive_at_once(ctx: Context) -> None:
    file, cup = await make.sold(ctx, on_hand=None, requires_shipping=False), await make.sold(ctx)
    order = await confirmed(ctx, [(file, 2), (cup, 1)])

    id = await shipping.deliver_digital(ctx, order.id)
    after = await everything()

    assert id is not None
    assert await shipping.deliver_digital(ctx, order.id) == id
    assert await everything() == after
    assert await counts(order) == [(2, 2, 0), (0, 0, 0)]
    assert await states(order) == ("PART_DELIVERED", ["DELIVERED"])
    parcel = await packed(ctx, order)
    await shipping.ship_parcel(ctx, parcel.id, ShipDraft())
    await shipping.deliver_parcel(ctx, parcel.id)
    assert await states(order) == ("DELIVERED", ["DELIVERED", "DELIVERED"])


async def test_a_pickup_is_handed_over_for_its_code(ctx: Context) -> None:
    """O12"""
    way = await method(ctx, "pickup")
    cup = await make.sold(ctx)
    order = await confirmed(ctx, [(cup, 2)], shipping_method_id=way.id)
    parcel = await packed(ctx, order)
    assert (parcel.state, parcel.location_id) == (ShipmentState.READY, way.pickup_location_id)  # type: ignore[attr-defined]
    code = parcel.pickup_code
    assert code is not None and len(code) == 6 and code.isdigit()
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    before = await everything()

    with pytest.raises(WrongCode):
        await shipping.hand_over(ctx, parcel.id, code=wrong)
    with pytest.raises(WrongShipmentState):
        await shipping.ship_parcel(ctx, parcel.id, ShipDraft("X"))
    with pytest.raises(WrongShipmentState):
        await shipping.deliver_parcel(ctx, parcel.id)
    assert await everything() == before
    await shipping.hand_over(ctx, parcel.id, code=f"{code[:3]} {code[3:]}")

    assert await states(order) == ("DELIVERED", ["DELIVERED"])
    assert await counts(order) == [(2, 2, 0)]
    assert await Stock.filter(variant=cup).values_list("on_hand", "reserved") == [(8, 0)]
    after = await everything()
    await shipping.hand_over(ctx, parcel.id, code=code)
    assert await everything() == after


async def test_a_code_is_not_to_be_guessed(ctx: Context) -> None:
    """O12: five tries, then a wait; the right code does not help any more until then."""
    way = await method(ctx, "pickup")
    order = await confirmed(ctx, shipping_method_id=way.id)
    parcel = await packed(ctx, order)
    code = parcel.pickup_code or ""
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _ in range(5):
        with pytest.raises(WrongCode):
            await shipping.hand_over(ctx, parcel.id, code=wrong)

    with pytest.raises(Throttled):
        await shipping.hand_over(ctx, parcel.id, code=code)

    assert (await Shipment.get(id=parcel.id)).state is ShipmentState.READY


async def test_what_cannot_be_shipped_is_not(ctx: Context) -> None:
    order, other = await confirmed(ctx), await confirmed(ctx)
    one, two = await packed(ctx, order), await packed(ctx, other)
    await shipping.ship_parcel(ctx, one.id, ShipDraft("N1", carrier="sf"))
    before = await everything()

    with pytest.raises(NumberTaken):
        await shipping.ship_parcel(ctx, two.id, ShipDraft("N1", carrier="sf"))
    with pytest.raises(WrongShipmentState):
        await shipping.ship_parcel(ctx, one.id, ShipDraft("N2"))
    with pytest.raises(WrongCurrency):
        await shipping.ship_parcel(ctx, two.id, ShipDraft("N3", cost=Money(1, "USD")))
    with pytest.raises(InvalidInput):
        await shipping.ship_parcel(ctx, two.id, ShipDraft("N3", shipped_at=clock.now() + timedelta(days=1)))
    for refused in (
        shipping.deliver_parcel(ctx, two.id),
        shipping.lose_parcel(ctx, two.id, reason=""),
        shipping.take_parcel_back(ctx, two.id, reason="", restock=True),
    ):
        with pytest.raises(WrongShipmentState):
            await refused
    with pytest.raises(InvalidInput):
        await shipping.deliver_parcel(ctx, one.id, at=clock.now() - timedelta(days=1))

    assert await everything() == before


async def test_nothing_leaves_that_is_on_hold_or_not_reserved(ctx: Context) -> None:
    order = await confirmed(ctx)
    parcel = await packed(ctx, order)
    await Order.filter(id=order.id).update(is_on_hold=True)
    before = await everything()
    with pytest.raises(NotNow):
        await shipping.ship_parcel(ctx, parcel.id, ShipDraft("H1"))
    assert await everything() == before
    await Order.filter(id=order.id).update(is_on_hold=False)
    await Reservation.all().update(state="EXPIRED")
    before = await everything()

    with pytest.raises(Refusals) as refused:
        await shipping.ship_parcel(ctx, parcel.id, ShipDraft("H1"))
    assert [type(each) for each in refused.value.refusals] == [NotReserved]

    assert await everything() == before


async def test_what_was_called_off_since_it_was_packed_does_not_go(ctx: Context) -> None:
    order = await confirmed(ctx)
    parcel = await packed(ctx, order)
    await OrderLine.filter(order_id=order.id).update(cancelled=1)
    before = await everything()

    with pytest.raises(TooManyPieces):
        await shipping.ship_parcel(ctx, parcel.id, ShipDraft("C1"))

    assert await everything() == before


async def test_two_who_ship_the_same_parcel_ship_it_once(ctx: Context) -> None:
    cup = await make.sold(ctx)
    order = await confirmed(ctx, [(cup, 2)])
    parcel = await packed(ctx, order)

    await asyncio.gather(*(shipping.ship_parcel(ctx, parcel.id, ShipDraft("T1")) for _ in range(4)))

    assert await Stock.filter(variant=cup).values_list("on_hand", "reserved") == [(8, 0)]
    assert await counts(order) == [(2, 0, 0)]


async def test_many_are_shipped_each_by_itself(ctx: Context) -> None:
    """X: bulk with a result for each row."""
    cup = await make.sold(ctx, on_hand=20)
    good, pending = await confirmed(ctx, [(cup, 2)]), await make.order(ctx, [(cup, 1)])
    with_parcel = await confirmed(ctx, [(cup, 1)])
    parcel = await packed(ctx, with_parcel)
    rows = [
        ShipRow(ShipDraft("B1"), order_id=good.id),
        ShipRow(ShipDraft("B2"), order_id=pending.id),
        ShipRow(ShipDraft("B1"), shipment_id=parcel.id),
        ShipRow(ShipDraft("B4"), shipment_id=pending.id),
        ShipRow(ShipDraft("B5")),
    ]

    results = await shipping.ship_many(ctx, rows)

    assert [[each.code for each in result.refusals] for result in results] == [
        [],
        ["NOT_NOW"],
        ["TRACKING_NUMBER_TAKEN"],
        ["SHIPMENT_NOT_FOUND"],
        ["SHIPMENT_NOT_FOUND"],
    ]
    assert results[1].refusals[0].path == ("rows", 1, "order_id")
    assert await states(good) == ("SHIPPED", ["SHIPPED"])
    assert await states(with_parcel) == ("PACKED", ["PACKED"])
    after = await everything()
    [again] = await shipping.ship_many(ctx, rows[:1])
    assert again.shipment_id == results[0].shipment_id
    assert await everything() == after


async def test_a_stranger_moves_no_parcel(ctx: Context, other_ctx: Context) -> None:
    order = await confirmed(ctx)
    parcel = await packed(ctx, order)
    before = await everything()

    with open_shop(other_ctx.shop):
        for refused in (
            shipping.ship_parcel(other_ctx, parcel.id, ShipDraft("S1")),
            shipping.deliver_parcel(other_ctx, parcel.id),
            shipping.lose_parcel(other_ctx, parcel.id, reason=""),
            shipping.take_parcel_back(other_ctx, parcel.id, reason="", restock=True),
            shipping.hand_over(other_ctx, parcel.id, code="123456"),
            shipping.track_parcel(other_ctx, parcel.id),
            shipping.announce_parcel(other_ctx, parcel.id),
        ):
            with pytest.raises(NoSuchShipment):
                await refused
        [result] = await shipping.ship_many(other_ctx, [ShipRow(ShipDraft("S1"), order_id=order.id)])
        assert [each.code for each in result.refusals] == ["ORDER_NOT_FOUND"]

    assert await everything() == before
