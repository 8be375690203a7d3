"""Reports by schedule: each slot once, in the name of whoever arranged it, and sent to whom it is for."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from stoa.graphql.reporting import wishing
from stoa.graphql.reporting.registry import definition
from stoa.kit import clock
from stoa.kit.errors import InvalidInput
from stoa.kit.reporting import Format
from stoa.settings import Settings
from stoa.tenants.access.scopes import EVERY_SCOPE, Scope
from stoa.tenants.context import Context, MissingScope, open_shop
from stoa.tenants.database import platform_transaction
from stoa.tenants.lending import fetch
from stoa.tenants.linking import LinkRefused
from stoa.tenants.models import Account, Job, Membership
from stoa.tenants.reporting.calendar import When
from stoa.tenants.reporting.errors import NoSuchSchedule, ScheduleChanged, TooManySchedules
from stoa.tenants.reporting.falling_due import JOB, plan_due
from stoa.tenants.reporting.handing_out import REPORTS
from stoa.tenants.reporting.models import Cadence, Report, ReportSchedule, ReportState
from stoa.tenants.reporting.scheduling import MAX_SCHEDULES, Plan, create_schedule, delete_schedule, edit_schedule
from stoa.workers.reports import mailing
from tests import make
from tests.domains.catalog.catalogs import events_of
from tests.workers.conftest import until
from tests.workers.reports import desk

MONDAY = datetime(2026, 11, 30, 6, 0, tzinfo=UTC)  # 07:00 in Berlin


def plan(ctx: Context, **more: Any) -> Plan:
    """The sales of the last week, every Monday at 7."""
    found = definition("sales_summary")
    known: dict[str, Any] = {
        "name": "Every Monday",
        "definition": found.name,
        "format": Format.CSV,
        "locale": "en",
        "parameters": wishing.Parameters(span=wishing.Span.LAST_WEEK).kept(),
        "scopes": wishing.rights_of(ctx, found),
        "when": When(Cadence.WEEKLY, 7),
    }
    return Plan(**(known | more))


async def arranged(ctx: Context, **more: Any) -> ReportSchedule:
    with open_shop(ctx.shop), clock.set_to(MONDAY - timedelta(days=1)):
        return await create_schedule(ctx, plan(ctx, **more))


async def look(at: datetime) -> int:
    with clock.set_to(at):
        async with platform_transaction():
            return await plan_due()


async def made(schedule: ReportSchedule) -> list[Report]:
    return await Report.filter(schedule_id=schedule.id).order_by("id")


@pytest.fixture(autouse=True)
async def no_schedules(owner: asyncpg.Connection) -> None:
    await owner.execute("DELETE FROM platform.report_schedule")


async def test_a_slot_has_one_report_whoever_looks_and_how_often(ctx: Context, settings: Settings) -> None:
    """Two processes at once, and one that is late."""
    schedule = await arranged(ctx)
    assert schedule.next_at == MONDAY
    assert await look(MONDAY - timedelta(seconds=1)) == 0

    assert sorted(await asyncio.gather(look(MONDAY), look(MONDAY))) == [0, 1]
    await ReportSchedule.filter(id=schedule.id).update(next_at=MONDAY)  # as if it had been lost
    await look(MONDAY + timedelta(minutes=1))
    assert await Job.filter(name=JOB, shop_schema=ctx.shop.schema).count() == 1

    async with desk.worked(settings):
        [report] = await until(lambda: made(schedule), bool)
        report = await desk.ended(report)
    assert (report.state, report.slot) == (ReportState.DONE, "2026-11-30 07:00")
    assert report.parameters == {"since": "2026-11-23", "until": "2026-11-29"}
    assert (report.actor_kind, report.actor_id) == ("account", ctx.actor.id)
    rows = await desk.rows(ctx, report)
    assert [row["Day"] for row in rows] == [date(2026, 11, 23 + i).isoformat() for i in range(7)]
    again = await ReportSchedule.get(id=schedule.id)
    assert again.next_at == MONDAY + timedelta(days=7)


async def test_of_slots_that_passed_while_nobody_worked_one_is_made_up_for(ctx: Context) -> None:
    schedule = await arranged(ctx)
    late = MONDAY + timedelta(days=21, hours=1)
    await look(late)
    await look(late)

    assert await Job.filter(name=JOB, shop_schema=ctx.shop.schema).count() == 1
    assert (await ReportSchedule.get(id=schedule.id)).next_at == MONDAY + timedelta(days=28)


async def test_one_look_sees_all_shops_each_in_its_own_time_zone(ctx: Context, other_ctx: Context) -> None:
    here, there = await arranged(ctx), await arranged(other_ctx)  # Berlin and Shanghai
    assert there.next_at == MONDAY - timedelta(hours=7)

    assert await look(MONDAY - timedelta(hours=7)) == 1
    assert await look(MONDAY) == 1
    slots = {row.shop_schema: row.payload["slot"] for row in await Job.filter(name=JOB)}
    assert slots == {ctx.shop.schema: "2026-11-30 07:00", other_ctx.shop.schema: "2026-11-30 07:00"}
    assert here.next_at == MONDAY


@pytest.mark.parametrize("role", ["STAFF", "VIEWER"])
async def test_a_schedule_whose_owner_has_lost_the_right_pauses_and_says_so(
    ctx: Context, settings: Settings, role: str
) -> None:
    """To see the figures, or to have them sent to whom they like: a viewer may ask for this report, and arrange none."""
    schedule = await arranged(ctx, recipients=["books@accountant.example"])
    await Membership.filter(shop_id=ctx.shop.id, account_id=ctx.actor.id).update(role=role)
    await look(MONDAY)
    async with desk.worked(settings):
        await until(lambda: ReportSchedule.get(id=schedule.id), lambda seen: seen.failure)

    paused = await ReportSchedule.get(id=schedule.id)
    assert paused.next_at is None
    assert ("ReportSchedulePaused", {"schedule_id": str(schedule.id), "name": "Every Monday"}) in await events_of(ctx)
    assert await made(schedule) == []


async def test_a_deleted_schedule_makes_nothing_and_its_reports_stay(ctx: Context, settings: Settings) -> None:
    schedule = await arranged(ctx)
    await look(MONDAY)
    async with desk.worked(settings):
        [report] = await until(lambda: made(schedule), bool)
        await desk.ended(report)
        await delete_schedule(ctx, schedule.id)
        await look(MONDAY + timedelta(days=7))

    assert await Report.filter(id=report.id).exists()
    assert await Job.filter(name=JOB, shop_schema=ctx.shop.schema).count() == 1


async def test_an_edited_schedule_follows_its_new_plan(ctx: Context) -> None:
    schedule = await arranged(ctx)
    with clock.set_to(MONDAY):
        with pytest.raises(ScheduleChanged, match="Every Monday has been changed"):
            await edit_schedule(ctx, schedule.id, plan(ctx), expected_version=2)
        daily = plan(ctx, name="Every day", when=When(Cadence.DAILY, 6, 30))
        edited = await edit_schedule(ctx, schedule.id, daily, expected_version=1)
        assert (edited.version, edited.next_at) == (2, datetime(2026, 12, 1, 5, 30, tzinfo=UTC))
        paused = await edit_schedule(ctx, schedule.id, replace(daily, is_paused=True))

    assert (paused.version, paused.next_at) == (3, None)
    assert await look(MONDAY + timedelta(days=3)) == 0


async def test_who_may_arrange_what(ctx: Context, other_ctx: Context) -> None:
    schedule = await arranged(ctx)
    viewer = replace(ctx, scopes=EVERY_SCOPE - {Scope.ANALYTICS_WRITE})
    for work in (
        lambda: create_schedule(viewer, plan(ctx)),
        lambda: edit_schedule(viewer, schedule.id, plan(ctx)),
        lambda: delete_schedule(viewer, schedule.id),
        lambda: create_schedule(replace(ctx, scopes=frozenset({Scope.ANALYTICS_WRITE})), plan(ctx)),
    ):
        with pytest.raises(MissingScope):
            await work()
    with pytest.raises(InvalidInput, match="a token cannot"):
        await create_schedule(replace(ctx, actor=replace(ctx.actor, kind="token")), plan(ctx))
    with open_shop(other_ctx.shop):
        for theirs in (
            lambda: edit_schedule(other_ctx, schedule.id, plan(other_ctx)),
            lambda: delete_schedule(other_ctx, schedule.id),
        ):
            with pytest.raises(NoSuchSchedule):
                await theirs()

    assert (await ReportSchedule.get(id=schedule.id)).version == 1


async def test_a_shop_has_so_many_schedules(ctx: Context) -> None:
    first = await arranged(ctx)
    row = {key: value for key, value in dict(first).items() if key != "id"}
    await ReportSchedule.bulk_create([ReportSchedule(**row) for _ in range(MAX_SCHEDULES - 1)])
    with pytest.raises(TooManySchedules, match="50 schedules"):
        await arranged(ctx)


async def test_those_it_is_for_are_written_to_once_each_in_their_language(ctx: Context, settings: Settings) -> None:
    reader = await make.member(ctx.shop, await make.account("lin@tea.example", name="林晓"))
    await Account.filter(id=reader.id).update(locale="zh")
    report = await desk.asked(
        ctx, "inventory", recipients=["Lin@tea.example", "books@accountant.example", "lin@tea.example"]
    )
    assert report.recipients == ["Lin@tea.example", "books@accountant.example"]
    async with desk.worked(settings):
        report = await desk.ended(report)
        await until(lambda: Job.filter(name="reports.mail", state="DONE"), lambda jobs: len(jobs) == 2)

    letters = await mailing.mailer().box.letters(ctx.shop.schema)  # type: ignore[attr-defined]
    by_reader = {each.to: each for each in letters}
    assert len(letters) == len(by_reader) == 2
    chinese, english = by_reader["Lin@tea.example"], by_reader["books@accountant.example"]
    assert chinese.subject == english.subject == "Inventory – Stoa Poikile"
    assert "已生成" in chinese.text
    assert "is ready." in english.text
    assert f"/downloads/{ctx.shop.id}/rep_" in english.text
    keys = {each.id.hex for each in await Job.filter(name="reports.mail")}
    assert {each.key for each in letters} == keys
    assert (await Report.get(id=report.id)).mailed_at is not None


async def test_the_address_in_a_mail_opens_the_file_for_a_week(ctx: Context, settings: Settings) -> None:
    """Without any other key."""
    report = await desk.asked(ctx, "inventory", recipients=["books@accountant.example"])
    async with desk.worked(settings):
        report = await desk.ended(report)
        await until(lambda: Job.filter(name="reports.mail", state="DONE"), bool)
    [letter] = await mailing.mailer().box.letters(ctx.shop.schema)  # type: ignore[attr-defined]
    [address] = [line for line in letter.text.splitlines() if "/downloads/" in line]
    query = parse_qs(urlsplit(address).query)
    expires, signature = int(query["expires"][0]), query["signature"][0]
    end = datetime.fromtimestamp(expires, UTC)

    with clock.set_to(end):
        found = await fetch(REPORTS, ctx.shop.id, report.id, expires=expires, signature=signature)
    assert b"".join([chunk async for chunk in found.chunks]) == await desk.content(ctx, report)
    with clock.set_to(end + timedelta(seconds=1)), pytest.raises(LinkRefused, match="is over"):
        await fetch(REPORTS, ctx.shop.id, report.id, expires=expires, signature=signature)
    assert report.finished_at is not None
    assert timedelta(0) <= end - (report.finished_at + timedelta(days=7)).replace(microsecond=0) < timedelta(minutes=1)


async def test_strangers_are_written_to_by_those_who_may_arrange_reports(ctx: Context) -> None:
    clerk = replace(ctx, scopes=EVERY_SCOPE - {Scope.ANALYTICS_WRITE})
    await make.member(ctx.shop, await make.account("clerk@shop.example"))
    await desk.asked(clerk, "inventory", recipients=["clerk@shop.example"])
    with pytest.raises(MissingScope, match="books@accountant.example is of nobody in the shop"):
        await desk.asked(clerk, "inventory", recipients=["clerk@shop.example", "books@accountant.example"])
    with pytest.raises(InvalidInput) as refused:
        await desk.asked(ctx, "inventory", recipients=["clerk@shop.example", "nobody"])
    assert refused.value.path == ("recipients", 1)
    with pytest.raises(InvalidInput, match="20 are allowed"):
        await desk.asked(ctx, "inventory", recipients=[f"r{i}@shop.example" for i in range(21)])

    assert await Report.filter(shop_schema=ctx.shop.schema).count() == 1
