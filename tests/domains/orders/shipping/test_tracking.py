"""Following parcels: through Kuaidi100 and the simulated carrier, each event once, what is late flagged."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from stoa.domains.catalog.models import Location
from stoa.domains.orders import shipping
from stoa.domains.orders.models import Order, Shipment, ShipmentState
from stoa.domains.orders.shipping import PackDraft, ShipDraft
from stoa.domains.orders.shipping.carriers import Heard, Sent, Whereabouts
from stoa.domains.orders.shipping.errors import (
    CarrierRefused,
    CarrierSilent,
    NotFollowed,
    SenderUnknown,
    WrongShipmentState,
)
from stoa.domains.orders.shipping.kuaidi100 import Keys, Kuaidi100, digits, pushed, state_of
from stoa.domains.orders.shipping.simulated import SimulatedCarrier
from stoa.domains.service import Buyer
from stoa.kit import clock
from stoa.kit.errors import InvalidInput
from stoa.kit.ids import new_id
from stoa.tenants.context import Context
from tests.domains.catalog.catalogs import events_of
from tests.domains.orders.shipping.sending import confirmed, everything, method, states
from tests.fakes.kuaidi100 import CUSTOMER, KEY, SECRET, FakeKuaidi100, fake_kuaidi100, md5

LEI = Buyer(name="李雷", phone="+86 138 0013 8000")
HOUSE = {
    "recipient": "Stoa 仓",
    "region": "浙江省",
    "city": "杭州市",
    "line1": "仓前街 2 号",
    "phone": "0571-1234 5678",
}
LEFT = datetime(2026, 11, 20, 8, tzinfo=UTC)
PICKED_UP = {"time": "2026-11-20 18:00:00", "context": "【杭州市】已揽收", "status": "揽收", "statusCode": "1"}
SORTED = {"time": "2026-11-21 03:10:00", "context": "到达 上海转运中心", "location": "上海", "statusCode": "0"}
HELD_UP = {"time": "2026-11-22 09:00:00", "context": "客户电话无人接听", "statusCode": "2"}
SIGNED = {"time": "2026-11-22 15:30:00", "context": "已签收，前台代收", "statusCode": "301"}


@pytest.fixture
async def fake() -> AsyncIterator[FakeKuaidi100]:
    async with fake_kuaidi100() as started:
        yield started


def asked(fake: FakeKuaidi100, key: str = KEY) -> Kuaidi100:
    return Kuaidi100(Keys(CUSTOMER, key, SECRET, account="9-571", password="pw"), fake.url, fake.url)


def result(state: str, *events: dict[str, str]) -> dict[str, object]:
    return {"message": "ok", "nu": "YT1", "com": "yuantong", "status": "200", "state": state, "data": [*events]}


async def sent(ctx: Context, number: str = "YT1", **columns: object) -> Shipment:
    way = await method(ctx, **columns)
    order = await confirmed(ctx, shipping_address={"phone": "138 0013 8000", "country": "CN"})
    [id] = await shipping.pack_order(ctx, order.id, PackDraft(method_id=way.id))
    with clock.set_to(LEFT + timedelta(days=300)):
        await shipping.ship_parcel(ctx, id, ShipDraft(number, shipped_at=LEFT))
    return await Shipment.get(id=id)


async def test_what_kuaidi100_tells_is_kept_once(ctx: Context, fake: FakeKuaidi100) -> None:
    """O8: the timeline grows, the parcel and its order follow."""
    parcel = await sent(ctx)
    order = await Order.get(id=parcel.order_id)  # type: ignore[attr-defined]
    fake.parcels["YT1"] = result("0", SORTED, PICKED_UP)

    await shipping.track_parcel(ctx, parcel.id, via=asked(fake))
    after = await everything()
    await shipping.track_parcel(ctx, parcel.id, via=asked(fake))

    assert await everything() == after
    assert fake.asked[0] == {
        "com": "yuantong",
        "num": "YT1",
        "phone": "13800138000",
        "resultv2": "4",
        "order": "desc",
    }
    tracked = await Shipment.get(id=parcel.id)
    assert tracked.state is ShipmentState.IN_TRANSIT
    assert tracked.tracking == [
        {"at": "2026-11-20T10:00:00+00:00", "state": "IN_TRANSIT", "place": "", "text": "【杭州市】已揽收"},
        {"at": "2026-11-20T19:10:00+00:00", "state": "IN_TRANSIT", "place": "上海", "text": "到达 上海转运中心"},
    ]
    fake.parcels["YT1"] = result("2", HELD_UP, SORTED, PICKED_UP)
    await shipping.track_parcel(ctx, parcel.id, via=asked(fake))
    held_up = await Shipment.get(id=parcel.id)
    assert (held_up.state, held_up.exception) == (ShipmentState.EXCEPTION, "客户电话无人接听")
    fake.parcels["YT1"] = result("3", SIGNED, HELD_UP, SORTED, PICKED_UP)
    await shipping.track_parcel(ctx, parcel.id, via=asked(fake))

    arrived = await Shipment.get(id=parcel.id)
    assert (arrived.state, arrived.exception, arrived.is_late) == (ShipmentState.DELIVERED, "", False)
    assert arrived.delivered_at == datetime(2026, 11, 22, 7, 30, tzinfo=UTC)
    assert [each["text"] for each in arrived.tracking][-1] == "已签收，前台代收"
    assert await states(order) == ("DELIVERED", ["DELIVERED"])
    news = [payload["new"] for name, payload in await events_of(ctx) if name == "ShipmentMoved"]
    assert news == ["SHIPPED", "IN_TRANSIT", "EXCEPTION", "DELIVERED"]


async def test_a_carrier_that_does_not_answer_changes_nothing(ctx: Context, fake: FakeKuaidi100) -> None:
    parcel = await sent(ctx)
    before = await everything()

    await shipping.track_parcel(ctx, parcel.id, via=asked(fake))  # it knows nothing yet: that is no error
    with pytest.raises(CarrierRefused) as refused:
        await shipping.track_parcel(ctx, parcel.id, via=asked(fake, key="wrong"))
    assert refused.value.params["words"] == "验证签名失败"
    busy = json.dumps({"result": False, "returnCode": "502", "message": "服务器繁忙"}).encode()
    for raw in ((200, busy), (500, b"{}"), (200, b"<html>"), (200, b"[1]"), (302, b""), (200, b" " * 1_100_000)):
        fake.raw = raw
        with pytest.raises(CarrierSilent):
            await shipping.track_parcel(ctx, parcel.id, via=asked(fake))
    with pytest.raises(CarrierSilent):
        await shipping.track_parcel(ctx, parcel.id, via=Kuaidi100(Keys("C", "K"), "http://127.0.0.1:1025", ""))
    with pytest.raises(NotFollowed):
        await shipping.track_parcel(ctx, parcel.id)

    assert await everything() == before


async def test_a_parcel_gets_its_number_from_the_carrier_once(ctx: Context, fake: FakeKuaidi100) -> None:
    """O7: label number. The form is their `OrderReq`: it wants to know the sender, and whose account is charged."""
    order = await confirmed(ctx, shipping_address={"name": "李雷", "city": "杭州市", "line1": "文三路 1 号"}, buyer=LEI)
    way = await method(ctx)
    [id] = await shipping.pack_order(ctx, order.id, PackDraft(method_id=way.id))
    with pytest.raises(SenderUnknown):
        await shipping.announce_parcel(ctx, id, via=asked(fake))
    await Location.all().update(address=HOUSE)

    await shipping.announce_parcel(ctx, id, via=asked(fake))
    await shipping.announce_parcel(ctx, id, via=asked(fake))

    assert (await Shipment.get(id=id)).tracking_number == "YT0000000001"
    [label] = fake.asked
    assert label["recMan"] == {"name": "李雷", "mobile": "13800138000", "printAddr": "杭州市文三路 1 号"}
    assert label["sendMan"] == {"name": "Stoa 仓", "mobile": "057112345678", "printAddr": "浙江省杭州市仓前街 2 号"}
    assert (label["partnerId"], label["partnerKey"], label["payType"]) == ("9-571", "pw", "MONTHLY")
    assert label["kuaidicom"] == "yuantong"
    await shipping.ship_parcel(ctx, id, ShipDraft())
    assert (await Shipment.get(id=id)).tracking_number == "YT0000000001"
    [unpacked] = await shipping.pack_order(ctx, (await confirmed(ctx)).id, PackDraft())
    with pytest.raises(CarrierRefused):
        await shipping.announce_parcel(ctx, unpacked, via=Kuaidi100(Keys(CUSTOMER, KEY, "wrong"), "", fake.url))
    with pytest.raises(WrongShipmentState):
        await shipping.track_parcel(ctx, unpacked, via=asked(fake))


def test_what_is_pushed_is_read_when_it_is_signed() -> None:
    param = json.dumps({"status": "polling", "lastResult": result("0", SORTED)}, ensure_ascii=False)

    push = pushed(param, md5(param, "salt"), "salt")

    assert (push.carriers, push.number, push.whereabouts.state) == (("yuantong",), "YT1", ShipmentState.IN_TRANSIT)
    assert [each.text for each in push.whereabouts.events] == ["到达 上海转运中心"]
    for wrong, signature, salt in (
        (param, md5(param, "other"), "salt"),
        (param, md5(param, ""), ""),
        ("[]", md5("[]", "salt"), "salt"),
    ):
        with pytest.raises(InvalidInput):
            pushed(wrong, signature, salt)


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("0", "IN_TRANSIT"),
        ("301", "DELIVERED"),
        ("10", "IN_TRANSIT"),
        ("12", "IN_TRANSIT"),
        ("13", "EXCEPTION"),
        ("14", "EXCEPTION"),
        ("101", None),
        ("103", "IN_TRANSIT"),
        ("1001", "IN_TRANSIT"),
        ("501", "IN_TRANSIT"),
        ("203", "EXCEPTION"),
        ("401", "RETURNED"),
        ("99", None),
        ("", None),
    ],
)
def test_states_of_kuaidi100(code: str, state: str | None) -> None:
    assert state_of(code) == state


@pytest.mark.parametrize(
    ("given", "asked_for"),
    [
        ("138 0013 8000", "13800138000"),
        ("+86 138-0013-8000", "13800138000"),
        ("0086 13800138000", "13800138000"),
        ("0571-8812 3456 转 801", "057188123456"),
        ("86123456", "86123456"),
        ("", ""),
    ],
)
def test_telephone_numbers_are_asked_for_by_their_digits(given: str, asked_for: str) -> None:
    assert digits(given) == asked_for


async def test_the_simulated_carrier_moves_parcels_by_the_clock(ctx: Context) -> None:
    """Each number decides its own way, always the same."""
    carrier = SimulatedCarrier()
    parcels = [Sent(new_id(), "sim", f"SIM{n:03d}", LEFT) for n in range(300)]
    with clock.set_to(LEFT + timedelta(days=20)):
        ends = [await carrier.track(each) for each in parcels]
        again = [await carrier.track(each) for each in parcels]
    with clock.set_to(LEFT + timedelta(hours=6)):
        starts = [await carrier.track(each) for each in parcels]

    assert ends == again
    assert {each.state for each in starts} == {ShipmentState.IN_TRANSIT}
    counted = {state: sum(each.state is state for each in ends) for state in ShipmentState}
    assert counted[ShipmentState.DELIVERED] >= 280
    assert counted[ShipmentState.DELIVERED] + counted[ShipmentState.RETURNED] + counted[ShipmentState.IN_TRANSIT] == 300
    number = await carrier.number_for(parcels[0])
    assert number == await carrier.number_for(parcels[0])
    assert len(number) == 15


async def test_a_shop_follows_its_parcels_by_the_simulated_carrier(ctx: Context) -> None:
    """O8"""
    parcel = await sent(ctx, "SIM000", settings={"by": "SIMULATED"})
    assert await shipping.parcels_to_follow(None) == [parcel.id]

    with clock.set_to(LEFT + timedelta(days=20)):
        await shipping.track_parcel(ctx, parcel.id)

    tracked = await Shipment.get(id=parcel.id)
    assert tracked.state is ShipmentState.DELIVERED
    assert [each["text"] for each in tracked.tracking][0] == "Picked up"
    assert await shipping.parcels_to_follow(None) == []


async def test_what_should_be_there_by_now_is_flagged_once(ctx: Context) -> None:
    """O8: delays flagged."""
    parcel = await sent(ctx, promised_days=2)
    with clock.set_to(datetime(2026, 11, 22, 22, 59, tzinfo=UTC)):
        assert await shipping.flag_late(ctx) == 0  # it is still the 22nd in Berlin
    with clock.set_to(datetime(2026, 11, 22, 23, 1, tzinfo=UTC)):
        assert await shipping.flag_late(ctx) == 1
        assert await shipping.flag_late(ctx) == 0

    assert (await Shipment.get(id=parcel.id)).is_late
    news = [payload for name, payload in await events_of(ctx) if name == "ShipmentOverdue"]
    assert news == [{"order_id": str(parcel.order_id), "shipment_id": str(parcel.id), "number": 1}]  # type: ignore[attr-defined]


async def test_what_a_carrier_sends_back_waits_for_the_shop(ctx: Context) -> None:
    """O8: exceptions flagged. Only the shop says that it has come, and whether it may be sold again."""
    parcel = await sent(ctx)
    back = Whereabouts([Heard(LEFT, "Refused, on its way back", "", ShipmentState.RETURNED)], ShipmentState.RETURNED)

    await shipping.apply_whereabouts(ctx, parcel.id, back)
    after = await everything()
    await shipping.apply_whereabouts(ctx, parcel.id, back)

    assert await everything() == after
    held_up = await Shipment.get(id=parcel.id)
    assert (held_up.state, held_up.exception) == (ShipmentState.EXCEPTION, "Refused, on its way back")
    await shipping.take_parcel_back(ctx, parcel.id, reason="it is here", restock=True)


async def test_old_news_does_not_take_a_parcel_back(ctx: Context) -> None:
    parcel = await sent(ctx)
    await shipping.deliver_parcel(ctx, parcel.id)
    late = Whereabouts([Heard(LEFT, "Picked up", "", ShipmentState.IN_TRANSIT)], ShipmentState.IN_TRANSIT)

    await shipping.apply_whereabouts(ctx, parcel.id, late)

    kept = await Shipment.get(id=parcel.id)
    assert kept.state is ShipmentState.DELIVERED
    assert [each["text"] for each in kept.tracking] == ["Picked up"]
