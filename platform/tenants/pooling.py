"""Which connection serves a shop: one that knows it, even if that means waiting a moment.

A server process keeps for every shop it has served what it learned of its tables, and the plans of its statements. A
connection that meets a shop for the first time takes milliseconds to learn what another knows already, and both keep
it in memory from then on. asyncpg hands out the connection that came back last, so that with many shops every
connection gets to know them all. This queue keeps each shop to few:

* An idle connection bound to the shop is taken, else an idle one that has seen it.
* When only busy ones have seen it, the request waits for one of them, for `PATIENCE` at the most: about what it would
  cost to acquaint another. So a shop that is busy itself, or held up by a long transaction, soon has more connections.
* A shop that nobody knows goes to the idle connection that has seen the fewest.
* A connection that comes back goes to the first waiting shop that it knows. But whoever has waited for `STARVING` comes
  first, whatever it is.

asyncpg has no door for this: the queue takes the place of its pool's own (`Pool._queue`, a LIFO queue of holders).
`tests/tenants/test_pooling.py` notices when a version of asyncpg does things another way.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from stoa.tenants.context import open_schema

PATIENCE = 0.003  # seconds
STARVING = 0.030  # seconds
LOOKED_AT = 64  # how far down the line a connection looks for a shop that it knows


@dataclass(slots=True, eq=False)
class _Waiter:
    """Somebody in line. `takes_any`: nobody knows the shop, or patience has run out."""

    schema: str
    holder: asyncio.Future[Any]
    since: float
    takes_any: bool


class ByShop:
    """Holders of connections: those that are idle, and who waits for one."""

    def __init__(self, holders: list[Any], *, patience: float = PATIENCE, starving: float = STARVING) -> None:
        self._holders, self._idle = holders, list(holders)
        self._patience, self._starving = patience, starving
        self._line: deque[_Waiter] = deque()

    async def get(self) -> Any:
        schema = open_schema()
        is_known = any(_knows(each, schema) for each in self._holders)
        found = self._idle_that_knows(schema) if is_known else self._idle_stranger()
        return await self._waited_for(schema, takes_any=not is_known) if found is None else self._taken(found)

    def put_nowait(self, holder: Any) -> None:
        waiter = self._next_for(holder)
        if waiter is None:
            self._idle.append(holder)
        else:
            self._line.remove(waiter)
            waiter.holder.set_result(holder)

    def get_disconnected_nowait(self) -> Any:
        """For the pool's own upkeep."""
        for holder in self._idle:
            if not holder.is_connected():
                return self._taken(holder)
        raise asyncio.QueueEmpty

    def _taken(self, holder: Any) -> Any:
        self._idle.remove(holder)
        return holder

    def _idle_that_knows(self, schema: str) -> Any:
        return next((each for each in self._idle if _is_bound(each, schema)), None) or next(
            (each for each in self._idle if _knows(each, schema)), None
        )

    def _idle_stranger(self) -> Any:
        return min(self._idle, key=_shops_seen, default=None)

    async def _waited_for(self, schema: str, *, takes_any: bool) -> Any:
        loop = asyncio.get_running_loop()
        waiter = _Waiter(schema, loop.create_future(), loop.time(), takes_any)
        self._line.append(waiter)
        patience = loop.call_later(self._patience, self._lose_patience, waiter)
        try:
            return await waiter.holder
        except asyncio.CancelledError:
            if not waiter.holder.cancelled():  # it was handed over in the same moment
                self.put_nowait(waiter.holder.result())
            raise
        finally:
            patience.cancel()
            if waiter in self._line:
                self._line.remove(waiter)

    def _lose_patience(self, waiter: _Waiter) -> None:
        waiter.takes_any = True
        found = self._idle_stranger()
        if found is not None and not waiter.holder.done():
            self._line.remove(waiter)
            waiter.holder.set_result(self._taken(found))

    def _next_for(self, holder: Any) -> _Waiter | None:
        line = [each for each in islice(self._line, LOOKED_AT) if not each.holder.done()]
        if not line:
            return None
        if asyncio.get_running_loop().time() - line[0].since >= self._starving:
            return line[0]
        wishes: tuple[Callable[[_Waiter], bool], ...] = (
            lambda each: _is_bound(holder, each.schema),
            lambda each: _knows(holder, each.schema),
            lambda each: each.takes_any,
        )
        return next((each for wish in wishes for each in line if wish(each)), None)


def _is_bound(holder: Any, schema: str) -> bool:
    return holder._con is not None and holder._con.bound_to == schema


def _knows(holder: Any, schema: str) -> bool:
    return holder._con is not None and schema in holder._con.has_seen


def _shops_seen(holder: Any) -> int:
    return len(holder._con.has_seen) if holder._con is not None else 0  # none: it is yet to be opened


def prefer_acquainted(pool: Any) -> Any:
    """Let an asyncpg pool that is not in use yet hand out its connections by shop."""
    pool._queue = ByShop(pool._holders)
    return pool
