"""Forgetting what was sent long ago, and hooks that were deleted: of all shops at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from stoa.kit.clock import now
from stoa.tenants.database import platform_client

KEEP_FOR: Final = timedelta(days=30)
FORGET_DELIVERIES: Final = """
DELETE FROM platform.webhook_delivery WHERE state <> 'WAITING' AND ended_at < $1
"""
# Those that somebody may be sending to at this moment are left for another night.
FORGET_HOOKS: Final = """
DELETE FROM platform.webhook WHERE state = 'DELETED' AND coalesce(turn_until, '-infinity') < $1 RETURNING id
"""


async def sweep_webhooks() -> None:
    """In the open platform transaction. Events stay in the shops' logs, and with them what can be replayed."""
    await platform_client().execute_query_dict(FORGET_HOOKS, [now() - timedelta(days=1)])
    await platform_client().execute_query(FORGET_DELIVERIES, [now() - KEEP_FOR])
