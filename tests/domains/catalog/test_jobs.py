"""The catalog's jobs, done by workers as in production."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from stoa.domains.catalog import bulk_editing, exporting, jobs
from stoa.domains.catalog.choosing import EVERYTHING
from stoa.domains.catalog.exporting import FileFormat
from stoa.domains.catalog.importing import cancel_import, undo_import
from stoa.domains.catalog.models import BulkEdit, ExportRun, ImportRun, ImportState, Product
from stoa.kit.ids import new_id
from stoa.kit.languages import Sentence
from stoa.settings import Settings
from stoa.tenants import live
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction
from stoa.tenants.jobs import FAULT, Job
from stoa.tenants.outbox import enqueue
from stoa.workers.running import at_work
from tests.domains.catalog.importing.tables import dump, left_over, lines, ordered, table

LARGE = table(*lines(25_000, 1_250))
END = 60  # seconds after which a test that hangs is ended


async def ended(run: ImportRun) -> ImportRun:
    async with asyncio.timeout(END):
        while not (found := await ImportRun.get(id=run.id)).is_finished:
            await asyncio.sleep(0.02)
    return found


async def jobs_done(owner: asyncpg.Connection, ctx: Context) -> list[str]:
    async with asyncio.timeout(END):
        while True:
            rows = await owner.fetch(
                "SELECT state FROM platform.job WHERE shop_schema = $1 ORDER BY id", ctx.shop.schema
            )
            if all(row["state"] in ("DONE", "DEAD") for row in rows):
                return [row["state"] for row in rows]
            await asyncio.sleep(0.02)


async def test_an_import_is_worked_on_and_its_progress_is_heard(
    ctx: Context, settings: Settings, owner: asyncpg.Connection
) -> None:
    run = await ordered(ctx, LARGE)
    async with live.listen(ctx.shop, f"import:{run.id}") as stream, at_work(settings, ["imports"]):
        heard: list[live.News] = []
        async with asyncio.timeout(END):
            async for news in stream:
                if isinstance(news, live.News):
                    heard.append(news)
                    if news.body.get("state") == "DONE" and "percent" in news.body:
                        break
        states = await jobs_done(owner, ctx)

    assert states == ["DONE"]
    progress = [news.body for news in heard if "percent" in news.body]
    assert progress[-1]["percent"] == 100
    assert progress[-1]["lines_read"] == 25_000
    assert progress[-1]["products_created"] == await Product.all().count() == 1_250
    assert [each["percent"] for each in progress] == sorted(each["percent"] for each in progress)


async def test_an_import_is_undone_by_the_same_job(ctx: Context, settings: Settings, owner: asyncpg.Connection) -> None:
    before = await dump()
    run = await ordered(ctx, LARGE)
    async with at_work(settings, ["imports"]):
        await ended(run)
        await undo_import(ctx, run.id)
        run = await ended(run)
        states = await jobs_done(owner, ctx)

    assert (run.state, states) == (ImportState.UNDONE, ["DONE", "DONE"])
    assert await dump() == before


async def test_a_cancelled_import_costs_a_job_nothing(
    ctx: Context, settings: Settings, owner: asyncpg.Connection
) -> None:
    run = await ordered(ctx, LARGE)
    await cancel_import(ctx, run.id)

    async with at_work(settings, ["imports"]):
        states = await jobs_done(owner, ctx)

    assert (states, (await ImportRun.get(id=run.id)).attempt) == (["DONE"], 0)


async def test_an_import_whose_job_was_given_up_ends_as_failed(
    ctx: Context, settings: Settings, owner: asyncpg.Connection
) -> None:
    before = await dump()
    run = await ordered(ctx, LARGE)
    await owner.execute("DELETE FROM platform.job WHERE shop_schema = $1", ctx.shop.schema)
    async with shop_transaction():
        payload = {"import_id": str(run.id), "job_id": "x", "error": "OutOfTime: It took longer than 4:00:00."}
        await enqueue(ctx, "catalog.give_up_import", payload, kind="imports")

    async with at_work(settings, ["imports"]):
        run = await ended(run)

    assert (run.state, run.failure_code) == (ImportState.FAILED, "GAVE_UP")
    assert str(run.why_failed) == f"The import did not come to its end: {FAULT}"
    assert await dump() == before
    assert await left_over(run) == {"import_row": 0, "import_change": 0}


@pytest.mark.parametrize(
    ("error", "words", "in_chinese"),
    [
        ("OSError: [Errno 28] /srv/stoa: no space left", str(FAULT), "系统出现故障，已随任务的请求编号记录。"),
        ("TAKEN: The code A1 is in use.", "The code A1 is in use.", "The code A1 is in use."),
    ],
)
async def test_why_an_export_or_a_bulk_edit_was_given_up_is_said_without_the_words_of_our_logs(
    ctx: Context, error: str, words: str, in_chinese: str
) -> None:
    export = await exporting.start_export(ctx, FileFormat.GENERIC)
    edit = await bulk_editing.start_bulk_edit(ctx, EVERYTHING, bulk_editing.Order(vendor="New"), everything=True)
    payload = {"export_id": str(export.id), "bulk_edit_id": str(edit.id), "error": error}
    for function in (jobs.give_up_export, jobs.give_up_bulk_edit):
        await function(ctx, Job(new_id(), function.name, payload, 1, 0, 5, ctx.shop.schema))

    failed, ended = await ExportRun.get(id=export.id), await BulkEdit.get(id=edit.id)
    assert (failed.state, ended.state) == ("FAILED", "FAILED")
    for kept, en, zh in (
        (failed.failure, f"The file could not be written: {words}", f"文件生成失败：{in_chinese}"),
        (ended.failure, f"It was broken off: {words}", f"已中断：{in_chinese}"),
    ):
        why = Sentence.of(kept or {})
        assert (why.said_in("en"), why.said_in("zh")) == (en, zh)
