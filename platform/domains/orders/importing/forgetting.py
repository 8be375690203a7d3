"""Files of orders are full of buyers: they, and what was odd in them, are kept no longer than they are of use."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from stoa.kit.clock import now
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.importing.models import UNFINISHED
from stoa.tenants.uploading import forget_upload

# After a dry run the same file is usually imported in earnest; whoever asks to be forgotten waits no longer than this.
KEEP_FILES: Final = timedelta(days=7)
AT_ONCE: Final = 1000  # runs
# Not what is a dry run whose file is being imported now.
_OLD = """
SELECT id, file_key FROM import_run r
WHERE subject = 'orders' AND finished_at < $1 AND file_key <> '' AND state <> ALL($2::text[])
  AND NOT EXISTS (SELECT FROM import_run u WHERE u.file_key = r.file_key AND u.state = ANY($2::text[]))
ORDER BY id LIMIT $3
"""
# Of what was odd the values a line had go; that there was something, where and of what kind stays.
_FORGET = """
WITH forgotten AS (
  UPDATE import_run SET file_key = '' WHERE id = ANY($1::uuid[]) AND state <> ALL($2::text[]) RETURNING id),
cells AS (
  UPDATE import_issue i SET value = '' FROM unnest($1::uuid[]) AS r (id) WHERE i.run_id = r.id AND i.value <> '')
SELECT count(*)::int AS number FROM forgotten
"""


async def forget_files(ctx: Context) -> int:
    """Delete the files of imports of orders that ended long enough ago, and the cells that were told of; how many."""
    unfinished = [state.value for state in UNFINISHED]
    old = await shop_client().execute_query_dict(_OLD, [now() - KEEP_FILES, unfinished, AT_ONCE])
    for key in dict.fromkeys(run["file_key"] for run in old):
        await forget_upload(ctx, key)
    if not old:
        return 0
    [done] = await shop_client().execute_query_dict(_FORGET, [[run["id"] for run in old], unfinished])
    forgotten: int = done["number"]
    return forgotten
