"""Lend files: what was written for a merchant, on a signed address that is good for a while, to whoever has it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from stoa.kit.errors import NotFound
from stoa.kit.files import NoSuchFile
from stoa.kit.ids import type_id
from stoa.tenants.context import Context, open_shop
from stoa.tenants.linking import TIME_TO_FETCH, Link, check_link, signed_link
from stoa.tenants.models import Shop, ShopState
from stoa.tenants.uploading import shop_files


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file in the shop's store, and how it is to be called."""

    key: str
    name: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """Files of things of one type. `find` gives that of a thing, its shop open: it asks again whether there is one.

    Who may have the file is asked where the address is given (`lend`): whoever has the address has the file. By the
    prefix of the ids in the addresses `web/downloads.py` finds the shelf.
    """

    prefix: str
    find: Callable[[UUID], Awaitable[KeptFile]]


@dataclass(frozen=True, slots=True)
class Download:
    """A file on its way out."""

    name: str
    media_type: str
    size: int
    chunks: AsyncIterator[bytes]


def lend(ctx: Context, shelf: Shelf, thing_id: UUID, *, lasts: timedelta = TIME_TO_FETCH) -> Link:
    """A fresh address for the file of a thing. The caller has checked that there is one, and for whom."""
    return signed_link(_path(shelf, ctx.shop.id, thing_id), lasts=lasts)


async def fetch(shelf: Shelf, shop_id: UUID, thing_id: UUID, *, expires: int, signature: str) -> Download:
    """The file behind an address that `lend` gave; the signature is the credential, and no shop need be open.

    Raises `LinkRefused`, `NotFound`, and what the shelf's `find` raises.
    """
    check_link(_path(shelf, shop_id, thing_id), expires, signature)
    shop = await Shop.get_or_none(id=shop_id, state=ShopState.ACTIVE)
    if shop is None:
        raise NotFound("There is no such file.")
    with open_shop(shop.ref):
        found = await shelf.find(thing_id)
    files = shop_files(shop.ref)
    try:
        return Download(found.name, found.media_type, await files.size(found.key), files.stream(found.key))
    except NoSuchFile:
        raise NotFound("There is no such file any more.") from None


def _path(shelf: Shelf, shop_id: UUID, thing_id: UUID) -> str:
    return f"/downloads/{shop_id}/{type_id(shelf.prefix, thing_id)}"
