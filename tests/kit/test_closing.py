"""Being asked to stop: it is noticed at once, and the server's own handlers still do their work."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from types import FrameType

import pytest

from stoa.kit.closing import noticing_signals


@pytest.fixture
def calls() -> Iterator[list[int]]:
    """The signals that reach a server's own handler."""
    heard: list[int] = []

    def handler(number: int, frame: FrameType | None) -> None:
        heard.append(number)

    before = {number: signal.signal(number, handler) for number in (signal.SIGTERM, signal.SIGINT)}
    yield heard
    for number, old in before.items():
        signal.signal(number, old)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_is_noticed_and_passed_on(calls: list[int], number: signal.Signals) -> None:
    closing = asyncio.Event()
    with noticing_signals(closing):
        os.kill(os.getpid(), number)
        async with asyncio.timeout(10):
            await closing.wait()

    assert calls == [number]


async def test_afterwards_everything_is_as_before(calls: list[int]) -> None:
    handler = signal.getsignal(signal.SIGTERM)
    with noticing_signals(asyncio.Event()):
        assert signal.getsignal(signal.SIGTERM) is not handler

    assert signal.getsignal(signal.SIGTERM) is handler


async def test_a_thread_has_no_signals_and_does_without(calls: list[int]) -> None:
    def in_a_thread() -> str:
        async def block() -> str:
            with noticing_signals(asyncio.Event()):
                return "ran"

        return asyncio.run(block())

    assert await asyncio.to_thread(in_a_thread) == "ran"


def test_where_nobody_else_listens_the_process_ends() -> None:
    program = (
        "import asyncio, os, signal\n"
        "from stoa.kit.closing import noticing_signals\n"
        "async def main():\n"
        "    with noticing_signals(asyncio.Event()):\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )

    assert subprocess.run([sys.executable, "-c", program], timeout=30).returncode == -signal.SIGTERM
