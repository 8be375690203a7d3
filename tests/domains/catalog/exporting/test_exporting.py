"""What an export writes, and for whom: in batches, begun anew when broken off, handed out on signed addresses."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from stoa.domains.catalog.choosing import Chosen
from stoa.domains.catalog.exporting import (
    EXPORTS,
    ExportNotReady,
    FileFormat,
    NoSuchExport,
    Superseded,
    TooManyExports,
    export_link,
    fail_export,
    has_ended,
    run_export,
    start_export,
)
from stoa.domains.catalog.exporting.running import sweep_exports
from stoa.domains.catalog.models import ExportRun, ExportState, Image, Product, ProductStatus
from stoa.kit import clock
from stoa.kit.errors import NotFound
from stoa.kit.ids import new_id, type_id
from stoa.kit.languages import Sentence
from stoa.settings import Settings
from stoa.tenants import live
from stoa.tenants.access import Scope
from stoa.tenants.attempting import key_of_attempt
from stoa.tenants.context import Context, MissingScope, open_shop
from stoa.tenants.database import shop_transaction
from stoa.tenants.lending import fetch
from stoa.tenants.linking import LinkRefused
from stoa.tenants.models import Job
from stoa.tenants.shop_models import EventRow
from stoa.tenants.uploading import shop_files
from stoa.workers.running import at_work
from tests import make
from tests.domains.catalog.exporting.shops import content_of, exported


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def kept(settings: Settings, ctx: Context) -> list[Path]:
    return [path for path in (Path(settings.files) / ctx.shop.schema / "exports").rglob("*") if path.is_file()]


async def test_an_order_is_a_run_and_a_job(ctx: Context) -> None:
    run = await start_export(ctx, FileFormat.SHOPIFY, Chosen(status=ProductStatus.DRAFT), with_bom=True)

    found = await ExportRun.get(id=run.id)
    assert (found.state, found.chosen, found.with_bom) == (ExportState.QUEUED, {"status": "DRAFT"}, True)
    jobs = await Job.filter(shop_schema=ctx.shop.schema)
    assert [(job.name, job.kind, job.payload["export_id"]) for job in jobs] == [
        ("catalog.work_on_export", "imports", str(run.id))
    ]
    assert not await has_ended(run.id)


async def test_a_product_takes_a_row_for_each_variant_and_picture(ctx: Context, settings: Settings) -> None:
    product = await make.product(
        ctx,
        title="=Shirt",
        handle="shirt",
        options=[{"name": "Size", "values": ["S", "M"]}],
        variants=({"sku": "S-1", "option_values": ["S"], "cost_minor": 500}, {"sku": "S-2", "option_values": ["M"]}),
        images=("https://img.test/1.png", "/media/shop_1/2.png", "https://img.test/3.png"),
    )
    await Image.filter(product=product, position=1).update(alt="+ the back")

    rows = table(await exported(ctx, FileFormat.SHOPIFY))

    names = ("Handle", "Title", "Option1 Name", "Option1 Value", "Variant SKU", "Variant Price", "Image Alt Text")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("shirt", "'=Shirt", "Size", "S", "S-1", "19.99", ""),
        ("shirt", "", "", "M", "S-2", "19.99", "'+ the back"),
        ("shirt", "", "", "", "", "", ""),
    ]
    assert [row["Image Src"] for row in rows] == [
        "https://img.test/1.png",
        f"{settings.public_url}/media/shop_1/2.png",
        "https://img.test/3.png",
    ]
    assert [row["Variant Inventory Qty"] for row in rows] == ["10", "10", ""]
    assert [row["Cost per item"] for row in rows] == ["5.00", "", ""]


async def test_what_the_shop_pays_is_not_for_everybody(ctx: Context) -> None:
    await make.product(ctx, variants=({"cost_minor": 77},))
    clerk = await make.context(ctx.shop, scopes=frozenset({Scope.CATALOG_READ}))
    with_costs = await run_export(ctx, (await start_export(ctx, FileFormat.GENERIC)).id)
    without = await run_export(clerk, (await start_export(clerk, FileFormat.GENERIC)).id)

    assert [row["Cost"] for row in table(await content_of(ctx, with_costs))] == ["0.77"]
    assert [row["Cost"] for row in table(await content_of(ctx, without))] == [""]
    with pytest.raises(MissingScope):
        await export_link(clerk, with_costs.id)
    assert (await export_link(clerk, without.id)).path.startswith(
        f"/downloads/{ctx.shop.id}/{type_id('exp', without.id)}?"
    )


async def test_some_products_may_be_chosen(ctx: Context, other_ctx: Context) -> None:
    first = await make.product(ctx, handle="a", status=ProductStatus.DRAFT)
    await make.product(ctx, handle="b", status=ProductStatus.DRAFT)
    third = await make.product(ctx, handle="c")
    stranger = await make.product(other_ctx)

    async def handles(**order: Any) -> list[str]:
        return [row["Handle"] for row in table(await exported(ctx, **order))]

    assert await handles() == ["a", "b", "c"]
    assert await handles(status=ProductStatus.DRAFT) == ["a", "b"]
    assert await handles(product_ids=[third.id, first.id]) == ["a", "c"]
    assert await handles(product_ids=[third.id, first.id], status=ProductStatus.ACTIVE) == ["c"]
    assert await handles(product_ids=[]) == []
    runs = await ExportRun.all().count()
    with pytest.raises(NotFound) as refused:
        await start_export(ctx, FileFormat.GENERIC, Chosen(product_ids=[first.id, stranger.id]))
    assert list(refused.value.path or ()) == ["ids", 1]
    assert await ExportRun.all().count() == runs


async def test_the_mark_for_excel_is_there_when_asked_for(ctx: Context) -> None:
    await make.product(ctx, title="茶碗")

    plain, marked = await exported(ctx), await exported(ctx, with_bom=True)

    assert marked == b"\xef\xbb\xbf" + plain


async def test_many_products_are_written_in_batches(ctx: Context) -> None:
    await make.product(ctx)
    row = await Product.all().first().values()
    await Product.bulk_create([Product(**{**row, "id": new_id(), "handle": f"p{i}"}) for i in range(450)])

    run = await run_export(ctx, (await start_export(ctx, FileFormat.GENERIC)).id)

    assert (run.state, run.products_total, run.products_done, run.lines_written) == (ExportState.DONE, 451, 451, 451)
    assert run.size == len(await content_of(ctx, run))
    events = await EventRow.filter(subject_id=run.id)
    assert [(each.name, each.payload["products"]) for each in events] == [("ProductsExported", 451)]


async def test_an_attempt_that_breaks_off_leaves_nothing_and_the_next_begins_anew(
    ctx: Context, settings: Settings
) -> None:
    await make.product(ctx)
    run = await start_export(ctx, FileFormat.GENERIC)

    @asynccontextmanager
    async def breaking() -> AsyncIterator[None]:
        async with shop_transaction():
            yield
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await run_export(ctx, run.id, finish=breaking)
    with pytest.raises(Exception):  # noqa: PT011  # the file store wraps what broke off
        await run_export(ctx, run.id, step=breaking)
    assert (kept(settings, ctx), (await ExportRun.get(id=run.id)).state) == ([], ExportState.RUNNING)

    done = await run_export(ctx, run.id)

    assert (done.state, done.attempt, done.products_done, len(kept(settings, ctx))) == (ExportState.DONE, 3, 1, 1)
    again = await run_export(ctx, run.id)
    assert (again.attempt, again.file_key) == (3, done.file_key)


async def test_a_process_that_was_killed_leaves_no_file_behind(ctx: Context, settings: Settings) -> None:
    """Between the file and the row that tells of it: the next attempt takes it away, or who gives the export up."""
    done, given_up = [await start_export(ctx, FileFormat.GENERIC) for _ in range(2)]
    for run in (done, given_up):
        await ExportRun.filter(id=run.id).update(attempt=1)
        await shop_files(ctx.shop).put(key_of_attempt(shop_files(ctx.shop), "exports", run.id, 1), half())
    assert len(kept(settings, ctx)) == 2

    await fail_export(ctx, given_up.id, Sentence("the worker was lost"))
    await run_export(ctx, done.id)
    done = await ExportRun.get(id=done.id)
    assert [path.name for path in kept(settings, ctx)] == [f"{done.id.hex}-2"]
    assert done.file_key == f"{ctx.shop.schema}/exports/{done.id.hex}-2"


async def half() -> AsyncIterator[bytes]:
    yield b"handle,tit"


async def test_who_was_replaced_writes_nothing(ctx: Context, settings: Settings) -> None:
    await make.product(ctx)
    run = await start_export(ctx, FileFormat.GENERIC)

    @asynccontextmanager
    async def overtaken() -> AsyncIterator[None]:
        await ExportRun.filter(id=run.id).update(attempt=9)
        async with shop_transaction():
            yield

    with pytest.raises(Superseded):
        await run_export(ctx, run.id, finish=overtaken)

    assert (kept(settings, ctx), (await ExportRun.get(id=run.id)).state) == ([], ExportState.RUNNING)


async def test_not_too_many_are_at_work_at_once(ctx: Context) -> None:
    runs = [await start_export(ctx, FileFormat.GENERIC) for _ in range(3)]

    with pytest.raises(TooManyExports):
        await start_export(ctx, FileFormat.GENERIC)

    assert await ExportRun.all().count() == 3
    await fail_export(ctx, runs[0].id, Sentence("the disk is full"))
    failed = await ExportRun.get(id=runs[0].id)
    assert (failed.state, str(failed.why_failed)) == (
        ExportState.FAILED,
        "The file could not be written: the disk is full",
    )
    await start_export(ctx, FileFormat.GENERIC)
    with pytest.raises(ExportNotReady):
        await export_link(ctx, failed.id)


async def test_a_file_is_deleted_when_its_time_is_over(ctx: Context, settings: Settings) -> None:
    run = await run_export(ctx, (await start_export(ctx, FileFormat.GENERIC)).id)
    assert await sweep_exports(ctx) == 0

    with clock.set_to(clock.now() + timedelta(days=8)):
        with pytest.raises(ExportNotReady, match="is expired"):
            await export_link(ctx, run.id)
        assert await sweep_exports(ctx) == 1

    found = await ExportRun.get(id=run.id)
    assert (found.state, found.file_key, kept(settings, ctx)) == (ExportState.EXPIRED, None, [])


async def test_a_stranger_gets_neither_the_address_nor_the_file(ctx: Context, other_ctx: Context) -> None:
    run = await run_export(ctx, (await start_export(ctx, FileFormat.GENERIC)).id)
    link = await export_link(ctx, run.id)
    query = dict(each.split("=") for each in link.path.partition("?")[2].split("&"))
    expires, signature = int(query["expires"]), query["signature"]

    with open_shop(other_ctx.shop):
        with pytest.raises(NoSuchExport):
            await export_link(other_ctx, run.id)
        with pytest.raises(NoSuchExport):
            await run_export(other_ctx, run.id)
    for shop_id, export_id, until in (
        (other_ctx.shop.id, run.id, expires),
        (ctx.shop.id, new_id(), expires),
        (ctx.shop.id, run.id, expires + 1),
    ):
        with pytest.raises(LinkRefused):
            await fetch(EXPORTS, shop_id, export_id, expires=until, signature=signature)
    found = await fetch(EXPORTS, ctx.shop.id, run.id, expires=expires, signature=signature)
    assert found.size == run.size


async def test_a_worker_writes_it_and_its_progress_is_heard(ctx: Context, settings: Settings) -> None:
    await make.product(ctx)
    run = await start_export(ctx, FileFormat.SHOPIFY)
    async with live.listen(ctx.shop, f"export:{run.id}") as stream, at_work(settings, ["imports"]):
        async with asyncio.timeout(30):
            async for news in stream:
                if isinstance(news, live.News) and news.body.get("state") == "DONE":
                    break

    found = await ExportRun.get(id=run.id)
    assert (found.state, found.products_done) == (ExportState.DONE, 1)
