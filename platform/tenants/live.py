"""Live news: what has just happened in a shop, told over Valkey to whoever listens at this moment. Nothing is kept.

A listener that may have missed something hears `Resync` instead and reads again what it shows. That is so after
the connection to Valkey was lost, here or in the process that told the news, and for a reader too slow to follow.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
from redis.asyncio import Connection, ConnectionPool, Redis
from redis.exceptions import ConnectionError, RedisError

from stoa.kit.tasks import end
from stoa.settings import Settings
from stoa.tenants.context import Context, ShopRef
from stoa.tenants.database import after_commit

EVERYBODY = "stoa:live"  # what is told here reaches the listeners of every shop
BACKLOG = 256  # news that one listener may have unread
OUTGOING = 10_000  # messages that may wait for Valkey
BATCH = 200
BREATH = 0.004  # seconds: news that come together are told together
PAUSE = 0.5  # seconds between tries to reach Valkey
SILENCE = 10.0  # seconds after which Valkey is asked whether it is still there
PATIENCE = 2.0  # seconds that listen() waits for Valkey, and disconnect() for the last news to leave

log = logging.getLogger("stoa.live")


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened to `topic` (``import:<uuid>``)."""

    topic: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Resync:
    """News may have been missed: read again what you show."""


class _Message(msgspec.Struct, array_like=True):
    """What goes over the wire; an empty topic stands for `Resync`."""

    topic: str
    body: dict[str, Any]


RESYNC = msgspec.json.encode(_Message("", {}))


@dataclass(eq=False, slots=True)
class Listener:
    """One reader's stream; ends when the process disconnects."""

    channel: str
    topic: str
    is_on: asyncio.Event = field(default_factory=asyncio.Event)
    _unread: asyncio.Queue[News | Resync | None] = field(default_factory=lambda: asyncio.Queue(BACKLOG))

    def __aiter__(self) -> AsyncIterator[News | Resync]:
        return self

    async def __anext__(self) -> News | Resync:
        heard = await self._unread.get()
        if heard is None:
            raise StopAsyncIteration
        return heard

    def hear(self, message: _Message) -> None:
        if not message.topic or self._unread.full():
            self._only(Resync())
        elif self.topic in (message.topic, message.topic.partition(":")[0]):
            self._unread.put_nowait(News(message.topic, message.body))

    def subscribed(self) -> None:
        """Valkey says that the channel is open; if it was before, it had been closed in between."""
        if self.is_on.is_set():
            self._only(Resync())
        self.is_on.set()

    def end(self) -> None:
        self._only(None)

    def _only(self, item: Resync | None) -> None:
        while not self._unread.empty():
            self._unread.get_nowait()
        self._unread.put_nowait(item)


