"""Jobs that forget what a shop, or the platform, has kept long enough; the clock plans them (workers/schedule.py)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from stoa.kit.clock import now
from stoa.tenants import access
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.jobs import Job, Priority, job, platform_job
from stoa.tenants.uploading import sweep_uploads

KEEP_ANSWERS: Final = timedelta(days=30)  # as long as a job's dedupe_key is remembered
AT_ONCE: Final = 5_000
FORGET_ANSWERS = """
DELETE FROM kept_answer WHERE key IN (SELECT key FROM kept_answer WHERE created_at < $1 ORDER BY created_at LIMIT $2)
RETURNING key
"""


@job("tenants.sweep", in_one_transaction=False, priority=Priority.LAST)
async def sweep_shop(ctx: Context, job: Job) -> None:
    """Forget uploads that were never used, and answers whose idempotency keys nobody will repeat any more."""
    while await sweep_uploads(ctx):
        pass
    while await forget_answers():
        pass


@platform_job("access.sweep")
async def sweep_access(job: Job) -> None:
    """Forget sessions that have ended by themselves, and failed tries of signing in that have faded."""
    await access.sweep()


async def forget_answers() -> int:
    """Forget some of the answers kept for longer than `KEEP_ANSWERS`; how many."""
    return len(await shop_client().execute_query_dict(FORGET_ANSWERS, [now() - KEEP_ANSWERS, AT_ONCE]))
