"""Run a bulk edit: page by page in the order of ids, each page a transaction that remembers how far it came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from stoa.domains.catalog.bulk_editing.changing import Refused, change_page
from stoa.domains.catalog.bulk_editing.errors import NoSuchBulkEdit
from stoa.domains.catalog.bulk_editing.orders import Order
from stoa.domains.catalog.bulk_editing.snapshots import Snapshot, as_rows, differences, snapshots
from stoa.domains.catalog.bulk_editing.undoing import put_back
from stoa.domains.catalog.choosing import condition_of
from stoa.domains.catalog.models import BULK_EDITS_AT_WORK, BulkEdit, BulkEditOutcome, BulkEditState, percent_edited
from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.kit.ids import new_id
from stoa.kit.languages import Sentence
from stoa.tenants import live
from stoa.tenants.context import Context
from stoa.tenants.database import Step, shop_client, shop_transaction

PAGE = 200
EXAMPLES, KEPT_REFUSALS = 100, 10_000  # rows of a dry run; rows of what was refused
FIRST = UUID(int=0)
_COUNT = "SELECT count(*) AS products FROM product p WHERE "
_PAGE = "SELECT p.id FROM product p WHERE p.id > $1 AND "
_IN_ORDER = f" ORDER BY p.id LIMIT {PAGE} FOR UPDATE"
_KEEP = """
INSERT INTO bulk_edit_row (id, run_id, product_id, title, outcome, code, message, changes, before, after)
SELECT id, $2, product_id, title, outcome, code, message, changes, nullif(before, 'null'), nullif(after, 'null')
FROM jsonb_to_recordset($1::jsonb) AS row (id uuid, product_id uuid, title text, outcome text, code text, message jsonb,
  changes jsonb, before jsonb, after jsonb)
