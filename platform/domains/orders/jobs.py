"""Jobs of orders."""

from __future__ import annotations

from uuid import UUID

from stoa.domains.orders import shipping
from stoa.domains.orders.errors import NoSuchOrder
from stoa.domains.orders.shipping.errors import (
    CarrierRefused,
    CarrierSilent,
    NoSuchShipment,
    NotFollowed,
    WrongShipmentState,
)
from stoa.kit.log import logger
from stoa.tenants.context import Context
from stoa.tenants.jobs import Job, job
from stoa.tenants.outbox import enqueue

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
