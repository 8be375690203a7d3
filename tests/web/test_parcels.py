"""Parcels over HTTP: their papers go out to whoever has the address, what their carriers push comes in when signed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from stoa.app import assemble
from stoa.domains.orders import shipping
from stoa.domains.orders.models import Shipment, ShipmentState
from stoa.domains.orders.shipping import PackDraft, ShipDraft
from stoa.domains.orders.shipping.pushing import push_url
from stoa.graphql.executing import Executor
from stoa.graphql.schema import schema
from stoa.graphql.serving import Services
from stoa.kit.ids import new_id, type_id
from stoa.settings import Settings
from stoa.tenants.context import Context
from tests.domains.orders.shipping.sending import confirmed, everything, method
from tests.doors import opened, program
from tests.fakes.kuaidi100 import md5


@pytest.fixture(scope="module")
async def address(settings: Settings, database: None) -> AsyncIterator[str]:
    async with opened(assemble(Services(settings), Executor(schema(), settings))) as address:
        yield address


@pytest.fixture
async def http(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=address, timeout=30) as client:
        yield client


async def sent(ctx: Context) -> Shipment:
    way = await method(ctx, settings={"by": "KUAIDI100", "customer": "C", "key": "K", "salt": "salt-1"})
    [id] = await shipping.pack_order(ctx, (await confirmed(ctx)).id, PackDraft(method_id=way.id))
    await shipping.ship_parcel(ctx, id, ShipDraft("YT9"))
    return await Shipment.get(id=id)


async def test_a_label_is_asked_for_and_fetched(address: str, http: httpx.AsyncClient, ctx: Context) -> None:
    """O7"""
    parcel = await sent(ctx)
    till = await program(address, ctx.shop)
    query = 'query ($id: ID!) { shipmentPaperLink(id: $id, paper: LABEL, locale: "zh") { url } }'
    link = (await till.ask(query, variables={"id": type_id("shp", parcel.id)})).json()["data"]["shipmentPaperLink"]
    path = urlsplit(link["url"])._replace(scheme="", netloc="").geturl()

    answer = await http.get(path)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.content[:5] == b"%PDF-"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["cache-control"] == "private, no-store"
    for forged in (path.replace("LABEL", "PACKING_LIST"), path.replace("zh", "en"), path[:-1] + "x"):
        refused = await http.get(forged)
        assert (refused.status_code, refused.json()["code"]) == (403, "LINK_REFUSED")
    for broken in (path.replace("LABEL", "X"), path.partition("?")[0], f"/papers/x/{parcel.id}/LABEL"):
        assert (await http.get(broken)).status_code == 400


async def test_what_kuaidi100_pushes_is_taken_when_it_is_signed(
    http: httpx.AsyncClient, ctx: Context, other_ctx: Context
) -> None:
    """O8"""
    parcel = await sent(ctx)
    path = urlsplit(push_url(ctx.shop, parcel.method_id)).path  # type: ignore[attr-defined]
    event = {"time": "2026-11-22 15:30:00", "context": "已签收", "statusCode": "3"}
    told: dict[str, Any] = {"nu": "YT9", "com": "yuantong", "state": "3", "data": [event]}
    param = json.dumps({"status": "shutdown", "lastResult": told}, ensure_ascii=False)
    signed = {"param": param, "sign": md5(param, "salt-1")}
    before = await everything()

    for wrong in ({"param": param, "sign": md5(param, "salt-2")}, {"param": param}, {}):
        assert (await http.post(path, data=wrong)).status_code == 400
    elsewhere = path.replace(str(ctx.shop.id), str(other_ctx.shop.id))
    nowhere = path.replace(str(parcel.method_id), str(new_id()))  # type: ignore[attr-defined]
    assert [(await http.post(each, data=signed)).status_code for each in (elsewhere, nowhere)] == [404, 404]
    assert (await http.post(path, data={"param": "x" * 400_000})).status_code == 413
    assert await everything() == before
    answers = [(await http.post(path, data=signed)).json() for _ in range(2)]

    assert answers == [{"result": True, "returnCode": "200", "message": "成功"}] * 2
    arrived = await Shipment.get(id=parcel.id)
    assert (arrived.state, [each["text"] for each in arrived.tracking]) == (ShipmentState.DELIVERED, ["已签收"])
