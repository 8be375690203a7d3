"""The proof of the books: one statement that finds whatever does not add up."""

from __future__ import annotations

import asyncpg

from stoa.domains.catalog import stock
from stoa.domains.catalog.models import Stock
from stoa.domains.catalog.stock import Demand, Holder, Limits, Move, move
from stoa.kit.ids import new_id
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_transaction
from tests.domains.catalog.stock.shelves import variants
from tests.graphql.asking import statements_sent


async def test_books_that_are_right_are_proven_in_one_statement(ctx: Context) -> None:
    [cup, jug] = await variants(ctx, 10, 5)
    await stock.reserve(ctx, Holder("cart", new_id()), [Demand(cup.id, 3), Demand(jug.id, 1)])

    async with statements_sent(ctx) as sent:
        report = await stock.integrity_report(ctx)

    assert len(sent) == 1
    assert (report.is_sound, report.rows, report.movements, report.breaches) == (True, 2, 4, [])


async def test_a_balance_that_was_changed_behind_the_books_is_found(ctx: Context, owner: asyncpg.Connection) -> None:
    """What no program can do: the owner of the database takes the guard away first."""
    [cup, jug] = await variants(ctx, 10, 5)
    await stock.set_limits(ctx, [Limits(cup.id, threshold=2), Limits(jug.id, threshold=2)])
    schema = ctx.shop.schema
    await owner.execute(f"ALTER TABLE {schema}.stock DISABLE TRIGGER stock_moves_alone")
    await owner.execute(f"UPDATE {schema}.stock SET on_hand = 7 WHERE variant_id = $1", cup.id)
    await owner.execute(f"UPDATE {schema}.stock SET is_low = true WHERE variant_id = $1", jug.id)
    await owner.execute(f"ALTER TABLE {schema}.stock ENABLE TRIGGER stock_moves_alone")

    report = await stock.integrity_report(ctx)

    assert (report.is_sound, report.breaches_total) == (False, 2)
    assert [(each.variant_id, each.rule, each.balance, each.found, each.should_be) for each in report.breaches] == [
        (cup.id, "LEDGER", "on_hand", 7, 10),
        (jug.id, "ALARM", "is_low", 1, 0),
    ]
    assert report.breaches[0].stock_id == (await Stock.get(variant=cup)).id


async def test_what_is_reserved_by_no_reservation_is_found(ctx: Context) -> None:
    [cup] = await variants(ctx, 10)
    async with shop_transaction():
        await move(ctx, [Move(cup.id, reserved=4)])

    report = await stock.integrity_report(ctx)

    assert [(each.rule, each.balance, each.found, each.should_be) for each in report.breaches] == [
        ("RESERVATIONS", "reserved", 4, 0)
    ]


async def test_one_proves_ones_own_books(ctx: Context, other_ctx: Context) -> None:
    await variants(ctx, 10)

    with open_shop(other_ctx.shop):
        assert (await stock.integrity_report(other_ctx)).rows == 0
