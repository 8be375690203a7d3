"""Pictures of after-sale cases over HTTP: asked for by whoever may read the case, fetched on a signed address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from stoa.app import assemble
from stoa.domains import service
from stoa.domains.orders import aftersales
from stoa.domains.orders.models import AftersaleCase, CaseKind
from stoa.graphql.executing import Executor
from stoa.graphql.schema import schema
from stoa.graphql.serving import Services
from stoa.kit.clock import now, set_to
from stoa.kit.ids import type_id
from stoa.settings import Settings
from stoa.tenants.context import Context
from stoa.tenants.linking import LinkRefused
from tests import make
from tests.domains.catalog.media.darkroom import uploaded
from tests.domains.orders.aftersales_cases import arrived
from tests.domains.orders.aftersales_cases import opened as case_of
from tests.domains.service.buyers import react
from tests.doors import opened, program

ASK = "query ($id: ID!) { aftersalePictures(id: $id) { smallUrl mediumUrl largeUrl expiresAt } }"


@pytest.fixture(scope="module")
async def address(settings: Settings, database: None) -> AsyncIterator[str]:
    async with opened(assemble(Services(settings), Executor(schema(), settings))) as address:
        yield address


@pytest.fixture
async def http(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=address, timeout=30) as client:
        yield client


async def case_with_pictures(ctx: Context) -> AftersaleCase:
    order = await arrived(ctx, await make.sold(ctx))
    broken = await uploaded(ctx, b"\xff\xd8\xff and no more of it", "image/jpeg")
    return await case_of(ctx, order, CaseKind.RETURN_REFUND, picture_ids=[await uploaded(ctx), broken])


async def pictures(address: str, ctx: Context, case: AftersaleCase) -> Any:
    client = await program(address, ctx.shop)
    return (await client.ask(ASK, variables={"id": type_id("case", case.id)})).json()


def path_of(url: str) -> str:
    return urlsplit(url)._replace(scheme="", netloc="").geturl()


async def test_a_picture_is_asked_for_and_fetched(address: str, http: httpx.AsyncClient, ctx: Context) -> None:
    """O15"""
    case = await case_with_pictures(ctx)
    [crack, broken] = (await pictures(address, ctx, case))["data"]["aftersalePictures"]
    large, small = path_of(crack["largeUrl"]), path_of(crack["smallUrl"])

    first = await http.get(large)
    again = await http.get(large)

    assert (first.status_code, first.headers["content-type"]) == (200, "image/webp")
    assert first.content == again.content
    assert first.content[:4] == b"RIFF"
    assert first.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert first.headers["cache-control"] == "private, no-store"
    assert len((await http.get(small)).content) < len(first.content)
    refused = await http.get(path_of(broken["largeUrl"]))
    assert (refused.status_code, refused.json()["code"]) == (403, "PICTURE_NOT_SHOWN")
    for forged in (large.replace("/0/", "/1/"), large.replace("LARGE", "SMALL"), large[:-1] + "x"):
        answer = await http.get(forged)
        assert (answer.status_code, answer.json()["code"]) == (403, "LINK_REFUSED")
    for wrong in (large.partition("?")[0], large.replace("/0/", "/x/")):
        assert (await http.get(wrong)).status_code == 400


async def test_an_address_is_good_for_a_while(ctx: Context) -> None:
    case = await case_with_pictures(ctx)
    [link, _] = await aftersales.picture_links(ctx, case.id)
    query = dict(parse_qsl(urlsplit(link.paths["SMALL"]).query))
    given: Any = {"expires": int(query["expires"]), "signature": query["signature"]}
    assert await aftersales.open_picture(ctx.shop.id, case.id, 0, "SMALL", **given)

    with set_to(now() + timedelta(minutes=16)), pytest.raises(LinkRefused):
        await aftersales.open_picture(ctx.shop.id, case.id, 0, "SMALL", **given)


async def test_a_strangers_pictures_are_not_there(address: str, ctx: Context, other_ctx: Context) -> None:
    case = await case_with_pictures(ctx)

    answer = await pictures(address, other_ctx, case)

    assert answer["errors"][0]["extensions"]["code"] == "CASE_NOT_FOUND"


async def test_pictures_of_who_was_forgotten_are_gone(address: str, http: httpx.AsyncClient, ctx: Context) -> None:
    case = await case_with_pictures(ctx)
    [crack, _] = (await pictures(address, ctx, case))["data"]["aftersalePictures"]
    assert (await http.get(path_of(crack["largeUrl"]))).status_code == 200

    order = await case.order
    await service.erase_customer(ctx, order.customer_id)
    await react(ctx)

    assert (await http.get(path_of(crack["largeUrl"]))).status_code == 404
    assert (await pictures(address, ctx, case))["data"]["aftersalePictures"] == []
