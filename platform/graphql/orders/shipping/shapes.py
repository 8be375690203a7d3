"""Parts of delivery that are no rows of their own: fees, what a shop tells of a method, events on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import strawberry

from stoa.domains.orders import shipping
from stoa.graphql.orders.shipping.enums import FeeBasis, FollowedBy, ShipmentState
from stoa.graphql.scalars import BigInt
from stoa.kit.languages import LOCALES, reader


@strawberry.type(description="A country, or some of its provinces.")
class ShippingRegion:
    country: str = strawberry.field(description="ISO 3166-1, e.g. CN.")
    provinces: list[str] = strawberry.field(description="Some of its provinces; empty: all of it.")


@strawberry.type(description="What delivery costs by units, and what goes free.")
class ShippingTariff:
    first: int = strawberry.field(description="So many units are in the first price.")
    first_minor: BigInt = strawberry.field(description="What the first units cost, in minor units.")
    next: int = strawberry.field(description="Each further so many units that have begun...")
    next_minor: BigInt = strawberry.field(description="... cost this, in minor units.")
    free_from_minor: BigInt | None = strawberry.field(
        description="Free from so much on, at unit prices, in minor units."
    )
    free_from_pieces: int | None = strawberry.field(description="Free from so many pieces on.")


@strawberry.type(description="The tariff of some regions.")
class ShippingZone:
    name: str = strawberry.field(description="What it is called.")
    regions: list[ShippingRegion] = strawberry.field(description="Where it counts.")
    tariff: ShippingTariff = strawberry.field(description="What it costs there.")


@strawberry.type(description="What a method costs: the first zone that the address lies in counts, then the rest.")
class ShippingFees:
    by: FeeBasis = strawberry.field(description="What is counted.")
    zones: list[ShippingZone] = strawberry.field(description="Zones, in their order.")
    rest: ShippingTariff | None = strawberry.field(description="Everywhere else; null: not delivered elsewhere.")
    excluded: list[ShippingRegion] = strawberry.field(description="Where it does not deliver.")


@strawberry.type(description="What the shop tells of a method in one language.")
class ShippingMethodText:
    locale: str = strawberry.field(description="The language.")
    name: str | None = strawberry.field(description="Its name in it; null: as in general.")
    pros: list[str] = strawberry.field(description="What speaks for it.")
    cons: list[str] = strawberry.field(description="What speaks against it.")


@strawberry.type(description="How parcels of a method are followed. Its keys are never shown.")
class ShippingFollowing:
    by: FollowedBy = strawberry.field(description="Who is asked.")
    has_keys: bool = strawberry.field(description="Whether the shop's keys for that are kept.")
    takes_pushes: bool = strawberry.field(description="Whether what is pushed is taken: a salt is kept.")


@strawberry.type(description="Something that the carrier told of a parcel.")
class TrackingEvent:
    at: datetime = strawberry.field(description="When it happened.")
    state: ShipmentState | None = strawberry.field(description="The state by it; null when it says nothing of that.")
    place: str = strawberry.field(description="Where; may be empty.")
    text: str = strawberry.field(description="In the carrier's words.")


def fees(kept: Mapping[str, Any]) -> ShippingFees | None:
    if not kept:
        return None
    return ShippingFees(
        by=shipping.FeeBasis(kept["by"]),
        zones=[
            ShippingZone(name=zone["name"], regions=_regions(zone["regions"]), tariff=_tariff(zone))
            for zone in kept.get("zones", ())
        ],
        rest=_tariff(kept["rest"]) if kept.get("rest") else None,
        excluded=_regions(kept.get("excluded", ())),
    )


def texts(profile: Mapping[str, Any], translations: Mapping[str, Any]) -> list[ShippingMethodText]:
    return [
        ShippingMethodText(
            locale=locale,
            name=translations.get(locale, {}).get("name"),
            pros=profile.get(locale, {}).get("pros", []),
            cons=profile.get(locale, {}).get("cons", []),
        )
        for locale in LOCALES
        if locale in profile or locale in translations
    ]


def label(name: str, translations: Mapping[str, Any]) -> str:
    return str(translations.get(reader(), {}).get("name") or name)


def following(kept: Sequence[Any]) -> ShippingFollowing:
    """Of who is asked, and whether keys and a salt are kept: more does not leave the database."""
    by, has_keys, takes_pushes = kept
    return ShippingFollowing(by=shipping.FollowedBy(by), has_keys=has_keys, takes_pushes=takes_pushes)


FOLLOWING = (
    "json_build_array(coalesce({row}.settings ->> 'by', 'NOBODY'), coalesce({row}.settings ->> 'key', '') <> '', "
    "coalesce({row}.settings ->> 'salt', '') <> '')"
)


def tracking(kept: Sequence[Mapping[str, Any]]) -> list[TrackingEvent]:
    """What was forgotten with its buyer has neither place nor text any more."""
    return [TrackingEvent(**{"place": "", "text": "", **each}) for each in kept]


def _regions(kept: Sequence[Mapping[str, Any]]) -> list[ShippingRegion]:
    return [ShippingRegion(country=each["country"], provinces=list(each.get("provinces", ()))) for each in kept]


def _tariff(kept: Mapping[str, Any]) -> ShippingTariff:
    return ShippingTariff(
        first=kept["first"],
        first_minor=kept["first_minor"],
        next=kept["next"],
        next_minor=kept["next_minor"],
        free_from_minor=kept.get("free_from_minor"),
        free_from_pieces=kept.get("free_from_pieces"),
    )
