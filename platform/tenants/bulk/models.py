"""Rows of bulk runs, of all merchants, and so in the `platform` schema; each shop sees its own."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from stoa.kit.ids import new_id
from stoa.tenants.models import SCHEMA, Job


class BulkKind(StrEnum):
    QUERY = "QUERY"
    MUTATION = "MUTATION"


class BulkState(StrEnum):
    """EXPIRED: it had a file, which has been deleted since."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


AT_WORK = (BulkState.QUEUED, BulkState.RUNNING)


class BulkRun(Model):
    """A query to be read to its end, or a mutation to be done for every line of a file.

    `asker` (kind, id, name) and `scopes` are who asked and what they might do then; `needs` the rights that the
    answer takes, and so whoever fetches it. `cursor` is where a query has come to; `parts` are the pieces of its file
    so far (key and size), `part_key` the one that is being written. `objects_*` count the root list's objects, or the
    lines of the file that was sent; `lines_*` what is in the file of answers. `failure` is as `Sentence.kept` has it.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    shop_schema = fields.CharField(max_length=45)
    kind = fields.CharEnumField(BulkKind, max_length=10)
    state = fields.CharEnumField(BulkState, max_length=10, default=BulkState.QUEUED)
    document = fields.TextField()
    variables: fields.JSONField[dict[str, Any] | None] = fields.JSONField(null=True)
    upload_id = fields.UUIDField(null=True)
    asker: fields.JSONField[dict[str, Any]] = fields.JSONField()
    scopes: fields.JSONField[list[str]] = fields.JSONField()
    needs: fields.JSONField[list[str]] = fields.JSONField()
    locale = fields.CharField(max_length=5, default="en")
    job: fields.ForeignKeyNullableRelation[Job] = fields.ForeignKeyField(
        "platform.Job", null=True, db_constraint=False, on_delete=fields.NO_ACTION, related_name=False
    )
    cursor = fields.CharField(max_length=200, null=True)
    objects_done = fields.BigIntField(default=0)
    objects_total = fields.BigIntField(null=True)
    lines_written = fields.BigIntField(default=0)
    lines_failed = fields.BigIntField(default=0)
    parts: fields.JSONField[list[list[Any]]] = fields.JSONField(default=list)
    part_key = fields.CharField(max_length=200, null=True)
    file_key = fields.CharField(max_length=200, null=True)
    size = fields.BigIntField(null=True)
    is_partial = fields.BooleanField(default=False)
    failure: fields.JSONField[dict[str, Any] | None] = fields.JSONField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    started_at = fields.DatetimeField(null=True)
    finished_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField(null=True)

    # What changes as a run gets on: all that a shop's role may write of it afterwards (migration 0011_bulk).
    GETS_ON = (
        *("state", "cursor", "objects_done", "objects_total", "lines_written", "lines_failed", "parts", "part_key"),
        *("file_key", "size", "is_partial", "failure", "started_at", "finished_at", "expires_at"),
    )

    class Meta:
        table = "bulk_run"
        schema = SCHEMA
        indexes = [
            Index(fields=("shop_schema", "id"), name="bulk_run_of_shop"),  # a shop's list, newest first
            Index(fields=("shop_schema", "state", "id"), name="bulk_run_of_shop_by_state"),  # how many are at work
            Index(fields=("expires_at",), name="bulk_run_expiring"),  # the sweep, over all shops
        ]


def percent_run(state: str, done: int, total: int | None) -> int | None:
    """0 to 100; of what has ended, 100; None while nobody knows how much there is."""
    if state not in AT_WORK:
        return 100
    if state == BulkState.QUEUED:
        return 0
    return None if total is None else min(99, 100 * done // total) if total else 0
