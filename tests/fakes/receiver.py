"""A stranger's web server on loopback: it keeps what it is sent, and answers as the test wants."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks.webhooks import Webhook


@dataclass(frozen=True)
class Heard:
    """One request, as it came."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def signed_by(self, secret: str) -> Any:
        """The body, when a signature of the Standard Webhooks is that secret's; the receivers' own library says so."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """`answers` are given one after the other, then `always`: the bytes of an answer, or a status."""

    url: str = ""
    port: int = 0
    heard: list[Heard] = field(default_factory=list)
    answers: list[bytes | int] = field(default_factory=list)
    always: bytes | int = 200
    holds: asyncio.Event = field(default_factory=asyncio.Event)  # set: answers come at once
    on_heard: Callable[[Heard], None] | None = None

    def __post_init__(self) -> None:
        self.holds.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # whoever called has gone
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.heard.append(Heard(head, headers, body))
        if self.on_heard is not None:
            self.on_heard(self.heard[-1])
        await self.holds.wait()
        writer.write(_answer_of(self.answers.pop(0) if self.answers else self.always))
        await writer.drain()


def _answer_of(answer: bytes | int) -> bytes:
    if isinstance(answer, bytes):
        return answer
    return f"HTTP/1.1 {answer} X\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok".encode()


@asynccontextmanager
async def receiver(tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    started = Receiver()
    server = await asyncio.start_server(started.serve, "127.0.0.1", 0, ssl=tls)
    started.port = server.sockets[0].getsockname()[1]
    started.url = f"{'https' if tls else 'http'}://127.0.0.1:{started.port}"
    try:
        yield started
    finally:
        started.holds.set()
        server.close()
