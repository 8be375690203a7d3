"""Rows of reports: each shop's own; files that go when their time is over, or their shop."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
from tortoise.exceptions import OperationalError

from stoa.kit import clock
from stoa.kit.files import NoSuchFile
from stoa.kit.ids import new_id
from stoa.kit.languages import Sentence
from stoa.kit.reporting import Format
from stoa.settings import Settings
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context, MissingScope, open_shop
from stoa.tenants.database import shop_client
from stoa.tenants.jobs import Job, LeaseLost
from stoa.tenants.lending import fetch
from stoa.tenants.models import Job as JobRow
from stoa.tenants.models import JobState
from stoa.tenants.provisioning import drop_shop
from stoa.tenants.reporting.ending import end_report, fail_report, sweep_reports
from stoa.tenants.reporting.errors import NoSuchReport, ReportNotReady
from stoa.tenants.reporting.events import ReportEnded
from stoa.tenants.reporting.handing_out import REPORTS, report_link
from stoa.tenants.reporting.models import FORGOTTEN, KEPT, Report, ReportSchedule, ReportState
from stoa.tenants.reporting.noticing import REPORT_ENDED
from stoa.tenants.reporting.requesting import JOB, Wanted, report_of, request_report
from stoa.tenants.uploading import shop_files
from tests import make
from tests.domains.catalog.catalogs import events_of

WANTED = Wanted("sales_summary", Format.CSV, "en", {}, "Sales summary", "sales.csv", [Scope.ANALYTICS_READ])


async def requested(ctx: Context) -> Report:
    with open_shop(ctx.shop):
        return await request_report(ctx, WANTED)


async def written(ctx: Context) -> Report:
    report = await requested(ctx)
    with open_shop(ctx.shop):
        files = shop_files(ctx.shop)
        key = files.key("reports", new_id().hex)

        async def body():  # type: ignore[no-untyped-def]
            yield b"Day,Total\r\n"

        size = await files.put(key, body())
        await end_report(ctx, await under_way(report), report, key, size, 1)
    return await Report.get(id=report.id)


async def under_way(report: Report) -> Job:
    """The first attempt at it."""
    await JobRow.filter(id=report.job_id).update(state=JobState.RUNNING, attempts=1)  # type: ignore[attr-defined]
    return Job(report.job_id, JOB, {}, 1, 0, 3, report.shop_schema)  # type: ignore[attr-defined]


async def test_a_shop_sees_and_writes_its_own_rows_alone(ctx: Context, other_ctx: Context) -> None:
    """X5: by SQL, as the shop's role."""
    ours, theirs = await requested(ctx), await requested(other_ctx)

    for table in ("report", "report_schedule"):
        rows = await shop_client().execute_query_dict(f"SELECT shop_schema FROM platform.{table}")
        assert {row["shop_schema"] for row in rows} <= {ctx.shop.schema}
    changed = await shop_client().execute_query_dict("UPDATE platform.report SET title = 'Mine' RETURNING id")
    assert [row["id"] for row in changed] == [ours.id]
    await shop_client().execute_query("DELETE FROM platform.report WHERE id = $1", [theirs.id])
    with pytest.raises(OperationalError, match="row-level security"):
        await shop_client().execute_query("UPDATE platform.report SET shop_schema = $1", [other_ctx.shop.schema])
    with pytest.raises(OperationalError, match="report_file_of_its_shop"):
        await shop_client().execute_query(
            "UPDATE platform.report SET state = 'DONE', file_key = $1", [f"{other_ctx.shop.schema}/reports/x"]
        )

    assert (await Report.get(id=theirs.id)).title == "Sales summary"
    assert await report_of(theirs.id) is None


async def test_an_address_opens_the_file_for_a_while(ctx: Context) -> None:
    report = await written(ctx)
    link = await report_link(ctx, report.id)
    query = parse_qs(urlsplit(link.path).query)
    expires, signature = int(query["expires"][0]), query["signature"][0]

    found = await fetch(REPORTS, ctx.shop.id, report.id, expires=expires, signature=signature)
    assert (found.name, found.media_type, found.size) == ("sales.csv", "text/csv; charset=utf-8", 11)
    assert b"".join([chunk async for chunk in found.chunks]) == b"Day,Total\r\n"


