"""Jobs of imports of orders."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from uuid import UUID

from stoa.domains.orders.importing.forgetting import forget_files
from stoa.domains.orders.importing.orders import JOB, give_up_import, run_import
from stoa.tenants.context import Context
from stoa.tenants.importing.models import ImportRun
from stoa.tenants.importing.running import Superseded
from stoa.tenants.jobs import Job, Priority, job, words_of

GIVE_UP = "orders.give_up_import"


@job("orders.forget_files", in_one_transaction=False, priority=Priority.LAST)
async def forget_imported_files(ctx: Context, job: Job) -> None:
    """Let go of the files of imports that have long ended."""
    await forget_files(ctx)
    async with job.finish():
        pass


@job(JOB, kind="imports", in_one_transaction=False, on_dead=GIVE_UP)
async def work_on_order_import(ctx: Context, job: Job) -> None:
    """Bring an import to its end, or undo it: whatever the run is waiting for."""
    # what another attempt has taken over is that one's to end
    with suppress(Superseded):
        import_id = UUID(job.payload["import_id"])
        await run_import(ctx, import_id, step=job.telling(partial(_imported, import_id)), finish=job.finish)


async def _imported(import_id: UUID) -> int:
    return (await ImportRun.get(id=import_id)).percent


@job(GIVE_UP, kind="imports", in_one_transaction=False)
async def give_up_order_import(ctx: Context, job: Job) -> None:
    """End an import whose job was given up, and undo what it did."""
    import_id = UUID(job.payload["import_id"])
    await give_up_import(ctx, import_id, words_of(job.payload["error"]))
    await run_import(ctx, import_id, step=job.step, finish=job.finish)
