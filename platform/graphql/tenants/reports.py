"""Reports as GraphQL shows them: what there is, what has been asked for, and where the files are."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.types import Info

from stoa.graphql.context import GraphContext
from stoa.graphql.enums import shown_enum
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.paging import Connection, Node
from stoa.graphql.reading.declaring import column, derived, fetched, one_of, page_of, root, stored, to_one
from stoa.graphql.reporting import wishing
from stoa.graphql.reporting.defining import Definition, Takes
from stoa.graphql.reporting.registry import DEFINITIONS, definition
from stoa.graphql.saying import said_now
from stoa.graphql.scalars import BigInt, read_id
from stoa.graphql.tenants.jobs import Job
from stoa.graphql.tenants.report_inputs import (
    ReportFormat,
    ReportParametersInput,
    ReportParametersShown,
    read_report_locale,
    shown_parameters,
)
from stoa.graphql.tenants.report_schedules import ReportSchedule
from stoa.kit.clock import now
from stoa.kit.reporting import Format
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context
from stoa.tenants.reporting import models
from stoa.tenants.reporting.handing_out import report_link
from stoa.tenants.reporting.requesting import request_report

ReportState = shown_enum(
    models.ReportState,
    "How far a report is.",
    QUEUED="Being made; its job tells how it gets on.",
    DONE="The file can be fetched.",
    FAILED="Given up; there is no file.",
    EXPIRED="The file has been deleted.",
)
ReportParameterName = shown_enum(
    Takes,
    "A parameter that a report takes.",
    name="ReportParameterName",
    PERIOD="Days: `since` and `until`, or a `span`.",
    CHANNEL="`channel`: orders of this channel alone.",
    LOCATION="`locationId`: stock at this location alone.",
    ORDERS="`orderIds`: these orders.",
)


@strawberry.type(description="A parameter of a report.")
class ReportParameter:
    name: ReportParameterName = strawberry.field(description="Which one.")  # type: ignore[valid-type]
    is_required: bool = strawberry.field(description="Whether it must be given.")


@strawberry.type(description="A report that can be asked for.")
class ReportDefinition:
    name: str = strawberry.field(description="What to ask for it by.")
    title: str = strawberry.field(description="What it is called, in the reader's language.")
    about: str = strawberry.field(description="What it tells.")
    parameters: list[ReportParameter] = strawberry.field(description="What it takes.")
    scopes: list[str] = strawberry.field(description="What whoever asks for it must hold.")
    optional_scopes: list[str] = strawberry.field(description="With these it tells more.")
    is_allowed: bool = strawberry.field(description="Whether the caller holds what it needs.")


@stored(models.Report, prefix="rep", scope=Scope.SHOP_READ, order=("-id",))
class Report(Node):
    """A report that was asked for: how far it is. The file's address is what `reportLink` gives."""

    definition: str = column("Which report: the name of its definition.")
    title: str = column("What it is called, with its days, in the language it was made in.")
    format: ReportFormat = column("What it is written as.")
    locale: str = column("The language it is made in: en or zh.")
    state: ReportState = column("How far it is.")  # type: ignore[valid-type]
    parameters: ReportParametersShown = derived(("parameters",), shown_parameters, "What it is about: its days fixed.")
    job: Job | None = to_one("The job that makes it, with its progress; null when that has been forgotten.")
    failure: str | None = derived(("failure",), said_now, "Why there is no file, in the reader's language.")
    scopes: list[str] = column("What whoever fetches the file must hold: the rights that it was made with.")
    requested_by: str = column("Who asked for it, or arranged it.", of="actor_name")
    recipients: list[str] = column("Who is sent the address of the file.", scope=Scope.MEMBERS_READ)
    file_name: str = column("What the file is called.")
    schedule: ReportSchedule | None = to_one("The schedule that it was made for; null when somebody asked for it.")
    size: BigInt | None = column("Bytes of the file; known once it is written.")
    rows: int | None = column("Rows of all its tables; known once it is written.")
    created_at: datetime = column("When it was asked for.")
    finished_at: datetime | None = column("When it ended.")
    expires_at: datetime | None = column("When the file is deleted.")
    mailed_at: datetime | None = column("When its address was sent out.")


