"""Jobs of the shop's rules."""

from __future__ import annotations

from datetime import timedelta

from stoa.domains.orders.models import RuleKind
from stoa.domains.orders.rules.asking import FOLLOW
from stoa.domains.orders.rules.sweeping import follow_rules
from stoa.tenants.context import Context
from stoa.tenants.jobs import Job, job


@job(FOLLOW, in_one_transaction=False)
async def follow_by_the_clock(ctx: Context, job: Job) -> None:
    """Orders whose time is over by a rule: planned for the moment when that is, and every hour for what was missed."""
    await follow_rules(ctx)
    async with job.finish():
        pass


@job("orders.deliver_files", in_one_transaction=False, gather=timedelta(seconds=10))
async def deliver_files(ctx: Context, job: Job) -> None:
    """Whenever orders have moved: what is nothing to be sent arrives as soon as it is confirmed and paid."""
    await follow_rules(ctx, [RuleKind.SHIP_DIGITAL])
    async with job.finish():
        pass
