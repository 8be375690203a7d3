"""Bulk runs by workers: five of a shop at once, and each line once, whoever is killed."""

from __future__ import annotations

import os
import signal
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from stoa.domains.catalog.models import Product
from stoa.graphql.schema import schema
from stoa.kit.ids import type_id
from stoa.settings import Settings
from stoa.tenants.bulk import ask_for_mutation, ask_for_query
from stoa.tenants.bulk.models import BulkRun
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_client
from stoa.tenants.shop_models import EventRow
from stoa.tenants.uploading import receive_upload, shop_files, stage_upload
from stoa.workers.running import at_work
from stoa.workers.settings import LANES
from tests import make
from tests.workers.conftest import said, until

QUERY = "{ products { nodes { id title } } }"
TITLE = """mutation ($input: ProductUpdateInput!) { productUpdate(input: $input) {
  product { id title version } userErrors { code } } }"""

Start = Callable[[], Awaitable[Process]]


@pytest.fixture
async def worker(at_valkey: Settings) -> AsyncIterator[Start]:
    """Start a process at work on bulk runs; whatever is still running at the end is killed."""
    started: list[Process] = []

    async def start() -> Process:
        environment = os.environ | {"STOA_REDIS_URL": at_valkey.redis_url.get_secret_value()}
        one = await create_subprocess_exec(
            sys.executable, "-m", "tests.workers.bulk_process", env=environment, stdout=PIPE
        )
        started.append(one)
        assert await said(one) == "ready"
        return one

    yield start
    for one in started:
        if one.returncode is None:
            one.send_signal(signal.SIGKILL)
            await one.wait()


async def states(owner: asyncpg.Connection, ctx: Context) -> dict[str, int]:
    rows = await owner.fetch(
        "SELECT state, count(*) AS number FROM platform.job WHERE kind = 'bulk' AND shop_schema = $1 GROUP BY state",
        ctx.shop.schema,
    )
    return {row["state"]: row["number"] for row in rows}


async def test_five_of_a_shop_are_at_work_and_the_others_wait(
    at_valkey: Settings, ctx: Context, other_ctx: Context, owner: asyncpg.Connection
) -> None:
    """All of them stop at a lock, so that it can be seen how many had begun."""
    schema()
    assert (LANES["bulk"].per_shop, LANES["bulk"].at_once) == (5, 5)
    for _ in range(8):
        await ask_for_query(ctx, QUERY, None, needs=[])
    with open_shop(other_ctx.shop):
        await ask_for_query(other_ctx, QUERY, None, needs=[])

    async with at_work(at_valkey, ["bulk"]), at_work(at_valkey, ["bulk"]):
        async with owner.transaction():
            await owner.execute("LOCK TABLE platform.bulk_run IN ACCESS EXCLUSIVE MODE")
            seen = await until(lambda: states(owner, ctx), lambda seen: seen.get("RUNNING", 0) >= 5)
            theirs = await until(lambda: states(owner, other_ctx), lambda seen: seen.get("RUNNING", 0) == 1)
            assert seen == await states(owner, ctx) == {"RUNNING": 5, "QUEUED": 3}
            assert theirs == {"RUNNING": 1}
        assert await until(lambda: states(owner, ctx), lambda seen: seen.get("DONE") == 8) == {"DONE": 8}


async def asked_to_rename(ctx: Context, number: int) -> tuple[UUID, list[UUID]]:
    """Products, and a run that renames each of them once."""
    products = [await make.product(ctx, title=f"Cup {n}", handle=f"cup-{n}") for n in range(number)]
    lines = [{"input": {"id": type_id("prod", each.id), "title": f"Bowl {n}"}} for n, each in enumerate(products)]
    text = b"".join(orjson.dumps(line) + b"\n" for line in lines)

    async def body() -> AsyncIterator[bytes]:
        yield text

    staged = await stage_upload(ctx, "lines.jsonl", "application/jsonl", len(text))
    await receive_upload(ctx, staged.upload.id, body())
    run = await ask_for_mutation(ctx, TITLE, staged.upload.id, needs=[])
    return run.id, [each.id for each in products]


async def content(ctx: Context, run: BulkRun) -> list[Any]:
    text = b"".join([chunk async for chunk in shop_files(ctx.shop).stream(str(run.file_key))])
    return [orjson.loads(line) for line in text.splitlines()]


async def test_each_line_is_done_once_whoever_is_killed_and_when(
    ctx: Context, owner: asyncpg.Connection, worker: Start
) -> None:
    """X8: kill -9 of the worker twice on the way."""
    run_id, product_ids = await asked_to_rename(ctx, 120)

    async def answered() -> int:
        return int(await owner.fetchval("SELECT count(*) FROM platform.bulk_line WHERE run_id = $1", run_id))

    for so_far in (15, 60):
        process = await worker()
        await until(answered, lambda number, least=so_far: number >= least)
        process.send_signal(signal.SIGKILL)
        await process.wait()
    assert 60 <= await answered() < 120
    await worker()
    run = await until(lambda: BulkRun.get(id=run_id), lambda run: run.file_key is not None)

    lines = await content(ctx, run)
    assert (run.state, run.objects_done, run.lines_failed) == ("DONE", 120, 0)
    assert [line["line"] for line in lines] == list(range(1, 121))
    assert [line["data"]["productUpdate"]["product"]["title"] for line in lines] == [f"Bowl {n}" for n in range(120)]
    assert {line["data"]["productUpdate"]["product"]["version"] for line in lines} == {2}
    assert await Product.filter(version=2).count() == 120
    for product_id in product_ids:
        assert await EventRow.filter(subject_id=product_id, name="ProductEdited").count() == 1
    assert await answered() == 0


async def test_a_query_whose_worker_is_killed_gives_one_whole_file(
    ctx: Context, owner: asyncpg.Connection, worker: Start
) -> None:
    first = await make.product(ctx, title="Cup 0", handle="cup-0")
    await shop_client().execute_query(
        "INSERT INTO product SELECT (jsonb_populate_record(p, jsonb_build_object("
        "'id', gen_random_uuid(), 'handle', 'cup-' || n, 'title', 'Cup ' || n))).* "
        "FROM product p, generate_series(1, 12000) n WHERE p.id = $1",
        [first.id],
    )
    run_id = (await ask_for_query(ctx, QUERY, None, needs=[])).id

    async def far() -> bool:
        row = await owner.fetchrow("SELECT progress_done FROM platform.job WHERE kind = 'bulk' AND state = 'RUNNING'")
        found = await owner.fetchval("SELECT part_key FROM platform.bulk_run WHERE id = $1", run_id)
        return found is not None and row is not None

    process = await worker()
    await until(far, bool)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    await worker()
    run = await until(lambda: BulkRun.get(id=run_id), lambda run: run.file_key is not None)

    lines = await content(ctx, run)
    assert (run.state, run.objects_done, run.lines_written, run.is_partial) == ("DONE", 12001, 12001, False)
    assert [line["id"] for line in lines] == sorted({line["id"] for line in lines})
    assert len(lines) == 12001
    files = await owner.fetchval("SELECT parts::text FROM platform.bulk_run WHERE id = $1", run_id)
    assert files == "[]"
