"""Rows of notifications, of all shops: in the schema `platform`, where row-level security keeps them apart."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from stoa.kit.ids import new_id
from stoa.kit.messaging import Channel
from stoa.tenants.models import SCHEMA


class MessageState(StrEnum):
    """What has become of a message. QUEUED, WAITING and GATHERED are on their way, SENDING has begun."""

    QUEUED = "QUEUED"
    WAITING = "WAITING"
    GATHERED = "GATHERED"
    SENDING = "SENDING"
    SENT = "SENT"
    MERGED = "MERGED"
    SUPPRESSED = "SUPPRESSED"
    FAILED = "FAILED"


class Digest(StrEnum):
    """How often what is gathered is sent, as one message."""

    NONE = "NONE"
    HOURLY = "HOURLY"
    DAILY = "DAILY"


class NotificationRule(Model):
    """Who is told of one kind of news, how. `replaces_default`: the rule that every shop is born with does not hold.

    `members` are ids of accounts; `addresses` is ``[{"channel", "to", "locale"}]``, of people who are no members.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    shop_schema = fields.CharField(max_length=45)
    notice = fields.CharField(max_length=40)
    name = fields.CharField(max_length=120)
    is_active = fields.BooleanField(default=True)
    replaces_default = fields.BooleanField(default=False)
    channels: fields.JSONField[list[str]] = fields.JSONField()
    roles: fields.JSONField[list[str]] = fields.JSONField()
    members: fields.JSONField[list[str]] = fields.JSONField()
    addresses: fields.JSONField[list[dict[str, str]]] = fields.JSONField()
    template_id = fields.UUIDField(null=True)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()

    class Meta:
        table = "notification_rule"
        schema = SCHEMA
        # what a fan-out asks for; and a shop's list of its rules
        indexes = [Index(fields=("shop_schema", "notice", "id"), name="notification_rule_of_notice")]


class NotificationTemplate(Model):
    """What is said, in the merchant's own words; in each language, with gaps that the notice can fill."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    shop_schema = fields.CharField(max_length=45)
    notice = fields.CharField(max_length=40)
    name = fields.CharField(max_length=120)
    title: fields.JSONField[dict[str, str]] = fields.JSONField()
    body: fields.JSONField[dict[str, str]] = fields.JSONField()
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()

    class Meta:
        table = "notification_template"
        schema = SCHEMA
        indexes = [Index(fields=("shop_schema", "id"), name="notification_template_of_shop")]  # a shop's list of them


class NotificationPreference(Model):
    """How one person wants to be told by one shop.

    `switches` is ``{notice or "*": {channel: bool}}``; `digests` and `caps` go by channel; `reached_by` holds where
    they are reached by channels other than mail. Quiet hours are ``HH:MM``, in `time_zone` (empty: the shop's).
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    shop_schema = fields.CharField(max_length=45)
    account_id = fields.UUIDField()
    switches: fields.JSONField[dict[str, dict[str, bool]]] = fields.JSONField(default=dict)
    reached_by: fields.JSONField[dict[str, str]] = fields.JSONField(default=dict)
    digests: fields.JSONField[dict[str, str]] = fields.JSONField(default=dict)
    caps: fields.JSONField[dict[str, int]] = fields.JSONField(default=dict)
    digest_at = fields.CharField(max_length=5, default="09:00")
    quiet_from = fields.CharField(max_length=5, default="")
    quiet_until = fields.CharField(max_length=5, default="")
    urgent_passes = fields.BooleanField(default=False)
    time_zone = fields.CharField(max_length=60, default="")
    locale = fields.CharField(max_length=5, default="")
    version = fields.IntField(default=1)
    updated_at = fields.DatetimeField()

    class Meta:
        table = "notification_preference"
        schema = SCHEMA
        unique_together = (("shop_schema", "account_id"),)


class Notification(Model):
    """One message: of one event, by one rule, to one recipient, by one channel. In the app, it is what is read there.

    `rule` is the id of a rule, or the name of the default one; `recipient` the id of an account, or an address. `scope`
    is what one must be allowed to see to read it. `reason` is a `Sentence.kept`: why it waits, was merged or was
    suppressed. `due_at` is when it will be looked at again; for what is gathered, its digest's slot. `digest_id` names
    the message that carried it. `taken_at` is when sending began: by it, the cap counts.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    shop_schema = fields.CharField(max_length=45)
    notice = fields.CharField(max_length=40)
    event_id = fields.UUIDField()
    rule = fields.CharField(max_length=40)
    channel = fields.CharEnumField(Channel, max_length=10)
    recipient = fields.CharField(max_length=300)
    account_id = fields.UUIDField(null=True)
    address = fields.CharField(max_length=300, default="")
    name = fields.CharField(max_length=120, default="")
    locale = fields.CharField(max_length=5)
    title = fields.CharField(max_length=300)
    body = fields.TextField()
    subject = fields.CharField(max_length=60, default="")
    scope = fields.CharField(max_length=40)
    is_urgent = fields.BooleanField(default=False)
    state = fields.CharEnumField(MessageState, max_length=12)
    reason: fields.JSONField[dict[str, Any] | None] = fields.JSONField(null=True)
    due_at = fields.DatetimeField(null=True)
    digest_id = fields.UUIDField(null=True)
    external_id = fields.CharField(max_length=200, default="")
    failure = fields.TextField(null=True)
    created_at = fields.DatetimeField()
    taken_at = fields.DatetimeField(null=True)
    sent_at = fields.DatetimeField(null=True)
    read_at = fields.DatetimeField(null=True)
    archived_at = fields.DatetimeField(null=True)

    class Meta:
        table = "notification"
        schema = SCHEMA
        unique_together = (("shop_schema", "event_id", "rule", "recipient", "channel"),)

    @property
    def key(self) -> str:
        """What the outside is given, to know it again."""
        return key_of(self.id)


def key_of(message_id: UUID) -> str:
    return f"notification {message_id}"
