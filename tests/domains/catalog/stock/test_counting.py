"""Stock-takes: the books are corrected by what was found, and by nothing that moved meanwhile."""

from __future__ import annotations

import pytest

from stoa.domains.catalog import stock
from stoa.domains.catalog.errors import (
    CountChanged,
    CountEnded,
    CountOpen,
    NamedTwice,
    NoSuchCount,
    NoSuchVariant,
    NotEnoughStock,
)
from stoa.domains.catalog.models import StockCountLine, StockCountState, StockMovement
from stoa.domains.catalog.stock import Demand, Holder
from stoa.kit.errors import InvalidInput, Refusals
from stoa.kit.ids import new_id
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.domains.catalog.catalogs import events_of
from tests.domains.catalog.stock.shelves import assert_sound, balances, books, kinds, main_location, put, variants
from tests.graphql.asking import statements_sent


async def test_what_was_found_is_what_the_books_say_then(ctx: Context) -> None:
    [cup, jug, pot, cap] = await variants(ctx, 10, 10, None, 4)
    main = await main_location()
    count = await stock.open_count(ctx, main.id, note="spring")

    await stock.record_counts(ctx, count.id, [(cup.id, 9), (jug.id, 10), (pot.id, 3)])
    await stock.record_counts(ctx, count.id, [(cup.id, 8)])
    assert await balances(cup) == {"on_hand": 10}
    closed = await stock.close_count(ctx, count.id, expected_version=3)
    again = await stock.close_count(ctx, count.id)

    assert (closed.state, closed.version, again.version) == (StockCountState.CLOSED, 4, 4)
    assert [(await balances(each)).get("on_hand") for each in (cup, jug, pot, cap)] == [8, 10, 3, 4]
    assert (await kinds(cup), await kinds(jug)) == (["COUNT"], [])
    moved = await StockMovement.filter(kind="COUNT").order_by("id")
    assert [(each.reference_kind, each.reference_id, each.reason) for each in moved] == [
        ("stock_count", count.id, "spring")
    ] * 2
    assert [said for name, said in await events_of(ctx) if name == "StockCountClosed"] == [
        {"stock_count_id": str(count.id), "differences": 2}
    ]
    await assert_sound()


async def test_what_moves_after_counting_is_no_difference(ctx: Context) -> None:
    [cup] = await variants(ctx, 10)
    main = await main_location()
    count = await stock.open_count(ctx, main.id)
    await stock.record_counts(ctx, count.id, [(cup.id, 9)])

    await put(ctx, cup, main, -5)
    await stock.close_count(ctx, count.id)

    assert await balances(cup) == {"on_hand": 4}
    assert (await StockCountLine.get(count_id=count.id)).expected == 10


async def test_fewer_than_are_promised_closes_nothing(ctx: Context) -> None:
    [cup, jug] = await variants(ctx, 10, 10)
    await stock.reserve(ctx, Holder("order", new_id()), [Demand(cup.id, 6)])
    count = await stock.open_count(ctx, (await main_location()).id)
    await stock.record_counts(ctx, count.id, [(jug.id, 1), (cup.id, 5)])
    before = await books(ctx)

    with pytest.raises(NotEnoughStock) as refused:
        await stock.close_count(ctx, count.id)

    assert refused.value.message == f"{cup.sku} at Main location: 4 left, 5 wanted."
    assert await books(ctx) == before


async def test_a_cancelled_count_leaves_the_books_alone(ctx: Context) -> None:
    [cup] = await variants(ctx, 10)
    main = await main_location()
    count = await stock.open_count(ctx, main.id)
    await stock.record_counts(ctx, count.id, [(cup.id, 3)])

    for _ in range(2):
        assert (await stock.cancel_count(ctx, count.id)).state is StockCountState.CANCELLED

    assert await balances(cup) == {"on_hand": 10}
    with pytest.raises(CountEnded, match="cancelled already"):
        await stock.close_count(ctx, count.id)
    with pytest.raises(CountEnded):
        await stock.record_counts(ctx, count.id, [(cup.id, 3)])
    closed = await stock.open_count(ctx, main.id)
    await stock.close_count(ctx, closed.id)
    with pytest.raises(CountEnded, match="closed already"):
        await stock.cancel_count(ctx, closed.id)


async def test_a_location_is_counted_once_at_a_time(ctx: Context) -> None:
    main, attic = await main_location(), await make.location(ctx)
    await stock.open_count(ctx, main.id)
    before = await books(ctx)

    with pytest.raises(CountOpen, match="Main location is being counted already"):
        await stock.open_count(ctx, main.id)

    assert await books(ctx) == before
    await stock.open_count(ctx, attic.id)


async def test_what_is_wrong_is_refused_and_nothing_is_noted(ctx: Context, other_ctx: Context) -> None:
    [cup] = await variants(ctx, 10)
    count = await stock.open_count(ctx, (await main_location()).id)
    before = await books(ctx)

    for lines, refusal in (
        ([], InvalidInput),
        ([(cup.id, -1)], InvalidInput),
        ([(cup.id, 1), (cup.id, 2)], NamedTwice),
    ):
        with pytest.raises(refusal):
            await stock.record_counts(ctx, count.id, lines)
    with pytest.raises(Refusals) as refused:
        await stock.record_counts(ctx, count.id, [(cup.id, 1), (new_id(), 1)])
    assert [(type(each), each.path) for each in refused.value.refusals] == [(NoSuchVariant, ("lines", 1, "variant_id"))]
    with pytest.raises(CountChanged):
        await stock.close_count(ctx, count.id, expected_version=9)
    with open_shop(other_ctx.shop):
        for strange in (
            stock.record_counts(other_ctx, count.id, [(cup.id, 1)]),
            stock.close_count(other_ctx, count.id),
            stock.cancel_count(other_ctx, count.id),
        ):
            with pytest.raises(NoSuchCount):
                await strange

    assert await books(ctx) == before


async def test_statements_do_not_grow_with_lines(ctx: Context) -> None:
    found = await variants(ctx, *[5] * 30)
    attic = await make.location(ctx)
    counts = []
    for some in (found[:1], found):
        count = await stock.open_count(ctx, attic.id)
        async with statements_sent(ctx) as sent:
            await stock.record_counts(ctx, count.id, [(each.id, 7) for each in some])
            await stock.close_count(ctx, count.id)
        counts.append(len(sent))

    assert counts[0] == counts[1]
