"""However the process that started the engines ends, nothing stays behind but the data."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stoa.kit.embedded import start
from tests.kit.embedded.callers import Caller, ask, needs_linux, tell

FORK = """
import os, time
child = os.fork()
if child == 0:
    time.sleep(60)
    os._exit(0)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_a_killed_caller_takes_the_engines_along(
    folder: Path, call: Callable[..., Caller], number: signal.Signals
) -> None:
    caller = call(folder)
    await ask(caller.database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
    await tell(caller.redis_url, "SET", "kept", "42")

    caller.kill(number)

    # At once: the new start waits until the old engines have stopped.
    with start(folder, durable=False) as again:
        assert await ask(again.database_url, "SELECT answer FROM kept") == 42
        assert await tell(again.redis_url, "GET", "kept") == "42"
        caller.see_all_end()


@needs_linux
async def test_a_killed_supervisor_takes_the_servers_along(folder: Path, call: Callable[..., Caller]) -> None:
    caller = call(folder)
    await ask(caller.database_url, "CREATE TABLE kept AS SELECT 42 AS answer")

    os.kill(caller.pids["supervisor"], signal.SIGKILL)

    caller.see_all_end()
    with start(folder, durable=False) as again:
        assert await ask(again.database_url, "SELECT answer FROM kept") == 42


def test_a_child_that_the_caller_forked_keeps_nothing_alive(folder: Path, call: Callable[..., Caller]) -> None:
    caller = call(folder, after=FORK)
    try:
        caller.kill()

        caller.see_all_end()
    finally:
        os.kill(caller.child, signal.SIGKILL)


def test_a_child_that_the_caller_forked_does_not_hold_up_the_stop(folder: Path, call: Callable[..., Caller]) -> None:
    caller = call(folder, after=FORK)
    try:
        caller.leave()

        caller.see_all_end()
    finally:
        os.kill(caller.child, signal.SIGKILL)


async def test_the_engines_outlive_the_thread_that_started_them(folder: Path) -> None:
    with ThreadPoolExecutor(1) as thread:
        engines = thread.submit(start, folder, durable=False).result()
    with engines:
        pids = engines.pids
        await asyncio.sleep(0.5)

        assert await ask(engines.database_url, "SELECT 1") == 1
        assert await tell(engines.redis_url, "PING") is True
        assert engines.pids == pids


def test_the_engines_of_a_removed_folder_end(folder: Path, call: Callable[..., Caller]) -> None:
    caller = call(folder)

    # PostgreSQL may write another file meanwhile.
    shutil.rmtree(folder, ignore_errors=True)

    caller.see_all_end()
