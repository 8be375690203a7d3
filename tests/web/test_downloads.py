"""Downloads over HTTP: a file goes out to whoever has its address, while that is good, and is nothing but a file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest

from stoa.app import assemble
from stoa.domains.catalog.exporting import FileFormat, export_link, run_export, start_export
from stoa.domains.catalog.models import ExportRun
from stoa.graphql.executing import Executor
from stoa.graphql.schema import schema
from stoa.graphql.serving import Services
from stoa.kit import clock
from stoa.kit.ids import type_id
from stoa.settings import Settings
from stoa.tenants.context import Context, ShopRef
from tests import make
from tests.domains.catalog.exporting.shops import content_of
from tests.doors import opened, program


@pytest.fixture(scope="module")
async def address(settings: Settings, database: None) -> AsyncIterator[str]:
    async with opened(assemble(Services(settings), Executor(schema(), settings))) as address:
        yield address


@pytest.fixture
async def http(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=address, timeout=30) as client:
        yield client


async def written(ctx: Context) -> ExportRun:
    await make.product(ctx, title="茶碗 🍵")
    return await run_export(ctx, (await start_export(ctx, FileFormat.SHOPIFY)).id)


async def test_a_file_is_ordered_written_and_fetched(address: str, http: httpx.AsyncClient, ctx: Context) -> None:
    run = await written(ctx)
    till = await program(address, ctx.shop)
    query = "query ($id: ID!) { productExportLink(id: $id) { url expiresAt } }"
    link = (await till.ask(query, variables={"id": type_id("exp", run.id)})).json()["data"]["productExportLink"]

    answer = await http.get(urlsplit(link["url"])._replace(scheme="", netloc="").geturl())

    assert (answer.status_code, answer.content) == (200, await content_of(ctx, run))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="{run.file_name}"'
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, no-store"


async def test_an_address_that_we_did_not_sign_leads_nowhere(
    http: httpx.AsyncClient, ctx: Context, other_ctx: Context
) -> None:
    run = await written(ctx)
    path = (await export_link(ctx, run.id)).path
    expires = path.partition("expires=")[2].partition("&")[0]
    for forged in (
        path[:-1] + ("0" if path[-1] != "0" else "1"),
        path.partition("&signature=")[0],
        path.partition("&signature=")[0] + "&signature=%F0%9F%98%80",
        path.replace(expires, str(int(expires) + 1)),
        path.replace(str(ctx.shop.id), str(other_ctx.shop.id)),
    ):
        answer = await http.get(forged)
        assert (answer.status_code, answer.json()["code"]) == (403, "LINK_REFUSED"), forged
    for broken in (
        path.replace(str(ctx.shop.id), "x"),
        path.replace("/exp_", "/chan_"),
        path.replace(expires, "soon"),
        path.partition("?")[0],
    ):
        answer = await http.get(broken)
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID"), broken


async def test_an_address_is_good_for_a_while(http: httpx.AsyncClient, ctx: Context) -> None:
    run = await written(ctx)
    with clock.set_to(clock.now() - timedelta(minutes=15, seconds=2)):
        path = (await export_link(ctx, run.id)).path

    answer = await http.get(path)

    assert (answer.status_code, answer.json()["code"]) == (403, "LINK_REFUSED")


async def test_what_is_deleted_is_not_there(http: httpx.AsyncClient, ctx: Context, shop: ShopRef) -> None:
    run = await written(ctx)
    path = (await export_link(ctx, run.id)).path
    await ExportRun.filter(id=run.id).delete()

    answer = await http.get(path)

    assert (answer.status_code, answer.json()["code"]) == (404, "EXPORT_NOT_FOUND")
