"""Jobs of bulk runs: they stand above GraphQL, because what is done in bulk are queries and mutations."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

from stoa.graphql.bulk.checking import BulkMutation, check_mutation, check_query
from stoa.graphql.bulk.doing import Done, TryAgain, do_line
from stoa.graphql.bulk.reading import Reading
from stoa.kit.errors import Refusal
from stoa.kit.languages import LOCALES, reading
from stoa.tenants import bulk
from stoa.tenants.bulk import BulkKind, BulkRun, Line
from stoa.tenants.bulk.running import save, tell
from stoa.tenants.context import Context
from stoa.tenants.jobs import Job, job, platform_job
from stoa.tenants.shop_models import Upload

ASKED_EVERY = 1.0  # seconds after which the rights of whoever asked are looked up again
TOLD_EVERY = 0.5  # seconds after which a row says again how far its run is
TRIES = 3  # of a line when somebody else is in its way


@job(bulk.JOB, kind="bulk", in_one_transaction=False, on_dead="bulk.break_off")
async def run_in_bulk(ctx: Context, job: Job) -> None:
    """Bring a bulk run to its end, from wherever another attempt has left it."""
    run = await bulk.begin(ctx, UUID(job.payload["bulk_run_id"]), job.step)
    if run is None:
        return
    work = _read if run.kind is BulkKind.QUERY else _do
    try:
        with reading(next(locale for locale in LOCALES if locale == run.locale)):
            await work(ctx, run, job)
    except Refusal as refusal:  # of the run as a whole: nobody need try again
        await bulk.fail_run(ctx, run.id, refusal.sentence, job.step)
        raise
    await bulk.complete(ctx, run, step=job.step, finish=job.finish)


@job("bulk.break_off", kind="bulk", in_one_transaction=False)
async def break_off(ctx: Context, job: Job) -> None:
    """End a run whose job was given up or cancelled, with what there is."""
    run_id, job_id = UUID(job.payload["bulk_run_id"]), UUID(job.payload["job_id"])
    await bulk.break_off(ctx, run_id, job_id=job_id, step=job.step, finish=job.finish)


@platform_job("bulk.sweep")
async def sweep_bulk_runs(job: Job) -> None:
    """Delete the files of all shops' runs whose time is over."""
    while await bulk.sweep_runs():
        pass


@dataclass(slots=True)
class _Asker:
    """Whoever asked for a run, as of the last second."""

    ctx: Context
    run: BulkRun
    present: Context | None = None
    seen_at: float = 0.0

    async def __call__(self) -> Context:
        if self.present is None or monotonic() - self.seen_at >= ASKED_EVERY:
            self.present, self.seen_at = await bulk.present_rights(self.ctx, self.run), monotonic()
        return self.present


async def _read(ctx: Context, run: BulkRun, job: Job) -> None:
    asker = _Asker(ctx, run)
    query = await check_query(await asker(), run.document, run.variables or {})
    pages = Reading(query, asker)
    if run.objects_total is None:
        run.objects_total = await pages.total()
        async with job.step():
            await save(run, "objects_total")

    async def progress(done: int) -> None:
        if run.objects_total:
            await job.progress(done, max(done, run.objects_total))

    await bulk.write_pages(ctx, run, pages.pages(run.cursor), job.step, progress=progress)


async def _do(ctx: Context, run: BulkRun, job: Job) -> None:
    asker = _Asker(ctx, run)
    mutation = await check_mutation(await asker(), run.document)
    file_key = str((await Upload.get(id=run.upload_id)).file_key)
    if run.objects_total is None:
        run.objects_total = await bulk.count_lines(ctx, file_key)
        async with job.step():
            await save(run, "objects_total")
    count = _Count(ctx, run, job)
    await count.begin()
    async with aclosing(bulk.lines_of(ctx, file_key, after=await bulk.next_line(run.id))) as lines:
        async for line in lines:
            await _answer(await asker(), mutation, line, count)


async def _answer(asker: Context, mutation: BulkMutation, line: Line, count: _Count) -> None:
    """Do a line and keep its answer, in one transaction: both are there, or neither."""
    for tries_left in reversed(range(TRIES)):
        try:
            async with count.job.step():
                done = await do_line(asker, mutation, line, is_last_try=not tries_left)
                await bulk.answered(count.run.id, line.number, done.text, is_failed=done.is_failed)
                await count.note(done)
            return await count.tell()
        except TryAgain:
            continue


@dataclass(slots=True)
class _Count:
    """How far a mutation is. The row says so now and then: for every line, that would cost as much as the line."""

    ctx: Context
    run: BulkRun
    job: Job
    noted_at: float = 0.0
    is_new: bool = False

    async def begin(self) -> None:
        self.run.lines_written, self.run.lines_failed, self.run.objects_done = await bulk.tally(self.run.id)

    async def note(self, done: Done) -> None:
        run = self.run
        run.objects_done, run.lines_written = run.objects_done + 1, run.lines_written + 1
        run.lines_failed += done.is_failed
        if monotonic() - self.noted_at >= TOLD_EVERY:
            self.noted_at, self.is_new = monotonic(), True
            await save(run, "objects_done", "lines_written", "lines_failed")

    async def tell(self) -> None:
        if self.is_new:
            self.is_new = False
            tell(self.ctx, self.run)
            await self.job.progress(self.run.objects_done, max(self.run.objects_done, self.run.objects_total or 0))
