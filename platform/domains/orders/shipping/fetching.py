"""The buyer fetches a parcel: with a code, and not by guessing it."""

from __future__ import annotations

import hmac
from uuid import UUID

from stoa.domains.orders.models import Shipment, ShipmentState
from stoa.domains.orders.moving import Moves, require
from stoa.domains.orders.shipping.arriving import arrive
from stoa.domains.orders.shipping.errors import WrongCode
from stoa.domains.orders.shipping.parcels import locked_around, name_of, require_step, settle
from stoa.domains.orders.shipping.sending import leave
from stoa.domains.orders.states import Action
from stoa.kit.clock import now
from stoa.tenants.access.throttling import Limit, count_try, forgive
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction

# Of a million codes, five may be tried; then one every few minutes.
TRIES = Limit("pickup", free=5, fades=900, first_wait=60, longest_wait=900)


async def hand_over(ctx: Context, shipment_id: UUID, *, code: str, expected_version: int | None = None) -> UUID:
    """Hand the parcel to whoever has its code: it leaves the stock, and is delivered. Twice changes nothing.

    Raises `NoSuchShipment`, `ShipmentChanged`, `WrongShipmentState`, `NotNow`, `WrongCode`, and `Throttled`.
    """
    who = f"{ctx.shop.id} {shipment_id}"
    if await Shipment.exists(id=shipment_id, state=ShipmentState.READY):
        await count_try(TRIES, who)
    async with shop_transaction():
        parcels, shipment = await locked_around(shipment_id, expected_version)
        if shipment.state is ShipmentState.DELIVERED and shipment.pickup_code is None and shipment.shipped_at:
            return shipment.id
        if shipment.state is not ShipmentState.READY:
            require_step(parcels, shipment, ShipmentState.READY)
        if shipment.pickup_code is None or not hmac.compare_digest(_digits(code), shipment.pickup_code.encode()):
            sentence = "This is not the code of parcel {name}."
            raise WrongCode(sentence, path=["code"], name=name_of(parcels.order, shipment))
        require(parcels.order, parcels.lines, Action.SHIP)
        moves = Moves(ctx, parcels.order)
        shipment.shipped_at = at = now()
        await shipment.save(update_fields=["shipped_at"])
        await leave(ctx, parcels, shipment)
        await arrive(parcels, shipment, moves, at)
        await settle(parcels, "HAND_OVER", moves)
    await forgive(TRIES, who)
    return shipment.id


def _digits(code: str) -> bytes:
    return "".join(code.split()).encode("utf-8", "replace")
