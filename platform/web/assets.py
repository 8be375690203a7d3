"""What our pages load: a handful of files from this folder, and nothing from anywhere else."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

HERE: Final = Path(__file__).parent
FOREVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    """A file, read once. Its address changes with its contents, so that browsers may keep it for ever."""

    name: str
    file: str
    media_type: str

    @cached_property
    def body(self) -> bytes:
        return (HERE / self.file).read_bytes()

    @cached_property
    def packed(self) -> bytes:
        return gzip.compress(self.body, mtime=0)

    @cached_property
    def version(self) -> str:
        return sha256(self.body).hexdigest()[:16]

    @property
    def address(self) -> str:
        return f"/assets/{self.name}?v={self.version}"


ASSETS: Final = {
    asset.name: asset
    for asset in (
        Asset("graphiql.js", "graphiql/graphiql.js", "text/javascript"),
        Asset("graphiql.css", "graphiql/graphiql.css", "text/css"),
        Asset("graphiql-licences.txt", "graphiql/licences.txt", "text/plain"),
        Asset("welcome.css", "welcome/welcome.css", "text/css"),
        Asset("colonnade.svg", "welcome/colonnade.svg", "image/svg+xml"),
        Asset("stoa.svg", "stoa.svg", "image/svg+xml"),
    )
}


async def serve(request: Request) -> Response:
    """GET /assets/<name>: kept for ever under the address of this version, asked for anew under any other."""
    asset = ASSETS.get(request.path_params["name"])
    if asset is None:
        return PlainTextResponse("There is no such file.", 404)
    is_this_version = request.query_params.get("v") == asset.version
    headers = {"Cache-Control": FOREVER if is_this_version else "no-cache", "Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(asset.body, headers=headers, media_type=asset.media_type)
    packed = await run_in_threadpool(lambda: asset.packed)
    return Response(packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=asset.media_type)
