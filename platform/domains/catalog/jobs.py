"""Jobs of the catalog."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from stoa.domains.catalog import bulk_editing, exporting, merchandising, stock
from stoa.domains.catalog.events import ProductsImported
from stoa.domains.catalog.importing import Superseded, give_up_import, run_import
from stoa.domains.catalog.importing.products import JOB
from stoa.domains.catalog.media.forgetting import FORGET, forget_unused
from stoa.domains.catalog.media.processing import GIVE_UP, PROCESS, give_up_picture, process_picture
from stoa.domains.catalog.models import ImportRun, percent_exported
from stoa.domains.catalog.publishing import apply_schedule
from stoa.domains.catalog.publishing.scheduling import JOB as SCHEDULE
from stoa.domains.catalog.publishing.scheduling import Turn
from stoa.domains.catalog.stock.reserving import EXPIRE
from stoa.tenants.context import Context
from stoa.tenants.jobs import Job, Priority, job, words_of
from stoa.tenants.outbox import enqueue


@job(JOB, kind="imports", in_one_transaction=False, on_dead="catalog.give_up_import")
async def work_on_import(ctx: Context, job: Job) -> None:
    """Bring an import to its end, or undo it: whatever the run is waiting for."""
    # what another attempt has taken over is that one's to end
    with suppress(Superseded):
        import_id = UUID(job.payload["import_id"])
        await run_import(ctx, import_id, step=job.telling(partial(_imported, import_id)), finish=job.finish)


async def _imported(import_id: UUID) -> int:
    return (await ImportRun.get(id=import_id)).percent


@job("catalog.give_up_import", kind="imports", in_one_transaction=False)
async def give_up(ctx: Context, job: Job) -> None:
    """End an import whose job was given up, and undo what it did."""
    import_id = UUID(job.payload["import_id"])
    await give_up_import(ctx, import_id, words_of(job.payload["error"]))
    await run_import(ctx, import_id, step=job.step, finish=job.finish)


@job(SCHEDULE)
async def apply_product_schedule(ctx: Context, job: Job) -> None:
    """Put a product on sale, or take it off, at the time that was planned for it."""
    payload = job.payload
    turn: Turn = "publish_at" if payload["turn"] == "publish_at" else "unpublish_at"
    await apply_schedule(ctx, UUID(payload["product_id"]), turn, datetime.fromisoformat(payload["at"]))


@job(EXPIRE)
async def expire_reservations(ctx: Context, job: Job) -> None:
    """Let go of what is reserved beyond its time: planned with every reservation that has one."""
    await stock.expire_reservations(ctx)


@job("catalog.sweep_exports", in_one_transaction=False, priority=Priority.LAST)
async def sweep_exports(ctx: Context, job: Job) -> None:
    """Delete the files of exports whose time is over."""
    while await exporting.sweep_exports(ctx):
        pass


LOOKING_BACK, LATE = timedelta(seconds=1), timedelta(seconds=15)


@job("catalog.follow_changes", in_one_transaction=False, gather=timedelta(seconds=2))
async def follow_changes(ctx: Context, job: Job) -> None:
    """Bring up to date what follows from changed products. Once more later, for who was still at work: a request
    lasts ten seconds at the most, and what it changed is only seen when it has ended."""
    since = datetime.fromisoformat(job.payload["since"])
    await merchandising.follow_changes(ctx, since - LOOKING_BACK)
    await _once_more(ctx, job, since)


@job("catalog.follow_stock", in_one_transaction=False)
async def follow_stock(ctx: Context, job: Job) -> None:
    """The same for the collections that ask how many there are: planned by the database with the movements of stock,
    once for all that moves within two seconds (migrations/platform/0005_stock.py)."""
    since = datetime.fromisoformat(job.payload["since"])
    await merchandising.follow_stock(ctx, since - LOOKING_BACK)
    await _once_more(ctx, job, since)


async def _once_more(ctx: Context, job: Job, since: datetime) -> None:
    async with job.finish():
        if not job.payload.get("is_last"):
            number = int(since.timestamp() // LATE.total_seconds())
            await enqueue(
                ctx,
                job.name,
                {"since": (since - LATE).isoformat(), "is_last": True},
                kind="general",
                dedupe_key=f"late {number}",
                run_at=datetime.fromtimestamp((number + 2) * LATE.total_seconds(), UTC),
            )


@job("catalog.follow_import", in_one_transaction=False)
async def follow_import(ctx: Context, job: Job) -> None:
    """The same for all that an import has changed since it began."""
    event = job.event(ProductsImported)
    run = await ImportRun.get_or_none(id=event.import_id)
    if run is not None and run.started_at is not None:
        await merchandising.follow_changes(ctx, run.started_at - LOOKING_BACK)
    async with job.finish():
        pass


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


@job(exporting.JOB, kind="imports", in_one_transaction=False, on_dead="catalog.give_up_export")
async def work_on_export(ctx: Context, job: Job) -> None:
    """Write the file of an export, from its beginning however often that was tried before."""
    with suppress(exporting.Superseded):
        export_id = UUID(job.payload["export_id"])
        await exporting.run_export(ctx, export_id, step=job.telling(partial(_exported, export_id)), finish=job.finish)


async def _exported(export_id: UUID) -> int:
    run = await exporting.ExportRun.get(id=export_id)
    return percent_exported(run.state, run.products_done, run.products_total)


@job("catalog.give_up_export", kind="imports")
async def give_up_export(ctx: Context, job: Job) -> None:
    """End an export whose job was given up."""
    await exporting.fail_export(ctx, UUID(job.payload["export_id"]), words_of(job.payload["error"]))


@job(bulk_editing.JOB, kind="imports", in_one_transaction=False, on_dead="catalog.give_up_bulk_edit")
async def work_on_bulk_edit(ctx: Context, job: Job) -> None:
    """Bring a bulk edit to its end, or undo it: whatever the run is waiting for."""
    with suppress(bulk_editing.Superseded):
        await bulk_editing.run_bulk_edit(ctx, UUID(job.payload["bulk_edit_id"]), step=job.step, finish=job.finish)


@job("catalog.give_up_bulk_edit", kind="imports")
async def give_up_bulk_edit(ctx: Context, job: Job) -> None:
    """End a bulk edit whose job was given up."""
    await bulk_editing.fail_bulk_edit(UUID(job.payload["bulk_edit_id"]), words_of(job.payload["error"]))
