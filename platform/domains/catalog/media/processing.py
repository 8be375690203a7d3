"""Make an uploaded picture fit to be shown, or say why it is not: nothing of it is to be had before."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from stoa.domains.catalog.events import ImagesChanged
from stoa.domains.catalog.media.addresses import media_key, media_path
from stoa.domains.catalog.media.forgetting import forget_file
from stoa.domains.catalog.models import Image
from stoa.kit.clock import now
from stoa.kit.files import NoSuchFile
from stoa.kit.pictures.asking import Developed, PictureRefused, developed
from stoa.kit.pictures.limits import MAX_BYTES
from stoa.tenants.context import Context
from stoa.tenants.database import Step
from stoa.tenants.outbox import enqueue_each, publish
from stoa.tenants.uploading import shop_files

PROCESS, GIVE_UP = "catalog.process_image", "catalog.give_up_image"


async def plan_processing(ctx: Context, file_keys: Sequence[str]) -> None:
    """Have the files looked at that pictures now stand on; in the open transaction, by one statement."""
    await enqueue_each(ctx, PROCESS, [{"file_key": key} for key in file_keys], kind="images", max_attempts=3)


async def process_picture(ctx: Context, file_key: str, *, finish: Step) -> None:
    """Decode the file in a process of its own, keep its sizes, and note them with every picture that stands on it.

    `finish` is the transaction that ends the job. Twice changes nothing. Raises `StudioGone` when that process died.
    """
    if not await Image.filter(file_key=file_key, processed_at=None).exists():
        return
    columns = await _made(ctx, file_key)
    async with finish():
        is_used = await _note(ctx, file_key, columns)
    if not is_used:  # all were removed meanwhile
        await forget_file(ctx, file_key)


async def give_up_picture(ctx: Context, file_key: str) -> None:
    """Note, in the open transaction, that the picture could not be made."""
    await _note(ctx, file_key, {"failure": "NOT_PROCESSED"})


async def _made(ctx: Context, file_key: str) -> dict[str, Any]:
    """The columns that tell what the file is."""
    files = shop_files(ctx.shop)
    try:
        size = await files.size(file_key)
        if size > MAX_BYTES:
            raise PictureRefused("TOO_COSTLY")
        picture = await developed(files.stream(file_key), size)
    except NoSuchFile:
        return {"failure": "FILE_GONE"}
    except PictureRefused as refused:
        return {"failure": refused.code}
    names = {each.file: each.name for each in reversed(picture.sizes)}  # a shared file is named after the largest
    for number, data in enumerate(picture.files):
        await files.put(media_key(ctx, file_key, names[number]), _once(data))
    return {
        "width": picture.width,
        "height": picture.height,
        "content_type": picture.content_type,
        "warnings": list(picture.warnings),
        "sizes": _sizes(ctx, file_key, picture, names),
    }


def _sizes(ctx: Context, file_key: str, picture: Developed, names: dict[int, str]) -> list[dict[str, Any]]:
    return [
        {
            "name": each.name,
            "width": each.width,
            "height": each.height,
            "content_type": "image/webp",
            "url": media_path(ctx, file_key, names[each.file]),
            "bytes": len(picture.files[each.file]),
        }
        for each in picture.sizes
    ]


async def _note(ctx: Context, file_key: str, columns: dict[str, Any]) -> bool:
    """Whether any picture stands on the file."""
    rows = await Image.filter(file_key=file_key).order_by("id").select_for_update()
    if rows:
        await Image.filter(file_key=file_key).update(**columns, processed_at=now())
    by_product: dict[Any, list[Any]] = {}
    for row in rows:
        by_product.setdefault(row.product_id, []).append(row.id)  # type: ignore[attr-defined]
    await publish(ctx, *(ImagesChanged(product, "processed", tuple(ids)) for product, ids in by_product.items()))
    return bool(rows)


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
