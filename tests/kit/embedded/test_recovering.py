"""After a crash of any part the engines come back, with their data and by themselves."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from stoa.kit.embedded import start
from tests.kit.embedded.callers import (
    Caller,
    ask,
    begin,
    children_of,
    crash,
    is_alive,
    nobody,
    tell,
    until,
)


async def test_a_killed_postgres_is_started_again(folder: Path) -> None:
    with start(folder) as engines:
        await ask(engines.database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
        killed = engines.pids["postgres"]

        os.kill(killed, signal.SIGKILL)

        until(lambda: engines.pids["postgres"] != killed)
        assert await ask(engines.database_url, "SELECT answer FROM kept") == 42


async def test_a_killed_valkey_is_started_again(folder: Path) -> None:
    with start(folder, durable=False) as engines:
        await tell(engines.redis_url, "SET", "kept", "42")
        killed = engines.pids["valkey"]

        os.kill(killed, signal.SIGKILL)

        until(lambda: engines.pids["valkey"] != killed)
        assert await tell(engines.redis_url, "GET", "kept") == "42"


async def test_a_query_that_outlives_its_server_is_no_obstacle(folder: Path) -> None:
    with start(folder, durable=False) as engines:
        connection = await asyncpg.connect(engines.database_url)
        backend = connection.get_server_pid()
        # It computes and never waits, so it does not notice that its server is dead.
        endless = "SELECT sum(n) FROM (SELECT generate_series(1, 1e12::bigint) n) numbers"
        query = asyncio.ensure_future(connection.fetchval(endless))
        await asyncio.sleep(0.2)
        killed = engines.pids["postgres"]

        os.kill(killed, signal.SIGKILL)

        until(lambda: engines.pids["postgres"] != killed)
        assert await ask(engines.database_url, "SELECT 1") == 1
        assert not is_alive(backend)
        with suppress(asyncpg.PostgresError, OSError):
            await query
        connection.terminate()


async def test_data_outlives_a_crash_of_everything(folder: Path, call: Callable[..., Caller]) -> None:
    caller = call(folder, durable=True)
    await ask(caller.database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
    await tell(caller.redis_url, "SET", "kept", "42")

    crash(caller.pids)

    with start(folder, durable=False) as again:
        assert await ask(again.database_url, "SELECT answer FROM kept") == 42
        assert await tell(again.redis_url, "GET", "kept") == "42"


async def test_a_stranger_with_the_pid_of_the_crashed_server_is_no_obstacle(
    folder: Path, stranger: subprocess.Popen[bytes], call: Callable[..., Caller]
) -> None:
    crash(call(folder).pids)
    pid_file = folder / "postgres" / "postmaster.pid"
    _, *rest = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(stranger.pid), *rest]) + "\n")

    with start(folder, durable=False) as engines:
        assert await ask(engines.database_url, "SELECT 1") == 1
        assert stranger.poll() is None


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    # Of the servers' user, or PostgreSQL would know by itself that it is a stranger.
    uid = nobody() if os.geteuid() == 0 else None
    with subprocess.Popen(["sleep", "60"], user=uid) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("victim", ["caller", "supervisor"])
async def test_a_first_start_that_was_killed_leaves_nothing_half_made(tmp_path: Path, victim: str) -> None:
    folder = tmp_path / "state"
    caller = begin(folder)
    until((folder / "postgres.new" / "global").exists)
    [supervisor] = children_of(caller.pid)
    pids = [supervisor, *children_of(supervisor)]

    os.kill(caller.pid if victim == "caller" else supervisor, signal.SIGKILL)
    caller.communicate()

    until(lambda: not any(is_alive(pid) for pid in pids))
    assert not (folder / "postgres").exists()
    with start(folder, durable=False) as engines:
        assert await ask(engines.database_url, "SELECT 1") == 1
