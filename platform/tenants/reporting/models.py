"""Rows of reports and of their schedules: in the `platform` schema, for one look over all shops says what is due."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from stoa.kit.ids import new_id
from stoa.kit.languages import Sentence
from stoa.kit.reporting import Format
from stoa.tenants.models import SCHEMA, Job

KEPT = timedelta(days=90)  # a report's file
FORGOTTEN = timedelta(days=365)  # its row


class ReportState(StrEnum):
    """QUEUED until it has ended: how it gets on says its job. EXPIRED: it was DONE, and its file has been deleted."""

    QUEUED = "QUEUED"
    DONE = "DONE"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"


class Cadence(StrEnum):
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"


class ReportSchedule(Model):
    """A report that is made again and again, with the rights of whoever arranged it (`owner_id`, an account), as they
    are then.

    `parameters` are the definition's, as its own `kept` writes them. At `hour`:`minute` in the shop's time zone; on the
    `weekday` (Monday is 0) or the `day` of the month, or its last if it has fewer. `next_at` is its next slot; null
    while it is paused. `failure` tells why it paused itself. `recipients` are addresses; empty: nobody is written to.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    shop_schema = fields.CharField(max_length=45)
    name = fields.CharField(max_length=120)
    definition = fields.CharField(max_length=60)
    format = fields.CharEnumField(Format, max_length=5)
    locale = fields.CharField(max_length=5)
    parameters: fields.JSONField[dict[str, Any]] = fields.JSONField()
    cadence = fields.CharEnumField(Cadence, max_length=10)
    hour = fields.SmallIntField()
    minute = fields.SmallIntField()
    weekday = fields.SmallIntField(default=0)
    day = fields.SmallIntField(default=1)
    recipients: fields.JSONField[list[str]] = fields.JSONField()
    owner_id = fields.UUIDField()
    scopes: fields.JSONField[list[str]] = fields.JSONField()
    next_at = fields.DatetimeField(null=True)
    last_at = fields.DatetimeField(null=True)
    failure: fields.JSONField[dict[str, Any] | None] = fields.JSONField(null=True)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "report_schedule"
        schema = SCHEMA
        indexes = [
            Index(fields=("shop_schema", "id"), name="report_schedule_of_shop"),  # reportSchedules
            Index(fields=("next_at",), name="report_schedule_due"),  # what is due, over all shops
        ]


class Report(Model):
    """One report: asked for, and then a file.

    `scopes` are the rights that it was asked with and needs: whoever fetches the file must have them as well.
    `actor_id` is of the account or token that asked, or that arranged the schedule. `slot` names the moment of the
    schedule that it is for: there is one report for each. `failure` is a sentence as `Sentence.kept` writes it.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    shop_schema = fields.CharField(max_length=45)
    definition = fields.CharField(max_length=60)
    format = fields.CharEnumField(Format, max_length=5)
    locale = fields.CharField(max_length=5)
    parameters: fields.JSONField[dict[str, Any]] = fields.JSONField()
    title = fields.CharField(max_length=200)
    scopes: fields.JSONField[list[str]] = fields.JSONField()
    actor_kind = fields.CharField(max_length=10)
    actor_id = fields.UUIDField(null=True)
    actor_name = fields.CharField(max_length=120)
    schedule: fields.ForeignKeyNullableRelation[ReportSchedule] = fields.ForeignKeyField(
        "platform.ReportSchedule", null=True, related_name="reports", on_delete=fields.SET_NULL
    )
    slot = fields.CharField(max_length=40, null=True)
    recipients: fields.JSONField[list[str]] = fields.JSONField()
    # no constraint: a job is forgotten before its report is
    job: fields.ForeignKeyNullableRelation[Job] = fields.ForeignKeyField(
        "platform.Job", null=True, related_name="reports", db_constraint=False, on_delete=fields.NO_ACTION
    )
    state = fields.CharEnumField(ReportState, max_length=10, default=ReportState.QUEUED)
    failure: fields.JSONField[dict[str, Any] | None] = fields.JSONField(null=True)
    file_name = fields.CharField(max_length=160)
    file_key = fields.CharField(max_length=200, null=True)
    size = fields.BigIntField(null=True)
    rows = fields.IntField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    finished_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField(null=True)
    mailed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "report"
        schema = SCHEMA
        unique_together = (("schedule", "slot"),)
        indexes = [
            Index(fields=("shop_schema", "id"), name="report_of_shop"),  # reports
            Index(fields=("expires_at",), name="report_overdue"),  # the sweep
        ]

    @property
    def why_failed(self) -> Sentence | None:
        return None if self.failure is None else Sentence.of(self.failure)
