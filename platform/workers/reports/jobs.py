"""Jobs of reports."""

from __future__ import annotations

from uuid import UUID

from stoa.tenants.context import Context
from stoa.tenants.jobs import Job, job, platform_job
from stoa.tenants.reporting.ending import sweep_reports
from stoa.tenants.reporting.requesting import JOB, MAX_ATTEMPTS
from stoa.workers.reports import making

GIVE_UP = "reports.give_up"


@job(JOB, kind="reports", in_one_transaction=False, max_attempts=MAX_ATTEMPTS, on_dead=GIVE_UP)
async def work_on_report(ctx: Context, job: Job) -> None:
    """Make a report, however long it takes."""
    await making.make_report(ctx, job, UUID(job.payload["report_id"]))


@job(GIVE_UP)
async def give_up_report(ctx: Context, job: Job) -> None:
    """End a report whose job was given up."""
    await making.give_up(ctx, UUID(job.payload["report_id"]), str(job.payload["error"]))


@platform_job("reports.sweep")
async def sweep(job: Job) -> None:
    """Delete the files of reports whose time is over, of all shops."""
    while await sweep_reports():
        pass
