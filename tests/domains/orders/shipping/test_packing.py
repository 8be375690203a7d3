"""Packing: parcels of some pieces, each from where its stock is reserved."""

from __future__ import annotations

import pytest

from stoa.domains import catalog, orders
from stoa.domains.catalog.models import Reservation, Stock
from stoa.domains.orders import shipping
from stoa.domains.orders.errors import NoSuchLine, NoSuchOrder, NotNow, OrderChanged, TooManyPieces
from stoa.domains.orders.models import Order, OrderLine, Shipment, ShipmentLine, ShipmentState
from stoa.domains.orders.shipping import PackDraft
from stoa.domains.orders.shipping.errors import (
    NoSuchMethod,
    NoSuchShipment,
    NothingToPack,
    ShipmentChanged,
    WrongShipmentState,
)
from stoa.kit.errors import InvalidInput, Refusal, Refusals
from stoa.kit.ids import new_id
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.domains.catalog.catalogs import events_of
from tests.domains.orders.shipping.sending import confirmed, everything, method, states, stocked


async def contents(shipment: Shipment) -> list[int]:
    return (
        await ShipmentLine.filter(shipment_id=shipment.id).order_by("line__position").values_list("quantity", flat=True)
    )  # type: ignore[return-value]


async def test_all_that_is_left_goes_into_a_parcel(ctx: Context) -> None:
    """O7"""
    cup, jug = await make.sold(ctx, weight_grams=300), await make.sold(ctx, weight_grams=1200)
    order = await confirmed(ctx, [(cup, 2), (jug, 1)])

    [id] = await shipping.pack_order(ctx, order.id, PackDraft())

    shipment = await Shipment.get(id=id)
    assert (shipment.number, shipment.state, shipment.weight_grams) == (1, ShipmentState.PACKED, 1800)
    assert await contents(shipment) == [2, 1]
    assert await states(order) == ("PACKED", ["PACKED"])
    told = {"order_id": str(order.id), "shipment_id": str(id), "number": 1, "is_pickup": False}
    assert ("ShipmentPacked", told) in await events_of(ctx)
    before = await everything()
    with pytest.raises(NothingToPack):
        await shipping.pack_order(ctx, order.id, PackDraft())
    assert await everything() == before


async def test_an_order_goes_in_parts(ctx: Context) -> None:
    """O7: partial shipments."""
    cup = await make.sold(ctx)
    order = await confirmed(ctx, [(cup, 5)])
    line = await OrderLine.get(order_id=order.id)

    [first] = await shipping.pack_order(ctx, order.id, PackDraft({line.id: 2}, weight_grams=700))
    assert await states(order) == ("PICKING", ["PACKED"])
    with pytest.raises(TooManyPieces) as refused:
        await shipping.pack_order(ctx, order.id, PackDraft({line.id: 4}))
    assert (refused.value.path, refused.value.params["left"]) == (("lines", 0, "quantity"), 3)
    [second] = await shipping.pack_order(ctx, order.id, PackDraft())

    assert [(await contents(await Shipment.get(id=each))) for each in (first, second)] == [[2], [3]]
    assert (await Shipment.get(id=first)).weight_grams == 700
    assert await states(order) == ("PACKED", ["PACKED", "PACKED"])


async def test_each_place_that_stock_is_reserved_at_makes_a_parcel(ctx: Context) -> None:
    """Multi-location allocation: the parcels follow what is reserved, and where."""
    cup = await make.sold(ctx, on_hand=3)
    attic = await make.location(ctx)
    await stocked(ctx, cup, attic, 4)
    order = await confirmed(ctx, [(cup, 5)])

    ids = await shipping.pack_order(ctx, order.id, PackDraft())

    made = [await Shipment.get(id=each) for each in ids]
    assert [(await contents(each))[0] for each in made] == [3, 2]
    assert made[1].location_id == attic.id  # type: ignore[attr-defined]
    for each in ids:
        await shipping.ship_parcel(ctx, each, shipping.ShipDraft())
    assert await Stock.all().order_by("on_hand").values_list("on_hand", "reserved") == [(0, 0), (2, 0)]


async def test_what_is_reserved_elsewhere_can_be_taken_from_here(ctx: Context) -> None:
    cup = await make.sold(ctx, on_hand=5)
    attic = await make.location(ctx)
    order = await confirmed(ctx, [(cup, 5)])
    await stocked(ctx, cup, attic, 4)
    line = await OrderLine.get(order_id=order.id)

    [id] = await shipping.pack_order(ctx, order.id, PackDraft({line.id: 4}, location_id=attic.id))

    assert (await Shipment.get(id=id)).location_id == attic.id  # type: ignore[attr-defined]
    held = await Reservation.filter(state="HELD").order_by("quantity").values_list("stock__location_id", "quantity")
    assert [quantity for _, quantity in held] == [1, 4]
    assert held[1][0] == attic.id
    [rest] = await shipping.pack_order(ctx, order.id, PackDraft())
    assert await contents(await Shipment.get(id=rest)) == [1]


