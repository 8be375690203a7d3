"""What becomes of reports."""

from __future__ import annotations

from uuid import UUID

from stoa.tenants.outbox import event


@event
class ReportEnded:
    """It is DONE, with a file to fetch, or FAILED. `is_scheduled`: nobody sat and waited for it."""

    report_id: UUID
    title: str
    state: str
    is_scheduled: bool


@event
class ReportSchedulePaused:
    """It makes no reports any more, until somebody who may arranges it anew."""

    schedule_id: UUID
    name: str
