"""Thresholds: one alarm a crossing, whoever moves the stock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest

from stoa.domains import catalog
from stoa.domains.catalog import ProductChanges, VariantChanges, stock
from stoa.domains.catalog.errors import NamedTwice, NoSuchVariant, NotEnoughStock
from stoa.domains.catalog.models import Stock, Variant
from stoa.domains.catalog.stock import Adjustment, Demand, Holder, Limits, Move, move, set_limits
from stoa.kit import clock
from stoa.kit.errors import InvalidInput, Refusals
from stoa.kit.ids import new_id
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_transaction
from tests import make
from tests.domains.catalog.catalogs import events_of
from tests.domains.catalog.stock.shelves import assert_sound, books, main_location, variants

HOLDER = Holder("cart", new_id())


async def watched(ctx: Context, on_hand: int = 10, threshold: int | None = 3) -> Variant:
    [cup] = await variants(ctx, on_hand)
    await set_limits(ctx, [Limits(cup.id, threshold=threshold)])
    return cup


async def alarms(ctx: Context) -> list[tuple[str, int]]:
    """The alarms so far, and what was available then."""
    return [(name, said["available"]) for name, said in await events_of(ctx) if name in ("StockLow", "StockRecovered")]


async def moved(ctx: Context, variant: Variant, **change: int) -> None:
    async with shop_transaction():
        await move(ctx, [Move(variant.id, **change)])  # type: ignore[arg-type]


async def test_stock_that_falls_to_the_threshold_is_announced_once(ctx: Context) -> None:
    """P14: ahead, and once per crossing."""
    cup = await watched(ctx)

    for change in (-6, -1, -1, -2):
        await moved(ctx, cup, on_hand=change)
        await assert_sound()

    row = await Stock.get(variant=cup)
    assert (row.is_low, row.threshold) == (True, 3)
    [(name, said)] = await events_of(ctx)
    assert (name, said) == (
        "StockLow",
        {
            "stock_id": str(row.id),
            "variant_id": str(cup.id),
            "location_id": str((await main_location()).id),
            "available": 3,
            "threshold": 3,
        },
    )
    await moved(ctx, cup, on_hand=3)
    await moved(ctx, cup, on_hand=1)
    await moved(ctx, cup, held=1)
    assert await alarms(ctx) == [("StockLow", 3), ("StockRecovered", 4), ("StockLow", 3)]


async def set_aside(ctx: Context, cup: Variant) -> None:
    await stock.adjust(ctx, [Adjustment(cup.id, None, stock.Correction.DAMAGE, 7)], reason="x")


async def edited(ctx: Context, cup: Variant) -> None:
    product = (await Variant.get(id=cup.id)).product_id  # type: ignore[attr-defined]
    await catalog.update_product(ctx, product, ProductChanges(variants=(VariantChanges(cup.id, on_hand=3),)))


async def imported(ctx: Context, cup: Variant) -> None:
    async with shop_transaction():
        await stock.set_on_hand(ctx, {cup.id: 3})


async def reserved(ctx: Context, cup: Variant) -> None:
    await stock.reserve(ctx, HOLDER, [Demand(cup.id, 7)])


async def reserved_in_a_transaction(ctx: Context, cup: Variant) -> None:
    async with shop_transaction():
        await stock.reserve(ctx, HOLDER, [Demand(cup.id, 7)])


async def sent_elsewhere(ctx: Context, cup: Variant) -> None:
    attic = await make.location(ctx)
    await stock.start_transfer(ctx, (await main_location()).id, attic.id, [(cup.id, 7)])


async def counted(ctx: Context, cup: Variant) -> None:
    count = await stock.open_count(ctx, (await main_location()).id)
    await stock.record_counts(ctx, count.id, [(cup.id, 3)])
    await stock.close_count(ctx, count.id)


WAYS_DOWN = [set_aside, edited, imported, reserved, reserved_in_a_transaction, sent_elsewhere, counted]


@pytest.mark.parametrize("go_down", WAYS_DOWN)
async def test_whatever_brings_stock_down_raises_the_alarm(
    ctx: Context, go_down: Callable[[Context, Variant], Coroutine[Any, Any, None]]
) -> None:
    cup = await watched(ctx)

    await go_down(ctx, cup)

    assert await alarms(ctx) == [("StockLow", 3)]
    assert (await Stock.get(variant=cup, location__is_main=True)).is_low


async def test_whatever_brings_stock_back_ends_it(ctx: Context) -> None:
    cup = await watched(ctx)
    soon = clock.now() + timedelta(minutes=1)

    for expires_at in (None, soon):
        await stock.reserve(ctx, HOLDER, [Demand(cup.id, 8)], expires_at=expires_at)
        if expires_at is None:
            await stock.release(ctx, HOLDER)
        else:
            with clock.set_to(soon + timedelta(minutes=1)):
                await stock.expire_reservations(ctx)

    assert await alarms(ctx) == [("StockLow", 2), ("StockRecovered", 10)] * 2


async def test_shipping_what_was_reserved_raises_no_second_alarm(ctx: Context) -> None:
    cup = await watched(ctx)
    await stock.reserve(ctx, HOLDER, [Demand(cup.id, 8)])

    await stock.ship(ctx, HOLDER)

    assert await alarms(ctx) == [("StockLow", 2)]


async def test_of_many_at_once_one_raises_the_alarm(ctx: Context) -> None:
    cup = await watched(ctx, 30, 15)

    await asyncio.gather(*(stock.reserve(ctx, Holder("cart", new_id()), [Demand(cup.id, 1)]) for _ in range(25)))

    assert await alarms(ctx) == [("StockLow", 15)]


async def test_what_was_refused_raises_no_alarm(ctx: Context) -> None:
    cup = await watched(ctx)

    with pytest.raises(Refusals):
        await stock.reserve(ctx, HOLDER, [Demand(cup.id, 11)])
    with pytest.raises(NotEnoughStock):
        await moved(ctx, cup, on_hand=-11)

    assert await events_of(ctx) == []


async def test_a_threshold_that_is_moved_over_the_stock_raises_it_too(ctx: Context) -> None:
    cup = await watched(ctx)

    for threshold in (10, 12, 9, None, 10, None):
        await set_limits(ctx, [Limits(cup.id, threshold=threshold)])

    names = [name for name, _ in await alarms(ctx)]
    assert names == ["StockLow", "StockRecovered", "StockLow", "StockRecovered"]
    await set_limits(ctx, [Limits(cup.id, backorder_limit=5)])
    row = await Stock.get(variant=cup)
    assert (row.threshold, row.backorder_limit, row.is_low) == (None, 5, False)


async def test_without_a_threshold_there_is_no_alarm(ctx: Context) -> None:
    cup = await watched(ctx, 10, None)

    await moved(ctx, cup, on_hand=-10)

    assert await events_of(ctx) == []


async def test_limits_are_set_all_or_none(ctx: Context, other_ctx: Context) -> None:
    [cup, jug] = await variants(ctx, 10, 10)
    await set_limits(ctx, [Limits(cup.id, backorder_limit=5)])
    await moved(ctx, cup, reserved=12)
    main = await main_location()
    before = await books(ctx)

    for wrong, refusal in (
        ([Limits(jug.id, threshold=1), Limits(new_id(), threshold=1)], NoSuchVariant),
        ([Limits(jug.id, threshold=1), Limits(jug.id, main.id, threshold=2)], NamedTwice),
        ([Limits(jug.id, threshold=1), Limits(cup.id, backorder_limit=1)], NotEnoughStock),
        ([Limits(jug.id, threshold=-1)], InvalidInput),
        ([Limits(jug.id, backorder_limit=2**31)], InvalidInput),
        ([], InvalidInput),
    ):
        with pytest.raises(refusal):
            await set_limits(ctx, wrong)
    with open_shop(other_ctx.shop), pytest.raises(NoSuchVariant):
        await set_limits(other_ctx, [Limits(cup.id, threshold=1)])

    assert await books(ctx) == before
