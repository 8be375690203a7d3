"""Files over HTTP: uploads come in on signed addresses, product pictures go out."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from uuid import UUID

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from stoa.kit.errors import InvalidInput, NotFound, Refusal
from stoa.kit.files import NoSuchFile
from stoa.kit.ids import parse_type_id
from stoa.kit.log import about
from stoa.kit.pictures.containers import STARTS
from stoa.tenants.context import Context, open_shop
from stoa.tenants.models import Shop
from stoa.tenants.uploading import AlreadyUploaded, UploadTooLarge, receive_upload, shop_files, shop_of_link

MEDIA = "/media/{shop}/{name}"
PICTURE = re.compile(r"([0-9a-f]{32})(\.[a-z0-9]{1,5})?")
PICTURE_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",  # a picture's name is never used again
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",  # shops show them on pages of their own
}
STATUS: dict[type[Refusal], int] = {NotFound: 404, AlreadyUploaded: 409, UploadTooLarge: 413, InvalidInput: 400}


async def receive(request: Request) -> Response:
    """PUT /uploads/<shop>/<upload>: the signature in the address is the credential."""
    try:
        shop_id, upload_id = UUID(request.path_params["shop"]), UUID(request.path_params["upload"])
        expires = int(request.query_params.get("expires", ""))
    except ValueError:
        return _refused(InvalidInput("This is not an address that uploadStage gave."))
    signature = request.query_params.get("signature", "")
    try:
        shop = await shop_of_link(shop_id, upload_id, expires=expires, signature=signature)
        request.state.shop = shop.schema  # for the line in the log
        with open_shop(shop), about(shop=shop.schema):
            upload = await receive_upload(Context(shop), upload_id, request.stream())
    except ClientDisconnect:
        return Response(status_code=400)  # nobody reads it; nothing was kept
    except Refusal as refusal:
        return _refused(refusal)
    return JSONResponse({"size": upload.size}, 201)


async def picture(request: Request) -> Response:
    """GET /media/<shop>/<name>: a product's picture in one of its sizes; its name cannot be guessed.

    Only what we have written ourselves is here, never the bytes that somebody sent (catalog/media/processing.py). Its
    first bytes say what it is, not its name: what is no picture is not there, and nothing here is ever a page.
    """
    try:
        start, rest, size = await _open(request)
    except (NoSuchFile, InvalidInput):
        return _refused(NotFound("There is no such picture."))
    media_type = next((kind for kind, begins in STARTS.items() if begins.match(start)), None)
    if media_type is None:
        return _refused(NotFound("There is no such picture."))
    headers = PICTURE_HEADERS | {"Content-Length": str(size)}
    return StreamingResponse(_joined(start, rest), headers=headers, media_type=media_type)


async def _open(request: Request) -> tuple[bytes, AsyncIterator[bytes], int]:
    """The file's first bytes, its others, and its size. Raises `NoSuchFile`, or `InvalidInput` for a malformed id."""
    shop_id = parse_type_id(request.path_params["shop"], "shop")
    shop = await Shop.active(shop_id)
    found = PICTURE.fullmatch(request.path_params["name"])
    if shop is None or found is None:
        raise NoSuchFile
    request.state.shop = shop.schema
    with about(shop=shop.schema):
        files = shop_files(shop)
        key = files.key("media", found[1])
        size, chunks = await files.size(key), files.stream(key)
        return await anext(chunks, b""), chunks, size


async def _joined(start: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield start
    async for chunk in rest:
        yield chunk


def _refused(refusal: Refusal) -> Response:
    status = next((status for kind, status in STATUS.items() if isinstance(refusal, kind)), 403)
    body = {"code": refusal.code, "message": refusal.sentence.said()}
    return JSONResponse(body, status, headers={"Cache-Control": "no-store"})  # it is in one reader's language
