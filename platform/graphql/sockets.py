"""GraphQL over a websocket: the protocol graphql-transport-ws, https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md.

By hand: the handlers that libraries bring answer a message of an odd shape with a traceback, leave the extensions of a
request behind, and ask who is there only once.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from stoa.graphql.answers import Answer, refused, too_many
from stoa.graphql.context import GraphContext
from stoa.graphql.entering import enter_socket, shop_of
from stoa.graphql.errors import INTERNAL, masked
from stoa.graphql.executing import Executor
from stoa.graphql.limits import MAX_SOCKET_MESSAGE
from stoa.graphql.requests import read_request
from stoa.graphql.serving import Services
from stoa.kit.errors import Refusal
from stoa.kit.ids import new_id
from stoa.kit.languages import LONGEST_WISH, liked_best, read_from_now_on
from stoa.kit.log import about, logger
from stoa.kit.tasks import end

PROTOCOL = "graphql-transport-ws"
INIT_WITHIN = 10.0  # seconds
HEARTBEAT = 12.0  # seconds between looks at whether the credential still holds
MAX_OPERATIONS = 50  # at once on one socket
MAX_ID = 100  # characters
log = logger("stoa.graphql")


class SocketEndpoint:
    """GET /graphql, upgraded."""

    def __init__(
        self,
        executor: Executor,
        services: Services,
        *,
        init_within: float = INIT_WITHIN,
        heartbeat: float = HEARTBEAT,
    ) -> None:
        self.executor, self.services = executor, services
        self.init_within, self.heartbeat = init_within, heartbeat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        if PROTOCOL in scope["subprotocols"]:
            await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
            await _Connection(self, scope, receive, send).serve()
        else:  # only a connection that was made has a code to be closed with
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": 4406, "reason": f"Speak {PROTOCOL}"})


class _Close(Exception):
    """A reason to end the connection that the protocol has a number for."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason[:120]  # a frame has room for no more


