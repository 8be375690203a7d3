"""Orders that buy what was set aside for a flash sale: through the sale, and no more than that."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from stoa.domains import orders
from stoa.domains.catalog import stock
from stoa.domains.catalog.stock import Aside, Demand
from stoa.domains.orders import LineDraft, OrderDraft
from stoa.domains.orders.editing import NewQuantity, OrderEdit
from stoa.domains.orders.models import Order, OrderLine
from stoa.kit.clock import now, set_to
from stoa.kit.errors import Refusals
from stoa.kit.ids import new_id
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.domains.orders.ledgers import assert_adds_up, pay
from tests.domains.orders.pieces import ship_pieces

HOUR = timedelta(hours=1)


async def test_an_order_of_a_flash_sale_takes_what_was_set_aside(ctx: Context) -> None:
    """X13: from the hold to the parcel; the same at the ordinary price in the same order comes from the rest."""
    cup, pool = await make.sold(ctx, on_hand=5), new_id()
    await stock.set_aside(ctx, pool, [Demand(cup.id, 3)], now() + HOUR)

    placed = await orders.place_order(ctx, OrderDraft([LineDraft(2, cup.id, pool_id=pool), LineDraft(2, cup.id)]))

    assert await stock.standing_of([pool]) == [Aside(pool, cup.id, 1, 2, 0)]
    with pytest.raises(Refusals):  # neither is there more in the sale, nor beside it
        await orders.place_order(ctx, OrderDraft([LineDraft(2, cup.id, pool_id=pool)]))
    with pytest.raises(Refusals):
        await orders.place_order(ctx, OrderDraft([LineDraft(1, cup.id)]))
    order = await Order.get(id=placed.order_id)
    await pay(ctx, order, order.total_minor)
    await orders.confirm_order(ctx, order.id)
    await ship_pieces(ctx, order.id, 0, 2)
    await ship_pieces(ctx, order.id, 1, 2)
    assert await stock.standing_of([pool]) == [Aside(pool, cup.id, 1, 0, 2)]
    await assert_adds_up(ctx)


async def test_a_cancelled_or_lapsed_order_leaves_it_to_the_sale(ctx: Context) -> None:
    cup, pool = await make.sold(ctx, on_hand=5), new_id()
    await stock.set_aside(ctx, pool, [Demand(cup.id, 4)], now() + 2 * HOUR)
    draft = OrderDraft([LineDraft(2, cup.id, pool_id=pool)])
    cancelled, lapsed = [(await orders.place_order(ctx, draft)).order_id for _ in range(2)]
    assert await stock.standing_of([pool]) == [Aside(pool, cup.id, 0, 4, 0)]

    await orders.cancel_order(ctx, cancelled)
    with set_to(now() + HOUR):
        await stock.expire_reservations(ctx)
        assert await stock.standing_of([pool]) == [Aside(pool, cup.id, 4, 0, 0)]
        await stock.give_back(ctx, pool, [Demand(cup.id, 1)])
        await orders.place_order(ctx, draft)
        late = await Order.get(id=lapsed)
        await pay(ctx, late, late.total_minor)  # others were first: of the sale one is left, whatever lies beside it

    [check] = [each for each in (await Order.get(id=lapsed)).checks if each["code"] == "STOCK_GONE"]
    assert check["values"]["left"] == 1
    await assert_adds_up(ctx)


async def test_more_of_it_is_a_new_order(ctx: Context) -> None:
    cup, pool = await make.sold(ctx, on_hand=5), new_id()
    await stock.set_aside(ctx, pool, [Demand(cup.id, 3)], now() + HOUR)
    placed = await orders.place_order(ctx, OrderDraft([LineDraft(2, cup.id, pool_id=pool)]))
    line = await OrderLine.get(order_id=placed.order_id)

    with pytest.raises(Refusals) as refused:
        await orders.editing.edit_order(ctx, placed.order_id, OrderEdit(quantities=[NewQuantity(line.id, 3)]))
    assert refused.value.refusals[0].path == ("quantities", 0, "quantity")
    await orders.editing.edit_order(ctx, placed.order_id, OrderEdit(quantities=[NewQuantity(line.id, 1)]))

    assert await stock.standing_of([pool]) == [Aside(pool, cup.id, 2, 1, 0)]


async def test_of_many_buyers_only_so_many_buy_as_were_set_aside(ctx: Context) -> None:
    cup, pool = await make.sold(ctx, on_hand=100), new_id()
    await stock.set_aside(ctx, pool, [Demand(cup.id, 10)], now() + HOUR)

    async def buy() -> bool:
        with open_shop(ctx.shop):
            try:
                await orders.place_order(ctx, OrderDraft([LineDraft(1, cup.id, pool_id=pool)]))
            except Refusals:
                return False
        return True

    bought = await asyncio.gather(*(buy() for _ in range(30)))

    assert sum(bought) == 10
    assert await stock.standing_of([pool]) == [Aside(pool, cup.id, 0, 10, 0)]
    await assert_adds_up(ctx)


def test_the_content_of_an_order_is_known_again_by_every_version() -> None:
    """What a channel sent before a new column was there is still the same when it sends it again."""
    draft = OrderDraft([LineDraft(2, sku="A-1")], channel="web", external_id="W-1")

    assert draft.content_hash.hex() == "ac51f3f32caeeff540fca9a9d312daeb6270ccc2ea6a723d54f03d345935a470"
