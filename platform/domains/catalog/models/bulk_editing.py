"""Rows of bulk edits: a change to all the products that a filter finds, and what became of each."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from stoa.kit.ids import new_id


class BulkEditState(StrEnum):
    """UNDOING leads to UNDONE. What a CANCELLED or FAILED one has done by then stays, and can be undone."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    UNDOING = "UNDOING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    UNDONE = "UNDONE"


BULK_EDITS_AT_WORK = (BulkEditState.QUEUED, BulkEditState.RUNNING, BulkEditState.UNDOING)


class BulkEdit(Model):
    """One order to change products. `chosen` says which (choosing.py), `changes` what (bulk_editing/orders.py).

    `last_id` is the product up to which it has come; `attempt` is the fence: who holds a lower number has been
    replaced. A dry run changes nothing and keeps the first of its rows.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    chosen: fields.JSONField[dict[str, Any]] = fields.JSONField()
    changes: fields.JSONField[dict[str, Any]] = fields.JSONField()
    dry_run = fields.BooleanField(default=False)
    state = fields.CharEnumField(BulkEditState, max_length=10, default=BulkEditState.QUEUED)
    failure: fields.JSONField[dict[str, Any] | None] = fields.JSONField(null=True)  # as `Sentence.kept` writes it
    products_total = fields.IntField(default=0)
    products_done = fields.IntField(default=0)
    products_changed = fields.IntField(default=0)
    products_refused = fields.IntField(default=0)
    products_restored = fields.IntField(default=0)
    last_id = fields.UUIDField(null=True)
    attempt = fields.IntField(default=0)
    cancel_asked = fields.BooleanField(default=False)
    created_at = fields.DatetimeField(auto_now_add=True)
    started_at = fields.DatetimeField(null=True)
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "bulk_edit"


def percent_edited(state: str, products_done: int, products_total: int) -> int:
    """0 to 100; of what has ended, 100."""
    if state not in BULK_EDITS_AT_WORK:
        return 100
    return min(99, 100 * products_done // products_total) if products_total else 0


class BulkEditOutcome(StrEnum):
    CHANGED = "CHANGED"
    REFUSED = "REFUSED"
    RESTORED = "RESTORED"
    LEFT = "LEFT"


class BulkEditRow(Model):
    """What became of one product: changed or refused, and when the edit was undone, restored or left as it was.

    `changes` tells it to people: ``[{"field", "old", "new", "of", "label"}]``. `before` and `after` hold what the edit
    may touch, so that undoing knows what to put back, and whether somebody has changed it since.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    run: fields.ForeignKeyRelation[BulkEdit] = fields.ForeignKeyField("shop.BulkEdit", related_name="rows")
    product_id = fields.UUIDField()
    title = fields.CharField(max_length=255)
    outcome = fields.CharEnumField(BulkEditOutcome, max_length=10)
    code = fields.CharField(max_length=40, null=True)
    message: fields.JSONField[dict[str, Any] | None] = fields.JSONField(null=True)  # as `Sentence.kept` writes it
    changes: fields.JSONField[list[dict[str, Any]]] = fields.JSONField(default=list)
    before: fields.JSONField[dict[str, Any]] = fields.JSONField(null=True)
    after: fields.JSONField[dict[str, Any]] = fields.JSONField(null=True)

    class Meta:
        table = "bulk_edit_row"
        indexes = [Index(fields=("run_id", "id"), name="bulk_edit_row_of_run")]  # BulkEdit.rows, undoing
