"""Stock of a flash sale: nobody else can have it, never more is sold than was set aside, and it comes back at the end."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from uuid import UUID

import pytest

from stoa.domains import catalog
from stoa.domains.catalog import stock
from stoa.domains.catalog.errors import NotEnoughStock, NotReserved
from stoa.domains.catalog.models import StockMovement, Variant
from stoa.domains.catalog.stock import Aside, Demand, Held, Holder
from stoa.kit.clock import now, set_to
from stoa.kit.errors import InvalidInput, Refusals
from stoa.kit.ids import new_id
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.domains.catalog.catalogs import events_of
from tests.domains.catalog.stock.shelves import assert_sound, balances, books, main_location, put, variants

HOUR = timedelta(hours=1)


def cart() -> Holder:
    return Holder("cart", new_id())


async def standing(pool: UUID, variant: Variant) -> tuple[int, int, int]:
    """Left, promised, sent."""
    rows = {each.variant_id: each for each in await stock.standing_of([pool])}
    found = rows.get(variant.id, Aside(pool, variant.id, 0, 0, 0))
    return found.left, found.promised, found.sent


async def test_what_is_set_aside_is_sold_only_through_the_sale(ctx: Context) -> None:
    [cup] = await variants(ctx, 10)
    pool = new_id()

    ids = await stock.set_aside(ctx, pool, [Demand(cup.id, 6)], now() + HOUR, key="first")
    assert await stock.set_aside(ctx, pool, [Demand(cup.id, 6)], now() + HOUR, key="first") == ids

    assert await balances(cup) == {"on_hand": 10, "reserved": 6}
    with pytest.raises(Refusals) as refused:
        await stock.reserve(ctx, cart(), [Demand(cup.id, 5)])
    assert refused.value.refusals[0].params["left"] == 4
    buyer = cart()
    await stock.reserve(ctx, buyer, [Demand(cup.id, 2, pool_id=pool), Demand(cup.id, 1)])
    assert await standing(pool, cup) == (4, 2, 0)
    assert await balances(cup) == {"on_hand": 10, "reserved": 7}
    await stock.ship(ctx, buyer)
    assert await standing(pool, cup) == (4, 0, 2)
    assert await balances(cup) == {"on_hand": 7, "reserved": 4}
    moved = await StockMovement.filter(reference_id=buyer.id).order_by("id").values_list("kind", "reserved", "on_hand")
    assert sorted(moved) == [("RESERVATION", 1, 0), ("RESERVATION", 2, 0), ("SALE", -2, -2), ("SALE", -1, -1)]
    await assert_sound()


async def test_a_sale_sells_no_more_than_was_set_aside_for_it(ctx: Context) -> None:
    [cup, jug] = await variants(ctx, 10, 10)
    pool, other = new_id(), new_id()
    await stock.set_aside(ctx, pool, [Demand(cup.id, 3)], now() + HOUR)
    await stock.set_aside(ctx, other, [Demand(cup.id, 3)], now() + HOUR)
    before = await books(ctx)

    wanted = [
        Demand(jug.id, 1),
        Demand(cup.id, 2, pool_id=pool),
        Demand(cup.id, 2, pool_id=pool),
        Demand(jug.id, 1, pool_id=pool),
        Demand(new_id(), 1, pool_id=pool),
    ]
    with pytest.raises(Refusals) as refused:
        await stock.reserve(ctx, cart(), wanted)

    assert [(each.code, each.path[:2], each.params.get("left")) for each in refused.value.refusals] == [
        ("NOT_ENOUGH_STOCK", ("lines", 1), 3),
        ("NOT_ENOUGH_STOCK", ("lines", 2), 3),
        ("NOT_ENOUGH_STOCK", ("lines", 3), 0),
        ("VARIANT_NOT_FOUND", ("lines", 4), None),
    ]
    assert refused.value.refusals[0].message == f"{cup.sku}: 3 left in this sale, 4 wanted."
    assert await books(ctx) == before
    for wrong in (
        stock.reserve(ctx, cart(), [Demand(cup.id, 1, pool_id=pool)], key="k"),
        stock.set_aside(ctx, pool, [Demand(cup.id, 1, pool_id=other)], None),
    ):
        with pytest.raises(InvalidInput):
            await wrong
    assert await books(ctx) == before


async def test_what_a_buyer_lets_go_goes_back_to_the_sale_while_it_lasts(ctx: Context) -> None:
    [cup] = await variants(ctx, 10)
    pool, released, lapsed, late = new_id(), cart(), cart(), cart()
    await stock.set_aside(ctx, pool, [Demand(cup.id, 6)], now() + HOUR)
    for each, until in ((released, None), (lapsed, now() + HOUR / 2), (late, None)):
        await stock.reserve(ctx, each, [Demand(cup.id, 2, pool_id=pool)], expires_at=until)
    assert await standing(pool, cup) == (0, 6, 0)

    await stock.release(ctx, released, [Demand(cup.id, 1)])
    assert await standing(pool, cup) == (1, 5, 0)
    await stock.release(ctx, released)
    with set_to(now() + HOUR / 2):
        await stock.expire_reservations(ctx)
        assert await standing(pool, cup) == (4, 2, 0)
        assert await balances(cup) == {"on_hand": 10, "reserved": 6}
        await stock.reserve(ctx, cart(), [Demand(cup.id, 3, pool_id=pool)])  # of several that came back
        assert await standing(pool, cup) == (1, 5, 0)
    await assert_sound()

    with set_to(now() + HOUR):
        with pytest.raises(Refusals):
            await stock.reserve(ctx, cart(), [Demand(cup.id, 1, pool_id=pool)])  # its time is over
        await stock.expire_reservations(ctx)
        await stock.release(ctx, late)
    assert await standing(pool, cup) == (0, 3, 0)
    assert await balances(cup) == {"on_hand": 10, "reserved": 3}
    assert ("ReservationsExpired", str(pool)) in [(name, each.get("holder_id")) for name, each in await events_of(ctx)]
    await assert_sound()


async def test_a_sale_is_given_back_before_its_time_or_prolonged(ctx: Context) -> None:
    [cup] = await variants(ctx, 10)
    pool, buyer = new_id(), cart()
    await stock.set_aside(ctx, pool, [Demand(cup.id, 6)], now() + HOUR)
    await stock.reserve(ctx, buyer, [Demand(cup.id, 2, pool_id=pool)])
    await stock.keep_aside(ctx, pool, now() + 3 * HOUR)
    with set_to(now() + 2 * HOUR):
        await stock.expire_reservations(ctx)
        await stock.release(ctx, buyer, [Demand(cup.id, 1)])
    assert await standing(pool, cup) == (5, 1, 0)

    await stock.give_back(ctx, pool, [Demand(cup.id, 1)])
    assert await standing(pool, cup) == (4, 1, 0)
    with pytest.raises(Refusals) as refused:
        await stock.give_back(ctx, pool, [Demand(cup.id, 5)])
    assert isinstance(refused.value.refusals[0], NotReserved)
    await stock.give_back(ctx, pool)
    await stock.give_back(ctx, pool)
    await stock.release(ctx, buyer)

    assert await standing(pool, cup) == (0, 0, 0)
    assert await balances(cup) == {"on_hand": 10}
    await assert_sound()


async def test_bundles_are_set_aside_whole(ctx: Context) -> None:
    [cup, jug] = await variants(ctx, 20, 20)
    kit = await Variant.get(product_id=(await make.product(ctx, variants=({"on_hand": None},))).id)
    await catalog.set_parts(ctx, kit.id, {cup.id: 2, jug.id: 1})
    pool, buyer, other = new_id(), cart(), cart()
    await stock.set_aside(ctx, pool, [Demand(kit.id, 4)], now() + HOUR)
    assert (await balances(cup), await balances(jug)) == (
        {"on_hand": 20, "reserved": 8},
        {"on_hand": 20, "reserved": 4},
    )

    await stock.reserve(ctx, buyer, [Demand(kit.id, 3, pool_id=pool)])
    await stock.release(ctx, buyer, [Demand(kit.id, 1)])
    await stock.release(ctx, buyer, [Demand(kit.id, 1)])
    assert await standing(pool, kit) == (3, 1, 0)
    await stock.reserve(ctx, other, [Demand(kit.id, 3, pool_id=pool)])
    await stock.ship(ctx, other, [Demand(kit.id, 1)])
    await stock.ship(ctx, other, [Demand(kit.id, 1)])

    assert await standing(pool, kit) == (0, 2, 2)
    assert (await balances(cup), await balances(jug)) == (
        {"on_hand": 16, "reserved": 4},
        {"on_hand": 18, "reserved": 2},
    )
    await assert_sound()


async def test_what_is_taken_from_another_place_stays_sold_by_the_sale(ctx: Context) -> None:
    [cup] = await variants(ctx, 5)
    there, here = await make.location(ctx), await main_location()
    await put(ctx, cup, there, 5)
    pool, order = new_id(), Holder("order", new_id())
    await stock.set_aside(ctx, pool, [Demand(cup.id, 3, here.id)], now() + HOUR)
    await stock.reserve(ctx, order, [Demand(cup.id, 2, pool_id=pool)])

    await stock.hold_elsewhere(ctx, order, [Held(cup.id, here.id, 1, pool)], there.id)

    assert await standing(pool, cup) == (1, 2, 0)
    assert await stock.held_for(order) == [Held(cup.id, here.id, 1, pool), Held(cup.id, there.id, 1, pool)]
    assert await balances(cup, there) == {"on_hand": 5, "reserved": 1}
    assert await balances(cup) == {"on_hand": 5, "reserved": 2}
    await stock.release(ctx, order, [Demand(cup.id, 1, here.id, pool)])  # what was not moved goes back to the sale
    assert await standing(pool, cup) == (2, 1, 0)
    await stock.ship(ctx, order, [Demand(cup.id, 1, there.id, pool)])
    assert await standing(pool, cup) == (2, 0, 1)
    await assert_sound()


@pytest.mark.parametrize("is_over", [False, True])
async def test_what_was_taken_from_another_place_goes_back_to_the_sale_like_all_that_came_from_it(
    ctx: Context, is_over: bool
) -> None:
    [cup] = await variants(ctx, 5)
    there, here = await make.location(ctx), await main_location()
    await put(ctx, cup, there, 5)
    pool, order = new_id(), Holder("order", new_id())
    await stock.set_aside(ctx, pool, [Demand(cup.id, 3, here.id)], now() + HOUR)
    await stock.reserve(ctx, order, [Demand(cup.id, 2, pool_id=pool)])
    await stock.hold_elsewhere(ctx, order, [Held(cup.id, here.id, 2, pool)], there.id)
    if is_over:
        await stock.give_back(ctx, pool)
    else:
        await stock.keep_aside(ctx, pool, now() + 2 * HOUR)

    await stock.release(ctx, order, [Demand(cup.id, 1, there.id, pool)])

    assert await standing(pool, cup) == ((0, 1, 0) if is_over else (2, 1, 0))
    assert await balances(cup) == ({"on_hand": 5} if is_over else {"on_hand": 5, "reserved": 1})
    assert await balances(cup, there) == {"on_hand": 5, "reserved": 1 if is_over else 2}
    await assert_sound()


async def test_of_two_pools_in_one_hold_each_is_let_go_and_sent_by_its_name(ctx: Context) -> None:
    [cup] = await variants(ctx, 20)
    pool, other, buyer = new_id(), new_id(), cart()
    for each in (pool, other):
        await stock.set_aside(ctx, each, [Demand(cup.id, 3)], now() + HOUR)
    await stock.reserve(ctx, buyer, [Demand(cup.id, 2, pool_id=each) for each in (pool, other, None)])

    await stock.release(ctx, buyer, [Demand(cup.id, 1), Demand(cup.id, 2, pool_id=other)])
    assert (await standing(pool, cup), await standing(other, cup)) == ((1, 2, 0), (3, 0, 0))
    await stock.trim(ctx, buyer, [Demand(cup.id, 1, pool_id=pool), Demand(cup.id, 1)])
    assert await standing(pool, cup) == (2, 1, 0)
    await stock.ship(ctx, buyer, [Demand(cup.id, 1, pool_id=pool)])
    assert await standing(pool, cup) == (2, 0, 1)
    before = await books(ctx)
    with pytest.raises(Refusals):  # two lines of different pools cannot count on the same piece
        await stock.release(ctx, buyer, [Demand(cup.id, 1), Demand(cup.id, 1, pool_id=pool)])
    assert await books(ctx) == before
    await stock.keep(ctx, buyer, [Demand(cup.id, 1), Demand(cup.id, 1, pool_id=pool)])

    assert await standing(pool, cup) == (1, 1, 1)
    assert await balances(cup) == {"on_hand": 19, "reserved": 6}
    await assert_sound()


async def test_of_many_buyers_at_once_exactly_so_many_get_it_as_were_set_aside(ctx: Context) -> None:
    """X13: carts come, go and lapse while others buy the same at the ordinary price; nothing waits for ever."""
    [cup, jug] = await variants(ctx, 40, 40)
    pool, dice = new_id(), random.Random(7)
    await stock.set_aside(ctx, pool, [Demand(cup.id, 12), Demand(jug.id, 12)], now() + HOUR)
    got, reasons = list[Holder](), set[type]()

    async def buy(n: int) -> None:
        holder, one, other = cart(), *((cup, jug) if n % 2 else (jug, cup))
        try:
            with open_shop(ctx.shop):
                await stock.reserve(ctx, holder, [Demand(other.id, 1), Demand(one.id, 1, pool_id=pool)])
                if dice.random() < 0.3:
                    await stock.release(ctx, holder)
                    await stock.reserve(ctx, holder, [Demand(other.id, 1), Demand(one.id, 1, pool_id=pool)])
        except Refusals as refused:
            reasons.update(type(each) for each in refused.refusals)
        else:
            got.append(holder)

    await asyncio.gather(*(buy(n) for n in range(60)), stock.keep_aside(ctx, pool, now() + 2 * HOUR))

    for variant in (cup, jug):
        left, promised, sent = await standing(pool, variant)
        assert (left + promised, sent) == (12, 0)
    assert sum([(await standing(pool, each))[1] for each in (cup, jug)]) == len(got)
    assert (len(got), reasons) == (24, {NotEnoughStock})
    await assert_sound()
    await stock.give_back(ctx, pool)
    assert (await balances(cup))["reserved"] + (await balances(jug))["reserved"] == 48
    await assert_sound()