class _Line:
    """This process's line to Valkey: one connection that hears for all its listeners, one that tells."""

    def __init__(self, url: str) -> None:
        self._pool = ConnectionPool.from_url(url, socket_connect_timeout=2, socket_keepalive=True)
        self._redis: Redis = Redis.from_url(url, socket_connect_timeout=2, socket_timeout=5)
        self._listeners: dict[str, set[Listener]] = {}
        self._hearing: Connection | None = None
        self._outgoing: deque[tuple[str, bytes]] = deque()
        self._something_to_tell = asyncio.Event()
        self._has_lost_some = False
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def add(self, listener: Listener) -> None:
        """Start to hear. Returns when nothing told from now on can be missed, or `Resync` will say that it was."""
        self._keep_running("hear", self._hear)
        others = self._listeners.setdefault(listener.channel, set())
        if any(other.is_on.is_set() for other in others):
            listener.is_on.set()
        others.add(listener)
        if len(others) == 1:
            await self._say("SUBSCRIBE", listener.channel)
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await listener.is_on.wait()
        listener.is_on.set()

    async def remove(self, listener: Listener) -> None:
        others = self._listeners.get(listener.channel, set())
        others.discard(listener)
        if not others and self._listeners.pop(listener.channel, None) is not None:
            await self._say("UNSUBSCRIBE", listener.channel)

    def tell(self, channel: str, message: bytes) -> None:
        """Queue it for Valkey; never waits, never fails."""
        if len(self._outgoing) < OUTGOING:
            self._outgoing.append((channel, message))
        else:
            self._has_lost_some = True
        self._something_to_tell.set()
        self._keep_running("tell", self._tell)

    async def close(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while self._something_to_tell.is_set():
                    await asyncio.sleep(0.01)
        await end(self._tasks.values())
        for listener in [each for group in self._listeners.values() for each in group]:
            listener.end()
        await self._redis.aclose()

    def _keep_running(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        if name not in self._tasks:
            self._tasks[name] = asyncio.create_task(self._over_and_over(run), name=f"live: {name}")

    async def _over_and_over(self, run: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await run()
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("live news are interrupted: %s", error)
            await asyncio.sleep(PAUSE)

    async def _hear(self) -> None:
        connection: Connection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        try:
            await connection.connect()  # type: ignore[no-untyped-call]
            self._hearing = connection
            await connection.send_command("SUBSCRIBE", EVERYBODY, *self._listeners, check_health=False)
            await self._follow(connection)
        finally:
            self._hearing = None
            await connection.disconnect(nowait=True)

    async def _follow(self, connection: Connection) -> None:
        """Pass on what comes; a line that stays dead silent although asked is dead."""
        was_asked = False
        while True:
            answer = await connection.read_response(timeout=SILENCE)
            if answer is not None:
                self._take(*answer)
            elif was_asked:
                raise ConnectionError("Valkey does not answer")
            else:
                await connection.send_command("PING", check_health=False)
            was_asked = answer is None

    def _take(self, kind: bytes, channel: bytes, data: Any = None) -> None:
        listeners = self._listeners.get(channel.decode(), set())
        if kind == b"subscribe":
            for listener in listeners:
                listener.subscribed()
        elif kind == b"message":
            self._pass_on(listeners if channel != EVERYBODY.encode() else self._everybody(), data)

    def _everybody(self) -> set[Listener]:
        return set().union(*self._listeners.values())

    def _pass_on(self, listeners: set[Listener], data: bytes) -> None:
        try:
            message = msgspec.json.decode(data, type=_Message)
        except msgspec.MsgspecError:
            log.warning("live news in an unknown form: %r", data[:200])
            return
        for listener in listeners:
            listener.hear(message)

    async def _say(self, *command: str) -> None:
        """Best effort: if the line is down, its next start subscribes to whatever is wanted then."""
        if self._hearing is not None and self._hearing.is_connected:
            with suppress(RedisError, OSError):
                await self._hearing.send_command(*command, check_health=False)

    async def _tell(self) -> None:
        while True:
            await self._something_to_tell.wait()
            await asyncio.sleep(BREATH)
            while batch := self._next_batch():
                await self._publish(batch)
            self._something_to_tell.clear()

    def _next_batch(self) -> list[tuple[str, bytes]]:
        lost = [(EVERYBODY, RESYNC)] if self._has_lost_some else []
        self._has_lost_some = False
        return lost + [self._outgoing.popleft() for _ in range(min(BATCH, len(self._outgoing)))]

    async def _publish(self, batch: list[tuple[str, bytes]]) -> None:
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for channel, message in batch:
                    pipe.publish(channel, message)
                await pipe.execute()
        except (RedisError, OSError):
            self._outgoing.clear()
            self._has_lost_some = True
            raise


_line: _Line | None = None


def connect(settings: Settings) -> None:
    """Prepare this process' line; Valkey is called when somebody first listens or tells."""
    global _line
    _line = _Line(settings.redis_url.get_secret_value())


async def disconnect() -> None:
    """Let the last news leave, end every stream and hang up."""
    global _line
    line, _line = _line, None
    if line is not None:
        await line.close()


@asynccontextmanager
async def listen(shop: ShopRef, topic: str) -> AsyncIterator[AsyncIterator[News | Resync]]:
    """What happens to `topic` in this shop from now on; ``product`` also hears of every ``product:<uuid>``.

    Read the present state inside the block: then nothing is missed in between. The stream ends with the process'
    connection and outlives Valkey's; it never fails.
    """
    line, listener = _connected(), Listener(_channel(shop), topic)
    try:
        await line.add(listener)
        yield listener
    finally:
        await line.remove(listener)


def announce(ctx: Context, topic: str, body: Mapping[str, Any]) -> None:
    """Tell the shop's listeners: once the open transaction has committed, or at once when there is none.

    `body` becomes JSON. Never waits and never fails for Valkey's sake.
    """
    message = msgspec.json.encode(_Message(topic, dict(body)))
    after_commit(partial(_connected().tell, _channel(ctx.shop), message))


def tell(schema: str, topic: str, body: Mapping[str, Any]) -> None:
    """Tell the listeners of the shop with this schema at once, whatever transaction is open; by who works for all."""
    _connected().tell(f"{EVERYBODY}:{schema}", msgspec.json.encode(_Message(topic, dict(body))))


def _channel(shop: ShopRef) -> str:
    return f"{EVERYBODY}:{shop.schema}"


def _connected() -> _Line:
    if _line is None:
        raise RuntimeError("Live news are not connected: call connect() first.")
    return _line
