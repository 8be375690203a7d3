"""A real server: a process of its own, as `stoa serve` starts it, on the session's engines."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from stoa.settings import Settings
from tests.journeys.browsing import Browser
from tests.journeys.serving import serving

STOA = [sys.executable, "-c", "from stoa.cli import main; main()"]


@dataclass
class Server:
    """`lines` are what it has written into its log so far, read as JSON."""

    address: str
    process: subprocess.Popen[bytes]
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def said(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines() if line["event"] == event]

    def ask_to_stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    async def ended(self, within: float = 30.0) -> int:
        """Its exit code."""
        return await asyncio.to_thread(self.process.wait, within)


@asynccontextmanager
async def served(settings: Settings, **environment: str) -> AsyncIterator[Server]:
    """A server that answers; `environment` may change its settings. It is gone after the block."""
    port = free_port()
    told = {
        "STOA_DATABASE_URL": settings.database_url.get_secret_value(),
        "STOA_REDIS_URL": settings.redis_url.get_secret_value(),
        "STOA_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    with tempfile.TemporaryDirectory(prefix="stoa-server-") as folder:
        log = Path(folder) / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [*STOA, "serve", "--host", "127.0.0.1", "--port", str(port)],
                env=os.environ | told | environment,
                stdout=out,
                stderr=out,
            )
        server = Server(f"http://127.0.0.1:{port}", process, log)
        try:
            await answering(server)
            yield server
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


@pytest.fixture
async def server(settings: Settings, database: None) -> AsyncIterator[Server]:
    async with served(settings) as started:
        yield started


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def answering(server: Server) -> None:
    """Returns once it is ready."""
    async with asyncio.timeout(60), httpx.AsyncClient() as client:
        while server.process.poll() is None:
            try:
                if (await client.get(f"{server.address}/healthz")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.05)
    raise AssertionError(f"the server ended with {server.process.poll()}:\n{server.log.read_text()}")


@pytest.fixture
async def browser(settings: Settings, database: None) -> AsyncIterator[Browser]:
    with serving(settings) as address:
        browser = Browser(address)
        yield browser
        await browser.http.aclose()
