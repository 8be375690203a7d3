"""Pack parcels: so many pieces of an order's lines, each parcel from where its stock is reserved."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from stoa.domains.orders.errors import NoSuchLine, TooManyPieces
from stoa.domains.orders.models import (
    Order,
    OrderLine,
    Shipment,
    ShipmentLine,
    ShipmentState,
    ShippingKind,
    ShippingMethod,
)
from stoa.domains.orders.moving import Moves, require
from stoa.domains.orders.shipping.allocating import Pieces, places_of
from stoa.domains.orders.shipping.errors import NoSuchMethod, NothingToPack
from stoa.domains.orders.shipping.events import ShipmentPacked
from stoa.domains.orders.shipping.parcels import (
    Parcels,
    follow,
    locked_around,
    locked_parcels,
    note_arrival,
    parcels_of,
    require_step,
    settle,
    step,
)
from stoa.domains.orders.states import Action
from stoa.kit.errors import InvalidInput
from stoa.kit.ids import new_id
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction

MAX_GRAMS = 10_000_000


@dataclass(frozen=True, slots=True)
class PackDraft:
    """What goes into parcels: `lines` (all that is left, when None), pieces by line.

    `location_id` takes all of it from there, also what is reserved elsewhere; None: from where it is reserved, one
    parcel for each place. `weight_grams` is what the scales say; None: what the pieces weigh.
    """

    lines: Mapping[UUID, int] | None = None
    location_id: UUID | None = None
    method_id: UUID | None = None
    weight_grams: int | None = None


async def pack_order(
    ctx: Context, order_id: UUID, draft: PackDraft, *, expected_version: int | None = None
) -> list[UUID]:
    """The parcels that were packed: one for each place that the pieces lie at. With a pickup they wait there.

    Raises `NoSuchOrder`, `NotNow`, `NoSuchLine`, `TooManyPieces`, `NothingToPack`, `NoSuchMethod`, and what stock says
    when the pieces are to be taken from elsewhere.
    """
    async with shop_transaction():
        parcels = await locked_parcels(order_id, expected_version, of="order_id")
        return [each.id for each in await pack(ctx, parcels, draft)]


async def pack(ctx: Context, parcels: Parcels, draft: PackDraft) -> list[Shipment]:
    """The same in the caller's transaction."""
    require(parcels.order, parcels.lines, Action.SHIP, of="order_id")
    _check_weight(draft.weight_grams)
    wanted = _wanted(parcels, draft.lines)
    method = await _method_of(parcels.order, draft.method_id)
    location_id = draft.location_id or (method and method.kind is ShippingKind.PICKUP and method.pickup_location_id)  # type: ignore[attr-defined]
    places = await places_of(ctx, parcels, wanted, location_id or None)
    moves = Moves(ctx, parcels.order)
    made = []
    for place, pieces in places.items():
        weight = draft.weight_grams if len(places) == 1 else None
        made.append(await _parcel(moves, parcels, method, place, pieces, weight))
    await settle(parcels, "PACK", moves)
    return made


async def cancel_parcel(ctx: Context, shipment_id: UUID, *, expected_version: int | None = None) -> UUID:
    """Unpack a parcel that has not left; its pieces stay reserved for the order. Twice changes nothing.

    Raises `NoSuchShipment`, `ShipmentChanged` and `WrongShipmentState`.
    """
    async with shop_transaction():
        parcels, shipment = await locked_around(shipment_id, expected_version)
        if shipment.state is not ShipmentState.CANCELLED:
            require_step(parcels, shipment, ShipmentState.CANCELLED)
            moves = Moves(ctx, parcels.order)
            shipment.pickup_code = None
            await step(moves, shipment, ShipmentState.CANCELLED, "", "pickup_code")
            await settle(parcels, "UNPACK", moves)
    return shipment.id


