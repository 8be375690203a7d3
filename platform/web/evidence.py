"""Pictures of after-sale cases over HTTP, on signed addresses."""

from __future__ import annotations

from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from stoa.domains.orders.aftersales import open_picture
from stoa.kit.errors import InvalidInput, NotFound, Refusal
from stoa.web.downloads import HEADERS

CASE_PICTURE = "/case-pictures/{shop}/{case}/{number}/{size}"
STATUS: dict[type[Refusal], int] = {NotFound: 404, InvalidInput: 400}


async def case_picture(request: Request) -> Response:
    """GET /case-pictures/<shop>/<case>/<number>/<size>: a WebP; the signature in the address is the credential."""
    query, path = request.query_params, request.path_params
    try:
        picture = await open_picture(
            UUID(path["shop"]),
            UUID(path["case"]),
            int(path["number"]),
            path["size"],
            expires=int(query.get("expires", "")),
            signature=query.get("signature", ""),
        )
    except (ValueError, OverflowError):
        return _refused(InvalidInput("This is not an address that aftersalePictures gave."))
    except Refusal as refusal:
        return _refused(refusal)
    # an admin on another origin shows it in its pages; nobody else has the address
    headers = HEADERS | {"Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(picture, headers=headers, media_type="image/webp")


def _refused(refusal: Refusal) -> Response:
    status = next((status for kind, status in STATUS.items() if isinstance(refusal, kind)), 403)
    return JSONResponse({"code": refusal.code, "message": refusal.message}, status, headers=HEADERS)
