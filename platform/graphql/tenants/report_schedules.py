"""Schedules of reports as GraphQL shows them."""

from __future__ import annotations

from datetime import datetime

import strawberry

from stoa.graphql.enums import shown_enum
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.paging import Connection, Node
from stoa.graphql.reading.declaring import column, derived, fetched, one_of, page_of, root, stored
from stoa.graphql.reporting import wishing
from stoa.graphql.reporting.registry import definition
from stoa.graphql.saying import said_now
from stoa.graphql.scalars import read_id
from stoa.graphql.tenants.report_inputs import (
    ReportFormat,
    ReportParametersInput,
    ReportParametersShown,
    read_report_locale,
    shown_parameters,
)
from stoa.kit.ids import type_id
from stoa.kit.reporting import Format
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context
from stoa.tenants.reporting import models, scheduling
from stoa.tenants.reporting.calendar import When

ReportCadence = shown_enum(
    models.Cadence,
    "How often a report is made.",
    name="ReportCadence",
    DAILY="Every day.",
    WEEKLY="Once a week, on `weekday`.",
    MONTHLY="Once a month, on `day`.",
)


def shown_owner(owner_id: str) -> str:
    return type_id("acct", owner_id)


@stored(models.ReportSchedule, prefix="rsch", scope=Scope.ANALYTICS_READ, order=("-id",))
class ReportSchedule(Node):
    """A report that is made again and again, in the name of whoever arranged it."""

    name: str = column("As whoever arranged it calls it.")
    definition: str = column("Which report: the name of its definition.")
    format: ReportFormat = column("What it is written as.")
    locale: str = column("The language it is made in: en or zh.")
    parameters: ReportParametersShown = derived(("parameters",), shown_parameters, "What it is about.")
    cadence: ReportCadence = column("How often it is made.")  # type: ignore[valid-type]
    hour: int = column("At this hour in the shop's time zone, 0 to 23.")
    minute: int = column("And this minute.")
    weekday: int = column("Of a weekly one: Monday is 0, Sunday 6.")
    day: int = column("Of a monthly one: the day of the month, or its last if it has fewer.")
    recipients: list[str] = column("Who is sent the address of each file.", scope=Scope.MEMBERS_READ)
    owner_id: strawberry.ID = derived(("owner_id",), shown_owner, "The account whose rights it has.")
    is_paused: bool = derived(("next_at",), lambda next_at: next_at is None, "Whether it makes nothing for now.")
    next_at: datetime | None = column("When it is due next; null while it is paused.")
    last_at: datetime | None = column("When it was due last.")
    failure: str | None = derived(("failure",), said_now, "Why it paused itself, in the reader's language.")
    version: int = column("Goes up with every change; send it back as `expectedVersion`.")
    created_at: datetime = column("When it was arranged.")


@root
class ReportScheduleQueries:
    """What can be asked of schedules."""

    report_schedule: ReportSchedule | None = one_of("One schedule by its id.")
    report_schedules: Connection[ReportSchedule] = page_of("The shop's schedules, newest first.", order=("-id",))


@strawberry.input(description="A report that is to be made again and again.")
class ReportScheduleCreateInput:
    name: str = strawberry.field(description="What you call it.")
    definition: str = strawberry.field(description="Which report: the name of its definition.")
    format: ReportFormat = strawberry.field(description="What it is to be written as.")
    cadence: ReportCadence = strawberry.field(description="How often.")  # type: ignore[valid-type]
    hour: int = strawberry.field(description="At this hour in the shop's time zone, 0 to 23.")
    minute: int = strawberry.field(default=0, description="And this minute.")
    weekday: int = strawberry.field(default=0, description="Of a weekly one: Monday is 0, Sunday 6.")
    day: int = strawberry.field(default=1, description="Of a monthly one: the day of the month, or its last.")
    locale: str | None = strawberry.field(
        default=None, description="The language it is made in, en or zh; the reader's when left out."
    )
    parameters: ReportParametersInput | None = strawberry.field(
        default=None, description="What it is about; its days as a `span`."
    )
    recipients: list[str] | None = strawberry.field(
        default=None, description="Send the address of each file to these, 20 at the most."
    )
    is_paused: bool = strawberry.field(default=False, description="Whether it makes nothing for now.")

    async def plan(self, ctx: Context) -> scheduling.Plan:
        found = definition(self.definition)
        asked = wishing.checked(found, (self.parameters or ReportParametersInput()).read(), is_scheduled=True)
        await wishing.check_things(ctx, asked)
        return scheduling.Plan(
            name=self.name,
            definition=found.name,
            format=Format(self.format),
            locale=read_report_locale(self.locale),
            parameters=asked.kept(),
            scopes=wishing.rights_of(ctx, found),
            when=When(models.Cadence(self.cadence), self.hour, self.minute, self.weekday, self.day),
            recipients=tuple(self.recipients or ()),
            is_paused=self.is_paused,
        )


@strawberry.input(description="A schedule, arranged anew: all of it, and yours from now on.")
class ReportScheduleUpdateInput(ReportScheduleCreateInput):
    id: strawberry.ID = strawberry.field(description="Which schedule.")
    expected_version: int | None = strawberry.field(
        default=None, description="The version you read: refused when it has been changed since."
    )


@strawberry.input(description="Which schedule.")
class ReportScheduleRefInput:
    id: strawberry.ID = strawberry.field(description="The schedule's id.")


@root
class ReportSchedulePayload(Payload):
    """A schedule after a mutation."""

    report_schedule: ReportSchedule | None = fetched("The schedule as it is now; null when there are errors.")


@strawberry.type(description="A schedule that was deleted.")
class ReportScheduleDeletePayload(Payload):
    deleted_id: strawberry.ID | None = strawberry.field(default=None, description="Its id; null when there are errors.")


@shop_mutation(
    Scope.ANALYTICS_WRITE,
    "Have a report made again and again, in your name and with your rights as they are then. Needs the scopes of its "
    "definition as well.",
    once=True,
)
async def report_schedule_create(ctx: Context, input: ReportScheduleCreateInput) -> ReportSchedulePayload:
    schedule = await scheduling.create_schedule(ctx, await input.plan(ctx))
    return ReportSchedulePayload.of(report_schedule=schedule.id)


@shop_mutation(Scope.ANALYTICS_WRITE, "Arrange a schedule anew. It is in your name from now on.")
async def report_schedule_update(ctx: Context, input: ReportScheduleUpdateInput) -> ReportSchedulePayload:
    schedule_id = read_id("id", input.id, "rsch")
    plan = await input.plan(ctx)
    schedule = await scheduling.edit_schedule(ctx, schedule_id, plan, expected_version=input.expected_version)
    return ReportSchedulePayload.of(report_schedule=schedule.id)


@shop_mutation(Scope.ANALYTICS_WRITE, "Delete a schedule; the reports that were made by it stay.")
async def report_schedule_delete(ctx: Context, input: ReportScheduleRefInput) -> ReportScheduleDeletePayload:
    schedule = await scheduling.delete_schedule(ctx, read_id("id", input.id, "rsch"))
    return ReportScheduleDeletePayload(deleted_id=strawberry.ID(type_id("rsch", schedule.id)))


@strawberry.type
class ReportScheduleMutations:
    """What can be done with schedules."""

    report_schedule_create = report_schedule_create
    report_schedule_update = report_schedule_update
    report_schedule_delete = report_schedule_delete
