"""Start, cancel and undo bulk edits: what a merchant orders; the work is done by a job."""

from __future__ import annotations

from uuid import UUID

from stoa.domains.catalog.bulk_editing.errors import (
    CannotCancelBulkEdit,
    CannotUndoBulkEdit,
    NoSuchBulkEdit,
    NothingChosen,
    TooManyBulkEdits,
)
from stoa.domains.catalog.bulk_editing.orders import Order, checked_order
from stoa.domains.catalog.choosing import Chosen, check_chosen
from stoa.domains.catalog.models import BULK_EDITS_AT_WORK, BulkEdit, BulkEditState
from stoa.kit.clock import now
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import enqueue

JOB = "catalog.work_on_bulk_edit"
MAX_AT_WORK = 3
ONE_BY_ONE = "SELECT pg_advisory_xact_lock(hashtextextended('bulk edits of ' || current_schema(), 0))"
STOPPED = (BulkEditState.DONE, BulkEditState.CANCELLED, BulkEditState.FAILED)


async def start_bulk_edit(
    ctx: Context, chosen: Chosen, order: Order, *, everything: bool = False, dry_run: bool = False
) -> BulkEdit:
    """Order a change to the chosen products, as they are when it comes to them; to all only when `everything` says so.

    Raises `NothingChosen`, `TooManyBulkEdits`, and what is wrong with the filter or the changes.
    """
    if not chosen and not everything:
        raise NothingChosen("Choose products by a filter or a search; or say that everything is meant.", path=["where"])
    await check_chosen(ctx, chosen)
    async with shop_transaction():
        order = await checked_order(ctx, order)
        await _require_room()
        run = await BulkEdit.create(chosen=chosen.kept(), changes=order.kept(), dry_run=dry_run)
        await _order(ctx, run)
    return run


async def cancel_bulk_edit(ctx: Context, run_id: UUID) -> BulkEdit:
    """End it before its end. What it has done by then stays, and can be undone. Twice changes nothing."""
    async with shop_transaction():
        run = await _locked(run_id)
        if run.state is BulkEditState.QUEUED:
            run.state, run.finished_at, run.cancel_asked = BulkEditState.CANCELLED, now(), True
        elif run.state is BulkEditState.RUNNING and not run.cancel_asked:
            run.cancel_asked = True
            await _order(ctx, run)  # if nobody works on it any more, this job will
        elif not run.cancel_asked or run.state is BulkEditState.UNDOING:
            raise CannotCancelBulkEdit("This bulk edit is {state}: it cannot be cancelled.", state=run.state.lower())
        await run.save()
    return run


async def undo_bulk_edit(ctx: Context, run_id: UUID) -> BulkEdit:
    """Put back what it changed. Products of which just that was changed since stay as they are, and their rows say so.
    Twice changes nothing."""
    async with shop_transaction():
        run = await _locked(run_id)
        if run.state in (BulkEditState.UNDOING, BulkEditState.UNDONE):
            return run
        if run.dry_run:
            raise CannotUndoBulkEdit("It was a dry run: there is nothing to undo.")
        if run.state not in STOPPED:
            raise CannotUndoBulkEdit("This bulk edit is {state}: cancel it first.", state=run.state.lower())
        await _require_room()
        run.state, run.finished_at, run.last_id = BulkEditState.UNDOING, None, None
        run.products_total, run.products_done = run.products_changed, 0
        await run.save()
        await _order(ctx, run)
    return run


async def _require_room() -> None:
    await shop_client().execute_query(ONE_BY_ONE)
    if await BulkEdit.filter(state__in=BULK_EDITS_AT_WORK).count() >= MAX_AT_WORK:
        raise TooManyBulkEdits("{limit} bulk edits are at work; wait for the end of one.", limit=MAX_AT_WORK)


async def _locked(run_id: UUID) -> BulkEdit:
    run = await BulkEdit.filter(id=run_id).select_for_update().get_or_none()
    if run is None:
        raise NoSuchBulkEdit("There is no such bulk edit.", path=["id"])
    return run


async def _order(ctx: Context, run: BulkEdit) -> None:
    await enqueue(ctx, JOB, {"bulk_edit_id": str(run.id)}, kind="imports")
