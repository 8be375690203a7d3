"""Downloads over HTTP: files that were written for a merchant, on signed addresses."""

from __future__ import annotations

from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from stoa.domains.catalog.exporting import ExportNotReady, open_export
from stoa.kit.errors import InvalidInput, NotFound, Refusal

DOWNLOAD = "/downloads/{shop}/{export}"
HEADERS = {
    "Cache-Control": "private, no-store",  # the address is a credential, and what is behind it is the merchant's
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}
STATUS: dict[type[Refusal], int] = {NotFound: 404, ExportNotReady: 404, InvalidInput: 400}


async def download(request: Request) -> Response:
    """GET /downloads/<shop>/<export>: a file with products; the signature in the address is the credential."""
    try:
        shop_id, export_id = UUID(request.path_params["shop"]), UUID(request.path_params["export"])
        expires = int(request.query_params.get("expires", ""))
        file = await open_export(
            shop_id, export_id, expires=expires, signature=request.query_params.get("signature", "")
        )
    except ValueError:
        return _refused(InvalidInput("This is not an address that productExportLink gave."))
    except Refusal as refusal:
        return _refused(refusal)
    headers = HEADERS | {
        "Content-Length": str(file.size),
        "Content-Disposition": f'attachment; filename="{file.file_name}"',
    }
    return StreamingResponse(file.chunks, headers=headers, media_type="text/csv; charset=utf-8")


def _refused(refusal: Refusal) -> Response:
    status = next((status for kind, status in STATUS.items() if isinstance(refusal, kind)), 403)
    return JSONResponse({"code": refusal.code, "message": refusal.sentence.said()}, status, headers=HEADERS)
