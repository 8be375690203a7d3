"""Downloads over HTTP: files that were written for a merchant, on signed addresses."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from stoa.domains.catalog.exporting import EXPORTS, ExportNotReady
from stoa.kit.errors import InvalidInput, NotFound, Refusal
from stoa.kit.ids import parse_type_id
from stoa.tenants.bulk import BULK_RUNS, BulkRunNotReady
from stoa.tenants.lending import Shelf, fetch
from stoa.tenants.reporting.errors import ReportNotReady
from stoa.tenants.reporting.handing_out import REPORTS

DOWNLOAD = "/downloads/{shop}/{thing}"
HEADERS = {
    "Cache-Control": "private, no-store",  # the address is a credential, and what is behind it is the merchant's
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# Every kind of file that is lent
SHELVES: Mapping[str, Shelf] = {each.prefix: each for each in (EXPORTS, BULK_RUNS, REPORTS)}
NOT_READY = (ExportNotReady, BulkRunNotReady, ReportNotReady)
STATUS: dict[type[Refusal], int] = {NotFound: 404, InvalidInput: 400, **dict.fromkeys(NOT_READY, 404)}


async def download(request: Request) -> Response:
    """GET /downloads/<shop>/<thing>: the file of an export and its like; the signature in the address is the
    credential."""
    query = request.query_params
    try:
        shop_id, expires = UUID(request.path_params["shop"]), int(query.get("expires", ""))
        shelf, thing_id = _place(request.path_params["thing"])
        file = await fetch(shelf, shop_id, thing_id, expires=expires, signature=query.get("signature", ""))
    except (ValueError, OverflowError):
        return _refused(InvalidInput("This is not an address that we gave."))
    except Refusal as refusal:
        return _refused(refusal)
    headers = HEADERS | {"Content-Length": str(file.size), "Content-Disposition": _attached(file.name)}
    return StreamingResponse(file.chunks, headers=headers, media_type=file.media_type)


def _attached(name: str) -> str:
    """A file is saved and not shown (RFC 6266); a name beyond ASCII is told twice, for what is old too."""
    plain = name.encode("ascii", "ignore").decode().replace('"', "").replace("\\", "").strip("- ")
    if plain == name:
        return f'attachment; filename="{name}"'
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"


def _place(thing: str) -> tuple[Shelf, UUID]:
    """The shelf, and what to look for on it. Raises `ValueError` or `InvalidInput`."""
    shelf = SHELVES.get(thing.partition("_")[0])
    if shelf is None:
        raise ValueError(thing)
    return shelf, parse_type_id(thing, shelf.prefix)


def _refused(refusal: Refusal) -> Response:
    status = next((status for kind, status in STATUS.items() if isinstance(refusal, kind)), 403)
    return JSONResponse({"code": refusal.code, "message": refusal.sentence.said()}, status, headers=HEADERS)
