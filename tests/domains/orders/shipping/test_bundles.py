"""Bundles in parcels: with a part that is also sold by itself in the same order, in parts, and from several places."""

from __future__ import annotations

from stoa.domains import catalog, orders
from stoa.domains.catalog import stock
from stoa.domains.catalog.models import Reservation, Stock, Variant
from stoa.domains.orders import shipping
from stoa.domains.orders.models import OrderLine, Shipment
from stoa.domains.orders.shipping import PackDraft, ShipDraft
from stoa.tenants.context import Context
from tests import make
from tests.domains.orders.shipping.sending import confirmed, counts, states, stocked


async def kit_of(ctx: Context, cup: Variant, jug: Variant) -> Variant:
    """Two cups and a jug."""
    kit = await make.sold(ctx, on_hand=None)
    await catalog.set_parts(ctx, kit.id, {cup.id: 2, jug.id: 1})
    return kit


async def there(*variants: Variant) -> list[tuple[int, int]]:
    """On hand and reserved, of each everywhere."""
    rows = [await Stock.filter(variant_id=each.id) for each in variants]
    return [(sum(row.on_hand for row in each), sum(row.reserved for row in each)) for each in rows]


async def send(ctx: Context, ids: list[object]) -> None:
    for id in ids:
        await shipping.ship_parcel(ctx, id, ShipDraft())  # type: ignore[arg-type]


async def test_a_bundle_and_its_part_leave_in_parcels_of_their_own(ctx: Context) -> None:
    cup, jug = await make.sold(ctx, on_hand=10), await make.sold(ctx, on_hand=10)
    kit = await kit_of(ctx, cup, jug)
    order = await confirmed(ctx, [(kit, 2), (cup, 3)])
    kits, cups = await OrderLine.filter(order_id=order.id).order_by("position")
    assert await there(cup, jug) == [(10, 7), (10, 2)]

    await send(ctx, await shipping.pack_order(ctx, order.id, PackDraft({cups.id: 1})))  # type: ignore[arg-type]
    assert await there(cup, jug) == [(9, 6), (10, 2)]
    await send(ctx, await shipping.pack_order(ctx, order.id, PackDraft({kits.id: 1, cups.id: 1})))  # type: ignore[arg-type]
    assert await there(cup, jug) == [(6, 3), (9, 1)]
    await send(ctx, await shipping.pack_order(ctx, order.id, PackDraft()))  # type: ignore[arg-type]

    assert await there(cup, jug) == [(3, 0), (8, 0)]
    assert await counts(order) == [(2, 0, 0), (3, 0, 0)]
    assert await states(order) == ("SHIPPED", ["SHIPPED"] * 3)
    assert not await Reservation.filter(holder_id=order.id, state="HELD").exists()
    assert (await stock.integrity_report(ctx)).is_sound


async def test_cancelling_the_part_leaves_the_bundle_whole_and_the_other_way_round(ctx: Context) -> None:
    cup, jug = await make.sold(ctx, on_hand=10), await make.sold(ctx, on_hand=10)
    kit = await kit_of(ctx, cup, jug)
    order = await confirmed(ctx, [(kit, 2), (cup, 3)])
    kits, cups = await OrderLine.filter(order_id=order.id).order_by("position")

    await orders.cancel_order(ctx, order.id, lines=[orders.Pieces(cups.id, 2)])
    assert await there(cup, jug) == [(10, 5), (10, 2)]
    await orders.cancel_order(ctx, order.id, lines=[orders.Pieces(kits.id, 1)])
    assert await there(cup, jug) == [(10, 3), (10, 1)]
    await send(ctx, await shipping.pack_order(ctx, order.id, PackDraft()))  # type: ignore[arg-type]

    assert await there(cup, jug) == [(7, 0), (9, 0)]
    assert await counts(order) == [(1, 0, 0), (1, 0, 0)]
    assert (await stock.integrity_report(ctx)).is_sound


async def test_bundles_of_several_places_leave_from_where_they_lie(ctx: Context) -> None:
    """Of each place as many as it holds: what a parcel says it leaves from is where its stock goes from."""
    cup, jug = await make.sold(ctx, on_hand=4), await make.sold(ctx, on_hand=10)
    kit, attic = await kit_of(ctx, cup, jug), await make.location(ctx)
    await stocked(ctx, cup, attic, 10)
    await stocked(ctx, jug, attic, 10)
    order = await confirmed(ctx, [(kit, 3), (cup, 2)])

    ids = await shipping.pack_order(ctx, order.id, PackDraft())
    await send(ctx, ids)  # type: ignore[arg-type]

    main, up = [await Shipment.get(id=id) for id in ids]
    assert up.location_id == attic.id  # type: ignore[attr-defined]
    packed = [sorted([each.quantity for each in await parcel.lines.all()]) for parcel in (main, up)]
    assert packed == [[2], [1, 2]]
    left = [(row.location_id == attic.id, row.on_hand) for row in await Stock.filter(variant_id=jug.id)]  # type: ignore[attr-defined]
    assert sorted(left) == [(False, 8), (True, 9)]
    assert await there(cup, jug) == [(6, 0), (17, 0)]
    assert (await stock.integrity_report(ctx)).is_sound