class _Connection:
    """One client, from its first message to its last."""

    def __init__(self, endpoint: SocketEndpoint, scope: Scope, receive: Receive, send: Send) -> None:
        self.endpoint, self.executor = endpoint, endpoint.executor
        self.request_id: str = scope["state"]["request_id"]
        self.address: str = scope["client"][0] if scope.get("client") else ""
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])}
        self.receive, self.send = receive, send
        self.params: dict[str, Any] | None = None  # of connection_init, once it came
        self.has_begun = asyncio.Event()
        self.operations: dict[str, asyncio.Task[None]] = {}
        self.is_open = True

    async def serve(self) -> None:
        watching = asyncio.create_task(self._watch())
        try:
            await self._listen()
        finally:
            self.is_open = False
            await end([watching, *self.operations.values()])

    async def _listen(self) -> None:
        """One message after the other, until one side closes; when we do, the server tells us as if the client had."""
        while self.is_open:
            message = await self.receive()
            if message["type"] == "websocket.disconnect":
                return
            try:
                await self._handle(_read(message.get("text")))
            except _Close as why:
                await self._close(why)
            except Refusal as refusal:
                await self._close(_forbidden(refusal))

    async def _handle(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "connection_init":
            await self._begin(message.get("payload"))
        elif kind == "ping":
            await self._say({"type": "pong"} | ({"payload": message["payload"]} if "payload" in message else {}))
        elif kind == "subscribe":
            await self._subscribe(_id_of(message), message.get("payload"))
        elif kind == "complete":
            await end(filter(None, [self.operations.pop(_id_of(message), None)]))
        elif kind != "pong":
            raise _Close(4400, f"There are no messages of the type {kind[:40]!a}")

    async def _begin(self, payload: Any) -> None:
        if self.params is not None:
            raise _Close(4429, "Too many initialisation requests")
        if payload is not None and not isinstance(payload, dict):
            raise _Close(4400, "The payload of connection_init is an object")
        self.params = payload or {}
        if isinstance(wish := self.params.get("acceptLanguage"), str):  # browsers let a socket set no header
            read_from_now_on(liked_best(wish[:LONGEST_WISH]))
        self.has_begun.set()
        await self._enter(self.request_id)
        await self._say({"type": "connection_ack"})

    async def _subscribe(self, id: str, payload: Any) -> None:
        if self.params is None:
            raise _Close(4401, "Unauthorized")
        if id in self.operations:
            raise _Close(4409, f"Subscriber for {id[:60]!a} already exists")
        if len(self.operations) >= MAX_OPERATIONS:
            await self._fail(id, too_many(MAX_OPERATIONS, self.request_id))
        else:
            self.operations[id] = asyncio.create_task(self._operate(id, payload))

    async def _operate(self, id: str, payload: Any) -> None:
        """Run one operation to its end, under a request id of its own."""
        request_id = new_id().hex
        with about(request_id=request_id, socket=self.request_id):
            try:
                await self._run(id, payload, request_id)
            except Exception:  # the edge of the process
                log.exception("an operation failed")
                error = {"message": masked(request_id), "extensions": {"code": INTERNAL, "requestId": request_id}}
                await self._fail(id, Answer({"errors": [error]}))

    async def _run(self, id: str, payload: Any, request_id: str) -> None:
        """It enters anew: a role that was taken away a minute ago does not last as long as the socket."""
        try:
            context = await self._enter(request_id)
        except Refusal as refusal:
            return await self._close(_forbidden(refusal))
        try:
            request = read_request(payload)
        except Refusal as refusal:
            return await self._fail(id, refused(refusal, request_id))
        with shop_of(context):
            async with aclosing(self.executor.stream(request, context)) as answers:
                async for answer in answers:
                    if not answer.was_run:
                        return await self._fail(id, answer)
                    await self._say({"id": id, "type": "next", "payload": answer.body})
        self.operations.pop(id, None)  # before the client hears of it, for it may use the id again
        await self._say({"id": id, "type": "complete"})

    async def _fail(self, id: str, answer: Answer) -> None:
        self.operations.pop(id, None)
        await self._say({"id": id, "type": "error", "payload": answer.body["errors"]})

    async def _watch(self) -> None:
        """Close what was not initialised in time, and what nobody who may be here is behind any more."""
        try:
            async with asyncio.timeout(self.endpoint.init_within):
                await self.has_begun.wait()
        except TimeoutError:
            return await self._close(_Close(4408, "Connection initialisation timeout"))
        while True:
            await asyncio.sleep(self.endpoint.heartbeat)
            try:
                await self._enter(self.request_id)
            except Refusal as refusal:
                return await self._close(_forbidden(refusal))

    async def _enter(self, request_id: str) -> GraphContext:
        services = self.endpoint.services
        async with asyncio.timeout(self.executor.seconds):
            return await enter_socket(
                self.headers, self.params or {}, services, request_id=request_id, address=self.address
            )

    async def _say(self, message: dict[str, Any]) -> None:
        if self.is_open:
            await self._send({"type": "websocket.send", "text": orjson.dumps(message).decode()})

    async def _close(self, why: _Close) -> None:
        if self.is_open:
            self.is_open = False
            await self._send({"type": "websocket.close", "code": why.code, "reason": why.reason})

    async def _send(self, message: dict[str, Any]) -> None:
        try:
            await self.send(message)
        except OSError:  # the client is gone: `receive` says so as well
            self.is_open = False


def _read(text: str | None) -> dict[str, Any]:
    if text is None:
        raise _Close(4400, "Messages are text")
    if len(text) > MAX_SOCKET_MESSAGE or len(text.encode()) > MAX_SOCKET_MESSAGE:
        raise _Close(1009, f"A message has {MAX_SOCKET_MESSAGE} bytes at the most")
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise _Close(4400, "A message is JSON") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise _Close(4400, "A message is an object with a type")
    return message


def _id_of(message: dict[str, Any]) -> str:
    id = message.get("id")
    if not isinstance(id, str) or not 0 < len(id) <= MAX_ID:
        raise _Close(4400, f"The id of an operation is text of 1 to {MAX_ID} characters")
    return id


def _forbidden(refusal: Refusal) -> _Close:
    return _Close(4403, f"Forbidden: {refusal.code}")
