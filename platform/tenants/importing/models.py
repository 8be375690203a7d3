"""Rows of imports: a file on its way into the shop, what was odd about it, and what it takes to undo it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from stoa.kit.ids import new_id
from stoa.kit.languages import Sentence


class ImportState(StrEnum):
    """QUEUED and RUNNING lead to DONE; UNDOING leads to what `ImportRun.ends_as` says."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    UNDOING = "UNDOING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    UNDONE = "UNDONE"


class ImportPhase(StrEnum):
    """First the file is read and folded, and nothing else is touched; then what it is about is written."""

    READING = "READING"
    WRITING = "WRITING"


UNFINISHED = (ImportState.QUEUED, ImportState.RUNNING, ImportState.UNDOING)


class ImportRun(Model):
    """One file on its way into the shop: how far it is, and what came of it.

    `subject` is what the file is about; the `products_...` count products, or whatever it is about instead, and `made`
    what was made besides (with orders: customers, ...). A dry run counts what it would create and update.
    `products_total` is known once the file is read, `products_done` counts those written (or compared, or put back)
    since. `checkpoint` is where the next attempt goes on; `attempt` is the fence: who holds a lower number has been
    replaced. `actor_kind` and `actor_id` name who ordered what is being done: the import, or its undoing. `failure` is
    a `Sentence.kept`.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    subject = fields.CharField(max_length=10, default="products", db_default="products")
    file_key = fields.CharField(max_length=200)
    file_name = fields.CharField(max_length=255)
    source = fields.CharField(max_length=40)
    mapping: fields.JSONField[dict[str, str]] = fields.JSONField()
    options: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict)
    dry_run = fields.BooleanField(default=False)
    state = fields.CharEnumField(ImportState, max_length=20, default=ImportState.QUEUED)
    phase = fields.CharEnumField(ImportPhase, max_length=10, default=ImportPhase.READING)
    ends_as = fields.CharEnumField(ImportState, max_length=20, null=True)
    failure: fields.JSONField[dict[str, Any] | None] = fields.JSONField(null=True)
    failure_code = fields.CharField(max_length=40, null=True)
    bytes_total = fields.BigIntField(default=0)
    bytes_read = fields.BigIntField(default=0)
    lines_read = fields.BigIntField(default=0)
    lines_refused = fields.BigIntField(default=0)
    products_total = fields.IntField(default=0)
    products_done = fields.IntField(default=0)
    products_created = fields.IntField(default=0)
    products_updated = fields.IntField(default=0)
    products_restored = fields.IntField(default=0)
    made: fields.JSONField[dict[str, int]] = fields.JSONField(default=dict, db_default={})
    issue_counts: fields.JSONField[dict[str, int]] = fields.JSONField(default=dict)
    categories_created: fields.JSONField[list[str]] = fields.JSONField(default=list)
    tags_created: fields.JSONField[list[str]] = fields.JSONField(default=list)
    checkpoint: fields.JSONField[dict[str, Any]] = fields.JSONField(null=True)
    attempt = fields.IntField(default=0)
    cancel_asked = fields.BooleanField(default=False)
    actor_kind = fields.CharField(max_length=10, default="system", db_default="system")
    actor_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    started_at = fields.DatetimeField(null=True)
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "import_run"

    @property
    def is_finished(self) -> bool:
        return self.state not in UNFINISHED

    @property
    def why_failed(self) -> Sentence | None:
        return None if self.failure is None else Sentence.of(self.failure)

    @property
    def issues_total(self) -> int:
        """All issues met; the first 10,000 are kept as rows."""
        return total_of(self.issue_counts)

    @property
    def percent(self) -> int:
        return percent_done(
            self.state, self.phase, self.bytes_read, self.bytes_total, self.products_done, self.products_total
        )


def total_of(counts: Mapping[str, int]) -> int:
    return sum(counts.values())


def percent_done(
    state: str, phase: str, bytes_read: int, bytes_total: int, products_done: int, products_total: int
) -> int:
    """Of the work in hand, 0 to 100: reading counts for 80, writing for 20; undoing counts by itself."""
    if state not in UNFINISHED:
        return 100
    done = min(100, 100 * products_done // products_total) if products_total else 0
    if state == ImportState.UNDOING:
        return done
    if phase == ImportPhase.WRITING:
        return 80 + done // 5
    return min(80, 80 * bytes_read // bytes_total) if bytes_total else 0


class ImportRow(Model):
    """What a run has read of one variant (or of a product as such), later lines over earlier ones; gone when written.
    Of orders: what a batch has read of one, `product_key` being the order's.

    `cells` maps a field to [value, line]; `images` are addresses in the order seen, or [address, position, alt];
    `item_key` is the variant's external id, empty for what was said of the product alone. The id is made of the
    run and the item.
    """

    id = fields.UUIDField(primary_key=True)
    run_id = fields.UUIDField()
    line = fields.BigIntField()
    product_key = fields.CharField(max_length=120)
    item_key = fields.CharField(max_length=120)
    cells: fields.JSONField[dict[str, list[Any]]] = fields.JSONField()
    images: fields.JSONField[list[Any]] = fields.JSONField(null=True)

    class Meta:
        table = "import_row"
        indexes = [
            Index(fields=("run_id", "line"), name="import_row_in_order"),  # the next products to write
            Index(fields=("run_id", "product_key"), name="import_row_of_product"),  # all that was read of them
        ]


class ImportIssue(Model):
    """A row of the file that was not taken as it stood: where, why, and what it said. `refused`: not at all.

    `message` is a sentence as `Sentence.kept` writes it: it is said in the language of whoever reads it.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    run: fields.ForeignKeyRelation[ImportRun] = fields.ForeignKeyField("shop.ImportRun", related_name="issues")
    line = fields.BigIntField()
    column_name = fields.CharField(max_length=120)
    code = fields.CharField(max_length=40)
    message: fields.JSONField[dict[str, Any]] = fields.JSONField()
    value = fields.CharField(max_length=200)
    refused = fields.BooleanField(default=False)

    class Meta:
        table = "import_issue"
        indexes = [Index(fields=("run_id", "line", "id"), name="issue_of_run")]  # ImportRun.issues


class ImportChange(Model):
    """What a run did to one product: how it was before (nothing when the run made it), and the mark of how it left it.

    Gone once put back. The mark tells whether anybody changed the product since. Of orders: what the run made, the
    mark telling what kind of thing it is.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    run: fields.ForeignKeyRelation[ImportRun] = fields.ForeignKeyField("shop.ImportRun", related_name="changes")
    product_id = fields.UUIDField()
    line = fields.BigIntField()
    before: fields.JSONField[dict[str, Any] | None] = fields.JSONField(null=True)
    mark = fields.CharField(max_length=32)

    class Meta:
        table = "import_change"
        unique_together = (("run", "product_id"),)
