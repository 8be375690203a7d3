"""A front end in a browser, and what every merchant does in it first."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from typing import Any

import httpx
from httpx_ws import AsyncWebSocketSession, aconnect_ws

PASSWORD = "a long enough password 7"


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


async def send_file(
    browser: Browser, data: bytes, *, name: str = "sales.csv.gz", content_type: str = "application/gzip"
) -> str:
    staged = await browser.ask(
        "mutation ($input: UploadStageInput!) { uploadStage(input: $input) { uploadId url userErrors { message } } }",
        input={"fileName": name, "contentType": content_type, "size": len(data)},
    )
    assert staged["uploadStage"]["userErrors"] == []
    sent = await browser.http.put(staged["uploadStage"]["url"], content=data)
    assert sent.status_code == 201, sent.text
    return str(staged["uploadStage"]["uploadId"])


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
