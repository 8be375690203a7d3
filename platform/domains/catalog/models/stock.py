"""Rows of stock: how many there are of what and where, and every movement that made it so."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from stoa.domains.catalog.models.products import Translations, Variant
from stoa.kit.ids import new_id


class Location(Model):
    """A place where stock lies. One is the main one: what names no place is meant there."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    name = fields.CharField(max_length=120)
    name_key = fields.CharField(max_length=120, unique=True)
    translations: fields.JSONField[Translations] = fields.JSONField(default=dict, db_default={})
    address: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict, db_default={})
    is_main = fields.BooleanField(default=False, db_default=False)
    is_active = fields.BooleanField(default=True, db_default=True)
    position = fields.IntField(default=0, db_default=0)
    version = fields.IntField(default=1, db_default=1)
    created_at = fields.DatetimeField(auto_now_add=True)

    stock: fields.ReverseRelation[Stock]

    class Meta:
        table = "location"


class Stock(Model):
    """What there is of a variant at a location.

    ``on_hand = available + reserved + damaged + held``; `incoming` is ordered and not here yet. The balances are the
    sums of the movements: the database adds each movement up as it is written, and refuses any other way of changing
    them. A row is born empty. `backorder_limit` is how far `available` may go below zero.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    variant: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField("shop.Variant", related_name="stock")
    location: fields.ForeignKeyRelation[Location] = fields.ForeignKeyField(
        "shop.Location", related_name="stock", on_delete=fields.RESTRICT
    )
    on_hand = fields.IntField(default=0, db_default=0)
    reserved = fields.IntField(default=0, db_default=0)
    damaged = fields.IntField(default=0, db_default=0)
    held = fields.IntField(default=0, db_default=0)
    incoming = fields.IntField(default=0, db_default=0)
    backorder_limit = fields.IntField(default=0, db_default=0)
    threshold = fields.IntField(null=True)
    is_low = fields.BooleanField(default=False, db_default=False)
    version = fields.IntField(default=1, db_default=1)

    movements: fields.ReverseRelation[StockMovement]

    class Meta:
        table = "stock"
        unique_together = (("variant", "location"),)
        indexes = [Index(fields=("location_id", "id"), name="stock_of_location")]  # Location.stock

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved - self.damaged - self.held


class MovementKind(StrEnum):
    """Why stock moves; `domain-facts` 5.2."""

    RECEIPT = "RECEIPT"
    SALE = "SALE"
    RESERVATION = "RESERVATION"
    RELEASE = "RELEASE"
    RETURN = "RETURN"
    ADJUSTMENT = "ADJUSTMENT"
    DAMAGE = "DAMAGE"
    SCRAP = "SCRAP"
    HOLD = "HOLD"
    TRANSFER_OUT = "TRANSFER_OUT"
    TRANSFER_IN = "TRANSFER_IN"
    COUNT = "COUNT"
    ORDERED = "ORDERED"
    IMPORT = "IMPORT"


class StockMovement(Model):
    """A change of one row of stock. Only added to. The numbers are what is added to each balance.

    `reference_kind` and `reference_id` name what it is for: an order, a purchase, a transfer, a count.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    stock: fields.ForeignKeyRelation[Stock] = fields.ForeignKeyField("shop.Stock", related_name="movements")
    kind = fields.CharEnumField(MovementKind, max_length=20)
    on_hand = fields.IntField(default=0, db_default=0)
    reserved = fields.IntField(default=0, db_default=0)
    damaged = fields.IntField(default=0, db_default=0)
    held = fields.IntField(default=0, db_default=0)
    incoming = fields.IntField(default=0, db_default=0)
    reason = fields.CharField(max_length=200, default="", db_default="")
    reference_kind = fields.CharField(max_length=40, null=True)
    reference_id = fields.UUIDField(null=True)
    actor_kind = fields.CharField(max_length=10)
    actor_id = fields.UUIDField(null=True)
    happened_at = fields.DatetimeField()

    class Meta:
        table = "stock_movement"
        indexes = [
            Index(fields=("stock_id", "id"), name="movement_of_stock"),  # StockLevel.movements, integrityReport
            Index(fields=("reference_id",), name="movement_of_reference"),  # what an order or a purchase has moved
        ]


