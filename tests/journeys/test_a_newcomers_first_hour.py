"""A merchant signs up, gets a shop, imports a real sales file's like, watches it, and queries what it made."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import secrets
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from httpx_ws import AsyncWebSocketSession, aconnect_ws

from stoa.settings import Settings
from tests.journeys.serving import serving

PASSWORD = "a long enough password 7"
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


class Browser:
    """A front end in a browser: cookie jar, Origin, CSRF token."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.http = httpx.AsyncClient(base_url=address, headers={"Origin": address}, timeout=30)

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        response = await self.http.post("/graphql", json={"query": query, "variables": variables})
        body = response.json()
        assert "errors" not in body, body
        return body["data"]  # type: ignore[no-any-return]

    async def watch(self, query: str, **variables: Any) -> AsyncIterator[dict[str, Any]]:
        """The answers of a subscription, over a websocket, until it completes."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        headers = {"Origin": self.address, "Cookie": cookies}
        socket: AsyncWebSocketSession
        async with aconnect_ws(
            f"{self.address}/graphql", self.http, subprotocols=["graphql-transport-ws"], headers=headers
        ) as socket:
            await socket.send_json({"type": "connection_init"})
            assert (await socket.receive_json())["type"] == "connection_ack"
            payload = {"query": query, "variables": variables}
            await socket.send_json({"id": "1", "type": "subscribe", "payload": payload})
            while (message := await socket.receive_json())["type"] != "complete":
                assert message["type"] == "next", message
                assert "errors" not in message["payload"], message
                yield message["payload"]["data"]


@pytest.fixture
async def browser(settings: Settings, database: None) -> AsyncIterator[Browser]:
    with serving(settings) as address:
        browser = Browser(address)
        yield browser
        await browser.http.aclose()


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


async def sign_up(browser: Browser) -> None:
    wish = {
        "email": f"merchant-{secrets.token_hex(4)}@example.com",
        "password": PASSWORD,
        "name": "Zeno",
        "shopName": "Painted Porch",
        "currency": "GBP",
        "timeZone": "Europe/London",
    }
    opened = await browser.ask(
        "mutation ($input: AccountOpenInput!) { accountOpen(input: $input) "
        "{ shop { id name currency } csrfToken userErrors { code message path } } }",
        input=wish,
    )
    assert opened["accountOpen"]["userErrors"] == []
    assert opened["accountOpen"]["shop"]["name"] == "Painted Porch"

    browser.http.headers["Stoa-Csrf"] = opened["accountOpen"]["csrfToken"]
    me = (await browser.ask("{ me { account { name } shop { name } memberships { role } } }"))["me"]
    assert me == {"account": {"name": "Zeno"}, "shop": {"name": "Painted Porch"}, "memberships": [{"role": "OWNER"}]}


async def send_file(browser: Browser, data: bytes) -> str:
    staged = await browser.ask(
        "mutation ($input: UploadStageInput!) { uploadStage(input: $input) { uploadId url userErrors { message } } }",
        input={"fileName": "sales.csv.gz", "contentType": "application/gzip", "size": len(data)},
    )
    assert staged["uploadStage"]["userErrors"] == []
    sent = await browser.http.put(staged["uploadStage"]["url"], content=data)
    assert sent.status_code == 201, sent.text
    return str(staged["uploadStage"]["uploadId"])


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


async def follow(browser: Browser, import_id: str) -> dict[str, Any]:
    """Watch until the import has ended; what it was then."""
    percents, last = [], {}
    async with asyncio.timeout(60):
        async for news in browser.watch(
            "subscription ($id: ID!) { productImportProgress(id: $id) { id state percent linesRead productsCreated "
            "productsRestored issues { nodes { line column message } } } }",
            id=import_id,
        ):
            last = news["productImportProgress"]
            percents.append(last["percent"])
    assert percents
    assert percents[-1] == 100
    return last


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
