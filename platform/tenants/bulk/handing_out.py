"""Hand out the file of a bulk run: on a signed address, to those who may read what is in it."""

from __future__ import annotations

from uuid import UUID

from stoa.kit.clock import now
from stoa.kit.ids import type_id
from stoa.tenants.bulk.errors import BulkRunNotReady, NoSuchBulkRun
from stoa.tenants.bulk.models import AT_WORK, BulkRun, BulkState
from stoa.tenants.bulk.running import run_of
from stoa.tenants.context import Context
from stoa.tenants.lending import KeptFile, Shelf, lend
from stoa.tenants.linking import Link


async def run_link(ctx: Context, run_id: UUID) -> Link:
    """An address for the file of a run that has ended, whole or partial; it takes the rights that the answer took."""
    run = await _run(run_id)
    for scope in run.needs:
        ctx.require(scope)
    _file_of(run)
    return lend(ctx, BULK_RUNS, run.id)


async def _find(run_id: UUID) -> KeptFile:
    return _file_of(await _run(run_id))


BULK_RUNS = Shelf("bulk", _find)


async def _run(run_id: UUID) -> BulkRun:
    run = await run_of(run_id)
    if run is None:
        raise NoSuchBulkRun("There is no such bulk run.", path=["id"])
    return run


def _file_of(run: BulkRun) -> KeptFile:
    """Raises `BulkRunNotReady`."""
    if run.state in AT_WORK or (run.file_key is None and run.state is not BulkState.EXPIRED):
        raise BulkRunNotReady("The run has not ended: there is no file to fetch yet.", path=["id"])
    if run.file_key is None or (run.expires_at is not None and run.expires_at < now()):
        raise BulkRunNotReady("The time of this file is over: it has been deleted.", path=["id"])
    return KeptFile(run.file_key, f"{type_id('bulk', run.id)}.jsonl", "application/jsonl; charset=utf-8")
