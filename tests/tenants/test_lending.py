"""Files are lent on addresses that say which one, to whom of the shops it belongs and until when, under our signature."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from stoa.kit import clock
from stoa.kit.errors import NotFound
from stoa.kit.ids import new_id, type_id
from stoa.tenants.context import Context, open_schema
from stoa.tenants.lending import Download, KeptFile, Shelf, fetch, lend
from stoa.tenants.linking import Link, LinkRefused
from stoa.tenants.models import Shop, ShopState
from stoa.tenants.uploading import shop_files

asked: list[tuple[str, UUID]] = []


async def find(thing_id: UUID) -> KeptFile:
    asked.append((open_schema(), thing_id))
    return KeptFile(f"{open_schema()}/scrolls/one", "one.txt", "text/plain")


SCROLLS = Shelf("scroll", find)
TABLETS = Shelf("tablet", find)


async def kept(ctx: Context) -> UUID:
    async def body() -> AsyncIterator[bytes]:
        yield b"menin aeide"

    await shop_files(ctx.shop).put(f"{ctx.shop.schema}/scrolls/one", body())
    return new_id()


def credential(link: Link) -> tuple[int, str]:
    query = parse_qs(urlsplit(link.path).query)
    return int(query["expires"][0]), query["signature"][0]


async def fetched(ctx: Context, shelf: Shelf, thing_id: UUID, link: Link) -> Download:
    expires, signature = credential(link)
    return await fetch(shelf, ctx.shop.id, thing_id, expires=expires, signature=signature)


async def test_a_file_is_lent_for_a_quarter_of_an_hour(ctx: Context) -> None:
    thing_id = await kept(ctx)
    moment = clock.now().replace(microsecond=0)
    with clock.set_to(moment):
        link = lend(ctx, SCROLLS, thing_id)

    found = await fetched(ctx, SCROLLS, thing_id, link)

    assert link.path.startswith(f"/downloads/{ctx.shop.id}/{type_id('scroll', thing_id)}?expires=")
    assert link.expires_at == moment + timedelta(minutes=15)
    assert (found.name, found.media_type, found.size) == ("one.txt", "text/plain", 11)
    assert b"".join([chunk async for chunk in found.chunks]) == b"menin aeide"
    assert asked[-1] == (ctx.shop.schema, thing_id)
    with (
        clock.set_to(link.expires_at + timedelta(seconds=1)),
        pytest.raises(LinkRefused, match="time of this address is over"),
    ):
        await fetched(ctx, SCROLLS, thing_id, link)


async def test_an_address_opens_one_thing_of_one_type_in_one_shop(ctx: Context, other_ctx: Context) -> None:
    thing_id = await kept(ctx)
    link = lend(ctx, SCROLLS, thing_id)
    asked.clear()

    for whose, shelf, which in (
        (other_ctx, SCROLLS, thing_id),
        (ctx, TABLETS, thing_id),
        (ctx, SCROLLS, new_id()),
    ):
        with pytest.raises(LinkRefused, match="not signed by us"):
            await fetched(whose, shelf, which, link)
    assert asked == []


async def test_what_is_gone_is_not_found(ctx: Context) -> None:
    thing_id = await kept(ctx)
    link = lend(ctx, SCROLLS, thing_id)
    await shop_files(ctx.shop).delete(f"{ctx.shop.schema}/scrolls/one")
    with pytest.raises(NotFound):
        await fetched(ctx, SCROLLS, thing_id, link)

    await Shop.filter(id=ctx.shop.id).update(state=ShopState.DROPPED)
    asked.clear()
    with pytest.raises(NotFound):
        await fetched(ctx, SCROLLS, thing_id, link)
    assert asked == []
    await Shop.filter(id=ctx.shop.id).update(state=ShopState.ACTIVE)
