"""Imports through the API: asked for, looked at, ended, put back; and what is said of files that are no good."""

from __future__ import annotations

from typing import Any

import pytest

from stoa.domains.catalog.importing import run_import
from stoa.domains.catalog.models import ImportRun
from stoa.kit.ids import new_id, parse_type_id, type_id
from stoa.tenants.models import Job
from stoa.tenants.shop_models import Upload, UploadState
from stoa.tenants.uploading import stage_upload
from tests import make
from tests.domains.catalog.importing.tables import dump, goods, gzipped, table, upload
from tests.graphql.asking import Ask

ERRORS = "userErrors { __typename code message path }"
IMPORT = "productImport { id fileName source dryRun state phase percent failure }"
START = f"""
mutation ($input: ProductImportStartInput!) {{ productImportStart(input: $input) {{ {IMPORT} {ERRORS} }} }}
"""
CANCEL = f"mutation ($input: ProductImportRefInput!) {{ productImportCancel(input: $input) {{ {IMPORT} {ERRORS} }} }}"
UNDO = f"mutation ($input: ProductImportRefInput!) {{ productImportUndo(input: $input) {{ {IMPORT} {ERRORS} }} }}"
LOOK = """
query ($id: ID!) {
  productImport(id: $id) {
    state percent failure linesRead linesRefused issuesTotal productsCreated productsUpdated productsRestored
    issues { nodes { line column code value refused } } } }
"""
INSPECT = """
query ($id: ID!) {
  productImportInspect(uploadId: $id) { encoding delimiter decimal columns rows mapping { field column } } }
"""
MAPPING = [
    {"field": "SKU", "column": "Code"},
    {"field": "TITLE", "column": "Name"},
    {"field": "PRICE", "column": "Price"},
]
LAMPS = table(("L1", "Lamp", "19.90"), ("L2", "Lantern", "cheap"))


async def tell(ask: Ask, mutation: str, **input: Any) -> Any:
    [payload] = (await ask.data(mutation, input=input)).values()
    return payload


async def ordered(ask: Ask, content: bytes, **input: Any) -> Any:
    file = await upload(ask.ctx, content)
    usual = {"uploadId": type_id("upl", file.id), "source": "test", "mapping": MAPPING}
    return await tell(ask, START, **usual | input)


async def worked_on(ask: Ask, payload: Any) -> Any:
    """The import as the API shows it once a worker has been at it."""
    assert payload["userErrors"] == []
    id = payload["productImport"]["id"]
    await run_import(ask.ctx, parse_type_id(id, "imp"))
    return (await ask.data(LOOK, id=id))["productImport"]


async def test_an_import_is_asked_for_worked_on_and_put_back(ask: Ask) -> None:
    old = await make.product(ask.ctx, title="Old lamp")
    before = await dump()
    started = await ordered(ask, LAMPS)
    assert started["productImport"] | {"id": ""} == {
        "id": "",
        "fileName": "goods.csv",
        "source": "test",
        "dryRun": False,
        "state": "QUEUED",
        "phase": "READING",
        "percent": 0,
        "failure": None,
    }

    assert await worked_on(ask, started) == {
        "state": "DONE",
        "percent": 100,
        "failure": None,
        "linesRead": 2,
        "linesRefused": 0,
        "issuesTotal": 1,
        "productsCreated": 2,
        "productsUpdated": 0,
        "productsRestored": 0,
        "issues": {
            "nodes": [{"line": 3, "column": "Price", "code": "NOT_A_NUMBER", "value": "cheap", "refused": False}]
        },
    }
    assert await goods() == {**await goods_of(old.id), "L1": ("Lamp", 1990), "L2": ("Lantern", None)}

    undone = await worked_on(ask, await tell(ask, UNDO, id=started["productImport"]["id"]))
    assert (undone["state"], undone["productsRestored"]) == ("UNDONE", 2)
    assert await dump() == before


async def goods_of(product_id: Any) -> dict[str, tuple[str, int | None]]:
    return {sku: each for sku, each in (await goods()).items() if each[0] == "Old lamp"}


async def test_a_dry_run_says_what_would_be_and_cannot_be_undone(ask: Ask) -> None:
    before = await dump()
    started = await ordered(ask, LAMPS, dryRun=True)

    done = await worked_on(ask, started)
    [error] = (await tell(ask, UNDO, id=started["productImport"]["id"]))["userErrors"]

    assert (done["state"], done["productsCreated"], done["issuesTotal"]) == ("DONE", 2, 1)
    assert error["code"] == "CANNOT_UNDO"
    assert error["message"] == "The import of goods.csv was a dry run: there is nothing to undo."
    assert await dump() == before


