"""What a merchant orders: to import a file that was uploaded, to cancel, to look into a file before."""

from __future__ import annotations

from pathlib import Path

import pytest

from stoa.domains.catalog.importing import Options, cancel_import, import_path, inspect_file, run_import, start_import
from stoa.domains.catalog.models import ImportRun, ImportState
from stoa.kit.errors import InvalidInput, NotFound
from stoa.kit.files import NoSuchFile
from stoa.kit.ids import new_id
from stoa.kit.tabular.errors import WrongEncoding
from stoa.tenants.context import Context, open_shop
from stoa.tenants.importing.errors import BadMapping, CannotCancel, ImportRunning, NoSuchImport
from stoa.tenants.models import Job
from stoa.tenants.uploading import NotUploaded, shop_files, stage_upload
from tests.domains.catalog.importing.tables import GOODS, goods, gzipped, imported, lines, ordered, table, upload

LAMP = table(("A", "Lamp", "1"))


async def jobs_of(ctx: Context) -> list[tuple[str, str, str]]:
    return [
        (job.name, job.kind, job.payload["import_id"])
        for job in await Job.filter(shop_schema=ctx.shop.schema).order_by("id")
    ]


async def test_an_order_is_a_run_and_a_job(ctx: Context) -> None:
    file = await upload(ctx, LAMP)

    run = await start_import(
        ctx, file.id, source=" my shop ", mapping=GOODS | {"barcode": " "}, options=Options(decimal=".")
    )

    found = await ImportRun.get(id=run.id)
    assert (found.state, found.source, found.file_name, found.bytes_total) == (
        ImportState.QUEUED,
        "my shop",
        "goods.csv",
        len(LAMP),
    )
    assert (found.mapping, found.options, found.dry_run) == (GOODS, {"decimal": "."}, False)
    assert await jobs_of(ctx) == [("catalog.work_on_import", "imports", str(run.id))]


@pytest.mark.parametrize(
    ("mapping", "match"),
    [
        ({"title": "Name"}, "which column holds the sku"),
        ({"sku": " "}, "which column holds the sku"),
        ({"sku": "Code", "colour": "C"}, "'colour' is not a field; there are product, sku, title"),
    ],
)
async def test_a_mapping_must_tell_products_apart(ctx: Context, mapping: dict[str, str], match: str) -> None:
    file = await upload(ctx, LAMP)

    with pytest.raises(BadMapping, match=match):
        await start_import(ctx, file.id, source="test", mapping=mapping)

    assert await ImportRun.all().count() == 0
    assert await jobs_of(ctx) == []


async def test_a_source_has_a_name(ctx: Context) -> None:
    file = await upload(ctx, LAMP)

    with pytest.raises(InvalidInput, match="source is empty"):
        await start_import(ctx, file.id, source=" ", mapping=GOODS)


async def test_a_file_must_have_arrived(ctx: Context, other_ctx: Context) -> None:
    staged = await stage_upload(ctx, "a.csv", "text/csv", 10)
    with pytest.raises(NotUploaded):
        await start_import(ctx, staged.upload.id, source="test", mapping=GOODS)

    file = await upload(ctx, LAMP)
    with open_shop(other_ctx.shop), pytest.raises(NotFound):
        await start_import(other_ctx, file.id, source="test", mapping=GOODS)

    assert await ImportRun.all().count() == 0


async def test_a_shop_runs_one_import_at_a_time(ctx: Context, other_ctx: Context) -> None:
    run = await ordered(ctx, LAMP)

    with pytest.raises(ImportRunning, match="goods.csv is at work") as refused:
        await ordered(ctx, LAMP)
    assert refused.value.params.items() >= {"import_id": str(run.id)}.items()

    await ordered(ctx, LAMP, dry_run=True)
    with open_shop(other_ctx.shop):
        await ordered(other_ctx, LAMP)
    await run_import(ctx, run.id)
    await ordered(ctx, LAMP)


async def test_a_waiting_import_is_cancelled_at_once(ctx: Context) -> None:
    run = await ordered(ctx, LAMP)

    assert (await cancel_import(ctx, run.id)).state is ImportState.CANCELLED
    assert (await cancel_import(ctx, run.id)).state is ImportState.CANCELLED
    assert (await run_import(ctx, run.id)).state is ImportState.CANCELLED

    assert await goods() == {}


async def test_what_has_ended_cannot_be_cancelled(ctx: Context) -> None:
    run = await imported(ctx, LAMP)

    with pytest.raises(CannotCancel, match="goods.csv is done"):
        await cancel_import(ctx, run.id)
    with pytest.raises(NoSuchImport):
        await cancel_import(ctx, new_id())

    assert (await ImportRun.get(id=run.id)).state is ImportState.DONE


async def test_a_stranger_cannot_cancel(ctx: Context, other_ctx: Context) -> None:
    run = await ordered(ctx, LAMP)

    with open_shop(other_ctx.shop), pytest.raises(NoSuchImport):
        await cancel_import(other_ctx, run.id)

    assert (await ImportRun.get(id=run.id)).state is ImportState.QUEUED