async def unpack_cancelled(moves: Moves, order: Order, lines: Sequence[OrderLine]) -> None:
    """Unpack what waits with pieces in it that have been called off; in the transaction that called them off. When
    nothing else is to come, the order had arrived with its last parcel."""
    parcels = await parcels_of(order, lines)
    for shipment in parcels.waiting():
        if any(parcels.left(line) < 0 for line, _ in parcels.parts(shipment)):
            shipment.pickup_code = None
            await step(moves, shipment, ShipmentState.CANCELLED, "", "pickup_code")
    if not any(line.shipped for line in lines) and any(line.quantity > line.cancelled for line in lines):
        follow(moves, parcels, "UNPACK")
    note_arrival(parcels, moves)


def _check_weight(grams: int | None) -> None:
    if grams is not None and not 1 <= grams <= MAX_GRAMS:
        raise InvalidInput("{grams} g is no weight of a parcel.", path=["weight_grams"], grams=grams)


def _wanted(parcels: Parcels, given: Mapping[UUID, int] | None) -> dict[UUID, int]:
    """How many pieces of which line. Things that are not sent go into no parcel."""
    if given is None:
        wanted = {
            each.id: left for each in parcels.lines if each.requires_shipping and (left := parcels.left(each)) > 0
        }
        if not wanted:
            raise NothingToPack(
                "Nothing of order {number} is left to be packed.", path=["order_id"], number=parcels.order.number
            )
        return wanted
    if not given:
        raise NothingToPack("Say what is to be packed.", path=["lines"])
    for i, (line_id, quantity) in enumerate(given.items()):
        _check_line(parcels, i, line_id, quantity)
    return dict(given)


def _check_line(parcels: Parcels, i: int, line_id: UUID, quantity: int) -> None:
    line = parcels.by_id.get(line_id)
    if line is None:
        raise NoSuchLine("There is no such line on this order.", path=["lines", i, "line_id"])
    if not line.requires_shipping:
        raise InvalidInput("{title} is nothing that is sent.", path=["lines", i, "line_id"], title=line.title)
    left = parcels.left(line)
    if not 1 <= quantity <= left:
        raise TooManyPieces(
            "{title}: {left} left to be packed, {quantity} wanted.",
            path=["lines", i, "quantity"],
            title=line.title,
            left=left,
            quantity=quantity,
        )


async def _method_of(order: Order, method_id: UUID | None) -> ShippingMethod | None:
    chosen = method_id or order.shipping_method_id  # type: ignore[attr-defined]
    if chosen is None:
        return None
    method = await ShippingMethod.get_or_none(id=chosen)
    if method is None:
        raise NoSuchMethod("There is no such way of delivery.", path=["method_id"])
    return method


async def _parcel(
    moves: Moves, parcels: Parcels, method: ShippingMethod | None, place: UUID | None, pieces: Pieces, grams: int | None
) -> Shipment:
    is_pickup = method is not None and method.kind is ShippingKind.PICKUP
    order = parcels.order
    shipment = await Shipment.create(
        order_id=order.id,
        number=1 + max((each.number for each in parcels.shipments), default=0),
        location_id=place,
        method_id=method.id if method else None,
        carrier=method.carrier if method else "",
        state=ShipmentState.READY if is_pickup else ShipmentState.PACKED,
        weight_grams=grams or _weight(pieces),
        currency=order.currency,
        pickup_code=f"{secrets.randbelow(10**6):06d}" if is_pickup else None,
    )
    parts = [
        ShipmentLine(id=new_id(), shipment_id=shipment.id, line_id=line.id, quantity=many) for line, many in pieces
    ]
    await ShipmentLine.bulk_create(parts)
    parcels.shipments.append(shipment)
    parcels.contents[shipment.id] = parts
    moves.tell(ShipmentPacked(order.id, shipment.id, shipment.number, is_pickup))
    return shipment


def _weight(pieces: Pieces) -> int | None:
    """What they weigh together; None when it is not known of all of them."""
    weights = [line.weight_grams and line.weight_grams * many for line, many in pieces]
    return sum(each for each in weights if each) if all(weights) else None
