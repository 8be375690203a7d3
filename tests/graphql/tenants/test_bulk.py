"""Bulk runs as the API has them: asked for, done by workers, followed, fetched, cancelled; and whose they are."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from stoa.kit.ids import parse_type_id
from stoa.tenants.bulk.models import BulkRun
from stoa.tenants.context import open_shop
from stoa.tenants.uploading import shop_files
from stoa.workers.running import at_work
from tests import make
from tests.graphql.asking import Ask

RUN = """mutation ($of: String!, $with: String) { bulkQueryRun(input: {query: $of, variables: $with}) {
  bulkRun { id kind state percent objectCount objectTotal lineCount size isPartial failure job { id kind state } }
  userErrors { code message path } } }"""
LOOK = """query ($id: ID!) { bulkRun(id: $id) {
  id kind state percent objectCount objectTotal lineCount failedCount size isPartial failure document finishedAt expiresAt
  job { name state } } }"""


async def ended(ask: Ask, id: str) -> dict[str, Any]:
    """Let workers bring the run to its end."""
    async with at_work(ask.settings, ["bulk"]), asyncio.timeout(60):
        while True:
            run = (await ask.data(LOOK, id=id))["bulkRun"]
            if run["size"] is not None:
                return run
            await asyncio.sleep(0.02)


async def lines_of(ask: Ask, id: str) -> list[dict[str, Any]]:
    with open_shop(ask.ctx.shop):
        run = await BulkRun.get(id=parse_type_id(id, "bulk"))
        text = b"".join([chunk async for chunk in shop_files(ask.ctx.shop).stream(str(run.file_key))])
    assert len(text) == run.size
    return [orjson.loads(line) for line in text.splitlines()]


async def asked(ask: Ask, query: str, **variables: Any) -> str:
    given = orjson.dumps(variables).decode() if variables else None
    payload = (await ask.data(RUN, of=query, **{"with": given}))["bulkQueryRun"]
    assert payload["userErrors"] == []
    assert (payload["bulkRun"]["state"], payload["bulkRun"]["job"]["kind"]) == ("QUEUED", "bulk")
    return str(payload["bulkRun"]["id"])


async def test_all_of_a_list_becomes_lines_with_the_lists_inside_behind_what_they_belong_to(ask: Ask) -> None:
    first = await make.product(ask.ctx, title="Amphora")
    second = await make.product(ask.ctx, title="Bowl")
    query = "{ products { nodes { title variants { nodes { id sku } } } } }"

    run = await ended(ask, await asked(ask, query))

    lines = await lines_of(ask, run["id"])
    assert [line["title"] for line in lines if "title" in line] == ["Amphora", "Bowl"]
    print(run, lines, first, second)
