"""Rows of supplying: who sells to the shop, at what price, what was ordered there, and what has come of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from stoa.domains.catalog.models.products import Variant
from stoa.domains.catalog.models.stock import Location
from stoa.kit.ids import new_id


class Supplier(Model):
    """Who sells to the shop. `lead_days` is what they say; what they keep is learned from receipts."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    name = fields.CharField(max_length=120)
    name_key = fields.CharField(max_length=120, unique=True)
    email = fields.CharField(max_length=254, default="", db_default="")
    phone = fields.CharField(max_length=40, default="", db_default="")
    note = fields.TextField(default="", db_default="")
    search_text = fields.TextField(default="", db_default="")
    currency = fields.CharField(max_length=3)
    lead_days = fields.IntField(null=True)
    is_active = fields.BooleanField(default=True, db_default=True)
    version = fields.IntField(default=1, db_default=1)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "supplier"


class SupplierPrice(Model):
    """What a supplier asks for a variant from a moment on, per piece. Only added to; the newest counts."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    supplier: fields.ForeignKeyRelation[Supplier] = fields.ForeignKeyField("shop.Supplier", related_name="prices")
    variant: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField("shop.Variant", related_name="supplier_prices")
    supplier_code = fields.CharField(max_length=120, default="", db_default="")
    currency = fields.CharField(max_length=3)
    minor = fields.BigIntField()
    minimum_quantity = fields.IntField(default=1, db_default=1)
    pack_size = fields.IntField(default=1, db_default=1)
    since = fields.DatetimeField()

    class Meta:
        table = "supplier_price"
        indexes = [
            Index(fields=("variant_id", "since"), name="supplier_price_of_variant"),  # Variant.supplierPrices
            Index(fields=("supplier_id", "variant_id", "since"), name="supplier_price_of_supplier"),  # Supplier.prices
        ]


class PurchaseState(StrEnum):
    """CLOSED: some has come, and the rest never will."""

    DRAFT = "DRAFT"
    ORDERED = "ORDERED"
    PART_RECEIVED = "PART_RECEIVED"
    RECEIVED = "RECEIVED"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"


class PurchaseOrder(Model):
    """What was ordered from a supplier, to be brought to a location. `number` counts up in the shop."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    number = fields.IntField(unique=True)
    supplier: fields.ForeignKeyRelation[Supplier] = fields.ForeignKeyField(
        "shop.Supplier", related_name="purchases", on_delete=fields.RESTRICT
    )
    location: fields.ForeignKeyRelation[Location] = fields.ForeignKeyField(
        "shop.Location", related_name="purchases", on_delete=fields.RESTRICT
    )
    state = fields.CharEnumField(PurchaseState, max_length=20, default=PurchaseState.DRAFT)
    currency = fields.CharField(max_length=3)
    note = fields.TextField(default="", db_default="")
    ordered_at = fields.DatetimeField(null=True)
    expected_on = fields.DateField(null=True)
    ended_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1, db_default=1)
    created_at = fields.DatetimeField(auto_now_add=True)

    lines: fields.ReverseRelation[PurchaseLine]
    receipts: fields.ReverseRelation[Receipt]

    class Meta:
        table = "purchase_order"
        indexes = [
            Index(fields=("supplier_id", "id"), name="purchase_of_supplier"),  # Supplier.purchases, Supplier.leadTime
            Index(fields=("state", "id"), name="purchase_of_state"),  # purchaseOrders(where: {state:})
        ]


class PurchaseLine(Model):
    """A variant on a purchase order, its price per piece, and how many have come."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    purchase: fields.ForeignKeyRelation[PurchaseOrder] = fields.ForeignKeyField(
        "shop.PurchaseOrder", related_name="lines"
    )
    variant: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField(
        "shop.Variant", related_name="purchase_lines", on_delete=fields.RESTRICT
    )
    quantity = fields.IntField()
    received = fields.IntField(default=0, db_default=0)
    currency = fields.CharField(max_length=3)
    cost_minor = fields.BigIntField()
    position = fields.IntField(default=0, db_default=0)

    class Meta:
        table = "purchase_line"
        unique_together = (("purchase", "variant"),)
        indexes = [Index(fields=("variant_id", "id"), name="purchase_line_of_variant")]  # what is on order of a variant


class SpreadBy(StrEnum):
    """What a receipt's costs are spread over its lines by."""

    VALUE = "VALUE"
    WEIGHT = "WEIGHT"
    QUANTITY = "QUANTITY"


class Receipt(Model):
    """A delivery on a purchase order: `quantity` pieces in all. Only added to.

    `costs` are what it cost beyond the goods (``[{"name", "minor"}]``); `lines` hold what came and what it came to,
    all in `currency`: ``[{"line_id", "variant_id", "quantity", "damaged", "goods_minor", "costs_minor"}]``. The landed
    cost of a line is the sum of the two. `exchange_rate` is how much of `currency` one of the order's is.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    purchase: fields.ForeignKeyRelation[PurchaseOrder] = fields.ForeignKeyField(
        "shop.PurchaseOrder", related_name="receipts"
    )
    reference = fields.CharField(max_length=120, default="", db_default="")
    quantity = fields.IntField()
    currency = fields.CharField(max_length=3)
    exchange_rate = fields.CharField(max_length=40, null=True)
    lines: fields.JSONField[list[dict[str, Any]]] = fields.JSONField()
    costs: fields.JSONField[list[dict[str, Any]]] = fields.JSONField(default=list, db_default=[])
    spread_by = fields.CharEnumField(SpreadBy, max_length=10, default=SpreadBy.VALUE)
    received_at = fields.DatetimeField()

    class Meta:
        table = "receipt"
        indexes = [Index(fields=("purchase_id", "id"), name="receipt_of_purchase")]  # PurchaseOrder.receipts
