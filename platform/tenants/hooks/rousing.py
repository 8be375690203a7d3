"""Rousing: the job that sends what is due to one hook."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from stoa.kit.clock import now
from stoa.kit.ids import NEW_ID
from stoa.tenants.context import Context
from stoa.tenants.database import platform_client
from stoa.tenants.outbox import enqueue

SEND: Final = "webhooks.send"  # the trigger on deliveries plans it as well (migration 0010_webhooks)
MAX_ATTEMPTS: Final = 10
STRANDED_AFTER: Final = "2 minutes"
CLOCKS_DIFFER: Final = timedelta(seconds=2)
# What should have gone some time ago, and nobody is at it: its job was lost with a restored backup, or cancelled.
RESCUE: Final = f"""
INSERT INTO platform.job (id, shop_schema, kind, name, payload, state, run_at, attempts, failures, max_attempts,
                          priority, is_ready, created_at)
SELECT {NEW_ID}, h.shop_schema, 'webhooks', '{SEND}', jsonb_build_object('webhook_id', h.id), 'QUEUED', now(), 0, 0,
       {MAX_ATTEMPTS}, 1, true, now()
FROM platform.webhook h
WHERE h.state = 'ACTIVE' AND coalesce(h.turn_until, '-infinity') < now()
  AND coalesce(h.rest_until, '-infinity') < now() - interval '{STRANDED_AFTER}'
  AND EXISTS (SELECT FROM platform.webhook_delivery d
              WHERE d.webhook_id = h.id AND d.state = 'WAITING' AND d.due_at < now() - interval '{STRANDED_AFTER}')
  AND NOT EXISTS (SELECT FROM platform.job j
                  WHERE j.shop_schema = h.shop_schema AND j.name = '{SEND}' AND j.state IN ('QUEUED', 'SENT', 'RUNNING')
                    AND j.payload ->> 'webhook_id' = h.id::text)
RETURNING id
"""


async def rouse(ctx: Context, hook_id: UUID, at: datetime | None = None) -> None:
    """Plan a turn of the hook, now or at that moment, in the open transaction."""
    # A turn that came a little early, by another machine's clock, must be able to plan itself for the same moment
    key = None if at is None or at - now() < CLOCKS_DIFFER else f"{hook_id}@{at.isoformat()}"
    payload = {"webhook_id": str(hook_id)}
    await enqueue(ctx, SEND, payload, kind="webhooks", dedupe_key=key, run_at=at, max_attempts=MAX_ATTEMPTS)


async def rescue() -> int:
    """Plan the turns that are missing, of all shops; how many. In the open platform transaction."""
    return len(await platform_client().execute_query_dict(RESCUE))
