"""Rows that every shop has whatever its domains do: its log of events, its kept answers, its uploads."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from stoa.kit.ids import new_id


class EventRow(Model):
    """Something that happened in the shop; the source of timelines and webhooks.

    Never deleted, and never changed, but for what people wrote about somebody who is erased.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    name = fields.CharField(max_length=80)
    subject_id = fields.UUIDField()
    payload: fields.JSONField[dict[str, Any]] = fields.JSONField()
    actor_kind = fields.CharField(max_length=10)
    actor_id = fields.UUIDField(null=True)
    request_id = fields.CharField(max_length=64)
    happened_at = fields.DatetimeField()

    class Meta:
        table = "event"
        indexes = [Index(fields=("subject_id", "id"), name="event_of_subject")]  # the timeline of one thing


class KeptAnswer(Model):
    """The answer given to an idempotency key, so that a repeated request gets it again."""

    key = fields.CharField(max_length=200, primary_key=True)
    request_hash = fields.BinaryField()
    answer: fields.JSONField[dict[str, Any]] = fields.JSONField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "kept_answer"
        indexes = [Index(fields=("created_at",), name="kept_answer_by_age")]  # the sweep of old ones


class UploadState(StrEnum):
    """KEPT: something of the shop stands on the file now, so it does not expire any more."""

    EXPECTED = "EXPECTED"
    RECEIVED = "RECEIVED"
    KEPT = "KEPT"


class Upload(Model):
    """A file that was announced, and then perhaps arrived. `file_key` is empty until its first byte comes."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    file_key = fields.CharField(max_length=200, default="")
    file_name = fields.CharField(max_length=255)
    content_type = fields.CharField(max_length=120)
    size = fields.BigIntField()
    state = fields.CharEnumField(UploadState, max_length=10, default=UploadState.EXPECTED)
    created_at = fields.DatetimeField(auto_now_add=True)
    expires_at = fields.DatetimeField()

    class Meta:
        table = "upload"
