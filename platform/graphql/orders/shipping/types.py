"""Ways of delivery, parcels, and what is in them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from stoa.domains.orders import models
from stoa.graphql.catalog.stock.types import Location
from stoa.graphql.orders.shipping.enums import ShipmentState, ShippingKind
from stoa.graphql.orders.shipping.shapes import (
    FOLLOWING,
    ShippingFees,
    ShippingFollowing,
    ShippingMethodText,
    TrackingEvent,
    fees,
    following,
    label,
    texts,
    tracking,
)
from stoa.graphql.paging import Connection, Node
from stoa.graphql.reading.declaring import amount, column, computed, derived, many, stored, to_one
from stoa.graphql.scalars import Money
from stoa.tenants.access.scopes import Scope

if TYPE_CHECKING:
    from stoa.graphql.orders.types import Order, OrderLine


@stored(models.ShippingMethod, prefix="smet", scope=Scope.ORDERS_READ, order=("position",))
class ShippingMethod(Node):
    """A way of delivery."""

    code: str = column("Its code; unique in the shop.", filter=True)
    name: str = column("What it is called in general.")
    label: str = derived(("name", "translations"), label, "What it is called in the reader's language.")
    texts: list[ShippingMethodText] = derived(
        ("profile", "translations"), texts, "What the shop tells of it, by language: names, pros and cons."
    )
    kind: ShippingKind = column("What sort of delivery it is.")
    carrier: str = column("The carrier's code as Kuaidi100 has it, e.g. shunfeng; empty for a pickup.")
    fees: ShippingFees | None = column("What it costs; null: not set yet, so nobody is offered it.", convert=fees)
    following: ShippingFollowing = computed(FOLLOWING, "How its parcels are followed.", convert=following)
    promised_days: int | None = column("Days that it promises, from leaving to arriving; null: none.")
    pickup_location: Location | None = to_one("Where the buyer fetches it.", scope=Scope.CATALOG_READ)
    is_active: bool = column("Whether it is offered.")
    position: int = column("Its place among them.")
    version: int = column("Goes up with every change; send it back as `expectedVersion`.")
    created_at: datetime = column("When it was made.")


@stored(models.Shipment, prefix="shp", scope=Scope.ORDERS_READ, order=("-id",))
class Shipment(Node):
    """A parcel of an order."""

    order: Annotated[Order, strawberry.lazy("stoa.graphql.orders.types")] = to_one("The order.", filter=True)
    number: int = column("Counts within the order.")
    location: Location | None = to_one("Where it is sent from.", scope=Scope.CATALOG_READ)
    method: ShippingMethod | None = to_one("The way it goes.")
    carrier: str = column("Who carries it; may be empty.")
    tracking_number: str | None = column("The carrier's number.", filter=True)
    state: ShipmentState = column("How far it is.", filter=True)
    exception: str = column("What holds it up, or why it ended so; may be empty.")
    is_late: bool = column("Whether it has arrived, or will, after what was promised.", filter=True)
    weight_grams: int | None = column("What it weighs; null: not known.")
    cost: Money | None = amount("cost_minor", "What the carrier charges the shop.", scope=Scope.CATALOG_COST)
    pickup_code: str | None = column("What the buyer shows to fetch it: for their eyes.", scope=Scope.CUSTOMERS_READ)
    tracking: list[TrackingEvent] = column("What the carrier told, the oldest first.", convert=tracking)
    lines: Connection[ShipmentLine] = many("What is in it.", order=("id",))
    promised_at: datetime | None = column("Until when it should have arrived: the end of a day of the shop's.")
    shipped_at: datetime | None = column("When it left.")
    delivered_at: datetime | None = column("When it arrived.")
    version: int = column("Goes up with every change; send it back as `expectedVersion`.")
    created_at: datetime = column("When it was packed.")


@stored(models.ShipmentLine, prefix="shpl", scope=Scope.ORDERS_READ, order=("id",))
class ShipmentLine(Node):
    """So many pieces of an order's line in a parcel."""

    shipment: Shipment = to_one("The parcel.")
    line: Annotated[OrderLine, strawberry.lazy("stoa.graphql.orders.types")] = to_one("The line of the order.")
    quantity: int = column("How many pieces.")
