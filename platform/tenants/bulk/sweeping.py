"""Forget bulk runs, over all shops at once: their files after a week, the rows after three months."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from stoa.kit.clock import now
from stoa.tenants.database import platform_client
from stoa.tenants.uploading import stored_files

KEEP_ROWS = timedelta(days=90)
AT_ONCE = 500
# What has ended and is over, or what its end could not clear away: a process was killed between the two.
OVERDUE = """
SELECT id, shop_schema, file_key, parts, part_key FROM platform.bulk_run
WHERE expires_at < $1 AND state IN ('DONE', 'FAILED', 'CANCELLED') ORDER BY expires_at LIMIT $2
"""
EXPIRE = """
UPDATE platform.bulk_run SET state = 'EXPIRED', file_key = NULL, part_key = NULL, parts = '[]'
WHERE id = ANY($1::uuid[])
"""
FORGET_LINES = "DELETE FROM platform.bulk_line WHERE run_id = ANY($1::uuid[])"
FORGET = """
DELETE FROM platform.bulk_run WHERE id IN (
  SELECT id FROM platform.bulk_run WHERE expires_at < $1 AND state = 'EXPIRED' ORDER BY expires_at LIMIT $2)
"""


async def sweep_runs() -> int:
    """Delete files whose time is over, and rows long after; how many files. In the open platform transaction."""
    client, moment = platform_client(), now()
    overdue = await client.execute_query_dict(OVERDUE, [moment, AT_ONCE])
    for row in overdue:
        await _delete_files(row)
    ids = [row["id"] for row in overdue]
    await client.execute_query(EXPIRE, [ids])
    await client.execute_query(FORGET_LINES, [ids])
    await client.execute_query(FORGET, [moment - KEEP_ROWS, AT_ONCE])
    return len(overdue)


async def _delete_files(row: dict[str, Any]) -> None:
    files = stored_files(row["shop_schema"])
    parts = [key for key, _ in msgspec.json.decode(row["parts"])]
    for key in dict.fromkeys((row["file_key"], row["part_key"], *parts)):
        if key:
            await files.delete(key)
