"""What the tests of pictures begin with: uploads that have arrived, and the work of the jobs done at once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg

from stoa.domains.catalog.media.processing import process_picture
from stoa.domains.catalog.models import Image, Product
from stoa.kit.files import NoSuchFile
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_transaction
from stoa.tenants.uploading import receive_upload, shop_files, stage_upload
from tests.kit.pictures.album import halves, saved

JPEG = saved(halves(1000, 500), "JPEG")


async def uploaded(ctx: Context, data: bytes = JPEG, content_type: str = "image/jpeg") -> UUID:
    """The id of a file that has been sent."""

    async def body() -> AsyncIterator[bytes]:
        yield data

    with open_shop(ctx.shop):
        upload = (await stage_upload(ctx, "picture", content_type, len(data))).upload
        await receive_upload(ctx, upload.id, body())
    return upload.id


async def develop_all(ctx: Context) -> None:
    """What the workers would do."""
    for image in await Image.filter(processed_at=None, file_key__not_isnull=True):
        assert image.file_key is not None
        await process_picture(ctx, image.file_key, finish=shop_transaction)


async def images_of(product: Product) -> list[Image]:
    return await Image.filter(product_id=product.id).order_by("position", "id")


async def jobs_of(owner: asyncpg.Connection, ctx: Context) -> list[tuple[str, str, dict[str, Any]]]:
    """The jobs planned for the shop: name, kind and payload."""
    rows = await owner.fetch(
        "SELECT name, kind, payload FROM platform.job WHERE shop_schema = $1 ORDER BY id", ctx.shop.schema
    )
    return [(row["name"], row["kind"], json.loads(row["payload"])) for row in rows]


async def content_of(ctx: Context, path: str) -> bytes | None:
    """What is at a path that a picture names, as web/files.py finds it; None when nothing is."""
    files = shop_files(ctx.shop)
    name = path.rpartition("/")[2].partition(".")[0]
    try:
        return b"".join([chunk async for chunk in files.stream(files.key("media", name))])
    except NoSuchFile:
        return None


async def is_kept(ctx: Context, file_key: str) -> bool:
    try:
        return await shop_files(ctx.shop).size(file_key) > 0
    except NoSuchFile:
        return False
