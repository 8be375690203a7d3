"""A load for a server on this machine: a lean HTTP client, so that what is measured is the server."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def serving(app: str) -> AsyncIterator[int]:
    """A uvicorn process, one worker, with the application factory `app`; its port."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", app, "--factory", "--port", str(port), "--loop", "uvloop"]
    options = ["--http", "httptools", "--no-access-log", "--log-level", "warning"]
    process = subprocess.Popen([*command, *options], env=os.environ)
    try:
        await answering(port)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


async def answering(port: int) -> None:
    """Wait until somebody listens there."""
    for _ in range(1_600):  # a busy machine takes its time
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise TimeoutError(f"nothing answers on port {port}")


def request(path: str, body: bytes, headers: dict[str, str], method: str = "POST") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def ask(port: int, message: bytes) -> bytes:
    """One request, its body; raises unless it is a 200."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        return await _exchange(reader, writer, message)
    finally:
        writer.close()


async def load(port: int, messages: Sequence[bytes] | Iterator[bytes], *, seconds: float, at_once: int = 16) -> float:
    """Requests a second: `at_once` connections send the messages in turn; a sequence begins anew at its end."""
    turn = messages if isinstance(messages, Iterator) else itertools.cycle(messages)
    until = time.perf_counter() + seconds
    began = time.perf_counter()
    counts = await asyncio.gather(*(_one(port, turn, until) for _ in range(at_once)))
    return sum(counts) / (time.perf_counter() - began)


async def _one(port: int, turn: Iterator[bytes], until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    done = 0
    try:
        while time.perf_counter() < until:
            await _exchange(reader, writer, next(turn))
            done += 1
    finally:
        writer.close()
    return done


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, message: bytes) -> bytes:
    writer.write(message)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    body = await reader.readexactly(length)
    if b" 200 " not in head[:16]:
        raise RuntimeError(f"{head[:80]!r} {body[:300]!r}")
    return body
