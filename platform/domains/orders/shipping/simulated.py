"""A carrier that does not exist: its parcels move by the clock, each as its number decides. For trying things out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256

from stoa.domains.orders.models import ShipmentState
from stoa.domains.orders.shipping.carriers import Heard, Sent, Whereabouts
from stoa.kit.clock import now

_HUBS = ("Hangzhou hub", "Shanghai hub", "Nanjing hub", "Wuhan hub", "Zhengzhou hub")


class SimulatedCarrier:
    """Numbers are ``SIM`` and twelve digits. Of a hundred parcels about 90 simply arrive, after 1 to 5 days; 8 are
    held up on their way and arrive two days later; one is sent back, and one is never heard of again."""

    async def number_for(self, parcel: Sent) -> str:
        return f"SIM{int.from_bytes(sha256(parcel.shipment_id.bytes).digest()[:6], 'big') % 10**12:012d}"

    async def track(self, parcel: Sent) -> Whereabouts:
        if parcel.shipped_at is None:
            return Whereabouts(())
        events = [each for each in _journey(parcel) if each.at <= now()]
        states = [each.state for each in events if each.state is not None]
        last = states[-1] if states else None
        held_up = events[-1].text if last is ShipmentState.EXCEPTION else ""
        return Whereabouts(events, last, held_up)


def _journey(parcel: Sent) -> Iterator[Heard]:
    """All that will happen to it."""
    dice = sha256(f"{parcel.carrier} {parcel.number}".encode()).digest()
    assert parcel.shipped_at is not None
    at, fate = parcel.shipped_at + timedelta(hours=1 + dice[0] % 4), dice[1] % 100
    yield Heard(at, "Picked up", "", ShipmentState.IN_TRANSIT)
    days = 1 + dice[2] % 5
    for i in range(days):
        at += timedelta(hours=20 + dice[3 + i] % 8)
        yield Heard(at, f"Sorted at {_HUBS[dice[10 + i] % len(_HUBS)]}", "", ShipmentState.IN_TRANSIT)
    if fate == 99:
        return
    if fate >= 90:
        at += timedelta(hours=6)
        yield Heard(at, "Held up: nobody at the address", "", ShipmentState.EXCEPTION)
        at += timedelta(days=2)
    if fate == 98:
        yield Heard(at, "Sent back to the sender", "", ShipmentState.RETURNED)
        return
    yield Heard(at + timedelta(hours=1), "Out for delivery", "", ShipmentState.IN_TRANSIT)
    yield Heard(at + timedelta(hours=4), "Delivered", "", ShipmentState.DELIVERED)
