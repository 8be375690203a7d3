"""Hand out a report: on a signed address that is good for a while, to whoever has it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from stoa.kit.clock import now
from stoa.kit.languages import Sentence
from stoa.kit.reporting import Format
from stoa.tenants.context import Context
from stoa.tenants.lending import KeptFile, Shelf, lend
from stoa.tenants.linking import Link
from stoa.tenants.reporting.errors import NoSuchReport, ReportNotReady
from stoa.tenants.reporting.models import Report, ReportState
from stoa.tenants.reporting.requesting import report_of

TIME_IN_MAIL: Final = timedelta(days=7)
MEDIA_TYPES: Final = {
    Format.PDF: "application/pdf",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.CSV: "text/csv; charset=utf-8",
}
STATES: Final = {
    ReportState.QUEUED: Sentence("queued"),
    ReportState.DONE: Sentence("done"),
    ReportState.FAILED: Sentence("failed"),
    ReportState.EXPIRED: Sentence("expired"),
}


async def report_link(ctx: Context, report_id: UUID) -> Link:
    """An address for a report that is done: for those alone who have all the rights that it was made with.

    Raises `NoSuchReport`, `MissingScope` and `ReportNotReady`.
    """
    report = await _report(report_id)
    for scope in report.scopes:
        ctx.require(scope)
    _file_of(report)
    return lend(ctx, REPORTS, report.id)


def mailed_link(ctx: Context, report: Report) -> Link:
    """The address that goes out by mail."""
    return lend(ctx, REPORTS, report.id, lasts=TIME_IN_MAIL)


async def _find(report_id: UUID) -> KeptFile:
    return _file_of(await _report(report_id))


REPORTS: Final = Shelf("rep", _find)


async def _report(report_id: UUID) -> Report:
    report = await report_of(report_id)
    if report is None:
        raise NoSuchReport("There is no such report.", path=["id"])
    return report


def _file_of(report: Report) -> KeptFile:
    """Raises `ReportNotReady`."""
    is_over = report.expires_at is not None and report.expires_at < now()
    if report.state is not ReportState.DONE or report.file_key is None or is_over:
        state = STATES[ReportState.EXPIRED if is_over else report.state]
        raise ReportNotReady("{title} is {state}: there is no file to fetch.", title=report.title, state=state)
    return KeptFile(report.file_key, report.file_name, MEDIA_TYPES[report.format])
