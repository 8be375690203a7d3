"""Pictures of a case: shown on signed addresses that are good for a while, decoded and written anew when first fetched.

They are a buyer's, of their home perhaps: for those who may read the case, and never for ever, as a product's are.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from stoa.domains.catalog.media.addresses import media_key
from stoa.domains.orders.aftersales.errors import NoSuchCase, PictureNotShown
from stoa.domains.orders.models import AftersaleCase
from stoa.kit.files import NoSuchFile
from stoa.kit.pictures.asking import PictureRefused, StudioGone, developed
from stoa.kit.pictures.limits import MAX_BYTES, SIZES
from stoa.tenants.context import Context, open_shop
from stoa.tenants.linking import TIME_TO_FETCH, check_link, ending, signed_path
from stoa.tenants.models import Shop, ShopState
from stoa.tenants.uploading import shop_files


@dataclass(frozen=True, slots=True)
class PictureLink:
    """Paths (below the API's own address) to GET a picture from, by size, and until when."""

    paths: dict[str, str]
    expires_at: datetime


async def picture_links(ctx: Context, case_id: UUID) -> Sequence[PictureLink]:
    """Addresses of the pictures that the buyer sent, in their order. Raises `NoSuchCase`."""
    case = await AftersaleCase.get_or_none(id=case_id).only("id", "pictures")
    if case is None:
        raise NoSuchCase("There is no such case.", path=["id"])
    expires_at = ending(TIME_TO_FETCH)
    return [
        PictureLink({size: signed_path(_path(ctx.shop.id, case_id, n, size), expires_at) for size in SIZES}, expires_at)
        for n in range(len(case.pictures))
    ]


async def open_picture(shop_id: UUID, case_id: UUID, n: int, size: str, *, expires: int, signature: str) -> bytes:
    """The WebP behind a signed address; the signature is the credential, and no shop need be open.

    Raises `LinkRefused`, `NoSuchCase` and `PictureNotShown`.
    """
    check_link(_path(shop_id, case_id, n, size), expires, signature)
    shop = await Shop.get_or_none(id=shop_id, state=ShopState.ACTIVE)
    if shop is None:
        raise NoSuchCase("There is no such case.")
    with open_shop(shop.ref):
        case = await AftersaleCase.get_or_none(id=case_id)
        if case is None or not 0 <= n < len(case.pictures):  # its buyer may have been forgotten since
            raise NoSuchCase("There is no such case.")
        return await _shown(Context(shop.ref), case.pictures[n], size)


async def _shown(ctx: Context, file_key: str, size: str) -> bytes:
    """As it was made the first time, or made now. Of two who are first at once both make it: it is the same."""
    try:
        return await _read(ctx, media_key(ctx, file_key, size))
    except NoSuchFile:
        made = await _made(ctx, file_key)
    for name, data in made.items():
        await shop_files(ctx.shop).put(media_key(ctx, file_key, name), _once(data))
    return made[size]


async def _made(ctx: Context, file_key: str) -> dict[str, bytes]:
    """Its sizes. Nothing of the bytes that somebody sent is in them."""
    files = shop_files(ctx.shop)
    try:
        length = await files.size(file_key)
        if length > MAX_BYTES:
            raise PictureRefused("TOO_COSTLY")
        picture = await developed(files.stream(file_key), length)
    except (NoSuchFile, PictureRefused, StudioGone):
        raise PictureNotShown("This picture cannot be shown.", path=["id"]) from None
    return {each.name: picture.files[each.file] for each in picture.sizes}


async def _read(ctx: Context, key: str) -> bytes:
    return b"".join([chunk async for chunk in shop_files(ctx.shop).stream(key)])


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


def _path(shop_id: UUID, case_id: UUID, n: int, size: str) -> str:
    return f"/case-pictures/{shop_id}/{case_id}/{n}/{size}"
