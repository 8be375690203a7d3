"""Sending webhooks, and seeing to it that none is forgotten. Here because a payload is a query."""

from __future__ import annotations

from uuid import UUID

from stoa.graphql.schema import schema
from stoa.graphql.tenants.payloads import make_payload
from stoa.tenants import hooks
from stoa.tenants.context import Context
from stoa.tenants.hooks.rousing import MAX_ATTEMPTS
from stoa.tenants.jobs import Job, job, platform_job


@job(hooks.SEND, kind="webhooks", max_attempts=MAX_ATTEMPTS, in_one_transaction=False)
async def send_webhooks(ctx: Context, job: Job) -> None:
    """A turn of one hook."""
    schema()  # once it is built, queries can be run
    await hooks.take_turn(ctx, job, UUID(job.payload["webhook_id"]), make_payload)


@platform_job("webhooks.rescue")
async def rescue_webhooks(job: Job) -> None:
    """Plan turns for what is due and nobody sees to."""
    await hooks.rescue()


@platform_job("webhooks.sweep")
async def sweep_webhooks(job: Job) -> None:
    """Forget what was sent long ago."""
    await hooks.sweep_webhooks()
