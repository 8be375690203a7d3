"""Ask for bulk runs, let workers bring them to their end, and read their files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

import orjson

from stoa.kit.ids import parse_type_id, type_id
from stoa.tenants.bulk.models import BulkRun
from stoa.tenants.context import Context, open_shop
from stoa.tenants.uploading import receive_upload, shop_files, stage_upload
from stoa.workers.running import at_work
from tests.graphql.asking import Ask

QUERY = """mutation ($of: String!, $with: String, $key: String) {
  bulkQueryRun(input: {query: $of, variables: $with, idempotencyKey: $key}) {
    bulkRun { id kind state percent job { kind state } } userErrors { code message path } } }"""
MUTATION = """mutation ($of: String!, $upload: ID!) { bulkMutationRun(input: {mutation: $of, uploadId: $upload}) {
  bulkRun { id kind state percent job { kind state } } userErrors { code message path } } }"""
CANCEL = """mutation ($id: ID!) { bulkRunCancel(input: {id: $id}) {
  bulkRun { id state } userErrors { code message path } } }"""
LINK = "query ($id: ID!) { bulkRunLink(id: $id) { url expiresAt } }"
LOOK = """query ($id: ID!) { bulkRun(id: $id) {
  id kind state percent objectCount objectTotal lineCount failedCount size isPartial failure finishedAt expiresAt
  job { name state failure } } }"""
TITLE = """mutation ($input: ProductUpdateInput!) { productUpdate(input: $input) {
  product { id title } userErrors { code path } } }"""


async def ask_for(ask: Ask, query: str, **variables: Any) -> str:
    """A query in bulk; the id of its run."""
    given = orjson.dumps(variables).decode() if variables else None
    payload = (await ask.data(QUERY, of=query, **{"with": given}))["bulkQueryRun"]
    assert payload["userErrors"] == []
    assert payload["bulkRun"]["kind"] == "QUERY"
    return str(payload["bulkRun"]["id"])


async def ask_to_do(ask: Ask, mutation: str, lines: Iterable[Any] | bytes) -> str:
    """A mutation for each of these; the id of its run."""
    payload = (await ask.data(MUTATION, of=mutation, upload=await uploaded(ask.ctx, lines)))["bulkMutationRun"]
    assert payload["userErrors"] == []
    return str(payload["bulkRun"]["id"])


async def uploaded(ctx: Context, lines: Iterable[Any] | bytes, content_type: str = "application/jsonl") -> str:
    """The id of an upload of these lines."""
    text = lines if isinstance(lines, bytes) else b"".join(orjson.dumps(line) + b"\n" for line in lines)

    async def body() -> AsyncIterator[bytes]:
        for start in range(0, len(text), 1000):  # chunks end where they like
            yield text[start : start + 1000]

    with open_shop(ctx.shop):
        staged = await stage_upload(ctx, "lines.jsonl", content_type, len(text))
        await receive_upload(ctx, staged.upload.id, body())
    return type_id("upl", staged.upload.id)


async def look(ask: Ask, id: str) -> dict[str, Any]:
    return (await ask.data(LOOK, id=id))["bulkRun"]  # type: ignore[no-any-return]


async def ended(ask: Ask, *ids: str) -> list[dict[str, Any]]:
    """The runs when workers have brought them to their ends, with files."""
    async with at_work(ask.settings, ["bulk"]), asyncio.timeout(60):
        while True:
            runs = [await look(ask, id) for id in ids]
            if all(run["size"] is not None for run in runs):
                return runs
            await asyncio.sleep(0.02)


async def lines_of(ask: Ask, id: str) -> list[dict[str, Any]]:
    """What is in the file of a run that has ended."""
    with open_shop(ask.ctx.shop):
        run = await BulkRun.get(id=parse_type_id(id, "bulk"))
        text = b"".join([chunk async for chunk in shop_files(ask.ctx.shop).stream(str(run.file_key))])
    assert len(text) == run.size
    assert not text or text.endswith(b"\n")
    lines = [orjson.loads(line) for line in text.splitlines()]
    assert len(lines) == run.lines_written
    return lines


async def read(ask: Ask, query: str, **variables: Any) -> list[dict[str, Any]]:
    """The lines of a query that comes to a good end."""
    [run] = await ended(ask, await ask_for(ask, query, **variables))
    assert (run["state"], run["failure"], run["isPartial"]) == ("DONE", None, False)
    return await lines_of(ask, run["id"])
