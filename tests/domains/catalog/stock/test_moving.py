"""Moving stock: all or nothing, judged by the sum, and the books always add up."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from stoa.domains.catalog.errors import (
    LocationClosed,
    NoSuchLocation,
    NoSuchVariant,
    NotEnoughStock,
    TooMuchStock,
)
from stoa.domains.catalog.models import Location, MovementKind, Stock, StockMovement
from stoa.domains.catalog.stock import Move, move
from stoa.kit.errors import InvalidInput, Refusals
from stoa.kit.ids import new_id, type_id
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_client, shop_transaction
from tests import make
from tests.domains.catalog.stock.shelves import assert_sound, balances, books, main_location, variants


async def moved(ctx: Context, *moves: Move, reason: str = "", reference: tuple[str, object] | None = None) -> None:
    async with shop_transaction():
        await move(ctx, moves, reason=reason, reference=reference)  # type: ignore[arg-type]


async def test_what_was_moved_is_in_the_balances_and_in_the_books(ctx: Context) -> None:
    """P6: per variant and location."""
    [cup] = await variants(ctx, 10)
    attic = await make.location(ctx)
    purchase = new_id()

    await moved(ctx, Move(cup.id, attic.id, MovementKind.ORDERED, incoming=5))
    await moved(
        ctx,
        Move(cup.id, attic.id, MovementKind.RECEIPT, on_hand=3, incoming=-3),
        reason="first parcel",
        reference=("purchase", purchase),
    )

    assert await balances(cup, attic) == {"on_hand": 3, "incoming": 2}
    assert await balances(cup) == {"on_hand": 10}
    last = await StockMovement.all().order_by("-id").first()
    assert last is not None
    assert (last.kind, last.on_hand, last.incoming, last.reason) == (MovementKind.RECEIPT, 3, -3, "first parcel")
    assert (last.reference_kind, last.reference_id, last.actor_id) == ("purchase", purchase, ctx.actor.id)
    await assert_sound()


async def test_without_a_location_the_main_one_is_meant(ctx: Context) -> None:
    [cup] = await variants(ctx, None)

    await moved(ctx, Move(cup.id, on_hand=4))

    assert await balances(cup, await main_location()) == {"on_hand": 4}


async def test_what_several_moves_take_is_summed_up_before_it_is_judged(ctx: Context) -> None:
    """Medusa #16502: two lines of one bundle part each passed the check alone."""
    [cup, jug] = await variants(ctx, 5, 5)
    before = await books(ctx)

    with pytest.raises(Refusals) as refused:
        await moved(ctx, Move(jug.id, on_hand=-1), Move(cup.id, on_hand=-3), Move(cup.id, on_hand=-3))

    assert [each.path for each in refused.value.refusals] == [("lines", 1), ("lines", 2)]
    main = await main_location()
    for each in refused.value.refusals:
        assert isinstance(each, NotEnoughStock)
        assert each.message == f"{cup.sku} at Main location: 5 on hand, 6 wanted."
        ids = {"variant": type_id("var", cup.id), "location": type_id("loc", main.id)}
        assert each.params.items() >= (ids | {"left": 5, "wanted": 6}).items()
    assert await books(ctx) == before


async def test_moves_that_make_up_for_each_other_are_judged_together(ctx: Context) -> None:
    [cup] = await variants(ctx, 5)

    await moved(ctx, Move(cup.id, on_hand=-7), Move(cup.id, on_hand=4))

    assert await balances(cup) == {"on_hand": 2}


async def test_what_is_promised_or_set_aside_cannot_be_taken(ctx: Context) -> None:
    [cup] = await variants(ctx, 10)
    await moved(ctx, Move(cup.id, reserved=4), Move(cup.id, damaged=2), Move(cup.id, held=1))
    before = await books(ctx)

    with pytest.raises(NotEnoughStock, match=r"3 left, 4 wanted\.$"):
        await moved(ctx, Move(cup.id, on_hand=-4))

    assert await books(ctx) == before
    await moved(ctx, Move(cup.id, on_hand=-3))
    assert await balances(cup) == {"on_hand": 7, "reserved": 4, "damaged": 2, "held": 1}


@pytest.mark.parametrize("balance", ["on_hand", "reserved", "damaged", "held", "incoming"])
async def test_no_balance_falls_below_nothing(ctx: Context, balance: str) -> None:
    [cup] = await variants(ctx, 3)
    before = await books(ctx)

    with pytest.raises(NotEnoughStock):
        await moved(ctx, replace(Move(cup.id), **{balance: -4}))  # type: ignore[arg-type]

    assert await books(ctx) == before


