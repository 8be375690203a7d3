"""Locations: opened, changed, closed when nothing is in the way, and one of them is the main one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from stoa.domains.catalog import stock
from stoa.domains.catalog.errors import (
    LocationChanged,
    LocationClosed,
    LocationInUse,
    LocationTaken,
    NoSuchLocation,
)
from stoa.domains.catalog.models import Location, PurchaseOrder, PurchaseState, Supplier
from stoa.domains.catalog.stock import LocationChanges, Move, move
from stoa.kit.errors import Refusal, Refusals
from stoa.kit.ids import new_id
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_transaction
from tests import make
from tests.domains.catalog.catalogs import events_of
from tests.domains.catalog.stock.shelves import assert_sound, balances, books, main_location, put, variants

CLOSED = LocationChanges(is_active=False)


async def test_a_location_is_opened_with_names_and_address(ctx: Context) -> None:
    made = await stock.create_location(
        ctx,
        LocationChanges(
            name=" North\u3000hall ",
            translations={"zh": {"name": "北仓"}},
            address={"city": "Kiel", "line1": " Kai 3 ", "phone": None},
            position=2,
        ),
    )

    found = await Location.get(id=made.id)
    assert (found.name, found.name_key, found.translations) == ("North hall", "north hall", {"zh": {"name": "北仓"}})
    assert (found.address, found.position, found.is_main, found.is_active) == (
        {"city": "Kiel", "line1": "Kai 3"},
        2,
        False,
        True,
    )
    assert await events_of(ctx) == [("LocationCreated", {"location_id": str(made.id)})]


async def test_what_is_named_changes_and_the_version_goes_up(ctx: Context) -> None:
    attic = await make.location(ctx, "Attic")

    saved = await stock.update_location(ctx, attic.id, LocationChanges(name="Loft", position=3), expected_version=1)
    again = await stock.update_location(ctx, attic.id, LocationChanges(name=" Loft ", position=3))

    assert (saved.name, saved.version, again.version) == ("Loft", 2, 2)
    changed = {"location_id": str(attic.id), "changed": ["name", "position"]}
    assert await events_of(ctx) == [("LocationEdited", changed)]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        (LocationChanges(name=" "), ("name",)),
        (LocationChanges(name="x" * 121), ("name",)),
        (LocationChanges(name="x", translations={"fr": {"name": "Nord"}}), ("translations",)),
        (LocationChanges(name="x", translations={"zh": {}}), ("translations",)),
        (LocationChanges(name="x", address={"city": "x" * 201}), ("address",)),
        (LocationChanges(name="x", position=2**31), ("position",)),
        (LocationChanges(), ("name",)),
    ],
)
async def test_what_is_wrong_is_refused_where_it_is_wrong(
    ctx: Context, changes: LocationChanges, path: tuple[str, ...]
) -> None:
    before = await books(ctx)

    with pytest.raises((Refusal, Refusals)) as refused:
        await stock.create_location(ctx, changes)

    found: Any = getattr(refused.value, "refusals", [refused.value])
    assert [each.path for each in found] == [path]
    assert await books(ctx) == before


async def test_names_are_unique_upper_and_lower_case_alike(ctx: Context) -> None:
    attic = await make.location(ctx, "Attic")
    before = await books(ctx)

    with pytest.raises(LocationTaken):
        await stock.create_location(ctx, LocationChanges(name="MAIN location"))
    with pytest.raises(LocationTaken):
        await stock.update_location(ctx, attic.id, LocationChanges(name="Main Location"))

    assert await books(ctx) == before


async def test_a_change_of_what_somebody_else_changed_is_refused(ctx: Context) -> None:
    attic = await make.location(ctx, "Attic")
    await stock.update_location(ctx, attic.id, LocationChanges(position=1))
    before = await books(ctx)

    with pytest.raises(LocationChanged) as refused:
        await stock.update_location(ctx, attic.id, LocationChanges(position=2), expected_version=1)

    assert refused.value.params.items() >= {"current_version": 2}.items()
    assert await books(ctx) == before


async def in_the_way(ctx: Context, what: str, attic: Location) -> None:
    [cup] = await variants(ctx, 10)
    main = await main_location()
    match what:
        case "stock":
            await put(ctx, cup, attic, 1)
        case "transfers":
            await put(ctx, cup, attic, 1)
            await stock.start_transfer(ctx, attic.id, main.id, [(cup.id, 1)])
        case "counts":
            await stock.open_count(ctx, attic.id)
        case "purchases":
            supplier = await Supplier.create(name="S", name_key="s", currency="EUR")
            await PurchaseOrder.create(
                number=1, supplier=supplier, location=attic, currency="EUR", state=PurchaseState.DRAFT
            )


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("stock", "1 variants have stock there"),
        ("transfers", "1 transfers are under way"),
        ("counts", "1 counts are open"),
        ("purchases", "1 purchase orders are to arrive there"),
    ],
)
async def test_a_location_in_use_is_not_closed_and_one_hears_why(ctx: Context, what: str, words: str) -> None:
    attic = await make.location(ctx, "Attic")
    await in_the_way(ctx, what, attic)
    before = await books(ctx)

    with pytest.raises(LocationInUse) as refused:
        await stock.update_location(ctx, attic.id, CLOSED)

    assert refused.value.message == f"Attic cannot be closed: {words}."
    assert refused.value.path == ("is_active",)
    assert refused.value.params.items() >= {what: 1}.items()
    assert await books(ctx) == before


async def test_the_main_location_is_not_closed(ctx: Context) -> None:
    main = await main_location()

    with pytest.raises(LocationInUse, match="it is the main location"):
        await stock.update_location(ctx, main.id, CLOSED)


async def test_an_empty_location_is_closed_and_nothing_moves_there(ctx: Context) -> None:
    attic, [cup] = await make.location(ctx, "Attic"), await variants(ctx, 5)
    await put(ctx, cup, attic, 3)
    await put(ctx, cup, attic, -3)

    closed = await stock.update_location(ctx, attic.id, CLOSED)

    assert not closed.is_active
    with pytest.raises(LocationClosed):
        await put(ctx, cup, attic, 1)
    with pytest.raises(LocationClosed):
        await stock.open_count(ctx, attic.id)
    with pytest.raises(LocationClosed):
        await stock.set_main_location(ctx, attic.id)
    opened = await stock.update_location(ctx, attic.id, LocationChanges(is_active=True))
    assert opened.is_active
    await put(ctx, cup, attic, 1)


async def test_nothing_slips_in_while_a_location_is_being_closed(ctx: Context) -> None:
    found, attic = await variants(ctx, *[0] * 4), await make.location(ctx, "Attic")
    for each in found[:2]:
        await put(ctx, each, attic, 1)
        await put(ctx, each, attic, -1)

    async def come(n: int) -> bool:
        try:
            async with shop_transaction():
                await move(ctx, [Move(found[n % 4].id, attic.id, on_hand=1)])
        except LocationClosed:
            return False
        return True

    async def close() -> bool:
        try:
            await stock.update_location(ctx, attic.id, CLOSED)
        except LocationInUse:
            return False
        return True

    results = await asyncio.gather(*(come(n) for n in range(6)), close(), *(come(n) for n in range(6)))

    location = await Location.get(id=attic.id)
    came = sum(results[:6]) + sum(results[7:])
    assert location.is_active is not results[6]
    assert (came == 0) if results[6] else (came > 0)
    await assert_sound()


async def test_another_location_becomes_the_main_one(ctx: Context) -> None:
    attic, [cup] = await make.location(ctx, "Attic"), await variants(ctx, 5)
    old = await main_location()

    await stock.set_main_location(ctx, attic.id)
    await stock.set_main_location(ctx, attic.id)

    assert (await main_location()).id == attic.id
    await stock.adjust(ctx, [stock.Adjustment(cup.id, quantity=2)], reason="found")
    assert (await balances(cup, old), await balances(cup, attic)) == ({"on_hand": 5}, {"on_hand": 2})
    changed = {"location_id": str(attic.id), "changed": ["is_main"]}
    assert await events_of(ctx) == [("LocationEdited", changed)]


async def test_there_is_one_main_location_whoever_chooses_at_the_same_time(ctx: Context) -> None:
    found = [await make.location(ctx) for _ in range(5)]

    await asyncio.gather(*(stock.set_main_location(ctx, each.id) for each in found))

    assert await Location.filter(is_main=True).count() == 1


async def test_a_strangers_location_is_not_found(ctx: Context, other_ctx: Context) -> None:
    attic = await make.location(ctx, "Attic")
    before = await books(ctx)

    with open_shop(other_ctx.shop):
        for operation in (
            stock.update_location(other_ctx, attic.id, replace(CLOSED, name="Mine")),
            stock.set_main_location(other_ctx, attic.id),
            stock.open_count(other_ctx, attic.id),
            stock.start_transfer(other_ctx, attic.id, new_id(), [(new_id(), 1)]),
        ):
            with pytest.raises(NoSuchLocation):
                await operation

    assert await books(ctx) == before
