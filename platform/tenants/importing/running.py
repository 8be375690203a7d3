"""Run an import: read, write, and if need be undo, in transactions of which each remembers how far it came."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from uuid import UUID

import msgspec
from tortoise.exceptions import IntegrityError

from stoa.kit.clock import now
from stoa.kit.files import NoSuchFile
from stoa.kit.languages import Sentence
from stoa.kit.tabular.errors import Unreadable
from stoa.kit.tabular.notation import Notation
from stoa.kit.tabular.reading import Place
from stoa.kit.tabular.sniffing import Layout, Table, find_columns
from stoa.tenants.context import Actor, Context
from stoa.tenants.database import Step, shop_client, shop_transaction
from stoa.tenants.importing.batching import Batch, Folder
from stoa.tenants.importing.errors import FileGone, GaveUp, NoRows, NoSuchImport
from stoa.tenants.importing.models import ImportPhase, ImportRun, ImportState
from stoa.tenants.importing.staging import forget_pieces
from stoa.tenants.importing.subjects import Subject
from stoa.tenants.importing.telling import Listener, tell_live
from stoa.tenants.outbox import publish
from stoa.tenants.uploading import shop_files

TELL_EVERY = 0.2  # seconds
MAX_ATTEMPTS = 10  # of attempts that were broken off; then something is wrong with the run itself
TRIES = 3  # of a batch that met somebody else's new thing of the same name


class Superseded(Exception):
    """Another attempt at the same run has taken over."""


class CancelAsked(Exception):
    """Somebody wants the run to end."""


class Checkpoint(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where the next attempt goes on: a place in the file, then a line up to which all is written."""

    layout: Layout
    place: Place
    line: int = 0


@dataclass(slots=True)
class Work:
    """One attempt at a run. `step` opens a transaction on the way, `finish` the last one."""

    ctx: Context
    subject: Subject
    run: ImportRun
    step: Step
    finish: Step
    listener: Listener
    told_at: float = field(default=-1.0)

    @asynccontextmanager
    async def batch(self, *, last: bool = False) -> AsyncIterator[ImportRun]:
        """A transaction for the next part of the work: the run's row is locked, and saved at the end.

        Raises `Superseded` when the run is not ours any more, `CancelAsked` when it is to end.
        """
        async with self.finish() if last else self.step():
            await self._hold()
            yield self.run
            await self.run.save()
        self._tell(at_once=last)

    async def again(self) -> None:
        """Forget what a transaction that was rolled back had counted."""
        await self.run.refresh_from_db()

    async def _hold(self) -> None:
        found = await ImportRun.filter(id=self.run.id).select_for_update().values("attempt", "cancel_asked")
        if not found or found[0]["attempt"] != self.run.attempt:
            raise Superseded(f"Another attempt at the import {self.run.id} is at work.")
        self.run.cancel_asked = found[0]["cancel_asked"]
        if self.run.cancel_asked and self.run.state is ImportState.RUNNING:
            raise CancelAsked

    def _tell(self, *, at_once: bool) -> None:
        moment = time.monotonic()
        if at_once or moment - self.told_at >= TELL_EVERY:
            self.told_at = moment
            self.listener(self.run)


async def run_import(
    ctx: Context,
    run_id: UUID,
    subject: Subject,
    *,
    step: Step = shop_transaction,
    finish: Step = shop_transaction,
    listener: Listener | None = None,
) -> ImportRun:
    """Do what is left to do of a run, from wherever it stands; of one that has ended, nothing.

    May be broken off at any moment and called again: every transaction holds its part of the work and the place
    where the next one begins. A file that is no good ends the run as FAILED, and nothing of it stays.
    `listener` hears of the progress, five times a second at the most; live listeners hear when it is not given.
    """
    run = await _take_over(run_id, subject)
    work = Work(for_orderer(ctx, run), subject, run, step, finish, listener or tell_live(ctx))
    if work.run.is_finished:
        async with finish():
            return work.run
    if work.run.state is ImportState.RUNNING:
        await _forwards(work)
    if work.run.state is ImportState.UNDOING:
        await _backwards(work)
    return work.run


def for_orderer(ctx: Context, run: ImportRun) -> Context:
    """What a run does is done by who ordered it, whoever works on it."""
    return (
        replace(ctx, actor=Actor("token" if run.actor_kind == "token" else "account", run.actor_id))
        if run.actor_id
        else ctx
    )


async def give_up_import(ctx: Context, run_id: UUID, subject: Subject, reason: Sentence) -> None:
    """End a run that no attempt brings to its end: from now on it is being undone, as FAILED."""
    async with shop_transaction():
        run = await ImportRun.filter(id=run_id, subject=subject.name).select_for_update().get_or_none()
        if run is not None and run.state in (ImportState.QUEUED, ImportState.RUNNING):
            _turn_back(run, ImportState.FAILED, GaveUp("The import did not come to its end: {reason}", reason=reason))
            await run.save()


