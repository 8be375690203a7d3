"""What mutations and queries of delivery take."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from stoa.domains.catalog import BulkPolicy
from stoa.domains.orders import models, shipping
from stoa.graphql.catalog.bulk import Policy
from stoa.graphql.orders.inputs import OfOneThing, money, optional
from stoa.graphql.orders.shipping.enums import FeeBasis, FollowedBy, ShippingKind
from stoa.graphql.scalars import BigInt, MoneyInput, read_id
from stoa.kit.errors import InvalidInput, blaming

KEY = "The same key again gives the same answer, and does nothing more."


@strawberry.input(description="A country, or some of its provinces.")
class ShippingRegionInput:
    country: str = strawberry.field(description="ISO 3166-1, e.g. CN.")
    provinces: list[str] = strawberry.field(default_factory=list, description="Some of its provinces; empty: all.")

    def read(self) -> shipping.Region:
        country = self.country.strip().upper()
        if len(country) != 2 or not country.isascii() or not country.isalpha():
            raise InvalidInput("{country!r} is no country; write it like CN.", path=["country"], country=country[:20])
        if len(self.provinces) > 100 or any(not 0 < len(each.strip()) <= 80 for each in self.provinces):
            raise InvalidInput("A province has a name of 80 letters at the most.", path=["provinces"])
        return shipping.Region(country, tuple(each.strip() for each in self.provinces))


@strawberry.input(description="What delivery costs by units, and what goes free. Amounts in minor units.")
class ShippingTariffInput:
    first: int = strawberry.field(description="So many units are in the first price.")
    first_minor: BigInt = strawberry.field(description="What the first units cost.")
    next: int = optional("Each further so many units that have begun...", 1)
    next_minor: BigInt = optional("... cost this.", 0)
    free_from_minor: BigInt | None = optional("Free from so much on, at unit prices.")
    free_from_pieces: int | None = optional("Free from so many pieces on.")

    def read(self) -> shipping.Tariff:
        return shipping.Tariff(**vars(self))


@strawberry.input(description="The tariff of some regions.")
class ShippingZoneInput:
    name: str = strawberry.field(description="What it is called.")
    regions: list[ShippingRegionInput] = strawberry.field(description="Where it counts.")
    tariff: ShippingTariffInput = strawberry.field(description="What it costs there.")

    def read(self) -> shipping.Zone:
        regions = tuple(each_of("regions", self.regions))
        return shipping.Zone(name=self.name.strip()[:80], regions=regions, **vars(self.tariff))


@strawberry.input(description="What a method costs. The first zone that the address lies in counts, then the rest.")
class ShippingFeesInput:
    by: FeeBasis = strawberry.field(description="What is counted.")
    zones: list[ShippingZoneInput] = strawberry.field(default_factory=list, description="Zones, in their order.")
    rest: ShippingTariffInput | None = optional("Everywhere else; null: not delivered elsewhere.")
    excluded: list[ShippingRegionInput] = strawberry.field(
        default_factory=list, description="Where it does not deliver."
    )

    def read(self) -> shipping.FeeTemplate:
        return shipping.FeeTemplate(
            shipping.FeeBasis(self.by),
            tuple(each_of("zones", self.zones)),
            self.rest.read() if self.rest else None,
            tuple(each_of("excluded", self.excluded)),
        )


@strawberry.input(description="What the shop tells of a method in one language; what is left out stays.")
class ShippingMethodTextInput:
    locale: str = strawberry.field(description="The language: en or zh.")
    name: str | None = optional("Its name in it.")
    pros: list[str] | None = optional("What speaks for it.")
    cons: list[str] | None = optional("What speaks against it.")

    def read(self) -> shipping.Told:
        return shipping.Told(self.name, self.pros, self.cons)


@strawberry.input(description="How parcels are followed. A key that is left out stays; none is ever shown again.")
class ShippingFollowingInput:
    by: FollowedBy = strawberry.field(description="Who is asked.")
    customer: str | None = optional("Kuaidi100's `customer`.")
    key: str | None = optional("Kuaidi100's `key`.")
    secret: str | None = optional("Kuaidi100's `secret`, for numbers.")
    salt: str | None = optional("The salt that signs what Kuaidi100 pushes.")
    account: str | None = optional("For numbers: the shop's account with the carrier itself (月结账号).")
    password: str | None = optional("For numbers: the password of that account, if the carrier wants one.")
    net: str | None = optional("For numbers: the branch that the account is with, if the carrier wants it (网点).")

    def read(self) -> shipping.Following:
        named = ("customer", "key", "secret", "salt", "account", "password", "net")
        return shipping.Following(shipping.FollowedBy(self.by), **{name: getattr(self, name) for name in named})


@strawberry.input(description="A way of delivery to be made.")
class ShippingMethodCreateInput:
    code: str = strawberry.field(description="Its code; unique in the shop.")
    name: str = strawberry.field(description="What it is called in general.")
    kind: ShippingKind = strawberry.field(description="What sort of delivery it is.")
    carrier: str = optional("The carrier's code as Kuaidi100 has it.", "")
    texts: list[ShippingMethodTextInput] | None = optional("What the shop tells of it.")
    fees: ShippingFeesInput | None = optional("What it costs; nobody is offered it before that is said.")
    following: ShippingFollowingInput | None = optional("How its parcels are followed.")
    promised_days: int | None = optional("Days that it promises.")
    pickup_location_id: strawberry.ID | None = optional("Where the buyer fetches it.")
    position: int | None = optional("Its place among them.")

    def draft(self) -> shipping.MethodDraft:
        return shipping.MethodDraft(code=self.code, **_common(self))


@strawberry.input(description="Changes to a way of delivery; what is left out stays.")
class ShippingMethodUpdateInput(OfOneThing):
    name: str | None = optional("What it is called in general.")
    kind: ShippingKind | None = optional("What sort of delivery it is.")
    carrier: str | None = optional("The carrier's code as Kuaidi100 has it.")
    texts: list[ShippingMethodTextInput] | None = optional("What the shop tells of it.")
    fees: ShippingFeesInput | None = optional("What it costs: the whole template.")
    following: ShippingFollowingInput | None = optional("How its parcels are followed.")
    promised_days: int | None = optional("Days that it promises.")
    has_no_promise: bool = optional("Whether it promises no days any more.", False)
    pickup_location_id: strawberry.ID | None = optional("Where the buyer fetches it.")
    position: int | None = optional("Its place among them.")
    is_active: bool | None = optional("Whether it is offered. Orders that have it keep it.")

    def draft(self) -> shipping.MethodDraft:
        return shipping.MethodDraft(has_no_promise=self.has_no_promise, is_active=self.is_active, **_common(self))


def _common(given: Any) -> dict[str, Any]:
    place = given.pickup_location_id
    texts = None if given.texts is None else dict(zip([each.locale for each in given.texts], given.texts, strict=True))
    with blaming("fees"):
        fees = given.fees.read() if given.fees else None
    return {
        "name": given.name,
        "kind": None if given.kind is None else models.ShippingKind(given.kind),
        "carrier": given.carrier,
        "told": texts and {locale: each.read() for locale, each in texts.items()},
        "fees": fees,
        "following": given.following.read() if given.following else None,
        "promised_days": given.promised_days,
        "pickup_location_id": None if place is None else read_id("pickup_location_id", place, "loc"),
        "position": given.position,
    }


@strawberry.input(description="So many pieces of an order's line.")
class ShipmentLineInput:
    line_id: strawberry.ID = strawberry.field(description="The line.")
    quantity: int = strawberry.field(description="How many pieces.")


@strawberry.input(description="Parcels to be packed.")
class ShipmentPackInput:
    order_id: strawberry.ID = strawberry.field(description="Of which order.")
    lines: list[ShipmentLineInput] | None = optional("What goes in; left out: all that is left.")
    location_id: strawberry.ID | None = optional("Take it all from here; left out: from where it is reserved.")
    method_id: strawberry.ID | None = optional("The way it goes; left out: the order's.")
    weight_grams: int | None = optional("What the scales say; left out: what the pieces weigh.")
    expected_version: int | None = optional("The order's version that you read.")
    idempotency_key: str | None = optional(KEY)

    def draft(self) -> shipping.PackDraft:
        return shipping.PackDraft(
            self._lines(),
            None if self.location_id is None else read_id("location_id", self.location_id, "loc"),
            None if self.method_id is None else read_id("method_id", self.method_id, "smet"),
            self.weight_grams,
        )

    def _lines(self) -> dict[UUID, int] | None:
        if self.lines is None:
            return None
        wanted: dict[UUID, int] = {}
        for i, each in enumerate(self.lines):
            with blaming("lines", i):
                line_id = read_id("line_id", each.line_id, "line")
                if line_id in wanted:
                    raise InvalidInput("This line is named twice.", path=["line_id"])
                wanted[line_id] = each.quantity
        return wanted


@strawberry.input(description="A parcel that leaves.")
class ShipmentShipInput(OfOneThing):
    tracking_number: str = optional("The carrier's number.", "")
    carrier: str | None = optional("Who carries it; left out: as its method says.")
    cost: MoneyInput | None = optional("What the carrier charges the shop.")
    shipped_at: datetime | None = optional("When it left; left out: now.")
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="A parcel that leaves, or an order of which all that is left goes in one parcel.")
class ShipmentsShipRowInput:
    order_id: strawberry.ID | None = optional("The order.")
    shipment_id: strawberry.ID | None = optional("The parcel, instead of an order.")
    tracking_number: str = optional("The carrier's number.", "")
    carrier: str | None = optional("Who carries it; left out: as its method says.")
    cost: MoneyInput | None = optional("What the carrier charges the shop.")

    def read(self) -> shipping.ShipRow:
        draft = shipping.ShipDraft(self.tracking_number, self.carrier, money("cost", self.cost))
        return shipping.ShipRow(
            draft,
            None if self.order_id is None else read_id("order_id", self.order_id, "ord"),
            None if self.shipment_id is None else read_id("shipment_id", self.shipment_id, "shp"),
        )


@strawberry.input(description="Parcels that leave.")
class ShipmentsShipInput:
    rows: list[ShipmentsShipRowInput] = strawberry.field(
        description="Up to 100. A row sent twice with the same number ships once."
    )
    policy: Policy = optional("What becomes of the others when some are refused.", BulkPolicy.IGNORE_FAILED)


@strawberry.input(description="A parcel.")
class ShipmentRefInput:
    id: strawberry.ID = strawberry.field(description="Which parcel.")


@strawberry.input(description="A parcel to be unpacked.")
class ShipmentCancelInput(OfOneThing):
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="A parcel that has arrived.")
class ShipmentDeliverInput(OfOneThing):
    at: datetime | None = optional("When; left out: now.")
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="A parcel that is lost.")
class ShipmentLostInput(OfOneThing):
    reason: str = optional("What is known of it.", "")
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="A parcel that has come back.")
class ShipmentReturnedInput(OfOneThing):
    reason: str = optional("Why.", "")
    restock: bool = optional("Whether its pieces are on hand again where they had left.", True)
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="A parcel that is fetched.")
class PickupHandOverInput:
    id: strawberry.ID = strawberry.field(description="Which parcel.")
    code: str = strawberry.field(description="What the buyer shows.")
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="An order whose digital goods are handed out.")
class DigitalDeliverInput:
    order_id: strawberry.ID = strawberry.field(description="Which order.")
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="So many of a variant, by its id or code.")
class ShippingQuoteLineInput:
    quantity: int = strawberry.field(description="How many.")
    variant_id: strawberry.ID | None = optional("The variant.")
    sku: str = optional("The variant's code, instead of its id.", "")

    def read(self) -> shipping.Wanted:
        variant_id = None if self.variant_id is None else read_id("variant_id", self.variant_id, "var")
        return shipping.Wanted(self.quantity, variant_id, self.sku)


def each_of(name: str, given: list[Any]) -> list[Any]:
    found = []
    for i, each in enumerate(given):
        with blaming(name, i):
            found.append(each.read())
    return found
