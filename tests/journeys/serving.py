"""A real server for a journey: its own process, API and workers, on the session's engines."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from stoa.settings import Settings


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """The address of a server that answers; it ends, in good order, with the block."""
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    environment = os.environ | {"STOA_PUBLIC_URL": address, "STOA_FILES": str(settings.files)}
    command = [sys.executable, "-m", "uvicorn", "stoa.running:whole_app", "--factory", "--port", str(port)]
    process = subprocess.Popen([*command, "--log-level", "warning"], env=environment)
    try:
        _await_answer(process, address)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (0, -signal.SIGTERM), "the server did not end in good order"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_answer(process: subprocess.Popen[bytes], address: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{address}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"the server does not answer; exit code {process.poll()}")
