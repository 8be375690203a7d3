"""How reports end: with a file, with a reason, and one day with nothing."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from stoa.kit.clock import now
from stoa.kit.files import StoredFiles, open_store
from stoa.kit.languages import Sentence
from stoa.settings import settings
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.jobs import Job, LeaseLost
from stoa.tenants.outbox import publish, publish_along
from stoa.tenants.reporting.events import ReportEnded
from stoa.tenants.reporting.models import FORGOTTEN, KEPT, Report, ReportState

SWEPT_AT_ONCE: Final = 200
_END: Final = f"""
WITH mine AS (SELECT platform.finish_job($1, $2) AS is_ours),
ended AS (
  UPDATE platform.report r SET state = '{ReportState.DONE}', file_key = $4, size = $5, rows = $6, finished_at = $7,
    expires_at = $8, failure = NULL
  FROM mine WHERE mine.is_ours AND r.id = $3 RETURNING r.id),
{{along}}
SELECT is_ours FROM mine
"""


async def end_report(ctx: Context, job: Job, report: Report, key: str, size: int, rows: int) -> None:
    """Its file is written: by one statement, which ends the job and tells of it as well; or nothing is done, and
    `LeaseLost` raised."""
    moment = now()
    values = [job.id, job.attempt, report.id, key, size, rows, moment, moment + KEPT]
    along = publish_along(ctx, _ended(report, ReportState.DONE), cause="ended", after=len(values))
    answer = await shop_client().execute_query_dict(_END.format(along=along.ctes), [*values, *along.values])
    if not answer[0]["is_ours"]:
        raise LeaseLost(f"Attempt {job.attempt} no longer owns the job {job.name} ({job.id}).")
    along.announce(ctx)


async def take_up_again(report: Report) -> None:
    """It has failed, and is to be made after all: it is under way as any other, and may fail anew."""
    report.state, report.failure, report.finished_at = ReportState.QUEUED, None, None
    await report.save(using_db=shop_client(), update_fields=["state", "failure", "finished_at"])


async def fail_report(ctx: Context, report_id: UUID, reason: Sentence) -> None:
    """There will be no file; a report that has ended stays as it is."""
    async with shop_transaction():
        waiting = Report.filter(id=report_id, state=ReportState.QUEUED).using_db(shop_client())
        report = await waiting.select_for_update().get_or_none()
        if report is None:
            return
        report.state, report.failure, report.finished_at = ReportState.FAILED, reason.kept(), now()
        await report.save(using_db=shop_client(), update_fields=["state", "failure", "finished_at"])
        await publish(ctx, _ended(report, report.state))


def _ended(report: Report, state: ReportState) -> ReportEnded:
    is_scheduled = report.schedule_id is not None  # type: ignore[attr-defined]  # a key that Tortoise adds
    return ReportEnded(report.id, report.title, state.value, is_scheduled)


async def sweep_reports() -> int:
    """Delete files whose time is over, and rows that nobody will look for; how many. Over all shops at once."""
    moment = now()
    overdue = await Report.filter(state=ReportState.DONE, expires_at__lt=moment).limit(SWEPT_AT_ONCE)
    store = open_store(settings().files)
    for report in overdue:
        if report.file_key:
            await StoredFiles(store, report.shop_schema).delete(report.file_key)
    await Report.filter(id__in=[each.id for each in overdue]).update(state=ReportState.EXPIRED, file_key=None)
    old = Report.filter(created_at__lt=moment - FORGOTTEN).exclude(state=ReportState.DONE)
    ids = [each.id for each in await old.only("id").limit(SWEPT_AT_ONCE)]
    await Report.filter(id__in=ids).delete()
    return len(overdue) + len(ids)
