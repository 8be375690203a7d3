"""Rows of delivery: the ways there are, and the parcels that went."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from stoa.domains.orders.models.orders import Order, OrderLine
from stoa.kit.ids import new_id


class ShippingKind(StrEnum):
    """Checklist O10 to O13."""

    EXPRESS = "EXPRESS"
    POST = "POST"
    PICKUP = "PICKUP"
    SF = "SF"


class ShippingMethod(Model):
    """A way of delivery: by which carrier, at what fee, promised in how many days.

    `fees` is the template that shipping is charged by (`shipping/fees.py` says its form): by weight, piece or volume,
    by region, with rules of what goes free. `profile` is what the shop tells of it: ``{"pros", "cons"}`` by language.
    `settings` is how its parcels are followed (`shipping/following.py`): with keys of the carrier's in it, never shown.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    code = fields.CharField(max_length=40, unique=True)
    name = fields.CharField(max_length=120)
    translations: fields.JSONField[dict[str, dict[str, str]]] = fields.JSONField(default=dict, db_default={})
    kind = fields.CharEnumField(ShippingKind, max_length=10)
    carrier = fields.CharField(max_length=40)
    profile: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict, db_default={})
    fees: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict, db_default={})
    settings: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict, db_default={})
    promised_days = fields.IntField(null=True)
    pickup_location: fields.ForeignKeyNullableRelation[Any] = fields.ForeignKeyField(
        "shop.Location", null=True, related_name="pickup_methods", on_delete=fields.RESTRICT
    )
    is_active = fields.BooleanField(default=True, db_default=True)
    position = fields.IntField(default=0, db_default=0)
    version = fields.IntField(default=1, db_default=1)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "shipping_method"


class ShipmentState(StrEnum):
    """READY waits to be fetched by the buyer; EXCEPTION needs somebody's eye."""

    PACKED = "PACKED"
    READY = "READY"
    SHIPPED = "SHIPPED"
    IN_TRANSIT = "IN_TRANSIT"
    EXCEPTION = "EXCEPTION"
    DELIVERED = "DELIVERED"
    LOST = "LOST"
    RETURNED = "RETURNED"
    CANCELLED = "CANCELLED"


class Shipment(Model):
    """A parcel of an order. `number` counts within the order.

    `tracking` is what the carrier told, oldest first: ``[{"at", "state", "place", "text"}]``. `cost_minor` is what the
    carrier charges the shop. `pickup_code` is what the buyer shows.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField("shop.Order", related_name="shipments")
    number = fields.IntField()
    location: fields.ForeignKeyNullableRelation[Any] = fields.ForeignKeyField(
        "shop.Location", null=True, related_name="shipments", on_delete=fields.RESTRICT
    )
    method: fields.ForeignKeyNullableRelation[ShippingMethod] = fields.ForeignKeyField(
        "shop.ShippingMethod", null=True, related_name="shipments", on_delete=fields.RESTRICT
    )
    carrier = fields.CharField(max_length=40, default="", db_default="")
    tracking_number = fields.CharField(max_length=80, null=True)
    state = fields.CharEnumField(ShipmentState, max_length=12, default=ShipmentState.PACKED)
    exception = fields.CharField(max_length=200, default="", db_default="")
    is_late = fields.BooleanField(default=False, db_default=False)
    weight_grams = fields.IntField(null=True)
    currency = fields.CharField(max_length=3)
    cost_minor = fields.BigIntField(null=True)
    pickup_code = fields.CharField(max_length=12, null=True)
    tracking: fields.JSONField[list[dict[str, Any]]] = fields.JSONField(default=list, db_default=[])
    promised_at = fields.DatetimeField(null=True)
    shipped_at = fields.DatetimeField(null=True)
    delivered_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1, db_default=1)
    created_at = fields.DatetimeField(auto_now_add=True)

    lines: fields.ReverseRelation[ShipmentLine]

    class Meta:
        table = "shipment"
        unique_together = (("order", "number"), ("tracking_number", "carrier"))
        indexes = [
            Index(
                fields=("state", "id"), name="shipment_of_state"
            ),  # shipments(where: {state:}), what is to be tracked
            Index(fields=("is_late", "id"), name="shipment_late"),  # shipments(where: {isLate:})
        ]


class ShipmentLine(Model):
    """So many pieces of an order's line in a parcel."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    shipment: fields.ForeignKeyRelation[Shipment] = fields.ForeignKeyField("shop.Shipment", related_name="lines")
    line: fields.ForeignKeyRelation[OrderLine] = fields.ForeignKeyField("shop.OrderLine", related_name="shipment_lines")
    quantity = fields.IntField()

    class Meta:
        table = "shipment_line"
        unique_together = (("shipment", "line"),)
        indexes = [Index(fields=("line_id", "id"), name="shipment_of_line")]  # OrderLine.shipments
