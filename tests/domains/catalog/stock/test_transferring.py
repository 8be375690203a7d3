"""Transfers: what leaves here is on its way there until it arrives, in parts or whole, or comes back."""

from __future__ import annotations

import pytest

from stoa.domains.catalog import stock
from stoa.domains.catalog.errors import (
    NamedTwice,
    NoSuchLocation,
    NoSuchTransfer,
    NoSuchVariant,
    NotEnoughStock,
    TransferChanged,
    TransferEnded,
)
from stoa.domains.catalog.models import Location, Transfer, TransferState, Variant
from stoa.kit.errors import InvalidInput, Refusals
from stoa.kit.ids import new_id
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.domains.catalog.catalogs import events_of
from tests.domains.catalog.stock.shelves import assert_sound, balances, books, kinds, main_location, variants


async def sent(ctx: Context, quantity: int = 4) -> tuple[Transfer, Variant, Location]:
    [cup], attic = await variants(ctx, 10), await make.location(ctx)
    transfer = await stock.start_transfer(ctx, (await main_location()).id, attic.id, [(cup.id, quantity)], note="van 2")
    return transfer, cup, attic


async def test_what_is_sent_is_gone_here_and_on_its_way_there(ctx: Context) -> None:
    transfer, cup, attic = await sent(ctx)

    assert (await balances(cup), await balances(cup, attic)) == ({"on_hand": 6}, {"incoming": 4})
    assert await kinds(cup) == ["TRANSFER_OUT", "TRANSFER_OUT"]
    assert await events_of(ctx) == [("TransferStarted", {"transfer_id": str(transfer.id)})]
    await assert_sound()


async def test_it_is_received_in_parts(ctx: Context) -> None:
    transfer, cup, attic = await sent(ctx)

    part = await stock.receive_transfer(ctx, transfer.id, [(cup.id, 1)], expected_version=1)
    assert (part.state, part.lines[0]["received"], part.version) == (TransferState.IN_TRANSIT, 1, 2)
    assert await balances(cup, attic) == {"on_hand": 1, "incoming": 3}
    rest = await stock.receive_transfer(ctx, transfer.id)

    assert (rest.state, rest.lines[0]["received"], rest.ended_at is not None) == (TransferState.RECEIVED, 4, True)
    assert (await balances(cup), await balances(cup, attic)) == ({"on_hand": 6}, {"on_hand": 4})
    assert [said.get("state") for name, said in await events_of(ctx) if name == "TransferReceived"] == [
        "IN_TRANSIT",
        "RECEIVED",
    ]
    for again in (stock.receive_transfer(ctx, transfer.id), stock.cancel_transfer(ctx, transfer.id)):
        with pytest.raises(TransferEnded, match="received already"):
            await again
    await assert_sound()


async def test_what_is_cancelled_comes_back_as_far_as_it_has_not_arrived(ctx: Context) -> None:
    transfer, cup, attic = await sent(ctx)
    await stock.receive_transfer(ctx, transfer.id, [(cup.id, 1)])

    await stock.cancel_transfer(ctx, transfer.id)
    before = await books(ctx)
    await stock.cancel_transfer(ctx, transfer.id)

    assert await books(ctx) == before
    assert (await balances(cup), await balances(cup, attic)) == ({"on_hand": 9}, {"on_hand": 1})
    with pytest.raises(TransferEnded, match="cancelled already"):
        await stock.receive_transfer(ctx, transfer.id)
    await assert_sound()


async def test_more_than_there_is_is_not_sent(ctx: Context) -> None:
    [cup, jug], attic = await variants(ctx, 10, 1), await make.location(ctx)
    main = await main_location()
    before = await books(ctx)

    with pytest.raises(NotEnoughStock) as refused:
        await stock.start_transfer(ctx, main.id, attic.id, [(cup.id, 1), (jug.id, 2)])
    assert (refused.value.path, refused.value.params["left"]) == (("lines", 1), 1)
    with pytest.raises(Refusals) as unknown:
        await stock.start_transfer(ctx, main.id, attic.id, [(cup.id, 1), (new_id(), 2)])
    assert [(type(each), each.path) for each in unknown.value.refusals] == [(NoSuchVariant, ("lines", 1, "variant_id"))]

    assert await books(ctx) == before


async def test_what_is_wrong_is_refused_where_it_is_wrong(ctx: Context) -> None:
    [cup], attic, main = await variants(ctx, 10), await make.location(ctx), await main_location()
    before = await books(ctx)

    for origin, destination, lines, refusal, path in (
        (main.id, main.id, [(cup.id, 1)], InvalidInput, ("destination_id",)),
        (new_id(), attic.id, [(cup.id, 1)], NoSuchLocation, ("origin_id",)),
        (main.id, new_id(), [(cup.id, 1)], NoSuchLocation, ("destination_id",)),
        (main.id, attic.id, [], InvalidInput, ("lines",)),
        (main.id, attic.id, [(cup.id, 0)], InvalidInput, ("lines", 0, "quantity")),
        (main.id, attic.id, [(cup.id, 1), (cup.id, 1)], NamedTwice, ("lines", 1, "variant_id")),
    ):
        with pytest.raises(refusal) as refused:
            await stock.start_transfer(ctx, origin, destination, lines)
        assert refused.value.path == path

    assert await books(ctx) == before


async def test_only_what_is_on_its_way_is_received_and_on_the_version_that_was_read(
    ctx: Context, other_ctx: Context
) -> None:
    transfer, cup, _ = await sent(ctx)
    before = await books(ctx)

    with pytest.raises(NotEnoughStock, match="4 are on their way, and not 5"):
        await stock.receive_transfer(ctx, transfer.id, [(cup.id, 5)])
    with pytest.raises(NoSuchVariant):
        await stock.receive_transfer(ctx, transfer.id, [(new_id(), 1)])
    for late in (
        stock.receive_transfer(ctx, transfer.id, expected_version=7),
        stock.cancel_transfer(ctx, transfer.id, expected_version=7),
    ):
        with pytest.raises(TransferChanged):
            await late
    with open_shop(other_ctx.shop):
        for strange in (stock.receive_transfer(other_ctx, transfer.id), stock.cancel_transfer(other_ctx, transfer.id)):
            with pytest.raises(NoSuchTransfer):
                await strange

    assert await books(ctx) == before
