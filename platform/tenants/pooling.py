"""Which of the idle connections serves a shop: the one that knows it best.

A server process keeps for every shop it has served what it learned of its tables, and the plans of its statements. A
connection that has served the shop before answers in half the time of one that has not, and one that is bound to it
needs no binding. asyncpg hands out the connection that came back last; this queue looks at all that are idle (eight
or so) and takes one bound to the open shop, else one that has seen it, else the one that has seen the fewest.

asyncpg has no door for this: the queue takes the place of its pool's own (`Pool._queue`, a LIFO queue of holders).
`tests/tenants/test_pooling.py` notices when a version of asyncpg does things another way.
"""

from __future__ import annotations

import asyncio
from typing import Any

from stoa.tenants.context import open_schema


class ByShop(asyncio.LifoQueue[Any]):
    """Holders of connections that are idle, the latest to return at the end."""

    def _get(self) -> Any:
        idle: list[Any] = self._queue  # type: ignore[attr-defined]  # asyncio.Queue's documented place to override
        schema = open_schema()
        best = min(range(len(idle) - 1, -1, -1), key=lambda i: _strangeness(idle[i], schema))
        return idle.pop(best)


def _strangeness(holder: Any, schema: str) -> int:
    """How little the holder's connection knows of the shop; 0 is bound to it."""
    connection = holder._con
    if connection is None:
        return 2  # to be opened anew
    if connection.bound_to == schema:
        return 0
    return 1 if schema in connection.has_seen else 2 + len(connection.has_seen)


def prefer_acquainted(pool: Any) -> Any:
    """Let an asyncpg pool that is not in use yet hand out its connections by shop."""
    idle = ByShop(maxsize=pool._maxsize)
    while not pool._queue.empty():
        idle.put_nowait(pool._queue.get_nowait())  # its own queue: no shop need be open
    pool._queue = idle
    return pool
