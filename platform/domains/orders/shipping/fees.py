"""What delivery costs the buyer: templates by weight, piece or volume, by region. All exact, in minor units.

A template as it is kept::

    {"by": "WEIGHT",
     "zones": [{"name": "Delta", "regions": [{"country": "CN", "provinces": ["上海", "江苏"]}],
                "first": 1000, "first_minor": 800, "next": 500, "next_minor": 200,
                "free_from_minor": 9900, "free_from_pieces": None}],
     "rest": {"first": 1000, "first_minor": 1200, "next": 500, "next_minor": 500},
     "excluded": [{"country": "CN", "provinces": ["西藏"]}]}

The first `first` units (grams, pieces, cubic centimetres) cost `first_minor`, and each further `next` that have begun
`next_minor`. The first zone that the address lies in counts, then `rest`; without a rest there is no delivery
elsewhere. What the goods come to, for `free_from_minor`, is counted at unit prices, before discounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from stoa.domains.orders.shipping.regions import Region, lies_in
from stoa.kit.errors import InvalidInput
from stoa.kit.languages import Sentence

MAX_ZONES, MAX_UNITS, MAX_MINOR = 50, 10**9, 10**12


class FeeBasis(StrEnum):
    """What is counted: grams, pieces, or cubic centimetres."""

    WEIGHT = "WEIGHT"
    PIECE = "PIECE"
    VOLUME = "VOLUME"


class Tariff(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What so many units cost, and what goes free."""

    first: int
    first_minor: int
    next: int
    next_minor: int
    free_from_minor: int | None = None
    free_from_pieces: int | None = None


class Zone(Tariff, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The tariff of some regions."""

    name: str
    regions: tuple[Region, ...]


class FeeTemplate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it."""

    by: FeeBasis
    zones: tuple[Zone, ...] = ()
    rest: Tariff | None = None
    excluded: tuple[Region, ...] = ()

    def checked(self) -> FeeTemplate:
        """Itself. Raises `InvalidInput`."""
        if len(self.zones) > MAX_ZONES:
            sentence = "{count} zones; {limit} are allowed."
            raise InvalidInput(sentence, path=["zones"], count=len(self.zones), limit=MAX_ZONES)
        if not self.zones and self.rest is None:
            raise InvalidInput("Say what it costs: in some zones, or everywhere.", path=["rest"])
        for i, zone in enumerate(self.zones):
            if not zone.regions:
                raise InvalidInput("A zone needs a region.", path=["zones", i, "regions"])
            _check_tariff(zone, ["zones", i])
        if self.rest is not None:
            _check_tariff(self.rest, ["rest"])
        return self

    def kept(self) -> dict[str, Any]:
        built: dict[str, Any] = msgspec.to_builtins(self)
        return built


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is to be delivered. Grams and cubic centimetres are None when `unknown` says of what nobody knows them."""

    pieces: int
    goods_minor: int
    grams: int | None
    cm3: int | None
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class Fee:
    """What it costs, by which zone (empty: the rest), and whether a rule made it free; or the reason why not at all."""

    minor: int = 0
    zone: str = ""
    is_free: bool = False
    reason: str = ""
    why: Sentence | None = None


def template_of(kept: Mapping[str, Any]) -> FeeTemplate | None:
    """As it is kept; None when nothing has been said yet."""
    return msgspec.convert(kept, FeeTemplate) if kept else None


def fee_of(template: FeeTemplate | None, parcel: Parcel, address: Mapping[str, str]) -> Fee:
    """What the template charges for this, to there."""
    if not parcel.pieces:
        return Fee()
    if template is None:
        return _no("NO_FEES", Sentence("What it costs has not been set yet."))
    if not address and (template.zones or template.excluded):
        return _no("NO_ADDRESS", Sentence("An address is needed to tell."))
    if any(lies_in(address, region, strictly=True) for region in template.excluded):
        return _no("NOT_THERE", Sentence("It does not deliver there."))
    zone = next((zone for zone in template.zones if any(lies_in(address, each) for each in zone.regions)), None)
    tariff = zone or template.rest
    if tariff is None:
        return _no("NOT_THERE", Sentence("It does not deliver there."))
    name = zone.name if zone else ""
    if _goes_free(tariff, parcel):
        return Fee(0, name, is_free=True)
    units = _units(template.by, parcel)
    if units is None:
        what = Sentence("weight") if template.by is FeeBasis.WEIGHT else Sentence("volume")
        return _no(
            "UNMEASURED", Sentence("The {what} of {label} is not known.", {"what": what, "label": parcel.unknown})
        )
    return Fee(charge(tariff, units), name)


def charge(tariff: Tariff, units: int) -> int:
    """First unit and each further one that has begun."""
    further = max(units - tariff.first, 0)
    return tariff.first_minor + -(-further // tariff.next) * tariff.next_minor


def _goes_free(tariff: Tariff, parcel: Parcel) -> bool:
    by_amount = tariff.free_from_minor is not None and parcel.goods_minor >= tariff.free_from_minor
    return by_amount or (tariff.free_from_pieces is not None and parcel.pieces >= tariff.free_from_pieces)


def _units(by: FeeBasis, parcel: Parcel) -> int | None:
    return {FeeBasis.WEIGHT: parcel.grams, FeeBasis.PIECE: parcel.pieces, FeeBasis.VOLUME: parcel.cm3}[by]


def _no(reason: str, why: Sentence) -> Fee:
    return Fee(reason=reason, why=why)


def _check_tariff(tariff: Tariff, path: Sequence[str | int]) -> None:
    for name in ("first", "next"):
        if not 1 <= getattr(tariff, name) <= MAX_UNITS:
            sentence = "{count} units; 1 to {limit:,} are allowed."
            raise InvalidInput(sentence, path=[*path, name], count=getattr(tariff, name), limit=MAX_UNITS)
    for name in ("first_minor", "next_minor", "free_from_minor"):
        minor = getattr(tariff, name)
        if minor is not None and not 0 <= minor <= MAX_MINOR:
            raise InvalidInput("{minor} cannot be an amount here.", path=[*path, name], minor=minor)
    if tariff.free_from_pieces is not None and tariff.free_from_pieces < 1:
        pieces = tariff.free_from_pieces
        raise InvalidInput("{pieces} pieces cannot be a limit.", path=[*path, "free_from_pieces"], pieces=pieces)
