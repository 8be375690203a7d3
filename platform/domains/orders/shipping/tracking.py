"""Follow parcels: ask their carriers, keep what they tell once, flag what is late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from stoa.domains.orders.models import Order, Shipment, ShipmentState, ShippingMethod
from stoa.domains.orders.moving import Moves
from stoa.domains.orders.shipping.arriving import arrive
from stoa.domains.orders.shipping.carriers import Carrier, Heard, Sent, Whereabouts
from stoa.domains.orders.shipping.errors import NoSuchShipment, WrongShipmentState
from stoa.domains.orders.shipping.events import ShipmentOverdue
from stoa.domains.orders.shipping.following import carrier_of
from stoa.domains.orders.shipping.leaving_from import sender_of
from stoa.domains.orders.shipping.parcels import ON_THE_WAY, STATE_WORDS, Parcels, locked_around, settle, step
from stoa.domains.orders.shipping.sending import naming_the_number
from stoa.kit.clock import now
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import publish

MOST_EVENTS, MOST_AT_ONCE = 200, 200

# Locked and flagged in one statement; what another sweep is at is left to it.
_FLAG = """
UPDATE shipment SET is_late = true, version = version + 1 WHERE id IN (
  SELECT id FROM shipment WHERE promised_at < $1 AND NOT is_late AND state IN ('SHIPPED', 'IN_TRANSIT', 'EXCEPTION')
  ORDER BY promised_at LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING id, order_id, number
"""

_TO_FOLLOW = """
SELECT s.id FROM shipment s JOIN shipping_method m ON m.id = s.method_id
WHERE s.state IN ('SHIPPED', 'IN_TRANSIT', 'EXCEPTION') AND s.tracking_number IS NOT NULL AND s.id > $1
  AND m.settings ->> 'by' <> 'NOBODY'
ORDER BY s.id LIMIT $2
"""


async def track_parcel(ctx: Context, shipment_id: UUID, *, via: Carrier | None = None) -> UUID:
    """Ask the carrier where a parcel is, and keep what it tells. Not to be called in a transaction: it waits.

    Raises `NoSuchShipment`, `WrongShipmentState`, `NotFollowed`, `CarrierSilent` and `CarrierRefused`.
    """
    shipment, sent = await _sent(shipment_id)
    if shipment.shipped_at is None or not sent.number:
        raise WrongShipmentState(
            "Parcel {number} is {state}, or goes under no number: there is nothing to follow.",
            path=["id"],
            number=shipment.number,
            state=STATE_WORDS[shipment.state],
        )
    carrier = via or carrier_of(await _method(shipment))
    await apply_whereabouts(ctx, shipment_id, await carrier.track(sent))
    return shipment_id


async def announce_parcel(ctx: Context, shipment_id: UUID, *, via: Carrier | None = None) -> UUID:
    """Let the carrier give a packed parcel its number. One that has a number keeps it.

    Not to be called in a transaction. Raises as `track_parcel` does.
    """
    shipment, sent = await _sent(shipment_id)
    if shipment.tracking_number:
        return shipment_id
    if shipment.state is not ShipmentState.PACKED:
        sentence = "Parcel {number} is {state}."
        raise WrongShipmentState(sentence, path=["id"], number=shipment.number, state=STATE_WORDS[shipment.state])
    carrier = via or carrier_of(await _method(shipment))
    number = await carrier.number_for(sent)
    async with shop_transaction():
        _, shipment = await locked_around(shipment_id)
        if not shipment.tracking_number:
            shipment.tracking_number = number[:80]
            shipment.version += 1
            with naming_the_number(shipment):
                await shipment.save(update_fields=["tracking_number", "version"])
    return shipment_id


async def apply_whereabouts(ctx: Context, shipment_id: UUID, told: Whereabouts) -> None:
    """Keep what is new of it, and let the parcel and its order follow. Nothing new, nothing changed."""
    async with shop_transaction():
        parcels, shipment = await locked_around(shipment_id)
        grown = with_events(shipment.tracking, told.events)
        to = _new_state(shipment, told)
        if grown == shipment.tracking and to is None:
            return
        shipment.tracking = grown
        moves = Moves(ctx, parcels.order)
        if to is not None:
            await _move(parcels, shipment, to, told, moves)
        await shipment.save(update_fields=["tracking"])
        await settle(parcels, "TRACK", moves)


def with_events(kept: Sequence[Mapping[str, Any]], heard: Sequence[Heard]) -> list[dict[str, Any]]:
    """The timeline with what is new in it, the oldest first; an event is known by its moment and its text."""
    known = {(each["at"], each.get("text", "")): dict(each) for each in kept}  # what was forgotten has no text
    for each in heard:
        row = _row(each)
        known.setdefault((row["at"], row["text"]), row)
    return sorted(known.values(), key=lambda each: each["at"])[:MOST_EVENTS]


def _row(heard: Heard) -> dict[str, Any]:
    return {
        "at": heard.at.astimezone(now().tzinfo).isoformat(),
        "state": heard.state.value if heard.state else None,
        "place": heard.place[:120],
        "text": heard.text[:500],
    }


def _new_state(shipment: Shipment, told: Whereabouts) -> ShipmentState | None:
    """The state that it goes into by what was told; None when that is where it is, or what it is past.

    What is sent back needs somebody's eye: that it has come, and may be sold again, is for the shop to say.
    """
    new = ShipmentState.EXCEPTION if told.state is ShipmentState.RETURNED else told.state
    return new if shipment.state in ON_THE_WAY and new is not shipment.state else None


async def _move(parcels: Parcels, shipment: Shipment, to: ShipmentState, told: Whereabouts, moves: Moves) -> None:
    last = told.events[-1] if told.events else None
    if to is ShipmentState.DELIVERED:
        at = last.at if last else now()
        await arrive(parcels, shipment, moves, max(at, shipment.shipped_at or at))
        return
    words = told.exception or (last.text if last else "")
    shipment.exception = words[:200] if to is ShipmentState.EXCEPTION else ""
    await step(moves, shipment, to, shipment.exception, "exception")


async def flag_late(ctx: Context) -> int:
    """Flag the parcels that should have arrived by now, and tell of them; how many there were."""
    flagged = 0
    while True:
        async with shop_transaction():
            rows = await shop_client().execute_query_dict(_FLAG, [now(), MOST_AT_ONCE])
            await publish(ctx, *[ShipmentOverdue(row["order_id"], row["id"], row["number"]) for row in rows])
        flagged += len(rows)
        if len(rows) < MOST_AT_ONCE:
            return flagged


async def parcels_to_follow(after: UUID | None, limit: int = 100) -> list[UUID]:
    """Parcels on their way that somebody can be asked about, by id, behind `after`: a page of them."""
    rows = await shop_client().execute_query_dict(_TO_FOLLOW, [after or UUID(int=0), limit])
    return [row["id"] for row in rows]


async def _sent(shipment_id: UUID) -> tuple[Shipment, Sent]:
    shipment = await Shipment.get_or_none(id=shipment_id).prefetch_related("location")
    if shipment is None:
        raise NoSuchShipment("There is no such parcel.", path=["id"])
    order = await Order.get(id=shipment.order_id)  # type: ignore[attr-defined]
    address = order.shipping_address
    sent = Sent(
        shipment.id,
        shipment.carrier,
        shipment.tracking_number or "",
        shipment.shipped_at,
        address.get("phone") or order.phone,
        shipment.weight_grams,
        address,
        sender_of(shipment.location, "zh"),
    )
    return shipment, sent


async def _method(shipment: Shipment) -> ShippingMethod | None:
    method_id = shipment.method_id  # type: ignore[attr-defined]
    return await ShippingMethod.get_or_none(id=method_id) if method_id else None
