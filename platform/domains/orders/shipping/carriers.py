"""The one port to carriers: a number for a parcel, and where it is. Behind it, whoever is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from stoa.domains.orders.models import ShipmentState


@dataclass(frozen=True, slots=True)
class Sent:
    """A parcel as carriers are asked about it. `phone` is the receiver's: some carriers want its last digits.

    `sender` is where it leaves from, named as in `to`.
    """

    shipment_id: UUID
    carrier: str
    number: str
    shipped_at: datetime | None = None
    phone: str = ""
    weight_grams: int | None = None
    to: Mapping[str, str] = field(default_factory=dict)
    sender: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing that the carrier tells of a parcel. `state` is what it is in by that; None: that says nothing."""

    at: datetime
    text: str
    place: str = ""
    state: ShipmentState | None = None


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What is known of a parcel, the oldest first; and the state it is in by that (None: not known)."""

    events: Sequence[Heard]
    state: ShipmentState | None = None
    exception: str = ""


class Carrier(Protocol):
    """Both raise `CarrierSilent` when nobody answers, and `CarrierRefused` with the carrier's own words."""

    async def number_for(self, parcel: Sent) -> str:
        """Announce the parcel and get its number. The same parcel again gets the same number."""
        ...

    async def track(self, parcel: Sent) -> Whereabouts:
        """Where it has been so far."""
        ...
