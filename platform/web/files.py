"""Files over HTTP: uploads come in on signed addresses, product pictures go out."""

from __future__ import annotations

import mimetypes
from uuid import UUID

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from stoa.kit.errors import InvalidInput, NotFound, Refusal
from stoa.kit.files import NoSuchFile
from stoa.kit.ids import parse_type_id
from stoa.tenants.models import Shop, ShopState
from stoa.tenants.uploading import UploadTooLarge, receive_upload, shop_files

MEDIA = "/media/{shop}/{name}"
FOREVER = "public, max-age=31536000, immutable"  # a picture's name is never used again


async def receive(request: Request) -> Response:
    """PUT /uploads/<shop>/<upload>: the signature in the address is the credential."""
    try:
        upload = await receive_upload(
            UUID(request.path_params["shop"]),
            UUID(request.path_params["upload"]),
            expires=int(request.query_params.get("expires", "0")),
            signature=request.query_params.get("signature", ""),
            body=request.stream(),
        )
    except ValueError:
        return _refused(InvalidInput("This is not an address that uploadStage gave."), 400)
    except ClientDisconnect:
        return Response(status_code=400)  # nobody reads it; nothing was kept
    except NotFound as refusal:
        return _refused(refusal, 404)
    except UploadTooLarge as refusal:
        return _refused(refusal, 413)
    except Refusal as refusal:
        return _refused(refusal, 403)
    return JSONResponse({"size": upload.size}, 201)


async def picture(request: Request) -> Response:
    """GET /media/<shop>/<name>: a product's picture; its name cannot be guessed."""
    try:
        shop = await Shop.get_or_none(id=parse_type_id(request.path_params["shop"], "shop"), state=ShopState.ACTIVE)
        if shop is None:
            raise NoSuchFile
        files = shop_files(shop.ref)
        key = files.key("uploads", request.path_params["name"].partition(".")[0])
        size = await files.size(key)
    except (NoSuchFile, InvalidInput):
        return _refused(NotFound("There is no such picture."), 404)
    media_type = mimetypes.guess_type(request.path_params["name"])[0] or "application/octet-stream"
    headers = {"Cache-Control": FOREVER, "Content-Length": str(size), "Content-Security-Policy": "default-src 'none'"}
    return StreamingResponse(files.stream(key), headers=headers, media_type=media_type)


def _refused(refusal: Refusal, status: int) -> Response:
    return JSONResponse({"code": refusal.code, "message": refusal.message}, status)
