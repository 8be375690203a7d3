"""Hand out the file of an export: on a signed address that is good for a while, to whoever has it."""

from __future__ import annotations

from uuid import UUID

from stoa.domains.catalog.exporting.errors import ExportNotReady, NoSuchExport
from stoa.domains.catalog.models import ExportRun, ExportState
from stoa.kit.clock import now
from stoa.kit.languages import Sentence
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context
from stoa.tenants.downloading import Download, Kept, download_link, open_download
from stoa.tenants.signing import Link

KIND = "products"  # of download
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
    _require_file(run)
    return download_link(ctx, KIND, run.id)


async def open_export(shop_id: UUID, run_id: UUID, *, expires: int, signature: str) -> Download:
    """The file behind a signed address; the signature is the credential, and no shop need be open."""
    return await open_download(KIND, shop_id, run_id, _kept, expires=expires, signature=signature, missing=NoSuchExport)


async def _kept(ctx: Context, run_id: UUID) -> Kept:
    run = await _run(run_id)
    return Kept(_require_file(run), run.file_name, "text/csv; charset=utf-8")


async def _run(run_id: UUID) -> ExportRun:
    run = await ExportRun.get_or_none(id=run_id)
    if run is None:
        raise NoSuchExport("There is no such export.", path=["id"])
    return run


def _require_file(run: ExportRun) -> str:
    """The key of the file. Raises `ExportNotReady`."""
    is_over = run.expires_at is not None and run.expires_at < now()
    if run.state is not ExportState.DONE or run.file_key is None or is_over:
        state = STATES[ExportState.EXPIRED if is_over else run.state]
        raise ExportNotReady("{file_name} is {state}: there is no file to fetch.", file_name=run.file_name, state=state)
    return run.file_key