"""


class Superseded(Exception):
    """Another attempt at the same run has taken over."""


async def run_bulk_edit(
    ctx: Context, run_id: UUID, *, step: Step = shop_transaction, finish: Step = shop_transaction
) -> BulkEdit:
    """Do what is left to do of a run, forwards or back; of one that has ended, nothing. May be broken off at any
    moment and called again. Live listeners hear of its progress."""
    run = await _take_over(run_id)
    work = Work(ctx, run, step)
    while run.state in BULK_EDITS_AT_WORK and await work.page():
        work.tell()
    async with finish():
        if run.state in BULK_EDITS_AT_WORK:
            await work.hold()
            run.state = _end_of(run)
            run.finished_at = now()
            await run.save()
    work.tell()
    return run


async def fail_bulk_edit(run_id: UUID, reason: Sentence) -> None:
    """End a run that no attempt brings to its end; what it has done stays, and can be undone."""
    async with shop_transaction():
        run = await BulkEdit.filter(id=run_id).select_for_update().get_or_none()
        if run is not None and run.state in BULK_EDITS_AT_WORK:
            run.state, run.finished_at, run.failure = (
                BulkEditState.FAILED,
                now(),
                Sentence("It was broken off: {reason}", {"reason": reason}).kept(),
            )
            run.attempt += 1
            await run.save()


async def has_ended(run_id: UUID) -> bool:
    """Whether nothing more will happen to the run, also when there is no such run."""
    return not await BulkEdit.exists(id=run_id, state__in=BULK_EDITS_AT_WORK)


def _end_of(run: BulkEdit) -> BulkEditState:
    if run.state is BulkEditState.UNDOING:
        return BulkEditState.UNDONE
    return BulkEditState.CANCELLED if run.cancel_asked else BulkEditState.DONE


@dataclass(slots=True)
class Work:
    """One attempt at a run."""

    ctx: Context
    run: BulkEdit
    step: Step

    async def page(self) -> bool:
        """The next page, if there is one and nobody wants the run to end."""
        async with self.step():
            await self.hold()
            if self.run.state is BulkEditState.UNDOING:
                more = await put_back(self.ctx, self.run)
            else:
                more = not self.run.cancel_asked and await self._forwards()
            await self.run.save()
        return more

    async def _forwards(self) -> bool:
        order = Order.read(self.run.changes)
        chosen = condition_of(self.run.chosen, before=1)
        statement = _PAGE + chosen.sql + _IN_ORDER
        rows = await shop_client().execute_query_dict(statement, [self.run.last_id or FIRST, *chosen.values])
        if not rows:
            return False
        found = await snapshots([row["id"] for row in rows])
        seen, refused = await change_page(self.ctx, order, found, dry_run=self.run.dry_run)
        await self._note(order, found, seen, refused)
        self.run.last_id, self.run.products_done = rows[-1]["id"], self.run.products_done + len(rows)
        return len(rows) == PAGE

    async def _note(
        self, order: Order, found: dict[UUID, Snapshot], seen: dict[UUID, Snapshot], refused: Refused
    ) -> None:
        changed = [_changed(order, id, found[id], each) for id, each in seen.items() if id not in refused]
        changed = [each for each in changed if each["before"] != each["after"]]
        failed = [_failed(id, found[id], refusal) for id, refusal in refused.items()]
        room = EXAMPLES - self.run.products_changed if self.run.dry_run else len(changed)
        kept = changed[: max(room, 0)] + failed[: max(KEPT_REFUSALS - self.run.products_refused, 0)]
        self.run.products_changed += len(changed)
        self.run.products_refused += len(failed)
        await _keep(self.run, sorted(kept, key=lambda row: row["product_id"]))

    async def hold(self) -> None:
        """Raises `Superseded` when the run is not ours any more."""
        held = await BulkEdit.filter(id=self.run.id).select_for_update().values("attempt", "cancel_asked")
        if not held or held[0]["attempt"] != self.run.attempt:
            raise Superseded(f"Another attempt at the bulk edit {self.run.id} is at work.")
        self.run.cancel_asked = held[0]["cancel_asked"]

    def tell(self) -> None:
        """Tell those who listen to ``bulk_edit:<uuid>`` at this moment."""
        run = self.run
        percent = percent_edited(run.state, run.products_done, run.products_total)
        body = {"id": str(run.id), "state": run.state, "percent": percent, "products_done": run.products_done}
        live.announce(self.ctx, f"bulk_edit:{run.id}", body)


async def _take_over(run_id: UUID) -> BulkEdit:
    """Make this attempt the one that counts."""
    async with shop_transaction():
        run = await BulkEdit.filter(id=run_id).select_for_update().get_or_none()
        if run is None:
            raise NoSuchBulkEdit("There is no such bulk edit.")
        if run.state in BULK_EDITS_AT_WORK:
            run.attempt += 1
            run.started_at = run.started_at or now()
            if run.state is BulkEditState.QUEUED:
                run.state, run.products_total = BulkEditState.RUNNING, await _count(run)
            await run.save()
    return run


async def _count(run: BulkEdit) -> int:
    chosen = condition_of(run.chosen, before=0)
    [row] = await shop_client().execute_query_dict(_COUNT + chosen.sql, chosen.values)
    return int(row["products"])


def _changed(order: Order, id: UUID, before: Snapshot, after: Snapshot) -> dict[str, Any]:
    parts = order.parts
    return {
        "product_id": id,
        "title": after.title,
        "outcome": BulkEditOutcome.CHANGED,
        "changes": as_rows(differences(before, after)),
        "before": before.only(parts),
        "after": after.only(parts),
    }


def _failed(id: UUID, found: Snapshot, refusal: Any) -> dict[str, Any]:
    return {
        "product_id": id,
        "title": found.title,
        "outcome": BulkEditOutcome.REFUSED,
        "code": refusal.code,
        "message": refusal.sentence.kept(),
        "changes": [],
    }


async def _keep(run: BulkEdit, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        given = [{**row, "id": new_id()} for row in rows]
        await shop_client().execute_query(_KEEP, [as_json(given), run.id])
