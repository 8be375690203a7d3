"""Imports of orders through the API: looked at, asked for, watched, ended, put back; as those of products are."""

from __future__ import annotations

from typing import Any

from stoa.domains.orders.importing import run_import
from stoa.domains.orders.models import Order
from stoa.graphql.requests import Request
from stoa.kit.ids import parse_type_id, type_id
from stoa.tenants.context import open_shop
from stoa.tenants.importing.models import ImportIssue, ImportRun
from stoa.tenants.models import Job
from tests.domains.catalog.importing.tables import imported as goods_imported
from tests.domains.catalog.importing.tables import table as goods_table
from tests.domains.catalog.importing.tables import upload
from tests.domains.orders.importing.files import everything, imported, table
from tests.domains.orders.importing.test_importing import SALES
from tests.domains.orders.importing.test_shopify import EXPORT
from tests.graphql.asking import Ask

ERRORS = "userErrors { __typename code message path }"
IMPORT = "orderImport { id fileName source dryRun state phase percent failure }"
START = f"mutation ($input: OrderImportStartInput!) {{ orderImportStart(input: $input) {{ {IMPORT} {ERRORS} }} }}"
CANCEL = f"mutation ($input: OrderImportRefInput!) {{ orderImportCancel(input: $input) {{ {IMPORT} {ERRORS} }} }}"
UNDO = f"mutation ($input: OrderImportRefInput!) {{ orderImportUndo(input: $input) {{ {IMPORT} {ERRORS} }} }}"
LOOK = """
query ($id: ID!) {
  orderImport(id: $id) {
    state percent linesRead linesRefused issuesTotal ordersTotal ordersDone ordersCreated ordersRemoved
    returnsCreated linesCreated customersCreated guests
    issues { nodes { line column code value refused } } } }
"""
MAPPING = [
    {"field": field, "column": column}
    for field, column in (
        *(("ORDER", "Invoice"), ("SKU", "Code"), ("TITLE", "Name"), ("QUANTITY", "Pieces"), ("TIME", "When")),
        *(("PRICE", "Price"), ("CUSTOMER", "Customer"), ("COUNTRY", "Country")),
    )
]


async def tell(ask: Ask, mutation: str, **input: Any) -> Any:
    [payload] = (await ask.data(mutation, input=input)).values()
    return payload


async def ordered(ask: Ask, content: bytes, **input: Any) -> Any:
    file = await upload(ask.ctx, content, "orders.csv")
    usual = {"uploadId": type_id("upl", file.id), "source": "till", "mapping": MAPPING}
    return await tell(ask, START, **usual | input)


async def worked_on(ask: Ask, payload: Any) -> Any:
    """The import as the API shows it once a worker has been at it."""
    assert payload["userErrors"] == []
    id = payload["orderImport"]["id"]
    await run_import(ask.ctx, parse_type_id(id, "oimp"))
    return (await ask.data(LOOK, id=id))["orderImport"]


async def test_an_import_is_asked_for_worked_on_and_taken_back(ask: Ask) -> None:
    before = await everything()
    started = await ordered(ask, SALES)
    assert started["orderImport"] | {"id": ""} == {
        "id": "",
        "fileName": "orders.csv",
        "source": "till",
        "dryRun": False,
        "state": "QUEUED",
        "phase": "READING",
        "percent": 0,
        "failure": None,
    }
    [job] = await Job.filter(shop_schema=ask.ctx.shop.schema, kind="imports")
    assert job.name == "orders.work_on_import"

    assert await worked_on(ask, started) == {
        "state": "DONE",
        "percent": 100,
        "linesRead": 4,
        "linesRefused": 0,
        "issuesTotal": 1,
        "ordersTotal": 3,
        "ordersDone": 3,
        "ordersCreated": 3,
        "ordersRemoved": 0,
        "returnsCreated": 0,
        "linesCreated": 4,
        "customersCreated": 1,
        "guests": 1,
        "issues": {
            "nodes": [
                {
                    "line": 5,
                    "column": "Country",
                    "code": "UNKNOWN_COUNTRY",
                    "value": "Channel Islands",
                    "refused": False,
                }
            ]
        },
    }
    undone = await worked_on(ask, await tell(ask, UNDO, id=started["orderImport"]["id"]))
    assert (undone["state"], undone["ordersRemoved"]) == ("UNDONE", 3)
    assert await everything() == before


async def test_orders_of_a_file_are_read_like_any_others(ask: Ask) -> None:
    await imported(ask.ctx, SALES)

    found = await ask.data(
        "{ orders { nodes { channel externalId state paymentState fulfilmentState total { amount currency } "
        "customer { id } lines { nodes { sku title quantity total { amount } } } } } }"
    )

    first = found["orders"]["nodes"][1]  # ids sort by when an order was placed
    assert first | {"customer": None} == {
        "channel": "till",
        "externalId": "1001",
        "state": "COMPLETED",
        "paymentState": "PAID",
        "fulfilmentState": "DELIVERED",
        "total": {"amount": "35.64", "currency": "EUR"},
        "customer": None,
        "lines": {
            "nodes": [
                {"sku": "HEART", "title": "White hanging heart", "quantity": 6, "total": {"amount": "15.30"}},
                {"sku": "LAMP", "title": "Metal lantern", "quantity": 6, "total": {"amount": "20.34"}},
            ]
        },
    }
    assert [each["externalId"] for each in found["orders"]["nodes"]] == ["1003", "1001", "1002"]


