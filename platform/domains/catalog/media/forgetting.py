"""Delete the files of pictures that are gone.

An import's undo needs none of them: it takes away pictures that the import brought, which are addresses elsewhere,
and leaves a product alone whose pictures were changed since.
"""

from __future__ import annotations

from collections.abc import Sequence

from stoa.domains.catalog.media.addresses import media_key
from stoa.domains.catalog.models import Image
from stoa.kit.pictures.limits import SIZES
from stoa.tenants.context import Context
from stoa.tenants.outbox import enqueue
from stoa.tenants.uploading import forget_upload, shop_files

FORGET = "catalog.forget_images"


async def plan_forgetting(ctx: Context, file_keys: Sequence[str]) -> None:
    """In the open transaction that removes the pictures: their files go when it has committed."""
    if file_keys:
        await enqueue(ctx, FORGET, {"file_keys": sorted(set(file_keys))}, kind="general")


async def forget_unused(ctx: Context, file_keys: Sequence[str]) -> None:
    """Delete these files and what was made of them, except where another picture stands on them."""
    used = {each.file_key for each in await Image.filter(file_key__in=file_keys).only("file_key")}
    for key in file_keys:
        if key not in used:
            await forget_file(ctx, key)


async def forget_file(ctx: Context, file_key: str) -> None:
    """Twice changes nothing."""
    for size in SIZES:
        await shop_files(ctx.shop).delete(media_key(ctx, file_key, size))
    await forget_upload(ctx, file_key)
