"""Hand out the file of an export: on a signed address that is good for a while, to whoever has it."""

from __future__ import annotations

from uuid import UUID

from stoa.domains.catalog.exporting.errors import ExportNotReady, NoSuchExport
from stoa.domains.catalog.models import ExportRun, ExportState
from stoa.kit.clock import now
from stoa.kit.languages import Sentence
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context
from stoa.tenants.lending import KeptFile, Shelf, lend
from stoa.tenants.linking import Link

STATES = {
    ExportState.QUEUED: Sentence("queued"),
    ExportState.RUNNING: Sentence("running"),
    ExportState.DONE: Sentence("done"),
    ExportState.FAILED: Sentence("failed"),
    ExportState.EXPIRED: Sentence("expired"),
}


async def export_link(ctx: Context, run_id: UUID) -> Link:
    """An address for the file of an export that is done. What the shop pays is for those alone who may see it."""
    run = await _run(run_id)
    if run.with_costs:
        ctx.require(Scope.CATALOG_COST)
    _file_of(run)
    return lend(ctx, EXPORTS, run.id)


async def _find(run_id: UUID) -> KeptFile:
    return _file_of(await _run(run_id))


EXPORTS = Shelf("exp", _find)


async def _run(run_id: UUID) -> ExportRun:
    run = await ExportRun.get_or_none(id=run_id)
    if run is None:
        raise NoSuchExport("There is no such export.", path=["id"])
    return run


def _file_of(run: ExportRun) -> KeptFile:
    """Raises `ExportNotReady`."""
    is_over = run.expires_at is not None and run.expires_at < now()
    if run.state is not ExportState.DONE or run.file_key is None or is_over:
        state = STATES[ExportState.EXPIRED if is_over else run.state]
        raise ExportNotReady("{file_name} is {state}: there is no file to fetch.", file_name=run.file_name, state=state)
    return KeptFile(run.file_key, run.file_name, "text/csv; charset=utf-8")
