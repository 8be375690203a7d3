"""Make a report: check the rights once more, gather, have it written, keep the file, and end it."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from stoa.graphql.reporting.registry import definition
from stoa.graphql.reporting.wishing import Parameters, wish
from stoa.kit.clock import now
from stoa.kit.errors import Refusal, Refusals
from stoa.kit.languages import Locale, Sentence
from stoa.kit.reporting import MOST_ROWS, Presses, Spool, TooLong, Written
from stoa.tenants.access.rights import rights_of
from stoa.tenants.attempting import forget_attempts, key_of_attempt
from stoa.tenants.context import Actor, Context
from stoa.tenants.database import shop_transaction
from stoa.tenants.jobs import CANCELLED, Job, end_of_job
from stoa.tenants.models import JobState
from stoa.tenants.outbox import enqueue_each
from stoa.tenants.reporting.ending import end_report, fail_report, take_up_again
from stoa.tenants.reporting.errors import NotAllowedAnyMore, ReportTooLarge
from stoa.tenants.reporting.models import Report, ReportState
from stoa.tenants.reporting.requesting import report_of, report_to_make
from stoa.tenants.uploading import shop_files
from stoa.workers.reports.gathering import gather
from stoa.workers.reports.mailing import languages_of

CHUNK: Final = 256 * 1024
FOLDER: Final = "reports"
MAIL: Final = "reports.mail"
NOT_WRITTEN: Final = Sentence("The file could not be written; try again later.")
ROWS_A_STEP: Final = 100  # what progress counts in; nobody knows how many there will be


@dataclass(slots=True)
class _Making:
    """One attempt at a report."""

    ctx: Context
    job: Job
    report: Report

    async def run(self, folder: Path) -> tuple[Written, int]:
        spool_path, out = folder / "spool", folder / "file"
        asker, report = await self._asker(), self.report
        found = definition(report.definition)
        asked = Parameters.of(report.parameters)
        wished = wish(
            self.ctx.shop,
            asker.locale,
            asked,
            asker.scopes,
            moment=now(),
            made_by=report.actor_name,
        )
        with Spool(spool_path) as spool:
            await gather(asker, found, wished, spool, MOST_ROWS[report.format], self._progress)
        return await self._written(spool_path, out), spool.rows

    async def _asker(self) -> Context:
        """Whoever asked, with those of the rights that they still have. Raises `NotAllowedAnyMore`."""
        report = self.report
        kind: Any = report.actor_kind  # the column holds one of the three
        actor = Actor(kind, report.actor_id, report.actor_name)
        rights = await rights_of(actor, self.ctx.shop.id)
        missing = [each for each in report.scopes if rights is None or each not in rights.scopes]
        if missing:
            raise NotAllowedAnyMore(
                "{name} does not have the scope {scope} any more.", name=report.actor_name, scope=missing[0]
            )
        locale: Locale = "zh" if report.locale == "zh" else "en"
        return replace(self.ctx, actor=actor, scopes=frozenset(report.scopes), locale=locale)

    async def _written(self, spool: Path, out: Path) -> Written:
        try:
            return await presses().write(spool, out, self.report.format)
        except TooLong:
            raise ReportTooLarge(
                "The report took too long to write. Ask for fewer days, or for another format."
            ) from None

    async def _progress(self, rows: int) -> None:
        done = rows // ROWS_A_STEP
        await self.job.progress(done, done + ROWS_A_STEP)


async def make_report(ctx: Context, job: Job, report_id: UUID) -> None:
    """Bring a report to its end. May be broken off at any moment and called again: nothing that was begun stays.

    A report that is refused is failed at once, with the reason; `NotWritten` is for another attempt. One that has
    failed is here because somebody has had its job done again.
    """
    report = await report_to_make(ctx, report_id)
    if report is None or report.state in (ReportState.DONE, ReportState.EXPIRED):
        return
    if report.state is ReportState.FAILED:
        await take_up_again(report)
    await forget_attempts(shop_files(ctx.shop), FOLDER, report.id, before=job.attempt)
    with tempfile.TemporaryDirectory(prefix="stoa-report-") as folder:
        try:
            written, rows = await _Making(ctx, job, report).run(Path(folder))
        except (Refusal, Refusals) as refusal:
            await fail_report(ctx, report.id, _why(refusal))
            raise
        await _keep(ctx, job, report, written, rows)


async def _keep(ctx: Context, job: Job, report: Report, written: Written, rows: int) -> None:
    otherwise: Locale = "zh" if report.locale == "zh" else "en"
    readers = await languages_of(report.recipients, otherwise)
    files = shop_files(ctx.shop)
    key = key_of_attempt(files, FOLDER, report.id, job.attempt)
    try:
        size = await files.put(key, _chunks(written.path))
        async with shop_transaction() if readers else nullcontext():
            await end_report(ctx, job, report, key, size, rows)
            await _plan_mails(ctx, report, readers)
        job.is_finished = True
    except BaseException:
        await files.delete(key)
        raise


async def _plan_mails(ctx: Context, report: Report, readers: Mapping[str, Locale]) -> None:
    """In the open transaction, where there is anybody to write to."""
    mails = [{"report_id": str(report.id), "address": each, "locale": locale} for each, locale in readers.items()]
    keys = [f"{report.id} {each}" for each in readers]
    await enqueue_each(ctx, MAIL, mails, kind="notifications", dedupe_keys=keys, max_attempts=10)


async def give_up(ctx: Context, report_id: UUID, job_id: UUID) -> None:
    """Of a report that no attempt brings to its end, and has not been failed with a better reason; unless somebody has
    had its job done again meanwhile."""
    state, attempts = await end_of_job(job_id)
    if state not in (None, JobState.DEAD, JobState.CANCELLED):
        return
    await fail_report(ctx, report_id, CANCELLED if state == JobState.CANCELLED else NOT_WRITTEN)
    report = await report_of(report_id)
    if report is not None and report.file_key is None:
        await forget_attempts(shop_files(ctx.shop), FOLDER, report_id, before=attempts + 1)


def _why(refusal: Refusal | Refusals) -> Sentence:
    return refusal.sentence if isinstance(refusal, Refusal) else refusal.refusals[0].sentence


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


@lru_cache(maxsize=1)
def presses() -> Presses:
    """Those of this process."""
    return Presses()
