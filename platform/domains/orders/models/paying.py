"""Rows of money: what was authorised, captured and given back."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from stoa.domains.orders.models.orders import Order
from stoa.kit.ids import new_id


class PaymentRowState(StrEnum):
    """Of one payment. SETTLED: captured, as far as it will be."""

    PENDING = "PENDING"
    AUTHORIZED = "AUTHORIZED"
    SETTLED = "SETTLED"
    VOIDED = "VOIDED"
    FAILED = "FAILED"
    CHARGED_BACK = "CHARGED_BACK"


class Payment(Model):
    """Money from the buyer, as a provider has it. An order may have several.

    The provider and its `reference` are unique together: what is reported twice is one payment. The database holds
    ``refunded <= captured`` and ``captured <= authorized``.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField("shop.Order", related_name="payments")
    provider = fields.CharField(max_length=40)
    method = fields.CharField(max_length=40, default="", db_default="")
    reference = fields.CharField(max_length=120, null=True)
    state = fields.CharEnumField(PaymentRowState, max_length=20)
    currency = fields.CharField(max_length=3)
    authorized_minor = fields.BigIntField()
    captured_minor = fields.BigIntField(default=0, db_default=0)
    refunded_minor = fields.BigIntField(default=0, db_default=0)
    note = fields.CharField(max_length=200, default="", db_default="")
    paid_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "payment"
        unique_together = (("provider", "reference"),)
        indexes = [Index(fields=("order_id", "id"), name="payment_of_order")]  # Order.payments


class RefundState(StrEnum):
    PENDING = "PENDING"
    SETTLED = "SETTLED"
    FAILED = "FAILED"


class Refund(Model):
    """Money back to the buyer.

    `lines`: ``[{"line_id", "quantity", "minor"}]``; `shipping_minor` is the part for delivery, `extra_minor` what is
    given beyond (or, below zero, kept back). `parts` tell which payment gives how much:
    ``[{"payment_id", "minor", "reference"}]``; they sum up to `amount_minor`.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField("shop.Order", related_name="refunds")
    case_id = fields.UUIDField(null=True)
    state = fields.CharEnumField(RefundState, max_length=10, default=RefundState.PENDING)
    currency = fields.CharField(max_length=3)
    amount_minor = fields.BigIntField()
    shipping_minor = fields.BigIntField(default=0, db_default=0)
    extra_minor = fields.BigIntField(default=0, db_default=0)
    lines: fields.JSONField[list[dict[str, Any]]] = fields.JSONField(default=list, db_default=[])
    parts: fields.JSONField[list[dict[str, Any]]] = fields.JSONField(default=list, db_default=[])
    reason = fields.CharField(max_length=200, default="", db_default="")
    failure = fields.CharField(max_length=200, default="", db_default="")
    actor_kind = fields.CharField(max_length=10)
    actor_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    settled_at = fields.DatetimeField(null=True)

    class Meta:
        table = "refund"
        indexes = [Index(fields=("order_id", "id"), name="refund_of_order")]  # Order.refunds
