"""End bulk runs: with the whole file, or with as much of it as there was when they failed or were cancelled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from stoa.kit.clock import now
from stoa.kit.files import Files
from stoa.kit.ids import new_id
from stoa.kit.languages import Sentence
from stoa.tenants.access.scopes import Scope
from stoa.tenants.bulk.errors import BulkRunOver, NoSuchBulkRun
from stoa.tenants.bulk.events import BulkRunEnded
from stoa.tenants.bulk.models import AT_WORK, BulkKind, BulkRun, BulkState
from stoa.tenants.bulk.running import locked, run_of, save, tell
from stoa.tenants.bulk.taking import answers_of, forget_answers, tally
from stoa.tenants.context import Context
from stoa.tenants.database import Step, shop_client, shop_transaction
from stoa.tenants.jobs import end_of_job
from stoa.tenants.models import JobState
from stoa.tenants.outbox import publish
from stoa.tenants.uploading import shop_files

KEPT = timedelta(days=7)  # the file
BROKEN_OFF = Sentence("It was tried several times and broken off, by a fault on our side that has been noted.")
CANCEL_JOB = "SELECT platform.cancel_job($1) AS was"


async def complete(ctx: Context, run: BulkRun, *, step: Step, finish: Step) -> None:
    """End a run all of whose work is done: its file, and DONE, come together."""
    files = shop_files(ctx.shop)
    key, size = await _whole(ctx, run, step)
    try:
        async with finish():
            run.state = BulkState.DONE
            await _end(ctx, run, key, size)
    except BaseException:
        if [key] != [part[0] for part in run.parts]:
            await files.delete(key)
        raise
    await clear(ctx, run)


async def fail_run(ctx: Context, run_id: UUID, failure: Sentence, step: Step) -> None:
    """Say why a run comes to nothing. What there is of its file is handed out by `break_off`."""
    async with step():
        run = await locked(run_id)
        if run is not None and run.state in AT_WORK:
            run.state, run.failure = BulkState.FAILED, failure.kept()
            await _note_end(run)


async def cancel_run(ctx: Context, run_id: UUID) -> None:
    """Cancel a run that has not ended; twice changes nothing. One's own, or anybody's with `shop:write`.

    What a mutation has done stays done, and what was written so far can be fetched in a moment. Raises `BulkRunOver`.
    """
    async with shop_transaction():
        seen = await run_of(run_id)
        if seen is None:
            raise NoSuchBulkRun("There is no such bulk run.", path=["id"])
        if seen.asker["id"] != str(ctx.actor.id):
            ctx.require(Scope.SHOP_WRITE)
        # the job first, as its attempts do: they hold it while they write the run
        await shop_client().execute_query_dict(CANCEL_JOB, [seen.job_id])  # type: ignore[attr-defined]
        run = await locked(run_id)
        if run is None or run.state is BulkState.CANCELLED:
            return
        if run.state not in AT_WORK:
            raise BulkRunOver("The run has ended already.", path=["id"])
        run.state = BulkState.CANCELLED
        await _note_end(run)
        tell(ctx, run)


async def break_off(ctx: Context, run_id: UUID, *, job_id: UUID, step: Step, finish: Step) -> None:
    """End a run whose job was given up or cancelled: with what was written so far."""
    async with step():
        run = await locked(run_id)
        if run is None or run.state in (BulkState.DONE, BulkState.EXPIRED) or run.file_key is not None:
            return
        if run.state in AT_WORK:
            state, _ = await end_of_job(job_id)
            is_cancelled = state == JobState.CANCELLED
            run.state = BulkState.CANCELLED if is_cancelled else BulkState.FAILED
            run.failure = None if is_cancelled else BROKEN_OFF.kept()
            await _note_end(run)
    await _hand_out(ctx, run, step=step, finish=finish)


async def _note_end(run: BulkRun) -> None:
    run.finished_at, run.expires_at = now(), now() + KEPT
    await save(run, "state", "failure", "finished_at", "expires_at")


async def _hand_out(ctx: Context, run: BulkRun, *, step: Step, finish: Step) -> None:
    left = run.part_key
    key, size = await _whole(ctx, run, step)
    async with finish():
        run.is_partial = True
        await _end(ctx, run, key, size)
    if left is not None and left != key:
        await shop_files(ctx.shop).delete(left)
    await clear(ctx, run)


async def _end(ctx: Context, run: BulkRun, key: str, size: int) -> None:
    """The row and the news of it, in the open transaction."""
    if run.kind is BulkKind.MUTATION:
        run.lines_written, run.lines_failed, run.objects_done = await tally(run.id)
    run.file_key, run.size, run.part_key = key, size, None
    run.finished_at, run.expires_at = run.finished_at or now(), now() + KEPT
    await save(run, *BulkRun.GETS_ON)
    await publish(ctx, BulkRunEnded(run.id, run.kind.value, run.state.value, run.objects_done, run.lines_failed))


async def _whole(ctx: Context, run: BulkRun, step: Step) -> tuple[str, int]:
    """The key of one file with all that there is, and its size. A single piece is that file."""
    if run.kind is BulkKind.QUERY and len(run.parts) == 1:
        return run.parts[0][0], run.parts[0][1]
    files = shop_files(ctx.shop)
    key = files.key("bulk", new_id().hex)
    async with step():
        run.part_key = key
        await save(run, "part_key")
    body = answers_of(run.id) if run.kind is BulkKind.MUTATION else _joined(files, run.parts)
    return key, await files.put(key, body)


async def _joined(files: Files, parts: list[list[Any]]) -> AsyncIterator[bytes]:
    for key, _ in parts:
        async for chunk in files.stream(key):
            yield chunk


async def clear(ctx: Context, run: BulkRun) -> None:
    """Forget what an ended run was made of. What is broken off here is done by the sweep."""
    for key, _ in run.parts:
        if key != run.file_key:
            await shop_files(ctx.shop).delete(key)
    await forget_answers(run.id)
    if run.parts:
        async with shop_transaction():
            run.parts = []
            await save(run, "parts")
