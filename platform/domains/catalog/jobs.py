"""Jobs of the catalog."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from stoa.domains.catalog.importing import Superseded, give_up_import, run_import
from stoa.domains.catalog.importing.starting import JOB
from stoa.domains.catalog.media.forgetting import FORGET, forget_unused
from stoa.domains.catalog.media.processing import GIVE_UP, PROCESS, give_up_picture, process_picture
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


@job(PROCESS, kind="images", in_one_transaction=False, max_attempts=3, on_dead=GIVE_UP)
async def work_on_image(ctx: Context, job: Job) -> None:
    """Make the sizes of a picture that was uploaded, or say what is wrong with it."""
    await process_picture(ctx, str(job.payload["file_key"]), finish=job.finish)


@job(GIVE_UP, kind="images")
async def give_up_image(ctx: Context, job: Job) -> None:
    """Say of a picture whose job was given up that it is not to be had."""
    await give_up_picture(ctx, str(job.payload["file_key"]))


@job(FORGET)
async def forget_images(ctx: Context, job: Job) -> None:
    """Delete the files of pictures that were removed, unless another picture stands on them."""
    await forget_unused(ctx, [str(key) for key in job.payload["file_keys"]])
