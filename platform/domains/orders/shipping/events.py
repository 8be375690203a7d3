"""News of delivery."""

from __future__ import annotations

from uuid import UUID

from stoa.tenants.outbox import event


@event
class ShippingMethodSaved:
    shipping_method_id: UUID


@event
class ShipmentPacked:
    """A parcel stands ready; with a pickup, for the buyer to fetch it."""

    order_id: UUID
    shipment_id: UUID
    number: int
    is_pickup: bool


@event
class ShipmentShipped:
    order_id: UUID
    shipment_id: UUID
    number: int
    carrier: str
    tracking_number: str


@event
class ShipmentMoved:
    """A parcel is in another state; `reason` says why, if anybody did."""

    order_id: UUID
    shipment_id: UUID
    number: int
    old: str
    new: str
    reason: str = ""


@event
class ShipmentOverdue:
    """A parcel should have arrived by now, and has not."""

    order_id: UUID
    shipment_id: UUID
    number: int
