"""Orders that buy what was set aside for a flash sale: through the sale, and no more than that."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from stoa.domains import orders
from stoa.domains.catalog import stock
from stoa.domains.catalog.stock import Aside, Demand
from stoa.domains.orders import LineDraft, OrderDraft, Pieces
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


async def mixed_order(ctx: Context) -> tuple[UUID, UUID, UUID, list[OrderLine]]:
    """Of a cup three are set aside; an order buys two of them, and two at the ordinary price."""
    cup, pool = await make.sold(ctx, on_hand=20), new_id()
    await stock.set_aside(ctx, pool, [Demand(cup.id, 3)], now() + HOUR)
    placed = await orders.place_order(ctx, OrderDraft([LineDraft(2, cup.id, pool_id=pool), LineDraft(2, cup.id)]))
    return cup.id, pool, placed.order_id, await OrderLine.filter(order_id=placed.order_id).order_by("position")


async def sell_out(ctx: Context, cup: UUID, pool: UUID) -> int:
    """Buy of the sale as long as it sells; how many pieces."""
    for sold in range(10):
        try:
            await orders.place_order(ctx, OrderDraft([LineDraft(1, cup, pool_id=pool)]))
        except Refusals:
            return sold
    raise AssertionError("there is no end of it")


async def test_what_is_cancelled_at_the_ordinary_price_gives_the_sale_nothing(ctx: Context) -> None:
    """X13: of three set aside three are sold, whatever else is called off."""
    cup, pool, order_id, (_, plain) = await mixed_order(ctx)

    await orders.cancel_order(ctx, order_id, lines=[Pieces(plain.id, 2)])

    assert await stock.standing_of([pool]) == [Aside(pool, cup, 1, 2, 0)]
    assert await sell_out(ctx, cup, pool) == 1
    await assert_adds_up(ctx)


async def test_what_an_edit_takes_away_goes_back_to_where_it_came_from(ctx: Context) -> None:
    cup, pool, order_id, (bargain, plain) = await mixed_order(ctx)

    await orders.editing.edit_order(ctx, order_id, OrderEdit(quantities=[NewQuantity(plain.id, 1)]))
    assert await stock.standing_of([pool]) == [Aside(pool, cup, 1, 2, 0)]
    swap = OrderEdit(quantities=[NewQuantity(bargain.id, 1), NewQuantity(plain.id, 2)])
    await orders.editing.edit_order(ctx, order_id, swap)

    assert await stock.standing_of([pool]) == [Aside(pool, cup, 2, 1, 0)]
    assert await sell_out(ctx, cup, pool) == 2
    await assert_adds_up(ctx)


async def test_a_parcel_takes_the_pieces_of_its_lines_and_no_others(ctx: Context) -> None:
    """The cups of the sale lie elsewhere than the others, and what is sent of either counts as that."""
    cup, pool = await make.sold(ctx, on_hand=2), new_id()
    far = await make.location(ctx)
    await stock.adjust(ctx, [stock.Adjustment(cup.id, far.id, quantity=5)], reason="found")
    await stock.set_aside(ctx, pool, [Demand(cup.id, 3, far.id)], now() + HOUR)
    draft = OrderDraft([LineDraft(2, cup.id, pool_id=pool), LineDraft(2, cup.id)])
    order = await Order.get(id=(await orders.place_order(ctx, draft)).order_id)
    await pay(ctx, order, order.total_minor)
    await orders.confirm_order(ctx, order.id)

    await ship_pieces(ctx, order.id, 0, 2)
    assert await stock.standing_of([pool]) == [Aside(pool, cup.id, 1, 0, 2)]
    plain = await OrderLine.get(order_id=order.id, position=1)
    await orders.cancel_order(ctx, order.id, lines=[Pieces(plain.id, 2)])

    assert await stock.standing_of([pool]) == [Aside(pool, cup.id, 1, 0, 2)]
    assert await sell_out(ctx, cup.id, pool) == 1
    await assert_adds_up(ctx)


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
