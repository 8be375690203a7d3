"""Webhooks under test: one that is made, the turns that send to it, and what its log says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg

from stoa.kit.clock import now
from stoa.tenants import hooks
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_client
from stoa.tenants.hooks.models import Webhook, WebhookAttempt, WebhookDelivery
from stoa.workers.reactions import JOBS
from stoa.workers.settings import LANES
from stoa.workers.working import Hands

QUERY = "query ($id: ID!) { order(id: $id) { id number state total { amount currency } } }"
NEXT = """
UPDATE platform.job SET state = 'SENT', attempts = attempts + 1 WHERE id = (
  SELECT id FROM platform.job WHERE shop_schema = $1 AND name = 'webhooks.send' AND state = 'QUEUED' AND run_at <= $2
  ORDER BY run_at, id LIMIT 1)
RETURNING id, attempts
"""


async def hook(
    ctx: Context, address: str, *events: str, query: str = QUERY, scopes: tuple[str, ...] = ("orders:read",)
) -> hooks.NewSecret:
    """A hook of this shop, made past the check of its query."""
    with open_shop(ctx.shop):
        return await hooks.create_webhook(
            ctx, hooks.WebhookDraft("ERP", address, events or ("OrderPlaced",), query, scopes)
        )


async def turns(ctx: Context, owner: asyncpg.Connection) -> int:
    """Do the shop's turns that are due at this moment of the test's clock, as workers do; how many there were."""
    hands, done = Hands(replace(LANES["webhooks"]), JOBS), 0
    while row := await owner.fetchrow(NEXT, ctx.shop.schema, now()):
        await hands.perform(str(row["id"]), row["attempts"])
        done += 1
    return done


async def planned(ctx: Context, owner: asyncpg.Connection) -> list[Any]:
    """When the turns are to be that are not due yet."""
    return [
        row["run_at"]
        for row in await owner.fetch(
            "SELECT run_at FROM platform.job WHERE shop_schema = $1 AND name = 'webhooks.send' AND state = 'QUEUED' "
            "ORDER BY run_at",
            ctx.shop.schema,
        )
    ]


async def deliveries(ctx: Context, hook_id: UUID | None = None) -> list[WebhookDelivery]:
    """In the order of their events."""
    with open_shop(ctx.shop):
        asked = WebhookDelivery.all() if hook_id is None else WebhookDelivery.filter(webhook_id=hook_id)
        return await asked.using_db(shop_client()).order_by("event_id")


async def attempts(ctx: Context, delivery: WebhookDelivery) -> list[WebhookAttempt]:
    with open_shop(ctx.shop):
        return await WebhookAttempt.filter(delivery_id=delivery.id).using_db(shop_client()).order_by("id")


async def as_kept(ctx: Context, hook_id: UUID) -> Webhook:
    with open_shop(ctx.shop):
        return await Webhook.filter(id=hook_id).using_db(shop_client()).get()
