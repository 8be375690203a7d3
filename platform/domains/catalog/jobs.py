"""Jobs of the catalog."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from stoa.domains.catalog import exporting
from stoa.domains.catalog.importing import Superseded, give_up_import, run_import
from stoa.domains.catalog.importing.starting import JOB
from stoa.tenants.context import Context
from stoa.tenants.jobs import Job, job


@job(JOB, kind="imports", in_one_transaction=False, on_dead="catalog.give_up_import")
async def work_on_import(ctx: Context, job: Job) -> None:
    """Bring an import to its end, or undo it: whatever the run is waiting for."""
    # what another attempt has taken over is that one's to end
    with suppress(Superseded):
        await run_import(ctx, UUID(job.payload["import_id"]), step=job.step, finish=job.finish)


@job("catalog.give_up_import", kind="imports", in_one_transaction=False)
async def give_up(ctx: Context, job: Job) -> None:
    """End an import whose job was given up, and undo what it did."""
    import_id = UUID(job.payload["import_id"])
    await give_up_import(ctx, import_id, str(job.payload["error"]))
    await run_import(ctx, import_id, step=job.step, finish=job.finish)


@job(exporting.JOB, kind="imports", in_one_transaction=False, on_dead="catalog.give_up_export")
async def work_on_export(ctx: Context, job: Job) -> None:
    """Write the file of an export, from its beginning however often that was tried before."""
    with suppress(exporting.Superseded):
        await exporting.run_export(ctx, UUID(job.payload["export_id"]), step=job.step, finish=job.finish)


@job("catalog.give_up_export", kind="imports")
async def give_up_export(ctx: Context, job: Job) -> None:
    """End an export whose job was given up."""
    await exporting.fail_export(ctx, UUID(job.payload["export_id"]), str(job.payload["error"]))
