"""Jobs of notifications."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from stoa.kit.messaging import Channel
from stoa.tenants.context import Context
from stoa.tenants.jobs import Job, job, platform_job
from stoa.tenants.notifying import digesting, dying, fanning, sending, sweeping
from stoa.tenants.notifying.dying import TELL_OF_DEATH
from stoa.tenants.notifying.notices import concerned_by
from stoa.tenants.notifying.writing import DIGEST, SEND


@job("notifications.fan_out", kind="notifications", concerns=concerned_by)
async def fan_out(ctx: Context, job: Job) -> None:
    """Write a message to everybody who is to be told of an event."""
    await fanning.tell_of(ctx, UUID(job.payload["event_id"]))


@job(SEND, kind="notifications", in_one_transaction=False, max_attempts=8, on_dead="notifications.give_up")
async def send(ctx: Context, job: Job) -> None:
    """Let one message leave."""
    message_id = UUID(job.payload["message_id"])
    await sending.send(ctx, message_id, attempt=job.attempt, step=job.step, finish=job.finish)


@job("notifications.give_up", kind="notifications")
async def give_up(ctx: Context, job: Job) -> None:
    """Say of a message that it was not sent, and why."""
    await sending.give_up(ctx, UUID(job.payload["message_id"]), str(job.payload["error"]))


@job(DIGEST, kind="notifications")
async def send_digest(ctx: Context, job: Job) -> None:
    """Merge what was gathered into one message."""
    payload = job.payload
    slot = datetime.fromisoformat(payload["slot"])
    await digesting.send_digest(ctx, str(payload["recipient"]), Channel(payload["channel"]), slot)


@job(TELL_OF_DEATH, kind="notifications")
async def tell_of_death(ctx: Context, job: Job) -> None:
    """Make news of a job that was given up."""
    await dying.tell_of_death(ctx, UUID(job.payload["job_id"]))


@platform_job("notifications.sweep", kind="notifications")
async def sweep(job: Job) -> None:
    """Plan digests that were missed, and forget messages of long ago; of all shops at once."""
    await sweeping.plan_missed_digests()
    await sweeping.forget_old()
