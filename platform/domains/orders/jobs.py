"""Jobs of orders."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from stoa.domains.orders import aftersales, reminding, shipping
from stoa.domains.orders.aftersales.handling import DUE
from stoa.domains.orders.belonging import follow_buyers, forget_buyers
from stoa.domains.orders.errors import NoSuchOrder
from stoa.domains.orders.shipping.errors import (
    CarrierRefused,
    CarrierSilent,
    NoSuchShipment,
    NotFollowed,
    WrongShipmentState,
)
from stoa.domains.service.events import CustomerErased, CustomersMerged, MergeUndone
from stoa.kit.clock import now
from stoa.kit.log import logger
from stoa.tenants.context import Context
from stoa.tenants.jobs import Job, job
from stoa.tenants.outbox import enqueue

# An order that was being placed while its buyer was merged comes in under the old id: it is looked for once more.
_STRAGGLERS = timedelta(minutes=1)


@job("orders.follow_merge")
async def follow_merge(ctx: Context, job: Job) -> None:
    """Give the orders of merged customers to whoever those are by now."""
    news = job.event(CustomersMerged)
    await follow_buyers(ctx, (news.customer_id, *news.gone_ids))
    if not job.payload.get("again"):
        at = now() + _STRAGGLERS
        await enqueue(ctx, job.name, job.payload | {"again": True}, kind="general", run_at=at)


@job("orders.follow_parting")
async def follow_parting(ctx: Context, job: Job) -> None:
    """Give the orders of customers who are two again to whoever placed them."""
    news = job.event(MergeUndone)
    await follow_buyers(ctx, (news.customer_id, *news.gone_ids))


@job("orders.forget_buyer")
async def forget_buyer(ctx: Context, job: Job) -> None:
    """Take out of the orders of an erased customer whatever says who they are."""
    await forget_buyers(ctx, job.event(CustomerErased).ids)


_A_MINUTE = timedelta(minutes=1)


@job("orders.plan_reminder", gather=_A_MINUTE)
async def plan_reminder(ctx: Context, job: Job) -> None:
    """See to it that orders which have just come in are not forgotten: one look for all that came within a minute."""
    await reminding.plan_reminder(ctx, datetime.fromisoformat(job.payload["since"]) + _A_MINUTE)


@job(reminding.REMIND)
async def remind(ctx: Context, job: Job) -> None:
    """Make news of orders that have waited too long."""
    while await reminding.remind(ctx) == reminding.AT_ONCE:
        pass


@job(DUE)
async def case_due(ctx: Context, job: Job) -> None:
    """Move an after-sale case on when its deadline is over."""
    await aftersales.case_is_due(ctx, UUID(job.payload["case_id"]))


log = logger("stoa.orders")
PARCELS_AT_ONCE = 25
# Of one parcel, in the way of nothing else: it is asked about again at the next turn.
PASSING = (CarrierSilent, CarrierRefused, NoSuchShipment, NoSuchOrder, NotFollowed, WrongShipmentState)


@job("orders.flag_late_parcels", in_one_transaction=False)
async def flag_late_parcels(ctx: Context, job: Job) -> None:
    """Flag the parcels that should have arrived by now."""
    await shipping.flag_late(ctx)
    async with job.finish():
        pass


@job("orders.follow_parcels", in_one_transaction=False)
async def follow_parcels(ctx: Context, job: Job) -> None:
    """Ask carriers about some of the parcels on their way; the next ones are another job's."""
    after = job.payload.get("after")
    ids = await shipping.parcels_to_follow(UUID(after) if after else None, PARCELS_AT_ONCE)
    for id in ids:
        try:
            await shipping.track_parcel(ctx, id)
        except PASSING as refusal:
            log.info("a parcel was not followed", shipment_id=str(id), why=refusal.message)
    async with job.finish():
        if len(ids) == PARCELS_AT_ONCE:
            await enqueue(ctx, job.name, {"after": str(ids[-1])}, kind="general")