async def test_a_file_of_this_machine_is_imported_here_and_now(ctx: Context, tmp_path: Path) -> None:
    path = tmp_path / "goods.csv.gz"
    path.write_bytes(gzipped(LAMP))
    heard: list[int] = []

    run = await import_path(ctx, path, source="test", mapping=GOODS, listener=lambda run: heard.append(run.percent))

    assert (run.state, run.products_created, heard[-1]) == (ImportState.DONE, 1, 100)
    assert await goods() == {"A": ("Lamp", 100)}
    assert await jobs_of(ctx) == []
    with pytest.raises(NoSuchFile):
        await shop_files(ctx.shop).size(run.file_key)


class Broken(Exception):
    """Stands for the end of the process."""


def break_off(run: ImportRun) -> None:
    raise Broken


async def test_what_is_broken_off_here_goes_on_with_the_next_call(ctx: Context, tmp_path: Path) -> None:
    path = tmp_path / "goods.csv"
    path.write_bytes(table(*lines(12_000, 600)))
    with pytest.raises(Broken):
        await import_path(ctx, path, source="test", mapping=GOODS, listener=break_off)
    assert [(run.state, run.lines_read) for run in await ImportRun.all()] == [(ImportState.RUNNING, 10_000)]

    run = await import_path(ctx, path, source="test", mapping=GOODS)

    assert (run.state, run.attempt, run.lines_read, run.products_created) == (ImportState.DONE, 2, 12_000, 600)
    assert await ImportRun.all().count() == 1
    with pytest.raises(NoSuchFile):
        await shop_files(ctx.shop).size(run.file_key)


@pytest.mark.parametrize("other", ["content", "length", "source", "mapping", "options"])
async def test_another_order_does_not_go_on_with_what_was_broken_off(ctx: Context, tmp_path: Path, other: str) -> None:
    path, order = tmp_path / "goods.csv", {"source": "test", "mapping": GOODS}
    path.write_bytes(LAMP)
    with pytest.raises(Broken):
        await import_path(ctx, path, **order, listener=break_off)  # type: ignore[arg-type]
    changes = {"source": "other", "mapping": {"sku": "Code"}, "options": Options(decimal=".")}
    if other in changes:
        order[other] = changes[other]  # type: ignore[assignment]
    else:
        path.write_bytes(LAMP.replace(b"Lamp", b"Lump") if other == "content" else LAMP + LAMP)

    with pytest.raises(ImportRunning, match="goods.csv is at work"):
        await import_path(ctx, path, **order)  # type: ignore[arg-type]

    assert [(run.state, run.attempt) for run in await ImportRun.all()] == [(ImportState.RUNNING, 1)]


async def test_a_look_into_a_file_helps_to_map_it(ctx: Context) -> None:
    content = table(
        *[(f"G{i}", "灯", "1.234,50", "5") for i in range(30)],
        header=("货号", "商品名称", "售价", "库存"),
        delimiter=";",
    )
    file = await upload(ctx, gzipped(content.decode().encode("gb18030")))

    found = await inspect_file(ctx, file.id)

    assert (found.packing, found.encoding, found.delimiter, found.decimal) == ("gzip", "gb18030", ";", ",")
    assert found.columns == ["货号", "商品名称", "售价", "库存"]
    assert found.rows == [[f"G{i}", "灯", "1.234,50", "5"] for i in range(10)]
    assert found.mapping == {"sku": "货号", "title": "商品名称", "price": "售价", "stock": "库存"}


@pytest.mark.parametrize(
    ("columns", "mapping"),
    [
        (
            ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"],
            {"sku": "StockCode", "title": "Description", "price": "UnitPrice"},
        ),
        (
            ["Handle", "Title", "Body (HTML)", "Type", "Option1 Value", "Variant SKU", "Variant Price", "Image Src"],
            {
                "product": "Handle", "handle": "Handle", "title": "Title", "description": "Body (HTML)", "type": "Type",
                "option1": "Option1 Value", "sku": "Variant SKU", "price": "Variant Price", "image": "Image Src",
            },
        ),
        (["a", "b", ""], {}),
    ],
)  # fmt: skip
async def test_headers_tell_what_columns_hold(ctx: Context, columns: list[str], mapping: dict[str, str]) -> None:
    file = await upload(ctx, table([""] * len(columns), header=columns))

    assert (await inspect_file(ctx, file.id)).mapping == mapping


async def test_a_look_into_a_bad_file_says_what_is_bad(ctx: Context, other_ctx: Context) -> None:
    file = await upload(ctx, b"Code,Name\nA,caf\xe9\n")

    with pytest.raises(WrongEncoding, match="Line 2, byte 15"):
        await inspect_file(ctx, file.id)
    found = await inspect_file(ctx, file.id, options=Options(encoding="windows-1252"))
    assert found.rows == [["A", "café"]]

    with open_shop(other_ctx.shop), pytest.raises(NotFound):
        await inspect_file(other_ctx, file.id)
