"""Stock as GraphQL shows it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from stoa.domains.catalog import models
from stoa.domains.catalog.stock.reasons import reason_said
from stoa.graphql.catalog.naming import NameTranslation, name_translations
from stoa.graphql.catalog.recalling import HistoryEntry
from stoa.graphql.enums import shown_enum
from stoa.graphql.paging import Connection, Node
from stoa.graphql.reading.declaring import column, derived, many, stored, to_one
from stoa.kit.ids import type_id
from stoa.tenants.access.scopes import Scope
from stoa.tenants.shop_models import EventRow

if TYPE_CHECKING:
    from stoa.graphql.catalog.types import Variant

MovementKind = shown_enum(
    models.MovementKind,
    "Why stock moves.",
    name="StockMovementKind",
    RECEIPT="It came from a supplier.",
    SALE="It left for a buyer.",
    RESERVATION="It was promised to somebody.",
    RELEASE="A promise ended.",
    RETURN="A buyer sent it back, and it can be sold again.",
    ADJUSTMENT="Somebody corrected the number.",
    DAMAGE="It was set aside as damaged, or put back.",
    SCRAP="What was damaged was thrown away.",
    HOLD="It was set aside for another reason, or put back.",
    TRANSFER_OUT="It left for another location, or came back from the way there.",
    TRANSFER_IN="It came from another location.",
    COUNT="A stock-take found more or fewer.",
    ORDERED="It was ordered from a supplier, or the order was changed.",
    IMPORT="A file that was imported says so.",
)
ReservationState = shown_enum(
    models.ReservationState,
    "What became of a reservation.",
    name="StockReservationState",
    HELD="It stands.",
    RELEASED="It was let go of.",
    EXPIRED="Its time was over.",
    SHIPPED="It left the house.",
)
TransferState = shown_enum(
    models.TransferState,
    "Where a transfer stands.",
    name="StockTransferState",
    IN_TRANSIT="On its way, perhaps received in part.",
    RECEIVED="All of it has arrived.",
    CANCELLED="What had not arrived was put back.",
)
StockCountState = shown_enum(
    models.StockCountState,
    "Where a stock-take stands.",
    OPEN="Being counted.",
    CLOSED="The books were corrected by it.",
    CANCELLED="Ended; the books were left as they were.",
)
# What a movement or a reservation is for is kept as a word and a UUID: shown as the id with that word's prefix.
PREFIXES = {"import": "imp", "purchase": "po", "transfer": "tran", "stock_count": "cnt"}


def shown_reference(kind: str | None, id: str | None) -> str | None:
    return None if kind is None or id is None else type_id(PREFIXES.get(kind, kind), id)


def shown_actor(kind: str, id: str | None) -> str | None:
    return None if id is None else type_id({"account": "acct", "token": "tok"}.get(kind, kind), id)


def available(on_hand: int, reserved: int, damaged: int, held: int) -> int:
    return on_hand - reserved - damaged - held


AVAILABLE_OF = ("on_hand", "reserved", "damaged", "held")


@strawberry.type(description="How a location is called in another language.")
class LocationName:
    locale: str = strawberry.field(description="en or zh.")
    name: str = strawberry.field(description="The name.")


@strawberry.type(description="Where a location is. What is not known is empty.")
class LocationAddress:
    recipient: str = strawberry.field(description="Who takes parcels in.")
    line1: str = strawberry.field(description="Street and number.")
    line2: str = strawberry.field(description="Floor, building, hall.")
    district: str = strawberry.field(description="District, where addresses have one.")
    city: str = strawberry.field(description="City.")
    region: str = strawberry.field(description="Province, state or region.")
    postal_code: str = strawberry.field(description="Postal code.")
    country: str = strawberry.field(description="Country.")
    phone: str = strawberry.field(description="Telephone.")


def shown_address(address: dict[str, str]) -> LocationAddress:
    return LocationAddress(**{name: address.get(name, "") for name in LocationAddress.__annotations__})


def shown_names(translations: dict[str, dict[str, str]]) -> list[LocationName]:
    return [LocationName(locale=locale, name=texts["name"]) for locale, texts in sorted(translations.items())]


@strawberry.type(description="A variant in a transfer.")
class StockTransferLine:
    variant_id: strawberry.ID = strawberry.field(description="The variant.")
    quantity: int = strawberry.field(description="How many were sent.")
    received: int = strawberry.field(description="How many have arrived.")


def shown_lines(lines: list[dict[str, Any]]) -> list[StockTransferLine]:
    return [
        StockTransferLine(
            variant_id=strawberry.ID(type_id("var", line["variant_id"])),
            quantity=line["quantity"],
            received=line["received"],
        )
        for line in lines
    ]


@stored(models.Location, prefix="loc", scope=Scope.CATALOG_READ)
class Location(Node):
    """A place where stock lies."""

    name: str = column("Unique in the shop.", filter=True)
    translations: list[NameTranslation] = column("Its name in other languages.", convert=name_translations)
    names: list[LocationName] = derived(
        ("translations",),
        shown_names,
        "Its name in other languages.",
        instead="They are `translations`, as of everything else.",
    )
    address: LocationAddress = derived(("address",), shown_address, "Where it is.")
    is_main: bool = column("Whether it is meant where no location is named.")
    is_active: bool = column("Whether stock may move there.", filter=True)
    position: int = column("Stock is taken from the locations in this order.")
    stock: Connection[StockLevel] = many("What lies there.")
    version: int = column("Goes up with every change; send it back as `expectedVersion`.")
    created_at: datetime = column("When it was made.")
    history: Connection[HistoryEntry] = many(
        "What happened to it, the newest first.", order=("-id",), across=(EventRow, "subject_id")
    )


@stored(models.Stock, prefix="stk", scope=Scope.CATALOG_READ)
class StockLevel(Node):
    """How many there are of a variant at a location: ``onHand = available + reserved + damaged + held``."""

    variant: Annotated[Variant, strawberry.lazy("stoa.graphql.catalog.types")] = to_one("Of what.", filter=True)
    location: Location = to_one("Where.", filter=True)
    on_hand: int = column("How many lie there.")
    available: int = derived(AVAILABLE_OF, available, "How many can still be sold; below 0 when sold in advance.")
    reserved: int = column("Promised to carts and orders.")
    damaged: int = column("Set aside as damaged.")
    held: int = column("Set aside for another reason.")
    incoming: int = column("Ordered or on the way, and not here yet.")
    backorder_limit: int = column("How far `available` may go below 0.")
    threshold: int | None = column("Stock is low when this many or fewer are available; no alarm when null.")
    is_low: bool = column("Whether it is low.", filter=True)
    movements: Connection[StockMovement] = many("What made it so, newest first.", order=("-id",))
    reservations: Connection[StockReservation] = many("Who it is or was promised to, newest first.", order=("-id",))
    version: int = column("Goes up with every change.")
    history: Connection[HistoryEntry] = many(
        "The alarms, the newest first: that it ran low, once per crossing of its threshold, and recovered.",
        order=("-id",),
        across=(EventRow, "subject_id"),
    )


@stored(models.StockMovement, prefix="mov", scope=Scope.CATALOG_READ, order=("-id",))
class StockMovement(Node):
    """A change of stock. The numbers are what was added to each balance; the balances are their sums."""

    stock_level: StockLevel = to_one("Of which stock.", by="stock", filter=True)
    kind: MovementKind = column("Why.")  # type: ignore[valid-type]
    on_hand: int = column("Added to what is on hand.")
    reserved: int = column("Added to what is promised.")
    damaged: int = column("Added to what is damaged.")
    held: int = column("Added to what is held.")
    incoming: int = column("Added to what is on the way.")
    reason: str = derived(
        ("reason",),
        reason_said,
        "Why, in the words of whoever did it; of what Stoa did itself, in the reader's language.",
    )
    reference: strawberry.ID | None = derived(
        ("reference_kind", "reference_id"), shown_reference, "What it is for: an order, a purchase, a transfer..."
    )
    actor_kind: str = column("Who did it: account, token or system.")
    actor_id: strawberry.ID | None = derived(("actor_kind", "actor_id"), shown_actor, "The account's or token's id.")
    happened_at: datetime = column("When.")


@stored(models.Reservation, prefix="rsv", scope=Scope.CATALOG_READ, order=("-id",))
class StockReservation(Node):
    """So many of a stock are promised to somebody."""

    stock_level: StockLevel = to_one("Of which stock.", by="stock", filter=True)
    quantity: int = column("How many.")
    state: ReservationState = column("What became of it.")  # type: ignore[valid-type]
    holder: strawberry.ID | None = derived(
        ("holder_kind", "holder_id"), shown_reference, "The cart, order... it is for."
    )
    expires_at: datetime | None = column("When it ends by itself; null: never.")
    created_at: datetime = column("When it was made.")
    ended_at: datetime | None = column("When it ended.")


@stored(models.Transfer, prefix="tran", scope=Scope.CATALOG_READ, order=("-id",))
class StockTransfer(Node):
    """Stock on its way from one location to another."""

    origin: Location = to_one("Where it comes from.")
    destination: Location = to_one("Where it goes.")
    state: TransferState = column("Where it stands.")  # type: ignore[valid-type]
    lines: list[StockTransferLine] = derived(("lines",), shown_lines, "What is in it.")
    note: str = column("A note.")
    version: int = column("Goes up with every change; send it back as `expectedVersion`.")
    created_at: datetime = column("When it left.")
    ended_at: datetime | None = column("When it was received or cancelled.")
    history: Connection[HistoryEntry] = many(
        "What happened to it, the newest first.", order=("-id",), across=(EventRow, "subject_id")
    )


@stored(models.StockCountLine, prefix="cnl", scope=Scope.CATALOG_READ)
class StockCountLine(Node):
    """A variant that was counted."""

    variant: Annotated[Variant, strawberry.lazy("stoa.graphql.catalog.types")] = to_one("Of what.")
    expected: int = column("What the books said when it was counted.")
    counted: int = column("How many there were.")
    counted_at: datetime = column("When.")


@stored(models.StockCount, prefix="cnt", scope=Scope.CATALOG_READ, order=("-id",))
class StockCount(Node):
    """A stock-take at a location."""

    location: Location = to_one("Where.")
    state: StockCountState = column("Where it stands.")  # type: ignore[valid-type]
    note: str = column("A note.")
    lines: Connection[StockCountLine] = many("What was counted.")
    version: int = column("Goes up with every change; send it back as `expectedVersion`.")
    created_at: datetime = column("When it was begun.")
    ended_at: datetime | None = column("When it was closed or cancelled.")
    history: Connection[HistoryEntry] = many(
        "What happened to it, the newest first.", order=("-id",), across=(EventRow, "subject_id")
    )
