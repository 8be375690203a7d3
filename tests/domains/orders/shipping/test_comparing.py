"""Ways of delivery compared by what really happened."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from stoa.domains.orders import shipping
from stoa.domains.orders.models import Order, Shipment, ShipmentState, ShippingMethod
from stoa.kit.errors import InvalidInput
from stoa.kit.ids import new_id
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.domains.orders.shipping.sending import method
from tests.graphql.asking import statements_sent

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


async def went(
    order: Order, way: ShippingMethod, shipped: datetime, delivered: datetime | None = None, **columns: object
) -> None:
    state = ShipmentState.DELIVERED if delivered else ShipmentState.SHIPPED
    await Shipment.create(
        **{
            "order": order,
            "number": await Shipment.filter(order=order).count() + 1,
            "method": way,
            "tracking_number": new_id().hex,
            "state": state,
            "currency": "EUR",
            "shipped_at": shipped,
            "delivered_at": delivered,
            **columns,
        }
    )


async def test_ways_are_compared_by_what_was_measured(ctx: Context) -> None:
    """O14: cost, days, punctuality, loss, reach, each with the count that it stands on."""
    express, post = await method(ctx, "express"), await method(ctx, "post")
    here = await make.order(ctx, shipping_address={"country": "CN", "province": "浙江省"})
    there = await make.order(ctx, shipping_address={"country": "CN", "province": "广东省"})
    day = timedelta(days=1)
    promised = {"promised_at": NOON + 3 * day}
    for days, cost in ((1, 800), (2, 801), (3, None), (5, 1000)):
        await went(here if days < 3 else there, express, NOON, NOON + days * day, cost_minor=cost, **promised)
    await went(here, express, NOON, state=ShipmentState.LOST, **promised)
    await went(here, express, NOON, state=ShipmentState.RETURNED)
    await went(here, express, NOON - 5 * day, NOON, cost_minor=99_999)  # before that time
    await went(here, post, NOON, promised_at=NOON + 3000 * day)  # on its way, and in time as yet

    async with statements_sent(ctx) as statements:
        by_code = {
            each.code: each for each in await shipping.compare_methods(ctx, date(2026, 11, 1), date(2026, 11, 30))
        }

    assert len(statements) == 1
    found = by_code["express"]
    assert (found.parcels, found.delivered, found.lost, found.returned) == (6, 4, 1, 1)
    assert (found.priced, found.cost_minor) == (3, 867)
    assert (found.median_days, found.p90_days) == (2.5, 4.4)
    assert (found.promised, found.on_time, found.on_time_share) == (5, 3, 0.6)  # what was lost is not on time
    assert found.loss_rate == pytest.approx(1 / 6)
    assert (found.regions, found.is_too_few) == (2, True)
    waiting, nothing = by_code["post"], by_code["sf"]
    assert (waiting.parcels, waiting.promised, waiting.on_time_share, waiting.median_days) == (1, 0, None, None)
    assert (nothing.parcels, nothing.cost_minor, nothing.loss_rate) == (0, None, None)


async def test_days_are_the_shops_own(ctx: Context) -> None:
    """Complaint 12: a parcel counts on the day it left in the shop's time zone, and so do its days on the way."""
    way = await method(ctx, "express")
    order = await make.order(ctx)
    before_midnight = datetime(2026, 11, 2, 22, 59, tzinfo=UTC)  # 23:59 in Berlin
    await went(order, way, before_midnight, before_midnight + timedelta(minutes=2))
    on_the_2nd, on_the_3rd = date(2026, 11, 2), date(2026, 11, 3)

    [that_day, *_] = await shipping.compare_methods(ctx, on_the_2nd, on_the_2nd)
    [next_day, *_] = await shipping.compare_methods(ctx, on_the_3rd, on_the_3rd)

    assert (that_day.parcels, that_day.median_days, next_day.parcels) == (1, 1.0, 0)


async def test_what_cannot_be_compared(ctx: Context, other_ctx: Context) -> None:
    await went(await make.order(ctx), await method(ctx), NOON, NOON)
    for until in (date(2026, 10, 31), date(2030, 1, 1)):
        with pytest.raises(InvalidInput):
            await shipping.compare_methods(ctx, date(2026, 11, 1), until)
    with open_shop(other_ctx.shop):
        theirs = await shipping.compare_methods(other_ctx, date(2026, 11, 1), date(2026, 11, 30))
    assert [each.parcels for each in theirs] == [0, 0, 0, 0]
