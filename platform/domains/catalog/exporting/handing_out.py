"""Hand out the file of an export: on a signed address that is good for a while, to whoever has it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from stoa.domains.catalog.exporting.errors import ExportNotReady, NoSuchExport
from stoa.domains.catalog.models import ExportRun, ExportState
from stoa.kit.clock import now
from stoa.kit.files import NoSuchFile
from stoa.kit.languages import Sentence
from stoa.settings import settings
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context, open_shop
from stoa.tenants.models import Shop, ShopState
from stoa.tenants.uploading import LinkRefused, shop_files

STATES = {
    ExportState.QUEUED: Sentence("queued"),
    ExportState.RUNNING: Sentence("running"),
    ExportState.DONE: Sentence("done"),
    ExportState.FAILED: Sentence("failed"),
    ExportState.EXPIRED: Sentence("expired"),
}
TIME_TO_FETCH = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Link:
    """A path (below the API's own address) to GET the file from, and until when."""

    path: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Download:
    """A file on its way out."""

    file_name: str
    size: int
    chunks: AsyncIterator[bytes]


async def export_link(ctx: Context, run_id: UUID) -> Link:
    """An address for the file of an export that is done. What the shop pays is for those alone who may see it."""
    run = await ExportRun.get_or_none(id=run_id)
    if run is None:
        raise NoSuchExport("There is no such export.", path=["id"])
    if run.with_costs:
        ctx.require(Scope.CATALOG_COST)
    _require_file(run)
    expires_at = (now() + TIME_TO_FETCH).replace(microsecond=0)
    expires = int(expires_at.timestamp())
    signature = _sign(ctx.shop.id, run.id, expires)
    return Link(f"/downloads/{ctx.shop.id}/{run.id}?expires={expires}&signature={signature}", expires_at)


async def open_export(shop_id: UUID, run_id: UUID, *, expires: int, signature: str) -> Download:
    """The file behind a signed address; the signature is the credential, and no shop need be open."""
    _check_link(shop_id, run_id, expires, signature)
    shop = await Shop.get_or_none(id=shop_id, state=ShopState.ACTIVE)
    if shop is None:
        raise NoSuchExport("There is no such export.")
    with open_shop(shop.ref):
        run = await ExportRun.get_or_none(id=run_id)
        if run is None:
            raise NoSuchExport("There is no such export.")
        key = _require_file(run)
        files = shop_files(shop.ref)
        try:
            return Download(run.file_name, await files.size(key), files.stream(key))
        except NoSuchFile:
            raise NoSuchExport("There is no such export any more.") from None


def _require_file(run: ExportRun) -> str:
    """The key of the file. Raises `ExportNotReady`."""
    is_over = run.expires_at is not None and run.expires_at < now()
    if run.state is not ExportState.DONE or run.file_key is None or is_over:
        state = STATES[ExportState.EXPIRED if is_over else run.state]
        raise ExportNotReady("{file_name} is {state}: there is no file to fetch.", file_name=run.file_name, state=state)
    return run.file_key


def _sign(shop_id: UUID, run_id: UUID, expires: int) -> str:
    key = settings().secret_key.get_secret_value().encode()
    return hmac.new(key, f"download {shop_id} {run_id} {expires}".encode(), hashlib.sha256).hexdigest()


def _check_link(shop_id: UUID, run_id: UUID, expires: int, signature: str) -> None:
    if not hmac.compare_digest(_sign(shop_id, run_id, expires).encode(), signature.encode()):
        raise LinkRefused("This address was not signed by us.")
    if datetime.fromtimestamp(expires, UTC) < now():
        raise LinkRefused("The time to fetch this file is over; ask for the address again.")
