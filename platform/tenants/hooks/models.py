"""Rows of webhooks, in the `platform` schema: one look finds what is due anywhere. A shop's role sees its own."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from stoa.kit.ids import new_id

SCHEMA = "platform"


class WebhookState(StrEnum):
    """A hook that is paused hears nothing and is sent nothing; what waited for it waits on.

    DELETED is nobody's any more; the row goes later, for an event may be on its way to it at this moment.
    """

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    DELETED = "DELETED"


class PauseReason(StrEnum):
    """ASKED: by the merchant. GONE: the receiver says so. FAILING: for days. BROKEN: its query runs no more."""

    ASKED = "ASKED"
    GONE = "GONE"
    FAILING = "FAILING"
    BROKEN = "BROKEN"


class DeliveryState(StrEnum):
    WAITING = "WAITING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


class Webhook(Model):
    """Where a shop's news are sent, which ones, and by what query their payload is made.

    `events` are names of event classes; `scopes` what the query needs, which whoever saved it (`actor_...`) had.
    `secret` and `old_secret` are sealed (sealing.py); the old one signs along until `old_secret_until`. `failures`
    counts attempts since the last that arrived, `failing_since` is when the first of them was, and `rest_until` how
    long the receiver is left alone after them. `turn` is the job that is sending now, until `turn_until` at the latest.
    `pause_note` is a `Sentence.kept`.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    shop_schema = fields.CharField(max_length=45)
    name = fields.CharField(max_length=120)
    address = fields.CharField(max_length=2000)
    events: fields.JSONField[list[str]] = fields.JSONField()
    query = fields.TextField()
    scopes: fields.JSONField[list[str]] = fields.JSONField()
    secret = fields.TextField()
    old_secret = fields.TextField(null=True)
    old_secret_until = fields.DatetimeField(null=True)
    state = fields.CharEnumField(WebhookState, max_length=10, default=WebhookState.ACTIVE)
    pause_reason = fields.CharEnumField(PauseReason, max_length=10, null=True)
    pause_note: fields.JSONField[dict[str, Any] | None] = fields.JSONField(null=True)
    paused_at = fields.DatetimeField(null=True)
    failures = fields.IntField(default=0)
    failing_since = fields.DatetimeField(null=True)
    rest_until = fields.DatetimeField(null=True)
    turn = fields.UUIDField(null=True)
    turn_until = fields.DatetimeField(null=True)
    delivered_at = fields.DatetimeField(null=True)
    actor_kind = fields.CharField(max_length=10)
    actor_id = fields.UUIDField(null=True)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()

    class Meta:
        table = "webhook"
        schema = SCHEMA
        indexes = [Index(fields=("shop_schema", "id"), name="webhook_of_shop")]  # the outbox's look, and the list


class WebhookDelivery(Model):
    """That one event goes to one hook. `body` is what was sent, so that a retry sends the same.

    `event_name` and `subject_id` are the event's; `sequence` is its place among the subject's, once it is known.
    `scopes` is what the query needed that made the body: who has less is not shown it. `tries` counts since the
    delivery was made or replayed, `attempts_made` all.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    shop_schema = fields.CharField(max_length=45)
    webhook: fields.ForeignKeyRelation[Webhook] = fields.ForeignKeyField(
        "platform.Webhook", related_name="deliveries", on_delete=fields.CASCADE
    )
    event_id = fields.UUIDField()
    event_name = fields.CharField(max_length=80)
    subject_id = fields.UUIDField()
    happened_at = fields.DatetimeField()
    sequence = fields.BigIntField(null=True)
    state = fields.CharEnumField(DeliveryState, max_length=10, default=DeliveryState.WAITING)
    due_at = fields.DatetimeField()
    tries = fields.IntField(default=0)
    attempts_made = fields.IntField(default=0)
    body = fields.TextField(null=True)
    scopes: fields.JSONField[list[str] | None] = fields.JSONField(null=True)
    last_status = fields.IntField(null=True)
    last_code = fields.CharField(max_length=40, null=True)
    ended_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "webhook_delivery"
        schema = SCHEMA
        unique_together = (("webhook", "event_id"),)
        indexes = [
            Index(fields=("shop_schema", "id"), name="webhook_delivery_of_shop"),  # the log of all hooks
            Index(fields=("webhook_id", "id"), name="webhook_delivery_of_hook"),  # the log of one
        ]


class WebhookAttempt(Model):
    """One try at a delivery, and what came of it: a status, or why there was none. `error` is a `Sentence.kept`."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    shop_schema = fields.CharField(max_length=45)
    delivery: fields.ForeignKeyRelation[WebhookDelivery] = fields.ForeignKeyField(
        "platform.WebhookDelivery", related_name="attempts", on_delete=fields.CASCADE
    )
    made_at = fields.DatetimeField()
    milliseconds = fields.IntField()
    status = fields.IntField(null=True)
    answer = fields.TextField()
    code = fields.CharField(max_length=40, null=True)
    error: fields.JSONField[dict[str, Any] | None] = fields.JSONField(null=True)

    class Meta:
        table = "webhook_attempt"
        schema = SCHEMA
        indexes = [Index(fields=("delivery_id", "id"), name="webhook_attempt_of_delivery")]


class WebhookSequence(Model):
    """The place of an event among those of its subject, given when a hook first needed it (numbering.py)."""

    event_id = fields.UUIDField(primary_key=True, default=new_id)
    shop_schema = fields.CharField(max_length=45)
    subject_id = fields.UUIDField()
    number = fields.BigIntField()

    class Meta:
        table = "webhook_sequence"
        schema = SCHEMA
        unique_together = (("shop_schema", "subject_id", "number"),)