async def test_a_dry_run_can_be_cancelled_and_not_undone(ask: Ask) -> None:
    before = await everything()
    started = await ordered(ask, SALES, dryRun=True)
    cancelled = await tell(ask, CANCEL, id=started["orderImport"]["id"])

    [error] = (await tell(ask, UNDO, id=started["orderImport"]["id"]))["userErrors"]

    assert cancelled["orderImport"]["state"] == "CANCELLED"
    assert error["code"] == "CANNOT_UNDO"
    assert await everything() == before


async def test_what_is_wrong_with_the_order_is_said_where_it_stands(ask: Ask) -> None:
    for change, code, path in (
        ({"source": " "}, "INVALID", ["source"]),
        ({"mapping": MAPPING[:3]}, "BAD_MAPPING", ["mapping"]),
        ({"mapping": [*MAPPING, MAPPING[0]]}, "INVALID", ["mapping", "8", "field"]),
        ({"options": {"timeZone": "Mars"}}, "INVALID", ["options", "timeZone"]),
        ({"options": {"dateOrder": "year"}}, "INVALID", ["options", "dateOrder"]),
        ({"options": {"decimal": "'"}}, "INVALID", ["options", "decimal"]),
    ):
        [error] = (await ordered(ask, SALES, **change))["userErrors"]
        assert (error["code"], error["path"]) == (code, ["input", *path])
    assert await ImportRun.all().count() == 0


async def test_a_shopify_export_is_known_by_its_header(ask: Ask) -> None:
    file = await upload(ask.ctx, EXPORT)
    seen = await ask.data(
        "query ($id: ID!) { orderImportInspect(uploadId: $id) { isShopify mapping { field column } } }",
        id=type_id("upl", file.id),
    )

    mapping = {each["field"]: each["column"] for each in seen["orderImportInspect"]["mapping"]}
    assert seen["orderImportInspect"]["isShopify"]
    assert (mapping["ORDER"], mapping["QUANTITY"], mapping["TOTAL"]) == ("Name", "Lineitem quantity", "Total")
    done = await worked_on(ask, await ordered(ask, EXPORT, mapping=seen["orderImportInspect"]["mapping"]))
    assert done["ordersCreated"] == 6


async def test_columns_whose_names_tell_are_suggested(ask: Ask) -> None:
    header = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "国家")
    file = await upload(ask.ctx, table(header=header))
    query = "query ($id: ID!) { orderImportInspect(uploadId: $id) { isShopify mapping { field column } } }"

    seen = (await ask.data(query, id=type_id("upl", file.id)))["orderImportInspect"]

    assert not seen["isShopify"]
    assert {each["field"]: each["column"] for each in seen["mapping"]} == {
        "ORDER": "InvoiceNo",
        "SKU": "StockCode",
        "TITLE": "Description",
        "QUANTITY": "Quantity",
        "TIME": "InvoiceDate",
        "PRICE": "UnitPrice",
        "CUSTOMER": "CustomerID",
        "COUNTRY": "国家",
    }


async def test_imports_of_products_and_of_orders_are_not_mistaken_for_each_other(ask: Ask) -> None:
    """They stand in one table; each is found by its own type alone, and needs its own right."""
    of_orders = await imported(ask.ctx, SALES)
    of_products = await goods_imported(ask.ctx, goods_table(("HEART", "", "2.55")))
    issue = await ImportIssue.get(run_id=of_orders.id)

    lists = await ask.data("{ orderImports { nodes { id } count { value } } productImports { nodes { id } } }")
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    wrong = [type_id("imp", of_orders.id), type_id("oimp", of_products.id), type_id("iss", issue.id)]
    right = [type_id("oimp", of_orders.id), type_id("imp", of_products.id), type_id("oiss", issue.id)]

    assert lists["orderImports"] == {"nodes": [{"id": type_id("oimp", of_orders.id)}], "count": {"value": 1}}
    assert lists["productImports"] == {"nodes": [{"id": type_id("imp", of_products.id)}]}
    assert (await ask.data(query, ids=wrong))["nodes"] == [None, None, None]
    assert [each["id"] for each in (await ask.data(query, ids=right))["nodes"]] == right
    for operation, id in ((CANCEL, of_products.id), (UNDO, of_products.id)):
        [error] = (await tell(ask, operation, id=type_id("oimp", id)))["userErrors"]
        assert error["code"] == "IMPORT_NOT_FOUND"


async def test_progress_is_told_and_ends_with_the_import(ask: Ask) -> None:
    run = await imported(ask.ctx, SALES)
    query = "subscription ($id: ID!) { orderImportProgress(id: $id) { state percent ordersDone } }"

    with open_shop(ask.ctx.shop):
        stream = ask.executor.stream(Request(query, {"id": type_id("oimp", run.id)}), ask.context())
        answers = [answer.body["data"]["orderImportProgress"] async for answer in stream]

    assert answers == [{"state": "DONE", "percent": 100, "ordersDone": 3}]
    assert await Order.all().count() == 3
