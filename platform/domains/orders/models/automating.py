"""Rows of what the shop lets run by itself, and of the views it looks through."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.models import Model

from stoa.kit.ids import new_id


class RuleKind(StrEnum):
    """When a rule is asked: at placing (CLASSIFY, RISK, CONFIRM), when paid (SHIP_DIGITAL), by the clock (the rest)."""

    CLASSIFY = "CLASSIFY"
    RISK = "RISK"
    CONFIRM = "CONFIRM"
    SHIP_DIGITAL = "SHIP_DIGITAL"
    EXPIRE_UNPAID = "EXPIRE_UNPAID"
    COMPLETE_DELIVERED = "COMPLETE_DELIVERED"


class OrderRule(Model):
    """If an order is like this, then do that. Rules of a kind are asked in order of `position`.

    `conditions`: ``[{"about", "relation", "value"}]``, all of which must hold; `actions`: what is done, by name.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    name = fields.CharField(max_length=120)
    kind = fields.CharEnumField(RuleKind, max_length=20)
    conditions: fields.JSONField[list[dict[str, Any]]] = fields.JSONField(default=list, db_default=[])
    actions: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict, db_default={})
    is_active = fields.BooleanField(default=False, db_default=False)
    position = fields.IntField(default=0, db_default=0)
    version = fields.IntField(default=1, db_default=1)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "order_rule"


class SavedView(Model):
    """A list as somebody wants to see it again: its filter, order and search. Without an owner it is everybody's."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    subject = fields.CharField(max_length=20)
    name = fields.CharField(max_length=120)
    owner_id = fields.UUIDField(null=True)
    query: fields.JSONField[dict[str, Any]] = fields.JSONField()
    position = fields.IntField(default=0, db_default=0)
    version = fields.IntField(default=1, db_default=1)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "saved_view"
