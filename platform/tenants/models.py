"""Rows of the `platform` schema: what is known beyond any one shop."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from stoa.kit.ids import new_id
from stoa.tenants.context import ShopRef

SCHEMA = "platform"


class ShopState(StrEnum):
    """SPARE is made and nobody's yet (provisioning.py): only the migrations know it for a shop."""

    SPARE = "SPARE"
    ACTIVE = "ACTIVE"
    DROPPED = "DROPPED"


class Account(Model):
    """A person who signs in. The e-mail is kept as typed; `email_key` is what must be unique."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    email = fields.CharField(max_length=254)
    email_key = fields.CharField(max_length=254, unique=True)
    password_hash = fields.CharField(max_length=200, null=True)
    name = fields.CharField(max_length=120)
    locale = fields.CharField(max_length=5, default="en")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "account"
        schema = SCHEMA


class Shop(Model):
    """A merchant's shop. `schema_name` names its PostgreSQL schema and its role.

    `weight` is its share of the workers' time where shops compete for it: 2 has twice the turns of 1.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    schema_name = fields.CharField(max_length=45, unique=True)
    name = fields.CharField(max_length=120)
    currency = fields.CharField(max_length=3)
    time_zone = fields.CharField(max_length=60)
    locale = fields.CharField(max_length=5, default="en")
    state = fields.CharEnumField(ShopState, max_length=20, default=ShopState.ACTIVE)
    weight = fields.SmallIntField(default=1)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "shop"
        schema = SCHEMA

    @property
    def ref(self) -> ShopRef:
        return ShopRef(self.id, self.schema_name, self.name, self.currency, self.time_zone)

    @classmethod
    async def active(cls, shop_id: UUID) -> ShopRef | None:
        """The shop of that id, for what comes from outside with a credential of its own; None when there is none, or
        it is closed."""
        shop = await cls.get_or_none(id=shop_id, state=ShopState.ACTIVE)
        return None if shop is None else shop.ref


class Membership(Model):
    """An account's place in a shop; the role is a bundle of scopes (access/scopes.py)."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("platform.Account", related_name="memberships")
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("platform.Shop", related_name="memberships")
    role = fields.CharField(max_length=20)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "membership"
        schema = SCHEMA
        unique_together = (("account", "shop"),)
        indexes = [Index(fields=("shop_id",), name="membership_of_shop")]  # a shop's list of its people


class Session(Model):
    """A browser that is signed in. Only the hash of its secret is kept."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    secret_hash = fields.CharField(max_length=64, unique=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("platform.Account", related_name="sessions")
    address = fields.CharField(max_length=45)
    user_agent = fields.CharField(max_length=200)
    created_at = fields.DatetimeField(auto_now_add=True)
    seen_at = fields.DatetimeField(auto_now_add=True)
    expires_at = fields.DatetimeField()

    class Meta:
        table = "session"
        schema = SCHEMA
        indexes = [Index(fields=("account_id",), name="session_of_account")]  # sign-out everywhere


class ApiToken(Model):
    """A program's key to one shop. Only the hash of its secret is kept; `hint` is its first letters."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    secret_hash = fields.CharField(max_length=64, unique=True)
    hint = fields.CharField(max_length=12)
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("platform.Shop", related_name="tokens")
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("platform.Account", related_name="tokens")
    name = fields.CharField(max_length=80)
    scopes: fields.JSONField[list[str]] = fields.JSONField()
    trusted_documents_only = fields.BooleanField(default=False)
    created_at = fields.DatetimeField(auto_now_add=True)
    expires_at = fields.DatetimeField(null=True)
    used_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "api_token"
        schema = SCHEMA
        indexes = [Index(fields=("shop_id",), name="token_of_shop")]  # a shop's list of its tokens


class Attempts(Model):
    """Failed tries of one account or one address: the throttle's memory (access/throttling.py). `failures` fade."""

    key = fields.CharField(max_length=300, primary_key=True)
    failures = fields.FloatField()
    last_at = fields.DatetimeField()
    blocked_until = fields.DatetimeField(null=True)

    class Meta:
        table = "attempts"
        schema = SCHEMA


class JobState(StrEnum):
    QUEUED = "QUEUED"
    SENT = "SENT"
    RUNNING = "RUNNING"
    DONE = "DONE"
    DEAD = "DEAD"
    CANCELLED = "CANCELLED"


class Job(Model):
    """Work to be done for a shop: the outbox. A shop's role may insert its own rows, and see how they get on.

    `attempts` counts deliveries and is the fence: only its holder of the moment may end the job. `failures` counts
    those that went wrong; what was merely lost on the way or given back is not held against the job. `is_ready` says
    of a queued job that its time has come: whoever picks never looks at the others. The platform's
    own work has `tenants/jobs.py`'s PLATFORM_ITSELF for its shop.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    shop_schema = fields.CharField(max_length=45)
    kind = fields.CharField(max_length=20)
    name = fields.CharField(max_length=80)
    payload: fields.JSONField[dict[str, Any]] = fields.JSONField()
    request_id = fields.CharField(max_length=64, null=True)
    dedupe_key = fields.CharField(max_length=200, null=True)
    state = fields.CharEnumField(JobState, max_length=20, default=JobState.QUEUED)
    run_at = fields.DatetimeField()
    attempts = fields.IntField(default=0)
    failures = fields.IntField(default=0)
    max_attempts = fields.IntField(default=5)
    priority = fields.SmallIntField(default=1)
    is_ready = fields.BooleanField(default=False)
    progress_done = fields.BigIntField(null=True)
    progress_total = fields.BigIntField(null=True)
    lease_until = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    started_at = fields.DatetimeField(null=True)
    finished_at = fields.DatetimeField(null=True)
    last_error = fields.TextField(null=True)

    # What a shop's role may read of it: never what it carries, nor how it is handed out (migration 0006_spine).
    SHOWN = (
        *("id", "shop_schema", "kind", "name", "state", "priority", "progress_done", "progress_total", "run_at"),
        *("attempts", "failures", "max_attempts", "created_at", "started_at", "finished_at", "last_error"),
        "request_id",
    )

    class Meta:
        table = "job"
        schema = SCHEMA
        unique_together = (("shop_schema", "name", "dedupe_key"),)


class ClockSlot(Model):
    """The last slot of a clock entry that was planned in one time zone (workers/schedule.py). `key` names both."""

    key = fields.CharField(max_length=150, primary_key=True)
    slot = fields.DatetimeField()

    class Meta:
        table = "clock_slot"
        schema = SCHEMA


class ShopMigration(Model):
    """One migration that one shop has; written in the transaction of its DDL."""

    id = fields.BigIntField(primary_key=True, generated=True)
    shop_schema = fields.CharField(max_length=45)
    name = fields.CharField(max_length=100)
    applied_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "shop_migration"
        schema = SCHEMA
        unique_together = (("shop_schema", "name"),)


class TrustedDocument(Model):
    """A GraphQL document a shop allows: a credential in allow-list mode runs these and no other."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("platform.Shop", related_name="documents")
    sha256 = fields.CharField(max_length=64)
    body = fields.TextField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "trusted_document"
        schema = SCHEMA
        unique_together = (("shop", "sha256"),)
