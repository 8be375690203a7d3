"""Schedules: reports that are made again and again, each slot once, in the name of whoever arranged them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput
from stoa.kit.languages import Locale
from stoa.kit.reporting import Format
from stoa.kit.text import clean_line
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.reporting.addressing import checked_recipients
from stoa.tenants.reporting.calendar import When
from stoa.tenants.reporting.errors import NoSuchSchedule, ScheduleChanged, TooManySchedules
from stoa.tenants.reporting.models import ReportSchedule
from stoa.tenants.reporting.requesting import ONE_BY_ONE

MAX_SCHEDULES: Final = 50


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be made, when, and for whom. `parameters` are those of the definition, as they are kept."""

    name: str
    definition: str
    format: Format
    locale: Locale
    parameters: dict[str, Any]
    scopes: Sequence[str]
    when: When
    recipients: Sequence[str] = ()
    is_paused: bool = False


async def create_schedule(ctx: Context, plan: Plan) -> ReportSchedule:
    """Arrange a report. It is made with the rights of the caller, as they are then.

    Raises `MissingScope`, `InvalidInput`, `Refusals` and `TooManySchedules`.
    """
    columns = await _checked(ctx, plan)
    async with shop_transaction():
        await shop_client().execute_query(ONE_BY_ONE)
        if await ReportSchedule.filter(shop_schema=ctx.shop.schema).using_db(shop_client()).count() >= MAX_SCHEDULES:
            raise TooManySchedules("The shop has {limit} schedules; delete one first.", limit=MAX_SCHEDULES)
        return await ReportSchedule.create(
            using_db=shop_client(), shop_schema=ctx.shop.schema, created_at=now(), **columns
        )


async def edit_schedule(
    ctx: Context, schedule_id: UUID, plan: Plan, *, expected_version: int | None = None
) -> ReportSchedule:
    """Arrange it anew: it is the caller's from now on, and a failure that paused it is forgotten.

    Raises `NoSuchSchedule`, `ScheduleChanged` and what `create_schedule` raises.
    """
    columns = await _checked(ctx, plan)
    async with shop_transaction():
        schedule = await _locked(schedule_id)
        if expected_version not in (None, schedule.version):
            raise ScheduleChanged(
                "{name} has been changed since you read it.", path=["expectedVersion"], name=schedule.name
            )
        schedule.update_from_dict({**columns, "version": schedule.version + 1, "failure": None})
        await schedule.save(using_db=shop_client())
    return schedule


async def delete_schedule(ctx: Context, schedule_id: UUID) -> ReportSchedule:
    """Make no more of it; the reports that were made stay. Raises `NoSuchSchedule`."""
    ctx.require(Scope.ANALYTICS_WRITE)
    async with shop_transaction():
        schedule = await _locked(schedule_id)
        await ReportSchedule.filter(id=schedule.id).using_db(shop_client()).delete()
    return schedule


async def schedule_of(schedule_id: UUID) -> ReportSchedule:
    """The open shop's schedule of that id. Raises `NoSuchSchedule`."""
    schedule = await ReportSchedule.get_or_none(id=schedule_id, using_db=shop_client())
    if schedule is None:
        raise NoSuchSchedule("There is no such schedule.", path=["id"])
    return schedule


async def _locked(schedule_id: UUID) -> ReportSchedule:
    found = ReportSchedule.filter(id=schedule_id).using_db(shop_client()).select_for_update()
    schedule = await found.get_or_none()
    if schedule is None:
        raise NoSuchSchedule("There is no such schedule.", path=["id"])
    return schedule


async def _checked(ctx: Context, plan: Plan) -> dict[str, Any]:
    """The columns of the row, the owner's among them. Raises what `create_schedule` raises."""
    ctx.require(Scope.ANALYTICS_WRITE)
    for scope in plan.scopes:
        ctx.require(scope)
    if ctx.actor.kind != "account" or ctx.actor.id is None:
        raise InvalidInput("Schedules are arranged by people, in whose name they run; a token cannot.")
    plan.when.check()
    return {
        "name": clean_line(plan.name, what="name", limit=120),
        "definition": plan.definition,
        "format": plan.format,
        "locale": plan.locale,
        "parameters": plan.parameters,
        "cadence": plan.when.cadence,
        "hour": plan.when.hour,
        "minute": plan.when.minute,
        "weekday": plan.when.weekday,
        "day": plan.when.day,
        "recipients": await checked_recipients(ctx, plan.recipients),
        "owner_id": ctx.actor.id,
        "scopes": list(plan.scopes),
        "next_at": None if plan.is_paused else plan.when.next_after(now(), ctx.shop.time_zone),
    }


def when_of(schedule: ReportSchedule) -> When:
    return When(schedule.cadence, schedule.hour, schedule.minute, schedule.weekday, schedule.day)


def next_slot(schedule: ReportSchedule, after: datetime, zone: str) -> datetime:
    """When it is due after that."""
    return when_of(schedule).next_after(after, zone)