async def test_a_limit_of_back_orders_is_how_far_one_may_go(ctx: Context) -> None:
    [cup] = await variants(ctx, 2)
    await Stock.filter(variant_id=cup.id).update(backorder_limit=3)

    await moved(ctx, Move(cup.id, reserved=5))

    with pytest.raises(NotEnoughStock, match=r"0 left, 1 wanted\.$"):
        await moved(ctx, Move(cup.id, reserved=1))


async def test_more_than_can_be_counted_is_refused(ctx: Context) -> None:
    [cup] = await variants(ctx, 10)
    for _ in range(2):
        await moved(ctx, Move(cup.id, on_hand=1_000_000_000))

    with pytest.raises(TooMuchStock):
        await moved(ctx, Move(cup.id, on_hand=1_000_000_000))
    with pytest.raises(InvalidInput, match="the most that moves at once"):
        await moved(ctx, Move(cup.id, on_hand=1_000_000_001))

    assert await balances(cup) == {"on_hand": 2_000_000_010}


async def test_what_is_not_there_is_named(ctx: Context) -> None:
    [cup] = await variants(ctx, 10)
    closed = await make.location(ctx)
    await Location.filter(id=closed.id).update(is_active=False)
    before = await books(ctx)

    with pytest.raises(Refusals) as refused:
        await moved(ctx, Move(new_id(), on_hand=1), Move(cup.id, new_id(), on_hand=1))
    assert [(type(each), each.path) for each in refused.value.refusals] == [
        (NoSuchVariant, ("lines", 0, "variant_id")),
        (NoSuchLocation, ("lines", 1, "location_id")),
    ]
    with pytest.raises(LocationClosed) as shut:
        await moved(ctx, Move(cup.id, closed.id, on_hand=1))
    assert shut.value.path == ("lines", 0, "location_id")

    assert await books(ctx) == before


async def test_a_stranger_moves_nothing(ctx: Context, other_ctx: Context) -> None:
    [cup] = await variants(ctx, 10)
    before = await books(ctx)

    with open_shop(other_ctx.shop), pytest.raises(NoSuchVariant):
        await moved(other_ctx, Move(cup.id, on_hand=-1))

    assert await books(ctx) == before


async def test_two_who_move_several_never_wait_for_each_other(ctx: Context) -> None:
    all_of_them = await variants(ctx, *[50] * 6)
    fresh = await make.location(ctx)
    forwards = [Move(each.id, place, on_hand=1) for each in all_of_them for place in (None, fresh.id)]

    await asyncio.wait_for(
        asyncio.gather(*(moved(ctx, *(forwards if n % 2 else forwards[::-1])) for n in range(12))), 30
    )

    assert {(await balances(each))["on_hand"] for each in all_of_them} == {62}
    assert {(await balances(each, fresh))["on_hand"] for each in all_of_them} == {12}
    await assert_sound()


async def test_statements_do_not_grow_with_moves(ctx: Context) -> None:
    from tests.graphql.asking import statements_sent

    many = await variants(ctx, *[5] * 30)
    counts = []
    for some in (many[:1], many):
        async with statements_sent(ctx) as sent:
            await moved(ctx, *(Move(each.id, on_hand=1) for each in some))
        counts.append(len(sent))

    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE stock SET on_hand = on_hand + 1",
        "UPDATE stock SET reserved = 1",
        "UPDATE stock SET incoming = 1",
        "UPDATE stock_movement SET on_hand = on_hand + 1",
        "UPDATE stock_movement SET reason = 'another'",
        "DELETE FROM stock_movement",
        "INSERT INTO stock (id, variant_id, location_id, on_hand) SELECT gen_random_uuid(), v.id, l.id, 5 "
        "FROM variant v, location l WHERE NOT l.is_main",
    ],
)
async def test_the_database_refuses_to_change_balances_or_movements_by_hand(ctx: Context, sql: str) -> None:
    await variants(ctx, 10)
    await make.location(ctx)
    before = await books(ctx)

    async with shop_client().acquire_connection() as connection:
        with pytest.raises(asyncpg.RestrictViolationError, match="movements alone"):
            await connection.execute(sql)

    assert await books(ctx) == before
