"""A merchant signs up, gets a shop, imports a real sales file's like, watches it, and queries what it made."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

from tests.journeys.browsing import Browser, follow, send_file, sign_up

# In the form of the UCI Online Retail file: one line of an invoice each, oddities included.
SALES = [
    ("536365", "85123A", "WHITE HANGING HEART T-LIGHT HOLDER", "6", "2.55"),
    ("536365", "71053", "WHITE METAL LANTERN", "6", "3.39"),
    ("536366", "85123a", "WHITE HANGING HEART T-LIGHT HOLDER", "2", "2.95"),
    ("536367", "22752", "", "2", "7.65"),
    ("536368", "22752", "SET 7 BABUSHKA NESTING BOXES", "2", "7.65"),
    ("536369", "71053", "WHITE METAL LANTERN", "3", "3.75"),
    ("536370", "84406B", "CREAM CUPID HEARTS COAT HANGER", "8", "0"),
    ("536371", "84406B", "CREAM CUPID HEARTS COAT HANGER", "8", "2.75"),
]


def sales_file() -> bytes:
    text = io.StringIO()
    text.write("InvoiceNo,StockCode,Description,Quantity,UnitPrice\r\n")
    for line in SALES:
        text.write(",".join(line) + "\r\n")
    return gzip.compress(text.getvalue().encode())


async def test_a_merchant_signs_up_imports_a_file_watches_it_and_reads_the_products(browser: Browser) -> None:
    """P1, P5, P6, X4, X7: from nothing to a catalog, through the API alone."""
    await sign_up(browser)
    upload = await send_file(browser, sales_file())
    seen = await inspect(browser, upload)
    assert {"field": "SKU", "column": "StockCode"} in seen["mapping"]
    assert {"field": "PRICE", "column": "UnitPrice"} in seen["mapping"]

    dry = await run_import(browser, upload, dry_run=True)
    assert (dry["state"], dry["productsCreated"]) == ("DONE", 5)
    assert (await browser.ask("{ products { nodes { id } } }"))["products"]["nodes"] == []

    done = await run_import(browser, upload, dry_run=False)
    assert (done["state"], done["percent"], done["linesRead"]) == ("DONE", 100, 8)
    assert done["productsCreated"] == 5
    assert [(issue["line"], issue["column"]) for issue in done["issues"]["nodes"]] == [
        (5, "Description"),
        (8, "UnitPrice"),
    ]

    assert await read_products(browser) == {
        "71053": ("WHITE METAL LANTERN", "3.75"),
        "84406B": ("CREAM CUPID HEARTS COAT HANGER", "2.75"),
        "85123A": ("WHITE HANGING HEART T-LIGHT HOLDER", "2.55"),
        "85123a": ("WHITE HANGING HEART T-LIGHT HOLDER", "2.95"),
        "22752": ("SET 7 BABUSHKA NESTING BOXES", "7.65"),
    }

    undone = await undo(browser, done["id"])
    assert (undone["state"], undone["productsRestored"]) == ("UNDONE", 5)
    assert await read_products(browser) == {}


async def inspect(browser: Browser, upload: str) -> dict[str, Any]:
    asked = await browser.ask(
        "query ($id: ID!) { productImportInspect(uploadId: $id) { columns delimiter encoding mapping { field column } } }",
        id=upload,
    )
    assert asked["productImportInspect"]["columns"][1] == "StockCode"
    return asked["productImportInspect"]  # type: ignore[no-any-return]


async def run_import(browser: Browser, upload: str, *, dry_run: bool) -> dict[str, Any]:
    started = await browser.ask(
        "mutation ($input: ProductImportStartInput!) { productImportStart(input: $input) "
        "{ productImport { id state } userErrors { code message path } } }",
        input={
            "uploadId": upload,
            "source": "online-retail",
            "mapping": [
                {"field": "SKU", "column": "StockCode"},
                {"field": "TITLE", "column": "Description"},
                {"field": "PRICE", "column": "UnitPrice"},
            ],
            "options": {"decimal": "."},
            "dryRun": dry_run,
            "idempotencyKey": f"first import, dry {dry_run}",
        },
    )
    assert started["productImportStart"]["userErrors"] == []
    return await follow(browser, started["productImportStart"]["productImport"]["id"])


async def undo(browser: Browser, import_id: str) -> dict[str, Any]:
    asked = await browser.ask(
        "mutation ($input: ProductImportRefInput!) { productImportUndo(input: $input) { productImport { id } "
        "userErrors { message } } }",
        input={"id": import_id},
    )
    assert asked["productImportUndo"]["userErrors"] == []
    return await follow(browser, import_id)


async def read_products(browser: Browser) -> dict[str, tuple[str, str]]:
    listed = await browser.ask(
        "{ products(first: 50) { nodes { title variants(first: 2) { nodes { sku price { amount currency } } } } } }"
    )
    found = {}
    for product in listed["products"]["nodes"]:
        [variant] = product["variants"]["nodes"]
        assert variant["price"]["currency"] == "GBP"
        found[variant["sku"]] = (product["title"], variant["price"]["amount"])
    return found


async def test_the_whole_schema_can_be_introspected_and_is_the_committed_one(browser: Browser) -> None:
    from graphql import build_client_schema, get_introspection_query, print_schema

    from stoa.graphql.schema import schema

    introspected = await browser.ask(get_introspection_query())

    assert print_schema(build_client_schema(introspected)) == print_schema(  # type: ignore[arg-type]
        build_client_schema(json.loads(json.dumps(schema().introspect())))
    )
