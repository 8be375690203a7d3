"""Ask for a report: a row, and the job that makes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from stoa.kit.clock import now
from stoa.kit.ids import new_id
from stoa.kit.languages import Locale
from stoa.kit.reporting import Format
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import enqueue
from stoa.tenants.reporting.addressing import checked_recipients
from stoa.tenants.reporting.errors import TooManyReports
from stoa.tenants.reporting.models import Report, ReportSchedule, ReportState

JOB: Final = "reports.make"
MAX_WAITING: Final = 50
MAX_ATTEMPTS: Final = 3
ONE_BY_ONE: Final = "SELECT pg_advisory_xact_lock(hashtextextended('reports of ' || current_schema(), 0))"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be made: the definition's name, its parameters as they are kept, and the rights it needs."""

    definition: str
    format: Format
    locale: Locale
    parameters: dict[str, Any]
    title: str
    file_name: str
    scopes: Sequence[str]
    recipients: Sequence[str] = field(default_factory=tuple)


async def request_report(ctx: Context, wanted: Wanted) -> Report:
    """Have a report made. The caller's rights of this moment, and of the moment of making, must cover it.

    Raises `MissingScope`, `TooManyReports`, and what `checked_recipients` raises.
    """
    for scope in wanted.scopes:
        ctx.require(scope)
    recipients = await checked_recipients(ctx, wanted.recipients)
    async with shop_transaction():
        await shop_client().execute_query(ONE_BY_ONE)
        waiting = Report.filter(shop_schema=ctx.shop.schema, state=ReportState.QUEUED).using_db(shop_client())
        if await waiting.count() >= MAX_WAITING:
            raise TooManyReports("{limit} reports wait to be made; wait for the end of one.", limit=MAX_WAITING)
        return await write_report(ctx, wanted, recipients)


async def write_report(
    ctx: Context,
    wanted: Wanted,
    recipients: Sequence[str],
    *,
    schedule: ReportSchedule | None = None,
    slot: str | None = None,
) -> Report:
    """The row and its job, in the open transaction of the shop."""
    report_id = new_id()
    job_id = await enqueue(ctx, JOB, {"report_id": str(report_id)}, kind="reports", max_attempts=MAX_ATTEMPTS)
    return await Report.create(
        using_db=shop_client(),
        id=report_id,
        shop_schema=ctx.shop.schema,
        definition=wanted.definition,
        format=wanted.format,
        locale=wanted.locale,
        parameters=wanted.parameters,
        title=wanted.title[:200],
        file_name=wanted.file_name[:160],
        scopes=list(wanted.scopes),
        actor_kind=ctx.actor.kind,
        actor_id=ctx.actor.id,
        actor_name=ctx.actor.name[:120],
        schedule_id=None if schedule is None else schedule.id,
        slot=slot,
        recipients=list(recipients),
        job_id=job_id,
        created_at=now(),
    )


async def report_exists(schedule_id: UUID, slot: str) -> bool:
    """Whether a slot of a schedule has its report already."""
    return await Report.filter(schedule_id=schedule_id, slot=slot).using_db(shop_client()).exists()


async def report_of(report_id: UUID) -> Report | None:
    """The open shop's report of that id: its role sees no other's."""
    return await Report.get_or_none(id=report_id, using_db=shop_client())


async def report_to_make(ctx: Context, report_id: UUID) -> Report | None:
    """The same for who works for all shops: over connections that need not become this shop's for it."""
    return await Report.get_or_none(id=report_id, shop_schema=ctx.shop.schema)
