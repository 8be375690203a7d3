"""What the mutations of stock take."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import strawberry

from stoa.domains.catalog import stock
from stoa.domains.catalog.changing import SAME
from stoa.graphql.catalog.inputs import changed, each_of, given, optional
from stoa.graphql.catalog.naming import NameTranslationInput
from stoa.graphql.enums import shown_enum
from stoa.graphql.scalars import read_id
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.ids import parse_type_id, prefix_of

KEY = "Any text of your own: a request with the same key is done once."
AT = "Where; at the main location when left out."
NAMES = "They are `translations`, as of everything else."
T = TypeVar("T")

StockCorrection = shown_enum(
    stock.Correction,
    "What is corrected.",
    ON_HAND="How many there are.",
    DAMAGE="How many of them are damaged: set aside, or put back when negative.",
    SCRAP="How many of the damaged were thrown away.",
    HOLD="How many are held back for another reason: set aside, or put back when negative.",
    RETURN="How many a buyer sent back that can be sold again.",
)


def _location(given: strawberry.ID | None) -> UUID | None:
    return None if given is None else read_id("location_id", given, "loc")


@strawberry.input(description="A name in another language.")
class LocationNameInput:
    locale: str = strawberry.field(description="en or zh.")
    name: str = strawberry.field(description="The name.")


@strawberry.input(description="Where a location is.")
class LocationAddressInput:
    recipient: str = optional("Who takes parcels in.", "")
    line1: str = optional("Street and number.", "")
    line2: str = optional("Floor, building, hall.", "")
    district: str = optional("District, where addresses have one.", "")
    city: str = optional("City.", "")
    region: str = optional("Province, state or region.", "")
    postal_code: str = optional("Postal code.", "")
    country: str = optional("Country.", "")
    phone: str = optional("Telephone.", "")


def _location_changes(input: Any) -> stock.LocationChanges:
    names, translations, address = (changed(input, name) for name in ("names", "translations", "address"))
    if names is not SAME and translations is not SAME:
        raise InvalidInput("Give translations alone: names is what they were called before.", path=["names"])
    wanted = names if translations is SAME else translations
    return stock.LocationChanges(
        name=changed(input, "name"),
        translations=SAME if wanted is SAME else {each.locale: {"name": each.name or ""} for each in wanted},
        address=SAME if address is SAME else dict(vars(address)),
        position=changed(input, "position"),
        is_active=changed(input, "is_active"),
    )


@strawberry.input(description="A place for stock, to be opened.")
class LocationCreateInput:
    name: str = strawberry.field(description="Unique in the shop.")
    translations: list[NameTranslationInput] | None = given("Its name in other languages.")
    names: list[LocationNameInput] | None = given("Its name in other languages.", instead=NAMES)
    address: LocationAddressInput | None = given("Where it is.")
    position: int | None = given("Stock is taken from the locations in this order; 0 when left out.")
    is_active: bool | None = given("Whether stock may move there; true when left out.")
    idempotency_key: str | None = optional(KEY)

    def changes(self) -> stock.LocationChanges:
        return _location_changes(self)


@strawberry.input(description="Changes to a location; what is left out stays.")
class LocationUpdateInput:
    id: strawberry.ID = strawberry.field(description="Which location.")
    expected_version: int | None = optional("The version you read: refused when it has been changed since.")
    name: str | None = given("Unique in the shop.")
    translations: list[NameTranslationInput] | None = given("Its name in other languages: all of them.")
    names: list[LocationNameInput] | None = given("Its names in other languages, all of them.", instead=NAMES)
    address: LocationAddressInput | None = given("Where it is, the whole address.")
    position: int | None = given("Stock is taken from the locations in this order.")
    is_active: bool | None = given("Whether stock may move there; refused while stock or open work is there.")
    idempotency_key: str | None = optional(KEY)

    def changes(self) -> stock.LocationChanges:
        return _location_changes(self)


@strawberry.input(description="Which location is meant.")
class LocationRefInput:
    id: strawberry.ID = strawberry.field(description="The location's id.")


@strawberry.input(description="A correction of one stock: by a quantity, or to a number.")
class StockAdjustLineInput:
    variant_id: strawberry.ID = strawberry.field(description="Of what.")
    location_id: strawberry.ID | None = optional(AT)
    correction: StockCorrection = optional("What is corrected.", stock.Correction.ON_HAND)  # type: ignore[valid-type]
    quantity: int | None = optional("So many more; fewer when negative.")
    set_to: int | None = optional("So many are on hand; needs `expectedOnHand`.")
    expected_on_hand: int | None = optional("Nothing is done unless so many are on hand.")

    def adjustment(self) -> stock.Adjustment:
        return stock.Adjustment(
            read_id("variant_id", self.variant_id, "var"),
            _location(self.location_id),
            stock.Correction(self.correction),
            self.quantity,
            self.set_to,
            self.expected_on_hand,
        )


@strawberry.input(description="Corrections by hand; each line is done, or refused, by itself.")
class StockAdjustInput:
    lines: list[StockAdjustLineInput] = strawberry.field(description="1 to 250.")
    reason: str = strawberry.field(description="Why; kept with the movements.")
    idempotency_key: str | None = optional(KEY)

    def adjustments(self) -> list[stock.Adjustment]:
        return each_of("lines", self.lines, StockAdjustLineInput.adjustment)


@strawberry.input(description="From which number on a stock is low, and how far it may be sold in advance.")
class StockThresholdLineInput:
    variant_id: strawberry.ID = strawberry.field(description="Of what.")
    location_id: strawberry.ID | None = optional(AT)
    threshold: int | None = given("Low when so many or fewer are available; null: no alarm.")
    backorder_limit: int | None = given("How many may be sold before they are there.")

    def limits(self) -> stock.Limits:
        return stock.Limits(
            read_id("variant_id", self.variant_id, "var"),
            _location(self.location_id),
            changed(self, "threshold", nullable=True),
            changed(self, "backorder_limit"),
        )


@strawberry.input(description="Limits of stocks: all of them are set, or none.")
class StockThresholdSetInput:
    lines: list[StockThresholdLineInput] = strawberry.field(description="1 to 250.")

    def limits(self) -> list[stock.Limits]:
        return each_of("lines", self.lines, StockThresholdLineInput.limits)


@strawberry.input(description="So many of a variant.")
class StockDemandInput:
    variant_id: strawberry.ID = strawberry.field(description="Of what.")
    quantity: int = strawberry.field(description="How many.")
    location_id: strawberry.ID | None = optional("Where; from wherever there are some when left out.")

    def demand(self) -> stock.Demand:
        variant_id = read_id("variant_id", self.variant_id, "var")
        return stock.Demand(variant_id, self.quantity, _location(self.location_id))


def _holder(id: strawberry.ID) -> stock.Holder:
    with blaming("holder"):
        kind = prefix_of(id)
        if len(kind) > 40:
            raise InvalidInput("{id!r} is not an id.", id=id[:60])
        return stock.Holder(kind, parse_type_id(id))


HOLDER = "Whom it is for: the id of a cart, an order..."


@strawberry.input(description="Stock to be reserved: all the lines, or nothing.")
class StockReserveInput:
    holder: strawberry.ID = strawberry.field(description=HOLDER)
    lines: list[StockDemandInput] = strawberry.field(description="1 to 250.")
    expires_at: datetime | None = optional("When the reservation ends by itself; never when left out.")
    idempotency_key: str | None = optional(KEY)

    def read(self) -> tuple[stock.Holder, list[stock.Demand]]:
        return _holder(self.holder), each_of("lines", self.lines, StockDemandInput.demand)


@strawberry.input(description="An end of what a holder has reserved.")
class StockReservationEndInput:
    holder: strawberry.ID = strawberry.field(description=HOLDER)
    lines: list[StockDemandInput] | None = optional("So many of these; all of it when left out.")
    idempotency_key: str | None = optional(KEY)

    def read(self) -> tuple[stock.Holder, list[stock.Demand] | None]:
        lines = None if self.lines is None else each_of("lines", self.lines, StockDemandInput.demand)
        return _holder(self.holder), lines


@strawberry.input(description="More time, or less, for what a holder has reserved.")
class StockReservationExtendInput:
    holder: strawberry.ID = strawberry.field(description=HOLDER)
    expires_at: datetime | None = optional("When it ends by itself; never when left out.")

    def read(self) -> stock.Holder:
        return _holder(self.holder)


@strawberry.input(description="A variant to be sent, or that has arrived.")
class StockTransferLineInput:
    variant_id: strawberry.ID = strawberry.field(description="Of what.")
    quantity: int = strawberry.field(description="How many.")

    def pair(self) -> tuple[UUID, int]:
        return read_id("variant_id", self.variant_id, "var"), self.quantity


@strawberry.input(description="Stock to be brought from one location to another.")
class StockTransferStartInput:
    origin_id: strawberry.ID = strawberry.field(description="Where it comes from.")
    destination_id: strawberry.ID = strawberry.field(description="Where it goes.")
    lines: list[StockTransferLineInput] = strawberry.field(description="1 to 250.")
    note: str = optional("A note.", "")
    idempotency_key: str | None = optional(KEY)

    def read(self) -> tuple[UUID, UUID, list[tuple[UUID, int]]]:
        origin, destination = (
            read_id("origin_id", self.origin_id, "loc"),
            read_id("destination_id", self.destination_id, "loc"),
        )
        return origin, destination, each_of("lines", self.lines, StockTransferLineInput.pair)


@strawberry.input(description="What has arrived of a transfer.")
class StockTransferReceiveInput:
    id: strawberry.ID = strawberry.field(description="Which transfer.")
    lines: list[StockTransferLineInput] | None = optional("What has arrived; all of it when left out.")
    expected_version: int | None = optional("The version you read: refused when it has been changed since.")
    idempotency_key: str | None = optional(KEY)

    def pairs(self) -> list[tuple[UUID, int]] | None:
        return None if self.lines is None else each_of("lines", self.lines, StockTransferLineInput.pair)


@strawberry.input(description="Which transfer is to be ended.")
class StockTransferCancelInput:
    id: strawberry.ID = strawberry.field(description="Which transfer.")
    expected_version: int | None = optional("The version you read: refused when it has been changed since.")
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="A stock-take to be begun.")
class StockCountOpenInput:
    location_id: strawberry.ID = strawberry.field(description="Where.")
    note: str = optional("A note; kept with the corrections.", "")
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="A variant that was counted.")
class StockCountLineInput:
    variant_id: strawberry.ID = strawberry.field(description="Of what.")
    counted: int = strawberry.field(description="How many there are.")

    def pair(self) -> tuple[UUID, int]:
        return read_id("variant_id", self.variant_id, "var"), self.counted


@strawberry.input(description="What was counted; a variant that is counted again replaces what was noted before.")
class StockCountRecordInput:
    id: strawberry.ID = strawberry.field(description="Which stock-take.")
    lines: list[StockCountLineInput] = strawberry.field(description="1 to 250 at a time.")

    def pairs(self) -> list[tuple[UUID, int]]:
        return each_of("lines", self.lines, StockCountLineInput.pair)


@strawberry.input(description="Which stock-take is to be closed.")
class StockCountCloseInput:
    id: strawberry.ID = strawberry.field(description="Which stock-take.")
    expected_version: int | None = optional("The version you read: refused when it has been changed since.")
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="Which stock-take is to be ended without touching the books.")
class StockCountCancelInput:
    id: strawberry.ID = strawberry.field(description="Which stock-take.")