async def _take_over(run_id: UUID, subject: Subject) -> ImportRun:
    """Make this attempt the one that counts."""
    async with shop_transaction():
        run = await ImportRun.filter(id=run_id, subject=subject.name).select_for_update().get_or_none()
        if run is None:
            raise NoSuchImport("There is no such import.")
        if run.is_finished:
            return run
        run.attempt += 1
        run.started_at = run.started_at or now()
        if run.state is ImportState.QUEUED:
            run.state = ImportState.RUNNING
        if run.attempt > MAX_ATTEMPTS and run.state is ImportState.RUNNING:
            _turn_back(run, ImportState.FAILED, GaveUp("{limit} attempts were broken off.", limit=MAX_ATTEMPTS))
        await run.save()
    return run


def _turn_back(run: ImportRun, ends_as: ImportState, failure: Unreadable | None = None) -> None:
    run.state, run.ends_as, run.products_done = ImportState.UNDOING, ends_as, 0
    run.products_total = run.products_created + run.products_updated
    if failure is not None:
        run.failure, run.failure_code = failure.sentence.kept(), failure.code


async def _forwards(work: Work) -> None:
    try:
        if work.run.phase is ImportPhase.READING:
            await _read(work)
        await _write(work)
    except Unreadable as failure:
        await _fail(work, ImportState.FAILED, failure)
    except CancelAsked:
        await _fail(work, ImportState.CANCELLED)


async def _fail(work: Work, ends_as: ImportState, failure: Unreadable | None = None) -> None:
    await work.again()
    work.run.state = ImportState.UNDOING  # so that a wish to cancel does not interrupt
    async with work.batch() as run:
        _turn_back(run, ends_as, failure)


async def _read(work: Work) -> None:
    """From the file to the staging table."""
    folder, layout = await asyncio.to_thread(_open, work)
    async with aclosing(_read_ahead(folder, work.run.id)) as batches:
        async for batch, pieces in batches:
            if batch.is_last and not (work.run.lines_read + batch.lines):
                raise NoRows("The file has a header and no row below it.")
            async with work.batch() as run:
                await work.subject.stage(run, batch, pieces)
                run.checkpoint = msgspec.to_builtins(Checkpoint(layout, batch.place))
                if batch.is_last:
                    await _end_reading(run)


async def _read_ahead(folder: Folder, run_id: UUID) -> AsyncGenerator[tuple[Batch, str | None]]:
    """The batches, and their pieces ready to be staged. While one is staged the next one is read, in a thread: so
    whoever shares the loop goes on."""
    coming = asyncio.create_task(asyncio.to_thread(folder.next_batch, run_id))
    try:
        is_last = False
        while not is_last:
            batch, pieces = await coming
            is_last = batch.is_last
            if not is_last:
                coming = asyncio.create_task(asyncio.to_thread(folder.next_batch, run_id))
            yield batch, pieces
    finally:
        # a thread cannot be stopped: nobody closes the file under it
        await asyncio.wait([coming])
        coming.cancelled() or coming.exception()


def _open(work: Work) -> tuple[Folder, Layout]:
    run = work.run
    try:
        table = Table(shop_files(work.ctx.shop).open(run.file_key), run.bytes_total)
    except NoSuchFile:
        raise FileGone("{file_name} is not there any more; upload it again.", file_name=run.file_name) from None
    if run.checkpoint:
        checkpoint = msgspec.convert(run.checkpoint, Checkpoint)
        layout, place = checkpoint.layout, checkpoint.place
    else:
        layout = table.layout(msgspec.convert(run.options, Notation), run.mapping.values())
        place = layout.rows_at
    columns = find_columns(layout.columns, run.mapping)
    intake = work.subject.intake(work.ctx, run, layout.columns, columns)
    return Folder(table.rows(layout, place), intake, lambda: table.bytes_read), layout


async def _end_reading(run: ImportRun) -> None:
    run.phase = ImportPhase.WRITING
    rows = await shop_client().execute_query_dict(
        "SELECT count(DISTINCT product_key) AS products FROM import_row WHERE run_id = $1", [run.id]
    )
    run.products_total = rows[0]["products"]


async def _write(work: Work) -> None:
    """From the staging table to where it belongs, and DONE."""
    while await _write_batch(work):
        pass
    async with work.batch(last=True) as run:
        run.state, run.finished_at = ImportState.DONE, now()
        await _publish(work)


async def _write_batch(work: Work) -> bool:
    for attempt in range(1, TRIES + 1):
        try:
            async with work.batch() as run:
                checkpoint = msgspec.convert(run.checkpoint, Checkpoint)
                line = await work.subject.write_next(work.ctx, run, checkpoint.line)
                if line is not None:
                    run.checkpoint = msgspec.to_builtins(msgspec.structs.replace(checkpoint, line=line))
            return line is not None
        except IntegrityError:
            # somebody took a code or a handle between our look and our write: look again
            await work.again()
            if attempt == TRIES:
                raise
    raise AssertionError("unreachable")


async def _backwards(work: Work) -> None:
    more = True
    while more:
        async with work.batch() as run:
            more = await work.subject.put_back(work.ctx, run)
    more = True
    while more:
        async with work.batch() as run:
            more = await forget_pieces(run.id)
    async with work.batch(last=True) as run:
        await work.subject.remove_made(run)
        assert run.ends_as is not None
        run.state, run.finished_at = run.ends_as, now()
        await _publish(work)


async def _publish(work: Work) -> None:
    if not work.run.dry_run:
        await publish(work.ctx, work.subject.news(work.run))
