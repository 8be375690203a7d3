"""What reporting refuses."""

from __future__ import annotations

from stoa.kit.errors import Conflict, NotFound, Refusal


class NoSuchReport(NotFound):
    code = "REPORT_NOT_FOUND"


class NoSuchSchedule(NotFound):
    code = "SCHEDULE_NOT_FOUND"


class TooManyReports(Conflict):
    """As many reports of this shop as may be wait to be made."""

    code = "TOO_MANY_REPORTS"


class TooManySchedules(Conflict):
    code = "TOO_MANY_SCHEDULES"


class ScheduleChanged(Conflict):
    """Somebody else has edited it since it was read."""

    code = "SCHEDULE_CHANGED"


class ReportNotReady(Refusal):
    """The file is not written yet, could not be written, or is deleted already."""

    code = "REPORT_NOT_READY"


class ReportTooLarge(Refusal):
    """More rows than the format takes, or more work than a report may be."""

    code = "REPORT_TOO_LARGE"


class NotAllowedAnyMore(Refusal):
    """Whoever asked for the report, or arranged it, does not have the rights any more."""

    code = "NOT_ALLOWED_ANY_MORE"
