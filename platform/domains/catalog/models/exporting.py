"""Rows of exports: the catalog on its way into a file, and where the file is."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.models import Model

from stoa.kit.ids import new_id
from stoa.kit.languages import Sentence


class FileFormat(StrEnum):
    """A table of products whose columns are agreed upon."""

    SHOPIFY = "SHOPIFY"
    GENERIC = "GENERIC"


class ExportState(StrEnum):
    """EXPIRED: it was DONE, and its file has been deleted since."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"


AT_WORK = (ExportState.QUEUED, ExportState.RUNNING)


class ExportRun(Model):
    """One order to write products into a file. `chosen` says which (choosing.py), all when it is empty.

    `with_costs`: whoever ordered it may see what the shop pays, and so must whoever fetches it. `attempt` is the
    fence: who holds a lower number has been replaced. `failure` is a sentence as `Sentence.kept` writes it.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    format = fields.CharEnumField(FileFormat, max_length=10)
    chosen: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict)
    with_bom = fields.BooleanField(default=False)
    with_costs = fields.BooleanField(default=False)
    state = fields.CharEnumField(ExportState, max_length=10, default=ExportState.QUEUED)
    failure: fields.JSONField[dict[str, Any] | None] = fields.JSONField(null=True)
    file_name = fields.CharField(max_length=120)
    file_key = fields.CharField(max_length=200, null=True)
    size = fields.BigIntField(null=True)
    products_total = fields.IntField(default=0)
    products_done = fields.IntField(default=0)
    lines_written = fields.BigIntField(default=0)
    attempt = fields.IntField(default=0)
    created_at = fields.DatetimeField(auto_now_add=True)
    started_at = fields.DatetimeField(null=True)
    finished_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField(null=True)

    class Meta:
        table = "export_run"

    @property
    def why_failed(self) -> Sentence | None:
        return None if self.failure is None else Sentence.of(self.failure)


def percent_exported(state: str, products_done: int, products_total: int) -> int:
    """0 to 100; of what has ended, 100."""
    if state not in AT_WORK:
        return 100
    return min(99, 100 * products_done // products_total) if products_total else 0
