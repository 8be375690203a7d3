"""What the clock sees to, for all shops by one statement each."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from stoa.kit.clock import now
from stoa.kit.ids import NEW_ID, first_id_of
from stoa.tenants.database import platform_client
from stoa.tenants.notifying.writing import DIGEST

KEEP: Final = timedelta(days=180)
LATE: Final = timedelta(minutes=5)
AT_ONCE: Final = 5_000
# A digest's job is planned with what it gathers, so this finds nothing unless jobs were lost with a restored backup.
_MISSED: Final = f"""
INSERT INTO platform.job (id, shop_schema, kind, name, payload, dedupe_key, state, run_at, attempts, failures,
                          max_attempts, priority, is_ready, created_at)
SELECT {NEW_ID}, shop_schema, 'notifications', '{DIGEST}',
  jsonb_build_object('recipient', recipient, 'channel', channel, 'slot', $1::timestamptz),
  left('missed ' || channel || ' ' || $1::timestamptz || ' ' || recipient, 200), 'QUEUED', $1, 0, 0, 5, 1, true, $1
FROM (SELECT DISTINCT n.shop_schema, n.recipient, n.channel FROM platform.notification n
      JOIN platform.shop s ON s.schema_name = n.shop_schema AND s.state = 'ACTIVE'
      WHERE n.state = 'GATHERED' AND n.due_at < $2 LIMIT {AT_ONCE}) missed
ON CONFLICT DO NOTHING
"""
_FORGET: Final = f"""
DELETE FROM platform.notification WHERE id IN (
  SELECT id FROM platform.notification WHERE id < $1 ORDER BY id LIMIT {AT_ONCE})
"""


async def plan_missed_digests() -> None:
    """For what should have been merged a while ago."""
    await platform_client().execute_query(_MISSED, [now(), now() - LATE])


async def forget_old() -> None:
    """Some of the messages older than `KEEP`: their ids begin with their time."""
    await platform_client().execute_query(_FORGET, [first_id_of(now() - KEEP)])
