"""Rows of the buyers, and facts about one row."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from stoa.kit.ids import new_id


class Customer(Model):
    """Somebody who buys here, or might.

    `addresses`: ``[{"id", "name", "company", "line1", "line2", "district", "city", "province", "postcode", "country",
    "phone", "is_default"}]``. `consents`: what they agreed to hear, by way, with what was so before, oldest first:
    ``{"email": {"granted", "at", "source", "proof", "before": [{"granted", "at", "source", "proof"}]}}``.
    A customer that was merged stays as a row that names the one it went into, so that the merge can be undone; one
    that was erased stays as a row that says nothing, for the sake of the orders.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    name = fields.CharField(max_length=120, default="", db_default="")
    email = fields.CharField(max_length=254, default="", db_default="")
    phone = fields.CharField(max_length=40, default="", db_default="")
    locale = fields.CharField(max_length=5, default="", db_default="")
    note = fields.TextField(default="", db_default="")
    tags: fields.JSONField[list[str]] = fields.JSONField(default=list, db_default=[])
    addresses: fields.JSONField[list[dict[str, Any]]] = fields.JSONField(default=list, db_default=[])
    consents: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict, db_default={})
    metadata: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict, db_default={})
    source = fields.CharField(max_length=40, null=True)
    external_id = fields.CharField(max_length=120, null=True)
    merged_into: fields.ForeignKeyNullableRelation[Customer] = fields.ForeignKeyField(
        "shop.Customer", null=True, related_name="merged", on_delete=fields.RESTRICT
    )
    search_text = fields.TextField(default="", db_default="")
    erased_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1, db_default=1)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    identities: fields.ReverseRelation[CustomerIdentity]

    class Meta:
        table = "customer"
        unique_together = (("source", "external_id"),)
        indexes = [
            Index(fields=("name", "id"), name="customer_by_name"),  # customers(orderBy: NAME)
            Index(fields=("merged_into_id",), name="customer_merged"),  # Customer.merged, and who is a customer still
        ]


class IdentityKind(StrEnum):
    """What a customer is known by. CHANNEL: the id that a channel has for them, as ``wechat:oAbc...``."""

    EMAIL = "EMAIL"
    PHONE = "PHONE"
    CHANNEL = "CHANNEL"


class CustomerIdentity(Model):
    """One thing that a customer is known by. It belongs to one customer only; `value` is its normal form."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField("shop.Customer", related_name="identities")
    kind = fields.CharEnumField(IdentityKind, max_length=10)
    value = fields.CharField(max_length=254)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "customer_identity"
        unique_together = (("kind", "value"),)
        indexes = [Index(fields=("customer_id", "id"), name="identity_of_customer")]  # Customer.identities


class CustomerMerge(Model):
    """Two customers who were found to be one. `moved` says what went from one to the other, for undoing."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    kept: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "shop.Customer", related_name="merges", on_delete=fields.CASCADE
    )
    gone: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "shop.Customer", related_name="merged_by", on_delete=fields.CASCADE
    )
    moved: fields.JSONField[dict[str, Any]] = fields.JSONField()
    actor_kind = fields.CharField(max_length=10)
    actor_id = fields.UUIDField(null=True)
    merged_at = fields.DatetimeField()
    undone_at = fields.DatetimeField(null=True)

    class Meta:
        table = "customer_merge"
        indexes = [Index(fields=("kept_id", "id"), name="merge_of_customer")]  # Customer.merges
