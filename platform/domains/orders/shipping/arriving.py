"""How parcels end: delivered, given up for lost, or sent back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from stoa.domains import catalog
from stoa.domains.catalog.stock import Returned
from stoa.domains.orders.models import Shipment, ShipmentState
from stoa.domains.orders.moving import Moves
from stoa.domains.orders.shipping.parcels import (
    Parcels,
    locked_around,
    note_arrival,
    require_step,
    save_counts,
    settle,
    step,
)
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput
from stoa.kit.text import clean_line
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction


async def deliver_parcel(
    ctx: Context, shipment_id: UUID, *, at: datetime | None = None, expected_version: int | None = None
) -> UUID:
    """The parcel has arrived, now or at that moment. Twice changes nothing.

    Raises `NoSuchShipment`, `ShipmentChanged`, `WrongShipmentState`, and `InvalidInput` for a moment that is not over
    or before it left.
    """
    async with shop_transaction():
        parcels, shipment = await locked_around(shipment_id, expected_version)
        if shipment.state is not ShipmentState.DELIVERED:
            require_on_its_way(parcels, shipment, ShipmentState.DELIVERED)
            if at is not None and not (shipment.shipped_at or at) <= at <= now():
                raise InvalidInput("A parcel arrives after it has left, and not in the future.", path=["at"])
            moves = Moves(ctx, parcels.order)
            await arrive(parcels, shipment, moves, at or now())
            await settle(parcels, "DELIVER", moves)
    return shipment.id


def require_on_its_way(parcels: Parcels, shipment: Shipment, to: ShipmentState) -> None:
    """What waits to be fetched is delivered by its code and in no other way."""
    if shipment.state is ShipmentState.READY:
        require_step(parcels, shipment, ShipmentState.SHIPPED)
    require_step(parcels, shipment, to)


async def arrive(parcels: Parcels, shipment: Shipment, moves: Moves, at: datetime) -> None:
    """In the caller's transaction, with all of it locked."""
    parts = parcels.parts(shipment)
    for line, many in parts:
        line.delivered += many
    await save_counts([line for line, _ in parts])
    shipment.delivered_at, shipment.exception, shipment.pickup_code = at, "", None
    shipment.is_late = shipment.promised_at is not None and at > shipment.promised_at
    await step(moves, shipment, ShipmentState.DELIVERED, "", "delivered_at", "exception", "is_late", "pickup_code")
    note_arrival(parcels, moves)


async def lose_parcel(ctx: Context, shipment_id: UUID, *, reason: str, expected_version: int | None = None) -> UUID:
    """Give a parcel up for lost: what becomes of the buyer's money is for an after-sale case. Twice changes nothing.

    Raises `NoSuchShipment`, `ShipmentChanged` and `WrongShipmentState`.
    """
    reason = clean_line(reason, what="reason", limit=200, required=False)
    async with shop_transaction():
        parcels, shipment = await locked_around(shipment_id, expected_version)
        if shipment.state is not ShipmentState.LOST:
            require_step(parcels, shipment, ShipmentState.LOST)
            moves = Moves(ctx, parcels.order)
            shipment.exception = reason
            await step(moves, shipment, ShipmentState.LOST, reason, "exception")
            await settle(parcels, "LOSE", moves)
    return shipment.id


async def take_parcel_back(
    ctx: Context, shipment_id: UUID, *, reason: str, restock: bool, expected_version: int | None = None
) -> UUID:
    """The parcel has come back to the shop. With `restock` its pieces are on hand again where they had left.

    They stay shipped, and count as returned: what follows for the buyer is for an after-sale case. Twice changes
    nothing. Raises `NoSuchShipment`, `ShipmentChanged`, `WrongShipmentState`, and what stock says.
    """
    reason = clean_line(reason, what="reason", limit=200, required=False)
    async with shop_transaction():
        parcels, shipment = await locked_around(shipment_id, expected_version)
        if shipment.state is not ShipmentState.RETURNED:
            require_step(parcels, shipment, ShipmentState.RETURNED)
            moves = Moves(ctx, parcels.order)
            parts = parcels.parts(shipment)
            for line, many in parts:
                line.returned += many
            await save_counts([line for line, _ in parts])
            shipment.exception = reason
            await step(moves, shipment, ShipmentState.RETURNED, reason, "exception")
            if restock:
                await _restock(ctx, parcels, shipment)
            await settle(parcels, "TAKE_BACK", moves)
    return shipment.id


async def _restock(ctx: Context, parcels: Parcels, shipment: Shipment) -> None:
    back = [
        Returned(line.variant_id, restocked=many)  # type: ignore[attr-defined]
        for line, many in parcels.parts(shipment)
        if line.variant_id  # type: ignore[attr-defined]
    ]
    place: UUID | None = shipment.location_id  # type: ignore[attr-defined]
    if back and place:
        await catalog.stock.take_back(ctx, back, place, reference=("order", parcels.order.id))
