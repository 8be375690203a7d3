"""Reserving: all lines or none, each row judged by the sum, never more than there are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from stoa.domains.catalog import stock
from stoa.domains.catalog.errors import (
    LocationClosed,
    NoSuchLocation,
    NoSuchVariant,
    NotEnoughStock,
    NotReserved,
    ReservationDiffers,
)
from stoa.domains.catalog.models import Location, Reservation, ReservationState, Stock, Variant
from stoa.domains.catalog.stock import Demand, Holder
from stoa.kit import clock
from stoa.kit.errors import InvalidInput, Refusals
from stoa.kit.ids import new_id
from stoa.settings import Settings
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_transaction
from stoa.workers.running import at_work
from tests import make
from tests.domains.catalog.catalogs import events_of
from tests.domains.catalog.stock.shelves import assert_sound, balances, books, kinds, put, variants
from tests.graphql.asking import statements_sent


def cart() -> Holder:
    return Holder("cart", new_id())


async def placed(location_id: UUID, position: int) -> Location:
    await Location.filter(id=location_id).update(position=position)
    return await Location.get(id=location_id)


async def quantities(ids: Sequence[UUID]) -> list[int]:
    return [each.quantity for each in await Reservation.filter(id__in=ids).order_by("number")]


async def test_what_is_reserved_is_not_available_any_more(ctx: Context) -> None:
    """X13: what one buyer holds, no other can take."""
    [cup, jug] = await variants(ctx, 10, 5)
    holder = cart()

    ids = await stock.reserve(ctx, holder, [Demand(cup.id, 4), Demand(jug.id, 5)])

    assert await balances(cup) == {"on_hand": 10, "reserved": 4}
    assert await balances(jug) == {"on_hand": 5, "reserved": 5}
    made = await Reservation.filter(id__in=ids).order_by("number")
    assert [(each.holder_kind, each.holder_id, each.state) for each in made] == [
        ("cart", holder.id, ReservationState.HELD)
    ] * 2
    assert await kinds(cup) == ["RESERVATION"]
    await assert_sound()


async def test_when_one_line_is_short_nothing_is_reserved(ctx: Context) -> None:
    [cup, jug, pot] = await variants(ctx, 10, 1, None)
    before = await books(ctx)

    with pytest.raises(Refusals) as refused:
        await stock.reserve(ctx, cart(), [Demand(cup.id, 2), Demand(jug.id, 3), Demand(pot.id, 1)])

    assert [(type(each), each.path, each.params["left"]) for each in refused.value.refusals] == [
        (NotEnoughStock, ("lines", 1), 1),
        (NotEnoughStock, ("lines", 2), 0),
    ]
    assert refused.value.refusals[0].message == f"{jug.sku}: 1 left, 3 wanted."
    assert await books(ctx) == before


async def test_two_lines_of_one_variant_are_summed_up_before_they_are_judged(ctx: Context) -> None:
    [cup] = await variants(ctx, 5)
    main = (await Stock.get(variant=cup)).location_id  # type: ignore[attr-defined]
    before = await books(ctx)

    for lines in (
        [Demand(cup.id, 3), Demand(cup.id, 3)],
        [Demand(cup.id, 3, main), Demand(cup.id, 3, main)],
        [Demand(cup.id, 3, main), Demand(cup.id, 3)],
    ):
        with pytest.raises(Refusals):
            await stock.reserve(ctx, cart(), lines)
    assert await books(ctx) == before

    ids = await stock.reserve(ctx, cart(), [Demand(cup.id, 3, main), Demand(cup.id, 2)])
    assert await quantities(ids) == [5]


async def test_without_a_location_it_is_taken_from_the_active_ones_in_their_order(ctx: Context) -> None:
    [cup] = await variants(ctx, 4)
    first = await placed((await make.location(ctx)).id, -1)
    last = await placed((await make.location(ctx)).id, 7)
    closed = await placed((await make.location(ctx)).id, -2)
    for place, on_hand in ((first, 3), (last, 5), (closed, 9)):
        await put(ctx, cup, place, on_hand)
    await Location.filter(id=closed.id).update(is_active=False)

    await stock.reserve(ctx, cart(), [Demand(cup.id, 9)])

    assert await balances(cup, first) == {"on_hand": 3, "reserved": 3}
    assert await balances(cup) == {"on_hand": 4, "reserved": 4}
    assert await balances(cup, last) == {"on_hand": 5, "reserved": 2}
    assert await balances(cup, closed) == {"on_hand": 9}
    with pytest.raises(Refusals) as refused:
        await stock.reserve(ctx, cart(), [Demand(cup.id, 4)])
    assert refused.value.refusals[0].params["left"] == 3


async def test_what_is_there_goes_before_what_may_be_sold_before_it_is(ctx: Context) -> None:
    [cup] = await variants(ctx, 2)
    second = await placed((await make.location(ctx)).id, 1)
    await put(ctx, cup, second, 2)
    main = await Stock.get(variant=cup, location__is_main=True)
    await Stock.filter(id=main.id).update(backorder_limit=10)

    await stock.reserve(ctx, cart(), [Demand(cup.id, 3)])
    assert (await balances(cup), await balances(cup, second)) == (
        {"on_hand": 2, "reserved": 2},
        {"on_hand": 2, "reserved": 1},
    )
    await stock.reserve(ctx, cart(), [Demand(cup.id, 11)])
    assert (await balances(cup))["reserved"] == 12
    with pytest.raises(Refusals) as refused:
        await stock.reserve(ctx, cart(), [Demand(cup.id, 1)])
    assert refused.value.refusals[0].params["left"] == 0


async def test_a_named_location_is_the_only_one_asked(ctx: Context) -> None:
    [cup] = await variants(ctx, 2)
    attic = await make.location(ctx)
    await put(ctx, cup, attic, 50)
    main = (await Stock.get(variant=cup, location__is_main=True)).location_id  # type: ignore[attr-defined]

    with pytest.raises(Refusals) as refused:
        await stock.reserve(ctx, cart(), [Demand(cup.id, 3, main)])

    assert refused.value.refusals[0].message == f"{cup.sku} at Main location: 2 left, 3 wanted."


async def test_what_is_not_there_is_named(ctx: Context, other_ctx: Context) -> None:
    [cup] = await variants(ctx, 5)
    closed = await make.location(ctx)
    await Location.filter(id=closed.id).update(is_active=False)
    with open_shop(other_ctx.shop):
        [theirs] = await variants(other_ctx, 5)
    before = await books(ctx)

    with pytest.raises(Refusals) as refused:
        await stock.reserve(
            ctx, cart(), [Demand(theirs.id, 1), Demand(cup.id, 1, new_id()), Demand(cup.id, 1, closed.id)]
        )

    assert [(type(each), each.path) for each in refused.value.refusals] == [
        (NoSuchVariant, ("lines", 0, "variant_id")),
        (NoSuchLocation, ("lines", 1, "location_id")),
        (LocationClosed, ("lines", 2, "location_id")),
    ]
    assert await books(ctx) == before


@pytest.mark.parametrize("quantity", [0, -1, 1_000_000_001])
async def test_an_odd_quantity_is_refused(ctx: Context, quantity: int) -> None:
    with pytest.raises(InvalidInput):
        await stock.reserve(ctx, cart(), [Demand(new_id(), quantity)])


async def test_no_lines_and_a_time_that_is_over_are_refused(ctx: Context) -> None:
    for lines, expires_at in (([], None), ([Demand(new_id(), 1)], clock.now())):
        with pytest.raises(InvalidInput):
            await stock.reserve(ctx, cart(), lines, expires_at=expires_at)


async def test_the_same_request_reserves_once(ctx: Context) -> None:
    [cup, jug] = await variants(ctx, 100, 100)
    holder, lines = cart(), [Demand(cup.id, 2), Demand(jug.id, 1)]

    answers = await asyncio.gather(*(stock.reserve(ctx, holder, lines, key="click") for _ in range(8)))

    assert len({tuple(sorted(each)) for each in answers}) == 1
    assert (await balances(cup))["reserved"] == 2
    await stock.reserve(ctx, holder, lines, key="another click")
    await stock.reserve(ctx, Holder("cart", new_id()), lines, key="click")
    await stock.reserve(ctx, holder, lines)
    assert (await balances(cup))["reserved"] == 8
    with pytest.raises(ReservationDiffers):
        await stock.reserve(ctx, holder, [Demand(cup.id, 1)], key="click")
    async with shop_transaction():
        await stock.reserve(ctx, holder, lines, key="click")
    assert (await balances(cup))["reserved"] == 8


async def test_two_hundred_want_a_hundred_and_a_hundred_get_one(ctx: Context) -> None:
    """P13, X13: over several variants and locations, with carts of several lines; the rest hear how many are left."""
    [cup, jug] = await variants(ctx, 30, 20)
    attic = await make.location(ctx)
    await put(ctx, cup, attic, 20)
    await put(ctx, jug, attic, 30)

    async def buy(n: int) -> int:
        try:
            return len(await stock.reserve(ctx, cart(), [Demand((cup, jug)[n % 2].id, 1)]))
        except Refusals as refused:
            lefts.append(refused.refusals[0].params["left"])
            return 0

    lefts: list[str | int] = []
    granted = await asyncio.gather(*(buy(n) for n in range(200)))

    assert sum(granted) == 100
    assert lefts == [0] * 100
    assert [(await balances(each, place))["reserved"] for each in (cup, jug) for place in (None, attic)] == [
        30,
        20,
        20,
        30,
    ]
    await assert_sound()


async def test_carts_with_the_same_things_in_another_order_never_wait_for_each_other(ctx: Context) -> None:
    found = await variants(ctx, *[20] * 5)
    lines = [Demand(each.id, 1) for each in found]

    async with asyncio.timeout(30):
        await asyncio.gather(*(stock.reserve(ctx, cart(), lines if n % 2 else lines[::-1]) for n in range(20)))

    assert [(await balances(each))["reserved"] for each in found] == [20] * 5


async def test_it_is_one_statement_however_many_lines(ctx: Context) -> None:
    found = await variants(ctx, *[5] * 20)
    counts = []
    for some in (found[:1], found):
        async with statements_sent(ctx) as sent:
            await stock.reserve(ctx, cart(), [Demand(each.id, 1) for each in some], expires_at=soon())
        counts.append(len(sent))

    assert counts == [1, 1]


# Ending ---------------------------------------------------------------------------------------------------------------


def soon(minutes: int = 10) -> datetime:
    return clock.now() + timedelta(minutes=minutes)


async def held(ctx: Context, *lines: Demand, expires_at: datetime | None = None) -> Holder:
    holder = cart()
    await stock.reserve(ctx, holder, lines, expires_at=expires_at)
    return holder


async def states(holder: Holder) -> list[tuple[int, str]]:
    rows = await Reservation.filter(holder_id=holder.id).values_list("quantity", "state")
    return sorted((quantity, str(state)) for quantity, state in rows)


async def test_what_is_released_is_free_again(ctx: Context) -> None:
    [cup, jug] = await variants(ctx, 10, 5)
    holder = await held(ctx, Demand(cup.id, 4), Demand(jug.id, 2))

    assert len(await stock.release(ctx, holder)) == 2

    assert (await balances(cup), await balances(jug)) == ({"on_hand": 10}, {"on_hand": 5})
    assert await kinds(cup) == ["RESERVATION", "RELEASE"]
    before = await books(ctx)
    assert await stock.release(ctx, holder) == []
    assert await books(ctx) == before
    await assert_sound()


async def test_a_part_can_be_released_and_shipped(ctx: Context) -> None:
    [cup, jug] = await variants(ctx, 10, 5)
    holder = await held(ctx, Demand(cup.id, 5), Demand(jug.id, 2))

    await stock.release(ctx, holder, [Demand(cup.id, 1)])
    await stock.ship(ctx, holder, [Demand(cup.id, 2), Demand(jug.id, 2)])

    assert (await balances(cup), await balances(jug)) == ({"on_hand": 8, "reserved": 2}, {"on_hand": 3})
    assert await states(holder) == [(1, "RELEASED"), (2, "HELD"), (2, "SHIPPED"), (2, "SHIPPED")]
    await stock.ship(ctx, holder)
    assert await balances(cup) == {"on_hand": 6}
    assert await kinds(cup) == ["RESERVATION", "RELEASE", "SALE", "SALE"]
    await assert_sound()


async def test_what_was_split_over_locations_is_shipped_from_all_of_them(ctx: Context) -> None:
    [cup] = await variants(ctx, 4)
    attic = await placed((await make.location(ctx)).id, 5)
    await put(ctx, cup, attic, 4)
    holder = await held(ctx, Demand(cup.id, 6))

    await stock.ship(ctx, holder, [Demand(cup.id, 1, attic.id)])
    assert await balances(cup, attic) == {"on_hand": 3, "reserved": 1}
    await stock.ship(ctx, holder, [Demand(cup.id, 5)])

    assert (await balances(cup), await balances(cup, attic)) == ({}, {"on_hand": 2})
    await assert_sound()


async def test_more_than_is_held_is_neither_released_nor_shipped(ctx: Context, other_ctx: Context) -> None:
    [cup, jug] = await variants(ctx, 10, 5)
    holder = await held(ctx, Demand(cup.id, 4))
    before = await books(ctx)

    for lines in ([Demand(cup.id, 5)], [Demand(cup.id, 2), Demand(cup.id, 3)], [Demand(cup.id, 1), Demand(jug.id, 1)]):
        for end in (stock.release, stock.ship):
            with pytest.raises(Refusals) as refused:
                await end(ctx, holder, lines)
            assert {type(each) for each in refused.value.refusals} == {NotReserved}
    with pytest.raises(Refusals) as refused:
        await stock.release(ctx, holder, [Demand(cup.id, 5)])
    assert refused.value.refusals[0].message == f"{cup.sku}: 4 reserved, 5 wanted."
    for nobody in (cart(), Holder("order", holder.id)):
        assert await stock.release(ctx, nobody) == []
        with pytest.raises(NotReserved):
            await stock.ship(ctx, nobody)
        with pytest.raises(NotReserved):
            await stock.extend(ctx, nobody, None)
    with open_shop(other_ctx.shop), pytest.raises(NotReserved):
        await stock.ship(other_ctx, holder)

    assert await books(ctx) == before


async def test_what_was_sold_before_it_was_there_is_not_shipped_before_it_is(ctx: Context) -> None:
    [cup] = await variants(ctx, 2)
    await Stock.filter(variant_id=cup.id).update(backorder_limit=3)
    holder = await held(ctx, Demand(cup.id, 4))
    before = await books(ctx)

    with pytest.raises(Refusals) as refused:
        await stock.ship(ctx, holder)

    assert refused.value.refusals[0].message == f"{cup.sku} at Main location: 2 on hand, 4 wanted."
    assert await books(ctx) == before
    await stock.ship(ctx, holder, [Demand(cup.id, 2)])
    assert await balances(cup) == {"reserved": 2}


async def test_what_is_held_beyond_its_time_is_let_go_of(ctx: Context) -> None:
    [cup] = await variants(ctx, 10)
    early, late, forever = [
        await held(ctx, Demand(cup.id, n), expires_at=at) for n, at in ((1, soon(1)), (2, soon(30)), (3, None))
    ]

    with clock.set_to(soon(5)):
        assert await stock.expire_reservations(ctx) == 1
        assert await stock.expire_reservations(ctx) == 0

    assert await balances(cup) == {"on_hand": 10, "reserved": 5}
    assert [await states(each) for each in (early, late, forever)] == [[(1, "EXPIRED")], [(2, "HELD")], [(3, "HELD")]]
    [(name, payload)] = await events_of(ctx)
    assert (name, payload["holder_id"], payload["holder_kind"]) == ("ReservationsExpired", str(early.id), "cart")
    with pytest.raises(NotReserved):
        await stock.ship(ctx, early)
    await assert_sound()


async def test_all_that_is_overdue_is_found_in_one_statement(ctx: Context) -> None:
    found = await variants(ctx, *[5] * 10)
    for _ in range(2):
        await held(ctx, *(Demand(each.id, 1) for each in found), expires_at=soon(1))

    with clock.set_to(soon(5)):
        async with statements_sent(ctx) as sent:
            assert await stock.expire_reservations(ctx) == 20

    assert len([each for each in sent if "reservation" in each.sql]) == 1


async def test_who_is_given_more_time_keeps_what_is_held(ctx: Context) -> None:
    [cup] = await variants(ctx, 10)
    first, second = [await held(ctx, Demand(cup.id, 1), expires_at=soon(1)) for _ in range(2)]

    await stock.extend(ctx, first, soon(60))
    await stock.extend(ctx, second, None)
    with pytest.raises(InvalidInput):
        await stock.extend(ctx, second, clock.now())

    with clock.set_to(soon(5)):
        assert await stock.expire_reservations(ctx) == 0
    with clock.set_to(soon(90)):
        assert await stock.expire_reservations(ctx) == 1
    assert await states(second) == [(1, "HELD")]


async def test_a_job_is_planned_for_the_moment_at_which_it_expires(ctx: Context, owner: asyncpg.Connection) -> None:
    [cup] = await variants(ctx, 1)
    moment = soon(3)

    await held(ctx, Demand(cup.id, 1), expires_at=moment)
    with pytest.raises(Refusals):
        await held(ctx, Demand(cup.id, 1), expires_at=moment)

    rows = await owner.fetch("SELECT name, run_at FROM platform.job WHERE shop_schema = $1", ctx.shop.schema)
    assert [(row["name"], row["run_at"]) for row in rows] == [("catalog.expire_reservations", moment)]


async def test_the_workers_let_go_of_what_has_expired(ctx: Context, settings: Settings) -> None:
    [cup] = await variants(ctx, 5)
    await held(ctx, Demand(cup.id, 2), expires_at=clock.now() + timedelta(milliseconds=80))

    async with at_work(settings, ["general"]), asyncio.timeout(30):
        while (await balances(cup)).get("reserved"):
            await asyncio.sleep(0.02)

    await assert_sound()


async def test_what_expires_and_is_shipped_at_the_same_moment_ends_once(ctx: Context) -> None:
    found: list[Variant] = await variants(ctx, *[20] * 3)
    holders = [await held(ctx, *(Demand(each.id, 1) for each in found), expires_at=soon(1)) for _ in range(12)]

    async def shipped(holder: Holder) -> bool:
        try:
            return bool(await stock.ship(ctx, holder))
        except NotReserved:
            return False

    with clock.set_to(soon(5)):
        expired, *shipped_ = await asyncio.gather(stock.expire_reservations(ctx), *map(shipped, holders))

    assert expired + 3 * sum(shipped_) == 36
    assert [await balances(each) for each in found] == [{"on_hand": 20 - sum(shipped_)}] * 3
    await assert_sound()
