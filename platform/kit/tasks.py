"""Background tasks, and how they end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

AGAIN = 2.0  # seconds


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel the tasks and wait until they have ended; what they raise is dropped.

    They are cancelled again as often as it takes: in Python 3.11 `asyncio.wait_for` loses a cancellation that comes
    just as the answer does, and redis-py waits by it for every answer.
    """
    waiting = set(tasks)
    while waiting:
        for task in waiting:
            task.cancel()
        ended, waiting = await asyncio.wait(waiting, timeout=AGAIN)
        await asyncio.gather(*ended, return_exceptions=True)
