"""Adjusting: by a quantity or to a number, on what somebody saw, line by line."""

from __future__ import annotations

import asyncio

import pytest

from stoa.domains.catalog import stock
from stoa.domains.catalog.errors import (
    LocationClosed,
    NamedTwice,
    NoSuchLocation,
    NoSuchVariant,
    NotEnoughStock,
    StockChanged,
)
from stoa.domains.catalog.models import Location, Stock, StockMovement
from stoa.domains.catalog.stock import Adjustment, Correction, adjust
from stoa.kit.errors import InvalidInput
from stoa.kit.ids import new_id
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.domains.catalog.stock.shelves import assert_sound, balances, books, kinds, main_location, variants
from tests.graphql.asking import statements_sent


async def test_stock_is_corrected_by_a_quantity_or_to_a_number(ctx: Context) -> None:
    [cup, jug] = await variants(ctx, 10, 10)
    attic = await make.location(ctx)

    done = await adjust(
        ctx,
        [
            Adjustment(cup.id, quantity=-3),
            Adjustment(jug.id, set_to=4, expected_on_hand=10),
            Adjustment(jug.id, attic.id, quantity=2),
        ],
        reason=" broken in the window ",
    )

    assert (await balances(cup), await balances(jug), await balances(jug, attic)) == (
        {"on_hand": 7},
        {"on_hand": 4},
        {"on_hand": 2},
    )
    assert [each.id for each in done] == [
        (await Stock.get(variant=variant, location=place)).id
        for variant, place in ((cup, await main_location()), (jug, await main_location()), (jug, attic))
    ]
    last = await StockMovement.all().order_by("-id").first()
    assert last is not None
    assert (last.reason, last.actor_id) == ("broken in the window", ctx.actor.id)
    await assert_sound()


async def test_what_was_not_expected_is_left_as_it_is(ctx: Context) -> None:
    [cup] = await variants(ctx, 10)
    before = await books(ctx)

    for line in (
        Adjustment(cup.id, set_to=8, expected_on_hand=9),
        Adjustment(cup.id, quantity=1, expected_on_hand=11),
    ):
        [done] = await adjust(ctx, [line], reason="counted")
        assert isinstance(done.refusal, StockChanged)
        assert done.refusal.message.startswith(f"{cup.sku} at Main location: 10 are on hand now, and not ")
        assert done.refusal.path == ("lines", 0, "expected_on_hand")
        assert done.refusal.params.items() >= {"on_hand": 10}.items()

    assert await books(ctx) == before


async def test_of_many_who_saw_the_same_number_one_may_change_it(ctx: Context) -> None:
    """Peers' compare-and-swap: nobody overwrites what he has not seen."""
    [cup] = await variants(ctx, 10)

    done = await asyncio.gather(
        *(adjust(ctx, [Adjustment(cup.id, set_to=20 + n, expected_on_hand=10)], reason=f"clerk {n}") for n in range(12))
    )

    winners = [n for n, [outcome] in enumerate(done) if outcome.refusal is None]
    assert len(winners) == 1
    assert await balances(cup) == {"on_hand": 20 + winners[0]}
    assert await kinds(cup) == ["ADJUSTMENT"]


async def test_what_is_damaged_or_held_is_set_aside_and_put_back(ctx: Context) -> None:
    [cup] = await variants(ctx, 10)

    async def corrected(correction: Correction, quantity: int) -> dict[str, int]:
        [done] = await adjust(ctx, [Adjustment(cup.id, None, correction, quantity)], reason="looked at it")
        assert done.refusal is None
        return await balances(cup)

    assert await corrected(Correction.DAMAGE, 4) == {"on_hand": 10, "damaged": 4}
    assert await corrected(Correction.DAMAGE, -1) == {"on_hand": 10, "damaged": 3}
    assert await corrected(Correction.SCRAP, 2) == {"on_hand": 8, "damaged": 1}
    assert await corrected(Correction.HOLD, 5) == {"on_hand": 8, "damaged": 1, "held": 5}
    assert await corrected(Correction.HOLD, -5) == {"on_hand": 8, "damaged": 1}
    assert await corrected(Correction.RETURN, 1) == {"on_hand": 9, "damaged": 1}
    assert await kinds(cup) == ["DAMAGE", "DAMAGE", "SCRAP", "HOLD", "HOLD", "RETURN"]
    [done] = await adjust(ctx, [Adjustment(cup.id, None, Correction.HOLD, 9)], reason="x")
    assert isinstance(done.refusal, NotEnoughStock)
    assert done.refusal.params["left"] == 8
    await assert_sound()


async def test_each_line_is_done_or_refused_by_itself(ctx: Context) -> None:
    [cup, jug] = await variants(ctx, 10, 10)
    closed, main = await make.location(ctx), await main_location()
    await Location.filter(id=closed.id).update(is_active=False)
    lines = [
        Adjustment(cup.id, quantity=-11),
        Adjustment(new_id(), quantity=1),
        Adjustment(jug.id, quantity=1),
        Adjustment(jug.id, main.id, quantity=1),
        Adjustment(jug.id, new_id(), quantity=1),
        Adjustment(jug.id, closed.id, quantity=1),
        Adjustment(cup.id, quantity=1, set_to=1),
        Adjustment(cup.id, set_to=1),
        Adjustment(cup.id, quantity=0),
        Adjustment(cup.id, None, Correction.SCRAP, quantity=-1),
        Adjustment(cup.id, None, Correction.DAMAGE, set_to=3, expected_on_hand=10),
    ]

    done = await adjust(ctx, lines, reason="evening")

    assert [type(each.refusal).__name__ for each in done] == [
        NotEnoughStock.__name__,
        NoSuchVariant.__name__,
        "NoneType",
        NamedTwice.__name__,
        NoSuchLocation.__name__,
        LocationClosed.__name__,
        *[InvalidInput.__name__] * 5,
    ]
    assert [each.refusal.path[1] for each in done if each.refusal] == [0, 1, 3, 4, 5, 6, 7, 8, 9, 10]
    assert (await balances(cup), await balances(jug)) == ({"on_hand": 10}, {"on_hand": 11})
    await assert_sound()


@pytest.mark.parametrize(("reason", "lines"), [("", 1), ("x" * 201, 1), ("x", 0), ("x", 251)])
async def test_a_reason_and_some_lines_are_needed(ctx: Context, reason: str, lines: int) -> None:
    [cup] = await variants(ctx, 10)
    before = await books(ctx)

    with pytest.raises(InvalidInput):
        await adjust(ctx, [Adjustment(cup.id, quantity=1)] * lines, reason=reason)

    assert await books(ctx) == before


async def test_a_stranger_adjusts_nothing(ctx: Context, other_ctx: Context) -> None:
    [cup] = await variants(ctx, 10)
    before = await books(ctx)

    with open_shop(other_ctx.shop):
        [done] = await adjust(other_ctx, [Adjustment(cup.id, quantity=-1)], reason="mine")

    assert isinstance(done.refusal, NoSuchVariant)
    assert await books(ctx) == before


async def test_statements_do_not_grow_with_lines(ctx: Context) -> None:
    found = await variants(ctx, *[5] * 30)
    counts = []
    for some in (found[:1], found):
        async with statements_sent(ctx) as sent:
            await stock.adjust(ctx, [Adjustment(each.id, quantity=1) for each in some], reason="x")
        counts.append(len(sent))

    assert counts[0] == counts[1]
