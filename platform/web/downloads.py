"""Downloads over HTTP: files that were written for a merchant, on signed addresses."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from stoa.domains.catalog.exporting import ExportNotReady, open_export
from stoa.kit.errors import InvalidInput, NotFound, Refusal
from stoa.tenants.reporting.errors import ReportNotReady
from stoa.tenants.reporting.handing_out import open_report

DOWNLOAD = "/downloads/{shop}/{kind}/{file}"
KINDS = {"products": open_export, "reports": open_report}
HEADERS = {
    "Cache-Control": "private, no-store",  # the address is a credential, and what is behind it is the merchant's
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}
STATUS: dict[type[Refusal], int] = {NotFound: 404, ExportNotReady: 404, ReportNotReady: 404, InvalidInput: 400}


async def download(request: Request) -> Response:
    """GET /downloads/<shop>/<kind>/<file>: the signature in the address is the credential."""
    path, query = request.path_params, request.query_params
    try:
        open_file = KINDS[path["kind"]]
        shop_id, file_id, expires = UUID(path["shop"]), UUID(path["file"]), int(query.get("expires", ""))
        file = await open_file(shop_id, file_id, expires=expires, signature=query.get("signature", ""))
    except (KeyError, ValueError, OverflowError):
        return _refused(InvalidInput("This is not an address of a file that we gave."))
    except Refusal as refusal:
        return _refused(refusal)
    headers = HEADERS | {"Content-Length": str(file.size), "Content-Disposition": _attached(file.file_name)}
    return StreamingResponse(file.chunks, headers=headers, media_type=file.media_type)


def _attached(name: str) -> str:
    """The header of a file that is saved and not shown (RFC 6266): by a name of ASCII for what is old, too."""
    plain = name.encode("ascii", "ignore").decode().replace('"', "").replace("\\", "")
    if plain == name:
        return f'attachment; filename="{name}"'
    return f"attachment; filename=\"{plain or 'file'}\"; filename*=UTF-8''{quote(name)}"


def _refused(refusal: Refusal) -> Response:
    status = next((status for kind, status in STATUS.items() if isinstance(refusal, kind)), 403)
    return JSONResponse({"code": refusal.code, "message": refusal.sentence.said()}, status, headers=HEADERS)
