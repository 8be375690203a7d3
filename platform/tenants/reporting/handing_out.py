"""Hand out a report: on a signed address that is good for a while, to whoever has it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from stoa.kit.clock import now
from stoa.kit.languages import Sentence
from stoa.kit.reporting import Format
from stoa.tenants.context import Context
from stoa.tenants.downloading import Download, Kept, download_link, open_download
from stoa.tenants.reporting.errors import NoSuchReport, ReportNotReady
from stoa.tenants.reporting.models import Report, ReportState
from stoa.tenants.reporting.requesting import report_of
from stoa.tenants.signing import Link

KIND: Final = "reports"  # of download
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
    report = await report_of(ctx, report_id)
    if report is None:
        raise NoSuchReport("There is no such report.", path=["id"])
    for scope in report.scopes:
        ctx.require(scope)
    _require_file(report)
    return download_link(ctx, KIND, report.id)


def mailed_link(ctx: Context, report: Report) -> Link:
    """The address that goes out by mail."""
    return download_link(ctx, KIND, report.id, lasts=TIME_IN_MAIL)


async def open_report(shop_id: UUID, report_id: UUID, *, expires: int, signature: str) -> Download:
    """The file behind a signed address; the signature is the credential, and no shop need be open."""
    return await open_download(
        KIND, shop_id, report_id, _kept, expires=expires, signature=signature, missing=NoSuchReport
    )


async def _kept(ctx: Context, report_id: UUID) -> Kept:
    report = await report_of(ctx, report_id)
    if report is None:
        raise NoSuchReport("There is no such report.")
    return Kept(_require_file(report), report.file_name, MEDIA_TYPES[report.format])


def _require_file(report: Report) -> str:
    """The key of the file. Raises `ReportNotReady`."""
    is_over = report.expires_at is not None and report.expires_at < now()
    if report.state is not ReportState.DONE or report.file_key is None or is_over:
        state = STATES[ReportState.EXPIRED if is_over else report.state]
        raise ReportNotReady("{title} is {state}: there is no file to fetch.", title=report.title, state=state)
    return report.file_key
