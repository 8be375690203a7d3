"""Jobs of reports."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from stoa.kit.languages import Locale
from stoa.tenants.context import Context
from stoa.tenants.jobs import Job, job, platform_job
from stoa.tenants.reporting import falling_due
from stoa.tenants.reporting.ending import sweep_reports
from stoa.tenants.reporting.requesting import JOB, MAX_ATTEMPTS
from stoa.workers.reports import mailing, making, scheduled

GIVE_UP = "reports.give_up"


@job(JOB, kind="reports", in_one_transaction=False, max_attempts=MAX_ATTEMPTS, on_dead=GIVE_UP)
async def work_on_report(ctx: Context, job: Job) -> None:
    """Make a report, however long it takes."""
    await making.make_report(ctx, job, UUID(job.payload["report_id"]))


@job(GIVE_UP)
async def give_up_report(ctx: Context, job: Job) -> None:
    """End a report whose job was given up."""
    await making.give_up(ctx, UUID(job.payload["report_id"]), UUID(job.payload["job_id"]))


@job(falling_due.JOB, kind="reports")
async def follow_schedule(ctx: Context, job: Job) -> None:
    """Ask for the report of one slot of a schedule."""
    payload = job.payload
    at = datetime.fromisoformat(payload["at"])
    await scheduled.follow_schedule(ctx, UUID(payload["schedule_id"]), payload["slot"], at)


@platform_job("reports.plan_due")
async def plan_due(job: Job) -> None:
    """Look what schedules of all shops are due."""
    while await falling_due.plan_due() == falling_due.AT_ONCE:
        pass


@job(making.MAIL, kind="notifications", in_one_transaction=False, max_attempts=10)
async def mail_report(ctx: Context, job: Job) -> None:
    """Send the address of a report to one reader."""
    payload = job.payload
    locale: Locale = "zh" if payload["locale"] == "zh" else "en"
    await mailing.mail_report(ctx, job, UUID(payload["report_id"]), payload["address"], locale)


@platform_job("reports.sweep")
async def sweep(job: Job) -> None:
    """Delete the files of reports whose time is over, of all shops."""
    while await sweep_reports():
        pass
