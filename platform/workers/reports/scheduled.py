"""Follow a schedule: for one slot of it, ask for its report, in the name of whoever arranged it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from tortoise.exceptions import IntegrityError

from stoa.graphql.reporting.registry import definition
from stoa.graphql.reporting.wishing import Parameters, wanted
from stoa.kit.languages import Locale, Sentence
from stoa.tenants.access.members import names_of
from stoa.tenants.access.rights import rights_of
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Actor, Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import publish
from stoa.tenants.reporting.events import ReportSchedulePaused
from stoa.tenants.reporting.models import ReportSchedule
from stoa.tenants.reporting.requesting import report_exists, write_report

GONE = Sentence("Whoever arranged it does not have the rights for it any more; somebody who has must arrange it anew.")


async def follow_schedule(ctx: Context, schedule_id: UUID, slot: str, at: datetime) -> None:
    """In the open transaction of its job. One that was deleted or paused meanwhile makes nothing, nor does a slot that
    has its report already; one whose owner lacks the rights now is paused, with the reason. These are the report's, and
    that to arrange reports: it may go to people outside of the shop."""
    schedule = await ReportSchedule.get_or_none(id=schedule_id, using_db=shop_client())
    if schedule is None or schedule.next_at is None or await report_exists(schedule.id, slot):
        return
    names = await names_of([schedule.owner_id])
    actor = Actor("account", schedule.owner_id, names.get(schedule.owner_id, ""))
    rights = await rights_of(actor, ctx.shop.id)
    if rights is None or not rights.scopes.issuperset({*schedule.scopes, Scope.ANALYTICS_WRITE}):
        await _pause(ctx, schedule)
        return
    owner = Context(ctx.shop, actor, rights.scopes, _locale(schedule), ctx.request_id)
    found, locale = definition(schedule.definition), _locale(schedule)
    wish = wanted(owner, found, schedule.format, locale, Parameters.of(schedule.parameters), at)
    try:
        async with shop_transaction():
            await write_report(owner, wish, schedule.recipients, schedule=schedule, slot=slot)
    except IntegrityError:  # another attempt at the same slot was there first
        return


async def _pause(ctx: Context, schedule: ReportSchedule) -> None:
    schedule.next_at, schedule.failure = None, GONE.kept()
    await schedule.save(using_db=shop_client(), update_fields=["next_at", "failure"])
    await publish(ctx, ReportSchedulePaused(schedule.id, schedule.name))


def _locale(schedule: ReportSchedule) -> Locale:
    return "zh" if schedule.locale == "zh" else "en"