async def test_more_than_there_is_elsewhere_is_not_taken_from_there(ctx: Context) -> None:
    cup = await make.sold(ctx, on_hand=5)
    attic = await make.location(ctx)
    order = await confirmed(ctx, [(cup, 5)])
    await stocked(ctx, cup, attic, 4)
    before = await everything()

    with pytest.raises(Refusals):
        await shipping.pack_order(ctx, order.id, PackDraft(location_id=attic.id))

    assert await everything() == before


async def test_a_parcel_is_unpacked_once(ctx: Context) -> None:
    order = await confirmed(ctx)
    [id] = await shipping.pack_order(ctx, order.id, PackDraft())

    await shipping.cancel_parcel(ctx, id, expected_version=1)
    after = await everything()
    await shipping.cancel_parcel(ctx, id)

    assert await everything() == after
    assert await states(order) == ("ALLOCATED", ["CANCELLED"])
    [again] = await shipping.pack_order(ctx, order.id, PackDraft())
    assert (await Shipment.get(id=again)).number == 2


async def test_what_cannot_be_packed_is_not(ctx: Context) -> None:
    cup = await make.sold(ctx)
    order, pending = await confirmed(ctx, [(cup, 2)]), await make.order(ctx, [(cup, 1)])
    file = await make.sold(ctx, on_hand=None, requires_shipping=False)
    with_file = await confirmed(ctx, [(file, 1), (cup, 1)])
    line = await OrderLine.get(order_id=order.id)
    of_file = await OrderLine.get(order_id=with_file.id, variant_id=file.id)
    before = await everything()
    tries: list[tuple[type[Refusal], Order, PackDraft, int | None]] = [
        (NotNow, pending, PackDraft(), None),
        (NoSuchLine, order, PackDraft({new_id(): 1}), None),
        (NoSuchLine, with_file, PackDraft({line.id: 1}), None),
        (TooManyPieces, order, PackDraft({line.id: 0}), None),
        (InvalidInput, with_file, PackDraft({of_file.id: 1}), None),
        (NothingToPack, order, PackDraft({}), None),
        (InvalidInput, order, PackDraft(weight_grams=0), None),
        (NoSuchMethod, order, PackDraft(method_id=new_id()), None),
        (OrderChanged, order, PackDraft(), 1),
    ]
    for kind, which, draft, version in tries:
        with pytest.raises(kind):
            await shipping.pack_order(ctx, which.id, draft, expected_version=version)

    assert await everything() == before


async def test_what_is_called_off_is_unpacked(ctx: Context) -> None:
    """Of an order that ends nothing waits; of pieces called off, the parcels that they are in."""
    cup, jug = await make.sold(ctx), await make.sold(ctx)
    order = await confirmed(ctx, [(cup, 2), (jug, 1)])
    of_cups, of_jugs = await OrderLine.filter(order_id=order.id).order_by("position")
    await shipping.pack_order(ctx, order.id, PackDraft({of_cups.id: 2}))
    await shipping.pack_order(ctx, order.id, PackDraft({of_jugs.id: 1}))

    await orders.cancel_order(ctx, order.id, lines=[orders.Pieces(of_cups.id, 1)])
    assert await states(order) == ("PICKING", ["CANCELLED", "PACKED"])
    await orders.cancel_order(ctx, order.id)

    assert await states(order) == ("CANCELLED", ["CANCELLED", "CANCELLED"])


async def test_a_bundle_goes_with_all_its_parts(ctx: Context) -> None:
    """Its parts leave from where they are reserved."""
    cup, jug = await make.sold(ctx, on_hand=6), await make.sold(ctx, on_hand=6)
    bundle = await make.sold(ctx, on_hand=None)
    await catalog.set_parts(ctx, bundle.id, {cup.id: 2, jug.id: 1})
    order = await confirmed(ctx, [(bundle, 2)])

    [id] = await shipping.pack_order(ctx, order.id, PackDraft())
    await shipping.ship_parcel(ctx, id, shipping.ShipDraft("B1"))

    stock = {each.variant_id: (each.on_hand, each.reserved) for each in await Stock.all()}  # type: ignore[attr-defined]
    assert (stock[cup.id], stock[jug.id]) == ((2, 0), (4, 0))
    assert await states(order) == ("SHIPPED", ["SHIPPED"])


async def test_a_stranger_packs_nothing(ctx: Context, other_ctx: Context) -> None:
    order = await confirmed(ctx)
    [id] = await shipping.pack_order(ctx, order.id, PackDraft())
    before = await everything()

    with open_shop(other_ctx.shop):
        with pytest.raises(NoSuchOrder):
            await shipping.pack_order(other_ctx, order.id, PackDraft())
        with pytest.raises(NoSuchShipment):
            await shipping.cancel_parcel(other_ctx, id)

    assert await everything() == before


async def test_a_parcel_that_left_is_not_unpacked(ctx: Context) -> None:
    await method(ctx)
    order = await confirmed(ctx)
    [id] = await shipping.pack_order(ctx, order.id, PackDraft())
    await shipping.ship_parcel(ctx, id, shipping.ShipDraft("X1"))
    before = await everything()

    with pytest.raises(WrongShipmentState):
        await shipping.cancel_parcel(ctx, id)
    with pytest.raises(ShipmentChanged):
        await shipping.cancel_parcel(ctx, id, expected_version=1)

    assert await everything() == before
