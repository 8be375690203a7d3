"""The wire to PostgreSQL, on loopback: it can hold answers back, and pose as a connection pooler."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

from stoa.settings import Settings

READY = b"Z"
KEY_DATA = b"K"
NO_TLS = b"N"  # the server's whole answer to whether it encrypts


class Wire:
    """Passes bytes on, both ways. `hold` keeps back what the server says until `let_go`."""

    def __init__(self, host: str, port: int, *, is_pooler: bool = False) -> None:
        self._server = (host, port)
        self._is_pooler = is_pooler
        self._open = asyncio.Event()
        self._open.set()
        self._heard = asyncio.Event()

    def hold(self) -> None:
        self._open.clear()
        self._heard.clear()

    def let_go(self) -> None:
        self._open.set()

    async def heard_a_request(self) -> None:
        """Returns once a client has said something since `hold`: now a statement is on its way."""
        await self._heard.wait()

    async def serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_connection(*self._server)
        await asyncio.gather(
            self._carry_requests(client, to_server),
            self._carry_answers(server, to_client),
            return_exceptions=True,
        )

    async def _carry_requests(self, client: asyncio.StreamReader, to_server: asyncio.StreamWriter) -> None:
        try:
            while data := await client.read(65536):
                to_server.write(data)
                self._heard.set()
        finally:
            to_server.close()

    async def _carry_answers(self, server: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            if self._is_pooler:
                await _greet_as_a_pooler(server, to_client)
            while data := await server.read(65536):
                await self._open.wait()
                to_client.write(data)
        finally:
            to_client.close()


async def _greet_as_a_pooler(server: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
    """A pooler hands out a cancel key of its own, with a process id that no server has."""
    kind = b""
    while kind != READY:
        kind = await server.readexactly(1)
        if kind == NO_TLS:
            to_client.write(kind)
            continue
        (length,) = struct.unpack("!I", await server.readexactly(4))
        body = await server.readexactly(length - 4)
        if kind == KEY_DATA:
            body = struct.pack("!I", 4_000_001) + body[4:]
        to_client.write(kind + struct.pack("!I", length) + body)


@asynccontextmanager
async def wire_to(settings: Settings, *, is_pooler: bool = False) -> AsyncIterator[tuple[Wire, Settings]]:
    """A wire to the database of `settings`, and the same settings pointing at it."""
    url = urlsplit(settings.database_url.get_secret_value())
    wire = Wire(url.hostname or "127.0.0.1", url.port or 5432, is_pooler=is_pooler)
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    address = urlunsplit(url._replace(netloc=f"{url.username}:{url.password}@127.0.0.1:{port}"))
    try:
        yield wire, Settings(**settings.model_dump() | {"database_url": address})
    finally:
        server.close()