@strawberry.type(description="Where the file of a report can be fetched for a while, by whoever has the address.")
class ReportLink:
    url: str = strawberry.field(description="GET it; no header needed. It is a credential: hand it to nobody.")
    expires_at: datetime = strawberry.field(description="Until when it is good; ask for another one then.")


@strawberry.input(description="A report that is to be made.")
class ReportRunInput:
    definition: str = strawberry.field(description="Which one: the name of its definition.")
    format: ReportFormat = strawberry.field(description="What it is to be written as.")
    locale: str | None = strawberry.field(
        default=None, description="The language it is made in, en or zh; the reader's when left out."
    )
    parameters: ReportParametersInput | None = strawberry.field(default=None, description="What it is about.")
    recipients: list[str] | None = strawberry.field(
        default=None,
        description="Send the address of the file to these, 20 at the most: people of the shop, and with "
        f"`{Scope.ANALYTICS_WRITE}` anybody.",
    )


@root
class ReportPayload(Payload):
    """A report after a mutation."""

    report: Report | None = fetched("The report as it is now; null when there are errors.")


@shop_mutation(
    Scope.SHOP_READ,
    "Have a report made; it is done in the background, and `jobChanged` tells how it gets on. Needs the scopes of its "
    "definition as well.",
    once=True,
)
async def report_run(ctx: Context, input: ReportRunInput) -> ReportPayload:
    found = definition(input.definition)
    parameters = input.parameters or ReportParametersInput()
    asked = wishing.checked(found, parameters.read())
    await wishing.check_things(ctx, asked)
    locale = read_report_locale(input.locale)
    wanted = wishing.wanted(ctx, found, Format(input.format), locale, asked, now(), input.recipients or ())
    report = await request_report(ctx, wanted)
    return ReportPayload.of(report=report.id)


@root
class ReportLists:
    """What has been asked for."""

    report: Report | None = one_of("One report by its id.")
    reports: Connection[Report] = page_of("The shop's reports, newest first.", order=("-id",))


@strawberry.type
class ReportQueries(ReportLists):
    """What reports there are, what has been asked for, and where the files are."""

    @strawberry.field(
        description=f"The reports that can be asked for, in the reader's language. Needs the scope `{Scope.SHOP_READ}`."
    )
    async def report_definitions(self, info: Info[GraphContext, None]) -> list[ReportDefinition]:
        ctx = info.context.require(Scope.SHOP_READ, "reportDefinitions")
        return [_shown(ctx, each) for each in DEFINITIONS.values()]

    @strawberry.field(
        description="A fresh address of a report's file, good for 15 minutes: for who holds all the scopes that it was "
        f"made with. Needs the scope `{Scope.SHOP_READ}`."
    )
    async def report_link(
        self,
        info: Info[GraphContext, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="The report's id.")],
    ) -> ReportLink:
        ctx = info.context.require(Scope.SHOP_READ, "reportLink")
        link = await report_link(ctx, read_id("id", id, "rep"))
        return ReportLink(url=link.url, expires_at=link.expires_at)


def _shown(ctx: Context, each: Definition) -> ReportDefinition:
    return ReportDefinition(
        name=each.name,
        title=each.title.said(),
        about=each.about.said(),
        parameters=[ReportParameter(name=name, is_required=needed) for name, needed in each.takes.items()],
        scopes=[str(scope) for scope in each.scopes],
        optional_scopes=[str(scope) for scope in each.optional_scopes],
        is_allowed=all(scope in ctx.scopes for scope in each.scopes),
    )


@strawberry.type
class ReportMutations:
    """What can be done with reports."""

    report_run = report_run
