"""Packing lists and labels over HTTP: made when they are fetched, on signed addresses."""

from __future__ import annotations

from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from stoa.domains.orders.shipping.errors import NoPapers
from stoa.domains.orders.shipping.papers import Paper, open_paper
from stoa.kit.errors import InvalidInput, NotFound, Refusal
from stoa.web.downloads import HEADERS

PAPER = "/papers/{shop}/{shipment}/{paper}"
STATUS: dict[type[Refusal], int] = {NotFound: 404, NoPapers: 503, InvalidInput: 400}


async def fetch_paper(request: Request) -> Response:
    """GET /papers/<shop>/<shipment>/<paper>: a PDF; the signature in the address is the credential."""
    query = request.query_params
    try:
        shop_id, shipment_id = UUID(request.path_params["shop"]), UUID(request.path_params["shipment"])
        which, expires = Paper(request.path_params["paper"]), int(query.get("expires", ""))
        pdf = await open_paper(
            shop_id, shipment_id, which, query.get("locale", ""), expires=expires, signature=query.get("signature", "")
        )
    except (ValueError, OverflowError):
        return _refused(InvalidInput("This is not an address that shipmentPaperLink gave."))
    except Refusal as refusal:
        return _refused(refusal)
    name = f"{which.value.lower().replace('_', '-')}-{shipment_id.hex[-8:]}.pdf"
    headers = HEADERS | {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(pdf, headers=headers, media_type="application/pdf")


def _refused(refusal: Refusal) -> Response:
    status = next((status for kind, status in STATUS.items() if isinstance(refusal, kind)), 403)
    return JSONResponse({"code": refusal.code, "message": refusal.message}, status, headers=HEADERS)
