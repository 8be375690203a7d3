"""Start, cancel and undo imports: what a merchant orders; the work is done by a job."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from stoa.kit.clock import now
from stoa.kit.errors import Refusal, blaming
from stoa.kit.files import CHUNK, Files, NoSuchFile
from stoa.kit.ids import new_id
from stoa.kit.languages import Sentence
from stoa.kit.tabular.notation import Notation
from stoa.kit.text import clean_line
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.importing.errors import CannotCancel, CannotUndo, ImportRunning, NoSuchImport
from stoa.tenants.importing.models import UNFINISHED, ImportRun, ImportState
from stoa.tenants.importing.running import run_import
from stoa.tenants.importing.subjects import Subject
from stoa.tenants.importing.telling import Listener
from stoa.tenants.outbox import enqueue
from stoa.tenants.uploading import Purpose, claim_upload, shop_files

HERE = "imports"  # where files lie that were not uploaded
STATES = {
    ImportState.QUEUED: Sentence("queued"),
    ImportState.RUNNING: Sentence("running"),
    ImportState.UNDOING: Sentence("undoing"),
    ImportState.DONE: Sentence("done"),
    ImportState.FAILED: Sentence("failed"),
    ImportState.CANCELLED: Sentence("cancelled"),
    ImportState.UNDONE: Sentence("undone"),
}
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('imports of ' || current_schema(), 0))"


async def start_import(
    ctx: Context,
    upload_id: UUID,
    subject: Subject,
    *,
    source: str,
    mapping: Mapping[str, str],
    options: Notation | None = None,
    dry_run: bool = False,
) -> ImportRun:
    """Order the import of an uploaded file; with `source` and their keys there its things are found again.

    `mapping` says for each of the subject's fields in which column it stands. A shop runs one import of a subject at a
    time (dry runs apart): raises `ImportRunning`, `BadMapping`, and what claiming the upload raises.
    """
    order = _checked(subject, source, mapping, options)
    async with shop_transaction():
        with blaming("upload_id"):
            upload = await claim_upload(ctx, upload_id, Purpose.IMPORT)
        run = await _create(
            ctx,
            dry_run=dry_run,
            file_key=upload.file_key,
            file_name=upload.file_name,
            bytes_total=upload.size,
            **order,
        )
        await _order(ctx, subject, run)
    return run


async def cancel_import(ctx: Context, run_id: UUID, subject: Subject) -> ImportRun:
    """End an import before its end: nothing of it stays. Cancelling twice changes nothing."""
    async with shop_transaction():
        run = await _locked(run_id, subject)
        if run.state is ImportState.QUEUED:
            run.state, run.finished_at = ImportState.CANCELLED, now()
        elif run.state is ImportState.RUNNING and not run.cancel_asked:
            run.cancel_asked = True
            # whoever works on it sees the wish; if nobody does any more, this job will
            await _order(ctx, subject, run)
        elif not run.cancel_asked and run.state is not ImportState.CANCELLED:
            raise CannotCancel(
                "The import of {file_name} is {state} and cannot be cancelled.",
                file_name=run.file_name,
                state=STATES[run.state],
            )
        await run.save(update_fields=["state", "finished_at", "cancel_asked"])
    return run


async def undo_import(ctx: Context, run_id: UUID, subject: Subject) -> ImportRun:
    """Put back what an import changed. What somebody changed since stays as it is, and is reported among the run's
    issues. Undoing twice changes nothing."""
    async with shop_transaction():
        run = await _locked(run_id, subject)
        if run.ends_as is ImportState.UNDONE:
            return run
        if run.state is not ImportState.DONE or run.dry_run:
            if run.dry_run:
                raise CannotUndo(
                    "The import of {file_name} was a dry run: there is nothing to undo.", file_name=run.file_name
                )
            raise CannotUndo(
                "The import of {file_name} is {state}: there is nothing to undo.",
                file_name=run.file_name,
                state=STATES[run.state],
            )
        await _refuse_another(subject.name, run.id)
        run.state, run.ends_as, run.finished_at = ImportState.UNDOING, ImportState.UNDONE, None
        run.actor_kind, run.actor_id = ctx.actor.kind, ctx.actor.id
        run.products_total, run.products_done = run.products_created + run.products_updated, 0
        await run.save()
        await _order(ctx, subject, run)
    return run


async def has_ended(run_id: UUID) -> bool:
    """Whether nothing more will happen to the run, also when there is no such run."""
    return not await ImportRun.exists(id=run_id, state__in=UNFINISHED)


async def import_path(
    ctx: Context,
    path: Path,
    subject: Subject,
    *,
    source: str,
    mapping: Mapping[str, str],
    options: Notation | None = None,
    dry_run: bool = False,
    listener: Listener | None = None,
) -> ImportRun:
    """Import a file of this machine here and now, without an upload and without a job; `listener` hears how far it
    is. The run it gives has ended, well or not. It can be undone like any other.

    No worker takes up what is broken off here: the same call again goes on where the first one was.
    """
    order = _checked(subject, source, mapping, options)
    begun = await _broken_off(ctx, path, dry_run=dry_run, **order)
    run = begun or await _take_in(ctx, path, dry_run=dry_run, **order)
    run = await run_import(ctx, run.id, subject, listener=listener)
    await shop_files(ctx.shop).delete(run.file_key)
    return run


async def _broken_off(ctx: Context, path: Path, **order: Any) -> ImportRun | None:
    """The run of the same order whose process has ended before it, if there is one."""
    for run in await ImportRun.filter(state__in=UNFINISHED, file_key__contains=f"/{HERE}/"):
        is_same_order = order == {name: getattr(run, name) for name in order}
        if is_same_order and await to_thread(_is_same, shop_files(ctx.shop), run.file_key, path):
            return run
    return None


async def _take_in(ctx: Context, path: Path, **order: Any) -> ImportRun:
    files = shop_files(ctx.shop)
    key = files.key(HERE, new_id().hex)
    size = await files.put(key, _read_path(path))
    try:
        async with shop_transaction():
            return await _create(ctx, file_key=key, file_name=path.name[:255], bytes_total=size, **order)
    except Refusal:
        await files.delete(key)
        raise


def _checked(subject: Subject, source: str, mapping: Mapping[str, str], options: Notation | None) -> dict[str, Any]:
    """What a run keeps of its order."""
    with blaming("source"):
        source = clean_line(source, what="source", limit=40)
        subject.check_source(source)
    return {
        "subject": subject.name,
        "source": source,
        "mapping": subject.check_mapping(mapping),
        "options": msgspec.to_builtins(options or Notation()),
    }


async def _create(ctx: Context, *, dry_run: bool, **order: Any) -> ImportRun:
    if not dry_run:
        await _refuse_another(order["subject"], None)
    return await ImportRun.create(dry_run=dry_run, actor_kind=ctx.actor.kind, actor_id=ctx.actor.id, **order)


async def _refuse_another(subject: str, run_id: UUID | None) -> None:
    """Two imports at once could not be undone one by one."""
    await shop_client().execute_query(ONE_AT_A_TIME)
    others = ImportRun.filter(subject=subject, state__in=UNFINISHED, dry_run=False)
    other = await others.exclude(id=run_id or new_id()).first()
    if other is not None:
        raise ImportRunning(
            "The import of {file_name} is at work; wait for its end, or cancel it.",
            import_id=str(other.id),
            file_name=other.file_name,
        )


async def _locked(run_id: UUID, subject: Subject) -> ImportRun:
    run = await ImportRun.filter(id=run_id, subject=subject.name).select_for_update().get_or_none()
    if run is None:
        raise NoSuchImport("There is no such import.", path=["id"])
    return run


async def _order(ctx: Context, subject: Subject, run: ImportRun) -> None:
    await enqueue(ctx, subject.job, {"import_id": str(run.id)}, kind="imports")


def _is_same(files: Files, key: str, path: Path) -> bool:
    try:
        with files.open(key) as kept, path.open("rb") as file:
            while chunk := file.read(CHUNK):
                if kept.read(CHUNK) != chunk:
                    return False
            return not kept.read(1)
    except NoSuchFile:
        return False


async def _read_path(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
