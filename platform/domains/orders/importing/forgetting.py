"""Files of orders are full of buyers: they, and what was odd in them, are kept no longer than they are of use."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from stoa.kit.clock import now
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.importing.models import UNFINISHED, ImportRun
from stoa.tenants.uploading import forget_upload

# After a dry run the same file is usually imported in earnest; whoever asks to be forgotten waits no longer than this.
KEEP_FILES: Final = timedelta(days=7)
# Which values a line had; that there was something odd, where and of what kind stays.
_FORGET_VALUES = "UPDATE import_issue SET value = '' WHERE run_id = $1 AND value <> ''"


async def forget_files(ctx: Context) -> int:
    """Delete the files of imports of orders that ended long enough ago, and the cells that were told of; how many."""
    old = ImportRun.filter(subject="orders", finished_at__lt=now() - KEEP_FILES).exclude(file_key="")
    forgotten = 0
    for run in await old.exclude(state__in=UNFINISHED).order_by("id").limit(1000):
        if await ImportRun.exists(file_key=run.file_key, state__in=UNFINISHED):
            continue  # it was a dry run, and the same file is being imported now
        await forget_upload(ctx, run.file_key)
        async with shop_transaction():
            await shop_client().execute_query(_FORGET_VALUES, [run.id])
            forgotten += await ImportRun.filter(id=run.id).exclude(state__in=UNFINISHED).update(file_key="")
    return forgotten
