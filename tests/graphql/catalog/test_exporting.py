"""Product files in the API: exports are ordered, followed and fetched; an upload tells what form it has."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from stoa.domains.catalog.exporting import run_export
from stoa.domains.catalog.models import ExportRun
from stoa.graphql.requests import Request
from stoa.kit.ids import parse_type_id, type_id
from stoa.tenants.access import Scope
from stoa.tenants.context import open_shop
from tests import make
from tests.domains.catalog.exporting.shops import content_of
from tests.domains.catalog.importing.tables import upload
from tests.domains.catalog.importing.test_shopify import EXPORT
from tests.graphql.asking import Ask

START = """mutation ($input: ProductExportStartInput!) { productExportStart(input: $input) {
  productExport { id format state percent withBom withCosts productsTotal productsDone size fileName }
  userErrors { code path message } } }"""
ONE = "query ($id: ID!) { productExport(id: $id) { state percent productsTotal productsDone linesWritten size } }"
LINK = "query ($id: ID!) { productExportLink(id: $id) { url expiresAt } }"
PROGRESS = "subscription ($id: ID!) { productExportProgress(id: $id) { state percent } }"


async def started(ask: Ask, **given: Any) -> dict[str, Any]:
    payload = (await ask.data(START, input={"format": "SHOPIFY", **given}))["productExportStart"]
    assert payload["userErrors"] == []
    return dict(payload["productExport"])


async def worked_on(ask: Ask, id: str) -> ExportRun:
    with open_shop(ask.ctx.shop):
        return await run_export(ask.ctx, parse_type_id(id, "exp"))


async def test_an_export_is_ordered_followed_and_fetched(ask: Ask) -> None:
    await make.product(ask.ctx, title="Lamp")

    export = await started(ask, withBom=True)
    assert (export["state"], export["percent"], export["withBom"], export["withCosts"]) == ("QUEUED", 0, True, True)
    run = await worked_on(ask, export["id"])

    assert (await ask.data(ONE, id=export["id"]))["productExport"] == {
        "state": "DONE",
        "percent": 100,
        "productsTotal": 1,
        "productsDone": 1,
        "linesWritten": 1,
        "size": run.size,
    }
    link = (await ask.data(LINK, id=export["id"]))["productExportLink"]
    assert link["url"].startswith(
        f"{ask.settings.public_url}/downloads/{ask.ctx.shop.id}/{type_id('exp', run.id)}?expires="
    )
    listed = await ask.data("{ productExports(first: 5) { nodes { id } } }")
    assert listed == {"productExports": {"nodes": [{"id": export["id"]}]}}


async def test_an_export_is_ordered_once_for_a_key(ask: Ask) -> None:
    first = await started(ask, idempotencyKey="k")
    second = await started(ask, idempotencyKey="k")

    assert first == second
    with open_shop(ask.ctx.shop):
        assert await ExportRun.all().count() == 1


async def test_progress_is_told_until_the_end(ask: Ask) -> None:
    export = await started(ask)
    heard = []
    with open_shop(ask.ctx.shop):
        stream = ask.executor.stream(Request(PROGRESS, {"id": export["id"]}), ask.context())
        async with asyncio.timeout(20):
            async for answer in stream:
                heard.append(answer.body["data"]["productExportProgress"])
                if len(heard) == 1:
                    await run_export(ask.ctx, parse_type_id(export["id"], "exp"))

    assert (heard[0], heard[-1]) == ({"state": "QUEUED", "percent": 0}, {"state": "DONE", "percent": 100})


async def test_a_product_of_another_shop_cannot_be_named(ask: Ask, ask_other: Ask) -> None:
    own = await make.product(ask.ctx)
    other = await make.product(ask_other.ctx)

    for ids, path in (
        ([type_id("prod", own.id), type_id("prod", other.id)], ["input", "ids", "1"]),
        (["lamp"], ["input", "ids", "0"]),
    ):
        payload = (await ask.data(START, input={"format": "GENERIC", "ids": ids}))["productExportStart"]
        assert [error["path"] for error in payload["userErrors"]] == [path]
    with open_shop(ask.ctx.shop):
        assert await ExportRun.all().count() == 0


async def test_costs_stay_with_those_who_may_see_them(ask: Ask) -> None:
    await make.product(ask.ctx, variants=({"cost_minor": 123_457},))
    export = await started(ask)
    await worked_on(ask, export["id"])
    clerk = replace(ask, ctx=await make.context(ask.ctx.shop, scopes=frozenset({Scope.CATALOG_READ})))

    assert (await clerk.error(LINK, id=export["id"]))["code"] == "PERMISSION_DENIED"
    own = await started(clerk)
    run = await worked_on(clerk, own["id"])
    assert own["withCosts"] is False
    with open_shop(ask.ctx.shop):
        assert b"1234.57" not in await content_of(ask.ctx, run)
    assert (await clerk.data(LINK, id=own["id"]))["productExportLink"]["url"]


async def test_a_file_that_is_not_written_has_no_address(ask: Ask) -> None:
    export = await started(ask)

    assert (await ask.error(LINK, id=export["id"]))["code"] == "EXPORT_NOT_READY"


async def test_an_upload_tells_that_it_is_shopifys(ask: Ask) -> None:
    with open_shop(ask.ctx.shop):
        file = await upload(ask.ctx, EXPORT, "products_export_1.csv")
    query = """query ($id: ID!) { productImportInspect(uploadId: $id) {
      format decimal delimiter mapping { field column } } }"""

    seen = (await ask.data(query, id=type_id("upl", file.id)))["productImportInspect"]

    assert (seen["format"], seen["decimal"], seen["delimiter"]) == ("SHOPIFY", ".", ",")
    columns = {each["field"]: each["column"] for each in seen["mapping"]}
    assert (columns["PRODUCT"], columns["HANDLE"], columns["OPTION1"]) == ("Handle", "Handle", "Option1 Value")
    assert len(columns) == 31