async def test_an_address_is_given_to_those_who_could_have_asked(ctx: Context, other_ctx: Context) -> None:
    report = await written(ctx)
    clerk = replace(ctx, scopes=frozenset({Scope.SHOP_READ}))
    with pytest.raises(MissingScope, match="analytics:read"):
        await report_link(clerk, report.id)
    with open_shop(other_ctx.shop), pytest.raises(NoSuchReport):
        await report_link(other_ctx, report.id)


async def test_there_is_no_address_without_a_file(ctx: Context) -> None:
    report = await requested(ctx)
    with pytest.raises(ReportNotReady, match="queued"):
        await report_link(ctx, report.id)
    await fail_report(ctx, report.id, Sentence("It was cancelled."))
    with pytest.raises(ReportNotReady, match="failed"):
        await report_link(ctx, report.id)
    done = await written(ctx)
    with clock.set_to(clock.now() + KEPT + timedelta(seconds=1)), pytest.raises(ReportNotReady, match="expired"):
        await report_link(ctx, done.id)


async def test_an_end_is_news_and_somebody_is_told_of_what_nobody_waited_for(ctx: Context) -> None:
    done, failed = await written(ctx), await requested(ctx)
    with open_shop(ctx.shop):
        await fail_report(ctx, failed.id, Sentence("It was cancelled."))
        await fail_report(ctx, failed.id, Sentence("It was cancelled."))

    ends = [told for name, told in await events_of(ctx) if name == "ReportEnded"]
    assert [(each["report_id"], each["state"]) for each in ends] == [(str(done.id), "DONE"), (str(failed.id), "FAILED")]
    assert [REPORT_ENDED.concerns(ReportEnded(**each)) for each in ends] == [False, True]
    assert REPORT_ENDED.concerns(ReportEnded(done.id, "Sales", "DONE", is_scheduled=True))


async def test_an_attempt_that_has_lost_its_job_ends_no_report(ctx: Context) -> None:
    report = await requested(ctx)
    job = await under_way(report)
    await JobRow.filter(id=job.id).update(attempts=2)

    with open_shop(ctx.shop), pytest.raises(LeaseLost):
        await end_report(ctx, job, report, f"{ctx.shop.schema}/reports/x", 1, 1)

    assert ((await Report.get(id=report.id)).state, await events_of(ctx)) == (ReportState.QUEUED, [])
    assert (await JobRow.get(id=job.id)).state == JobState.RUNNING


async def test_what_has_ended_stays_as_it_ended(ctx: Context) -> None:
    report = await written(ctx)
    await fail_report(ctx, report.id, Sentence("It was cancelled."))

    assert (await Report.get(id=report.id)).state is ReportState.DONE


async def test_files_and_rows_are_swept_when_their_time_is_over(ctx: Context, other_ctx: Context) -> None:
    old, fresh, theirs = await written(ctx), await written(ctx), await written(other_ctx)
    key = old.file_key
    assert key is not None
    for each in (old, theirs):
        await Report.filter(id=each.id).update(expires_at=clock.now() - timedelta(seconds=1))

    assert await sweep_reports() == 2
    assert await sweep_reports() == 0
    states = {each.id: each.state for each in await Report.filter(id__in=[old.id, fresh.id, theirs.id])}
    assert states == {old.id: "EXPIRED", fresh.id: "DONE", theirs.id: "EXPIRED"}
    with pytest.raises(NoSuchFile):
        await shop_files(ctx.shop).size(key)

    await Report.filter(id=old.id).update(created_at=clock.now() - FORGOTTEN - timedelta(days=1))
    assert await sweep_reports() == 1
    assert await Report.get_or_none(id=old.id) is None


async def test_a_dropped_shop_leaves_no_report_behind(settings: Settings, database: None) -> None:
    leaving = await make.context(await make.shop("Stoa of the leavers"))
    await written(leaving)
    await drop_shop(settings, leaving.shop.schema)

    for model in (Report, ReportSchedule):
        assert not await model.filter(shop_schema=leaving.shop.schema).exists()


async def test_a_job_may_be_forgotten_before_its_report(ctx: Context, owner: asyncpg.Connection) -> None:
    report = await written(ctx)
    await owner.execute("DELETE FROM platform.job WHERE shop_schema = $1", ctx.shop.schema)

    assert await report_of(report.id) is not None
