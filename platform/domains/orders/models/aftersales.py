"""Rows of after-sale cases: what went wrong, and what becomes of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from stoa.domains.orders.models.orders import Order
from stoa.kit.ids import new_id


class CaseKind(StrEnum):
    REFUND_ONLY = "REFUND_ONLY"
    RETURN_REFUND = "RETURN_REFUND"
    EXCHANGE = "EXCHANGE"
    REISSUE = "REISSUE"


class CaseState(StrEnum):
    """Deadlines are states as well: OVERDUE is a request that nobody answered in time."""

    REQUESTED = "REQUESTED"
    OVERDUE = "OVERDUE"
    APPROVED = "APPROVED"
    DECLINED = "DECLINED"
    AWAITING_RETURN = "AWAITING_RETURN"
    IN_TRANSIT = "IN_TRANSIT"
    RECEIVED = "RECEIVED"
    INSPECTED = "INSPECTED"
    REFUNDED = "REFUNDED"
    EXCHANGED = "EXCHANGED"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"


class AftersaleCase(Model):
    """Something a buyer wants back, exchanged or sent again. `number` counts up in the shop.

    `lines`: ``[{"line_id", "quantity", "received", "restocked", "scrapped", "condition", "called_off"}]``, the last
    only where there is something. `pictures` are keys of uploaded files. `contact` is where it was talked over:
    ``{"kind": "conversation" | "call", "reference"}``. `deadline_at` is when the present state is overdue.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    number = fields.BigIntField(unique=True)
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField("shop.Order", related_name="cases")
    kind = fields.CharEnumField(CaseKind, max_length=20)
    state = fields.CharEnumField(CaseState, max_length=20, default=CaseState.REQUESTED)
    reason = fields.CharField(max_length=40)
    note = fields.TextField(default="", db_default="")
    answer = fields.TextField(default="", db_default="")
    pictures: fields.JSONField[list[str]] = fields.JSONField(default=list, db_default=[])
    lines: fields.JSONField[list[dict[str, Any]]] = fields.JSONField()
    currency = fields.CharField(max_length=3)
    refund_minor = fields.BigIntField(null=True)
    contact: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict, db_default={})
    return_carrier = fields.CharField(max_length=40, default="", db_default="")
    return_tracking = fields.CharField(max_length=80, default="", db_default="")
    sent_order: fields.ForeignKeyNullableRelation[Order] = fields.ForeignKeyField(
        "shop.Order", null=True, related_name="made_by_case", on_delete=fields.RESTRICT
    )
    deadline_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1, db_default=1)
    created_at = fields.DatetimeField(auto_now_add=True)
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "aftersale_case"
        indexes = [
            Index(fields=("order_id", "id"), name="case_of_order"),  # Order.cases
            Index(fields=("state", "id"), name="case_of_state"),  # aftersaleCases(where: {state:}), what is overdue
        ]
