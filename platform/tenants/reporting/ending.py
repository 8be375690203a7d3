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
from stoa.tenants.outbox import publish
from stoa.tenants.reporting.events import ReportEnded
from stoa.tenants.reporting.models import FORGOTTEN, KEPT, Report, ReportState

SWEPT_AT_ONCE: Final = 200


async def end_report(ctx: Context, report: Report, key: str, size: int, rows: int) -> None:
    """Its file is written: in the open transaction, that of its job."""
    moment = now()
    report.state, report.file_key, report.size, report.rows = ReportState.DONE, key, size, rows
    report.finished_at, report.expires_at, report.failure = moment, moment + KEPT, None
    fields = ["state", "file_key", "size", "rows", "finished_at", "expires_at", "failure"]
    await report.save(using_db=shop_client(), update_fields=fields)
    await _tell(ctx, report)


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
        await _tell(ctx, report)


async def _tell(ctx: Context, report: Report) -> None:
    is_scheduled = report.schedule_id is not None  # type: ignore[attr-defined]  # a key that Tortoise adds
    await publish(ctx, ReportEnded(report.id, report.title, report.state.value, is_scheduled))


async def sweep_reports() -> int:
    """Delete files whose time is over, and rows that nobody will look for; how many. Over all shops at once."""
    moment = now()
    overdue = await Report.filter(state=ReportState.DONE, expires_at__lt=moment).limit(SWEPT_AT_ONCE)
    store = open_store(settings().files)
    for report in overdue:
        if report.file_key:
            await StoredFiles(store, report.shop_schema).delete(report.file_key)
        await Report.filter(id=report.id).update(state=ReportState.EXPIRED, file_key=None)
    old = Report.filter(created_at__lt=moment - FORGOTTEN).exclude(state=ReportState.DONE)
    ids = [each.id for each in await old.only("id").limit(SWEPT_AT_ONCE)]
    await Report.filter(id__in=ids).delete()
    return len(overdue) + len(ids)
