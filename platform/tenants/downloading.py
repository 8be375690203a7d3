"""Downloads: files that were written for a merchant go out on signed addresses, to whoever has one while it is good.

There are kinds of them (exports, reports), each with its own way from an id to a file; all else is the same for all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from stoa.kit.errors import NotFound
from stoa.kit.files import NoSuchFile
from stoa.tenants.context import Context, open_shop
from stoa.tenants.models import Shop, ShopState
from stoa.tenants.signing import Link, check_link, signed_link
from stoa.tenants.uploading import shop_files

TIME_TO_FETCH = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that can be fetched, as its row tells."""

    key: str
    file_name: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Download:
    """A file on its way out."""

    file_name: str
    media_type: str
    size: int
    chunks: AsyncIterator[bytes]


def download_link(ctx: Context, kind: str, id: UUID, *, lasts: timedelta = TIME_TO_FETCH) -> Link:
    """An address for a file of that kind; whoever asks has been checked."""
    path = f"/downloads/{ctx.shop.id}/{kind}/{id}"
    return signed_link(path, "download", kind, ctx.shop.id, id, lasts=lasts)


async def open_download(
    kind: str,
    shop_id: UUID,
    id: UUID,
    find: Callable[[Context, UUID], Awaitable[Kept]],
    *,
    expires: int,
    signature: str,
    missing: type[NotFound] = NotFound,
) -> Download:
    """The file behind a signed address; no shop need be open. `find` reads its row in the shop, and refuses.

    Raises `LinkRefused`, `missing`, and what `find` raises.
    """
    check_link("download", kind, shop_id, id, expires=expires, signature=signature)
    shop = await Shop.get_or_none(id=shop_id, state=ShopState.ACTIVE)
    if shop is None:
        raise missing("There is no such file.")
    with open_shop(shop.ref):
        kept = await find(Context(shop.ref), id)
        files = shop_files(shop.ref)
        try:
            return Download(kept.file_name, kept.media_type, await files.size(kept.key), files.stream(kept.key))
        except NoSuchFile:
            raise missing("There is no such file any more.") from None
