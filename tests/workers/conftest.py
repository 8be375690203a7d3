"""What tests of workers stand on: an empty ledger, and a Valkey that they may stop."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from pydantic import SecretStr

from stoa.settings import Settings
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_transaction
from stoa.tenants.jobs import JobFunction
from stoa.tenants.outbox import enqueue
from tests.own_valkey import OwnValkey
from tests.workers import trade

END = 60  # seconds after which a test that hangs is ended

Ended = Callable[[UUID], Awaitable[dict[str, Any]]]


@pytest.fixture(autouse=True)
async def empty_ledger(owner: asyncpg.Connection) -> None:
    """Other tests plan jobs as well; nobody is to do them here."""
    await owner.execute("DELETE FROM platform.job")
    for memory in (trade.begun, trade.under_way, trade.most, trade.gates):
        memory.clear()


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[OwnValkey]:
    own = OwnValkey(tmp_path)
    own.start()
    yield own
    own.stop()


@pytest.fixture
def at_valkey(settings: Settings, valkey: OwnValkey) -> Settings:
    """The session's settings, with the test's own Valkey for queues."""
    return settings.model_copy(update={"redis_url": SecretStr(valkey.url)})


@pytest.fixture
def ended(owner: asyncpg.Connection) -> Ended:
    """Wait until a job has ended, one way or the other; gives its row."""

    async def wait(id: UUID) -> dict[str, Any]:
        return await until(lambda: row_of(owner, id), lambda row: row["state"] in ("DONE", "DEAD"))

    return wait


async def until(look: Callable[[], Awaitable[Any]], is_right: Callable[[Any], object]) -> Any:
    """Look again and again until it is right."""
    async with asyncio.timeout(END):
        while not is_right(seen := await look()):
            await asyncio.sleep(0.01)
    return seen


async def row_of(owner: asyncpg.Connection, id: UUID) -> dict[str, Any]:
    row = await owner.fetchrow("SELECT * FROM platform.job WHERE id = $1", id)
    assert row is not None
    return dict(row) | {"payload": json.loads(row["payload"])}


async def plan(ctx: Context, function: JobFunction, **payload: Any) -> UUID:
    """Enqueue a job of `ctx`'s shop, in a transaction of its own."""
    with open_shop(ctx.shop):
        async with shop_transaction():
            id = await enqueue(ctx, function.name, payload, kind=function.kind, max_attempts=function.max_attempts)
    assert id is not None
    return id


@pytest.fixture
async def process(at_valkey: Settings) -> AsyncIterator[Callable[[], Awaitable[Process]]]:
    """Start a process at work; whatever is still running at the end is killed."""
    started: list[Process] = []

    async def start() -> Process:
        environment = os.environ | {"STOA_REDIS_URL": at_valkey.redis_url.get_secret_value()}
        one = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.workers.process", env=environment, stdout=PIPE
        )
        started.append(one)
        assert await said(one) == "ready"
        return one

    yield start
    for one in started:
        if one.returncode is None:
            one.send_signal(signal.SIGKILL)
            await one.wait()


async def said(process: Process) -> str:
    """The next line that the process prints."""
    assert process.stdout is not None
    async with asyncio.timeout(END):
        return (await process.stdout.readline()).decode().strip()