class ReservationState(StrEnum):
    """HELD ends as one of the others."""

    HELD = "HELD"
    RELEASED = "RELEASED"
    EXPIRED = "EXPIRED"
    SHIPPED = "SHIPPED"


class Reservation(Model):
    """So many of a row of stock are promised to somebody: a cart until it expires, an order until it is shipped.

    `request_key` is the holder's name for the request that made it, `number` its place among what that request made.
    With a `bundle_id` it is a part of that bundle, `per_bundle` of them in each; the parts that make the same bundles
    share `batch_id` and location. With a `pool_id` it was taken out of what is set aside for a flash sale, and goes
    back there when it is let go before `pool_until` (`stock/setting_aside.py`).
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    stock: fields.ForeignKeyRelation[Stock] = fields.ForeignKeyField("shop.Stock", related_name="reservations")
    quantity = fields.IntField()
    state = fields.CharEnumField(ReservationState, max_length=10, default=ReservationState.HELD)
    holder_kind = fields.CharField(max_length=40)
    holder_id = fields.UUIDField()
    bundle_id = fields.UUIDField(null=True)
    per_bundle = fields.IntField(default=1, db_default=1)
    batch_id = fields.UUIDField(null=True)
    pool_id = fields.UUIDField(null=True)
    pool_until = fields.DatetimeField(null=True)
    request_key = fields.CharField(max_length=120, null=True)
    number = fields.IntField(default=0, db_default=0)
    expires_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "reservation"
        # one request is kept once; and what a cart or an order holds
        unique_together = (("holder_id", "request_key", "number"),)
        indexes = [
            Index(fields=("stock_id", "id"), name="reservation_of_stock"),  # StockLevel.reservations
        ]


class TransferState(StrEnum):
    IN_TRANSIT = "IN_TRANSIT"
    RECEIVED = "RECEIVED"
    CANCELLED = "CANCELLED"


class Transfer(Model):
    """Stock on its way from one location to another. `lines`: ``[{"variant_id", "quantity", "received"}]``."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    origin: fields.ForeignKeyRelation[Location] = fields.ForeignKeyField(
        "shop.Location", related_name="transfers_out", on_delete=fields.RESTRICT
    )
    destination: fields.ForeignKeyRelation[Location] = fields.ForeignKeyField(
        "shop.Location", related_name="transfers_in", on_delete=fields.RESTRICT
    )
    state = fields.CharEnumField(TransferState, max_length=20, default=TransferState.IN_TRANSIT)
    lines: fields.JSONField[list[dict[str, Any]]] = fields.JSONField()
    note = fields.CharField(max_length=500, default="", db_default="")
    version = fields.IntField(default=1, db_default=1)
    created_at = fields.DatetimeField(auto_now_add=True)
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "transfer"


class StockCountState(StrEnum):
    OPEN = "OPEN"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"


class StockCount(Model):
    """A stock-take at a location: what was counted, against what the books said at that moment."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    location: fields.ForeignKeyRelation[Location] = fields.ForeignKeyField(
        "shop.Location", related_name="counts", on_delete=fields.RESTRICT
    )
    state = fields.CharEnumField(StockCountState, max_length=20, default=StockCountState.OPEN)
    note = fields.CharField(max_length=500, default="", db_default="")
    version = fields.IntField(default=1, db_default=1)
    created_at = fields.DatetimeField(auto_now_add=True)
    ended_at = fields.DatetimeField(null=True)

    lines: fields.ReverseRelation[StockCountLine]

    class Meta:
        table = "stock_count"


class StockCountLine(Model):
    """A variant counted: `expected` is what the books said when it was counted."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    count: fields.ForeignKeyRelation[StockCount] = fields.ForeignKeyField("shop.StockCount", related_name="lines")
    variant: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField("shop.Variant", related_name="count_lines")
    expected = fields.IntField()
    counted = fields.IntField()
    counted_at = fields.DatetimeField()

    class Meta:
        table = "stock_count_line"
        unique_together = (("count", "variant"),)