@pytest.mark.parametrize(
    ("content", "failure"),
    [
        (b"Code,Name,Price\nA,caf\xe9,1\n", "Line 2, byte 21: e9 2c 31 0a is not UTF-8"),
        (b"Code,Title,Price\nA,B,1\n", "There is no column 'Name'; the file has: Code, Title, Price."),
        (gzipped(LAMPS * 1000)[:-20], "The gzip file is broken after"),
        (gzipped(LAMPS + b"\n" * 2**26), "come out of this gzip file"),
        (b"Code,Name,Price\nA," + b"x" * 10_000_000 + b",1\n", "Line 2, column Name: the cell"),
    ],
    ids=["encoding", "column", "broken", "bomb", "cell"],
)
async def test_a_bad_file_is_refused_in_words_and_leaves_nothing(ask: Ask, content: bytes, failure: str) -> None:
    await make.product(ask.ctx, title="Old lamp")
    before = await dump()

    done = await worked_on(ask, await ordered(ask, content))

    assert (done["state"], done["productsCreated"]) == ("FAILED", 0)
    assert failure in done["failure"]
    assert await dump() == before


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"mapping": []}, "BAD_MAPPING", ["mapping"]),
        ({"mapping": MAPPING[1:]}, "BAD_MAPPING", ["mapping"]),
        ({"mapping": [*MAPPING, {"field": "SKU", "column": "Other"}]}, "INVALID", ["mapping", "3", "field"]),
        ({"source": " "}, "INVALID", ["source"]),
        ({"options": {"decimal": ";"}}, "INVALID", ["options", "decimal"]),
        ({"options": {"encoding": "klingon"}}, "INVALID", ["options", "encoding"]),
        ({"options": {"delimiter": "x"}}, "INVALID", ["options", "delimiter"]),
    ],
)
async def test_an_order_that_cannot_be_is_refused_where_it_is_wrong(
    ask: Ask, change: dict[str, Any], code: str, path: list[str]
) -> None:
    payload = await ordered(ask, LAMPS, **change)

    assert payload["productImport"] is None
    assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [(code, ["input", *path])]
    assert await ImportRun.all().count() == 0
    assert await Job.filter(shop_schema=ask.ctx.shop.schema).count() == 0


async def test_a_file_that_has_not_arrived_or_is_no_table_is_refused(ask: Ask) -> None:
    announced = (await stage_upload(ask.ctx, "goods.csv", "text/csv", 10)).upload
    picture = (await stage_upload(ask.ctx, "lamp.png", "image/png", 16)).upload
    await Upload.filter(id=picture.id).update(state=UploadState.RECEIVED)

    for id, code in ((announced.id, "NOT_UPLOADED"), (picture.id, "UPLOAD_UNFIT"), (new_id(), "NOT_FOUND")):
        payload = await tell(ask, START, uploadId=type_id("upl", id), source="test", mapping=MAPPING)
        assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [(code, ["input", "uploadId"])]
    assert await ImportRun.all().count() == 0


async def test_one_import_at_a_time_and_the_one_at_work_may_be_cancelled(ask: Ask) -> None:
    first = await ordered(ask, LAMPS)
    second = await ordered(ask, LAMPS)
    assert [(error["__typename"], error["code"]) for error in second["userErrors"]] == [
        ("ConflictError", "IMPORT_RUNNING")
    ]

    for _ in range(2):
        cancelled = await tell(ask, CANCEL, id=first["productImport"]["id"])
        assert (cancelled["userErrors"], cancelled["productImport"]["state"]) == ([], "CANCELLED")
    assert (await worked_on(ask, cancelled))["state"] == "CANCELLED"
    assert await goods() == {}

    third = await ordered(ask, LAMPS)
    assert (await worked_on(ask, third))["state"] == "DONE"
    [error] = (await tell(ask, CANCEL, id=third["productImport"]["id"]))["userErrors"]
    assert error["message"] == "The import of goods.csv is done and cannot be cancelled."


async def test_a_look_into_a_file_helps_to_map_it(ask: Ask) -> None:
    content = table(("灯-1", "白色心形灯饰", "1.234,50"), header=("货号", "商品名称", "售价"), delimiter=";")
    file = await upload(ask.ctx, content)

    assert (await ask.data(INSPECT, id=type_id("upl", file.id)))["productImportInspect"] == {
        "encoding": "utf-8",
        "delimiter": ";",
        "decimal": ",",
        "columns": ["货号", "商品名称", "售价"],
        "rows": [["灯-1", "白色心形灯饰", "1.234,50"]],
        "mapping": [
            {"field": "SKU", "column": "货号"},
            {"field": "TITLE", "column": "商品名称"},
            {"field": "PRICE", "column": "售价"},
        ],
    }


async def test_imports_are_listed_by_what_has_become_of_them(ask: Ask) -> None:
    done = await ordered(ask, LAMPS)
    await worked_on(ask, done)
    waiting = await ordered(ask, LAMPS)
    query = "query ($state: ProductImportState) { productImports(where: {state: {eq: $state}}) { nodes { id } } }"

    for state, ids in (("DONE", [done]), ("QUEUED", [waiting]), ("FAILED", [])):
        nodes = (await ask.data(query, state=state))["productImports"]["nodes"]
        assert [each["id"] for each in nodes] == [payload["productImport"]["id"] for payload in ids]
