"""Hearing of changes: what other processes (or an operator's SQL) changed is forgotten here at once.

PostgreSQL's triggers tell the channel `stoa_access` which account's or shop's rights changed. One connection of this
process listens. While it is down nothing is remembered, so every request asks the database. A connection that is dead
without having been closed is found within five seconds, for it is asked every two whether it is still there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final
from uuid import UUID

import asyncpg

from stoa.settings import Settings
from stoa.tenants.access.identifying import remembered
from stoa.tenants.connecting import listening_connection

CHANNEL: Final = "stoa_access"
_ASK_EVERY, _ANSWERS_WITHIN, _TRY_AGAIN_AFTER = 2.0, 3.0, 1.0  # seconds

log = logging.getLogger("stoa.access")


@asynccontextmanager
async def hearing_changes(settings: Settings) -> AsyncIterator[None]:
    """While the block runs this process listens and may remember; a lost connection is made again."""
    heard = asyncio.Event()
    listening = asyncio.create_task(_listen_on(settings, heard), name="hearing of access changes")
    first = asyncio.create_task(heard.wait())
    try:
        await asyncio.wait({listening, first}, return_when=asyncio.FIRST_COMPLETED)
        if listening.done():
            listening.result()  # not a lost connection but one that will never do: say so at the start
        yield
    finally:
        first.cancel()
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening


async def _listen_on(settings: Settings, heard: asyncio.Event) -> None:
    while True:
        try:
            await _listen(settings, heard)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("not hearing of access changes", extra={"error": f"{type(error).__name__}: {error}"})
        heard.set()  # the first try is over, well or not: the process can start
        await asyncio.sleep(_TRY_AGAIN_AFTER)


async def _listen(settings: Settings, heard: asyncio.Event) -> None:
    """Listen until the connection is lost."""
    async with listening_connection(settings) as connection:
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: _stop_remembering(lost))
        await connection.add_listener(CHANNEL, _forget)
        remembered.is_hearing = True
        heard.set()
        try:
            await _until_lost(connection, lost)
        finally:
            remembered.is_hearing = False


async def _until_lost(connection: Any, lost: asyncio.Event) -> None:
    """Never returns: raises ConnectionError, or what asking a dead connection raises."""
    while True:
        with suppress(TimeoutError):
            await asyncio.wait_for(lost.wait(), _ASK_EVERY)
            raise ConnectionError("the server closed the connection")
        await connection.fetchval("SELECT 1", timeout=_ANSWERS_WITHIN)


def _stop_remembering(lost: asyncio.Event) -> None:
    remembered.is_hearing = False
    lost.set()


def _forget(connection: Any, pid: int, channel: str, payload: object) -> None:
    try:
        remembered.forget(UUID(str(payload)))
    except ValueError:
        remembered.forget_all()
