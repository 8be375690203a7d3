"""Doors opened for a test: an application behind a real server, on a port of its own, in the test's event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import uvicorn
from starlette.types import ASGIApp
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from stoa.kit.ids import type_id
from stoa.running import UVICORN
from stoa.tenants import access
from stoa.tenants.access.browsing import CSRF_HEADER, cookie_name
from stoa.tenants.access.scopes import EVERY_SCOPE
from stoa.tenants.context import Actor, Context, ShopRef, open_shop
from tests import make

OPTIONS = {name: value for name, value in UVICORN.items() if name not in ("factory", "loop")}
PROTOCOL: Any = "graphql-transport-ws"


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # they are pytest's


@asynccontextmanager
async def opened(app: ASGIApp, **options: Any) -> AsyncIterator[str]:
    """The address of the application; what it needs of the outside is connected already."""
    server = _Server(uvicorn.Config(app, host="127.0.0.1", port=0, lifespan="off", **(OPTIONS | options)))
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:
            await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        async with asyncio.timeout(20):
            await serving


@dataclass
class Caller:
    """Somebody with a credential at an address. ``await caller.ask(...)`` is the response."""

    address: str
    headers: dict[str, str] = field(default_factory=dict)

    async def ask(
        self, query: str | None = None, *, headers: dict[str, str] | None = None, **payload: Any
    ) -> httpx.Response:
        return await self.post({"query": query, **payload}, headers=headers)

    async def post(self, payload: Any, *, headers: dict[str, str] | None = None) -> httpx.Response:
        async with httpx.AsyncClient(base_url=self.address, timeout=30) as client:
            return await client.post("/graphql", json=payload, headers=self.headers | (headers or {}))

    async def send(self, body: Any, *, headers: dict[str, str] | None = None) -> httpx.Response:
        """A body as it stands: bytes, or an iterator of them, which are sent without their length."""
        told = {"Content-Type": "application/json"} | self.headers | (headers or {})
        async with httpx.AsyncClient(base_url=self.address, timeout=30) as client:
            return await client.post("/graphql", content=body, headers=told)

    def socket(self, *, subprotocols: list[Any] | None = None, headers: dict[str, str] | None = None) -> connect:
        """A websocket to /graphql, not initialised."""
        return connect(
            self.address.replace("http", "ws", 1) + "/graphql",
            subprotocols=[PROTOCOL] if subprotocols is None else subprotocols or None,
            additional_headers={name: value for name, value in (headers or {}).items() if name != "Origin"},
            origin=(headers or {}).get("Origin"),  # type: ignore[arg-type]
        )


def stranger(address: str) -> Caller:
    return Caller(address)


async def program(address: str, shop: ShopRef, **options: Any) -> Caller:
    """A program with an API token of the shop, with every scope unless told otherwise."""
    person = await make.member(shop)
    ctx = Context(shop, Actor("account", person.id, person.name), EVERY_SCOPE)
    options.setdefault("scopes", sorted(EVERY_SCOPE))
    with open_shop(shop):
        made = await access.create_token(ctx, name="a program", **options)
    return Caller(address, {"Authorization": f"Bearer {made.secret}"})


async def browser(address: str, shop: ShopRef, *, origin: str, role: str = "OWNER") -> Caller:
    """A member of the shop in a browser, at a page of ours."""
    person = await make.member(shop, role=role)
    signed_in = await access.start_session(person, address="127.0.0.1", user_agent="a browser")
    return Caller(
        address,
        {
            "Cookie": f"{cookie_name(is_secure=False)}={signed_in.secret}",
            CSRF_HEADER: signed_in.csrf_token,
            "Origin": origin,
            "Stoa-Shop": type_id("shop", shop.id),
        },
    )


def code_of(response: httpx.Response) -> str:
    """Of the first error in a GraphQL answer."""
    return str(response.json()["errors"][0]["extensions"]["code"])


def codes_of(answer: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in answer.get("errors", [])]


async def initialised(socket: ClientConnection, payload: dict[str, Any] | None = None) -> None:
    await say(socket, type="connection_init", payload=payload or {})
    assert await hear(socket) == {"type": "connection_ack"}


async def say(socket: ClientConnection, **message: Any) -> None:
    await socket.send(orjson.dumps(message).decode())


async def hear(socket: ClientConnection) -> Any:
    async with asyncio.timeout(10):
        return orjson.loads(await socket.recv())


async def closed(socket: ClientConnection) -> tuple[int | None, str | None]:
    """The code and the reason with which the server closes; messages before that are dropped."""
    with suppress(ConnectionClosed):
        async with asyncio.timeout(20):
            async for _ in socket:
                pass
    return socket.close_code, socket.close_reason
