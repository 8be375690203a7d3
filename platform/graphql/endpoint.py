"""GraphQL over HTTP: one answer as JSON, or many as server-sent events. The only place that knows status codes.

Plain ASGI: Starlette's Request and Response would cost as much as the rest of this door together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from stoa.graphql import events
from stoa.graphql.answers import Answer, refused
from stoa.graphql.context import GraphContext
from stoa.graphql.entering import Headers, enter, shop_of
from stoa.graphql.executing import Executor
from stoa.graphql.limits import MAX_BODY
from stoa.graphql.requests import Request, read_request
from stoa.graphql.serving import Services
from stoa.kit.errors import InvalidInput, Refusal

JSON = b"application/json; charset=utf-8"
GRAPHQL_JSON = b"application/graphql-response+json; charset=utf-8"
ASKS_GRAPHQL_JSON = "application/graphql-response+json"
STATUS = {
    "UNAUTHENTICATED": 401,
    "CSRF_MISMATCH": 403,
    "FOREIGN_ORIGIN": 403,
    "UNKNOWN_SHOP": 404,
    "BODY_TOO_LARGE": 413,
    "NOT_JSON": 415,
    "THROTTLED": 429,
    "TIMED_OUT": 504,
    # Clients of persisted queries look for this one in the body, and only in that of a 200.
    "PERSISTED_QUERY_NOT_FOUND": 200,
}


DISCARDED = 8 * MAX_BODY  # read of a body that is too large: a client that still sends would not hear the refusal
UNREAD = {413, 504}  # statuses after which nobody reads the rest of the request
HANG_UP = (b"connection", b"close")


class BodyTooLarge(InvalidInput):
    code = "BODY_TOO_LARGE"


class NotJson(InvalidInput):
    code = "NOT_JSON"


class ClientGone(Exception):
    """The client hung up before it had sent all of its request."""


@dataclass(slots=True)
class _Reply:
    """One answer, and how HTTP says it."""

    answer: Answer
    status: int
    media_type: bytes = JSON
    cookies: Sequence[str] = ()
    retry_after: int = 0


@dataclass(slots=True)
class _Stream:
    """Answers to come."""

    request: Request
    context: GraphContext


class Endpoint:
    """POST /graphql."""

    def __init__(self, executor: Executor, services: Services, *, heartbeat: float = events.HEARTBEAT) -> None:
        self.executor, self.services, self.heartbeat = executor, services, heartbeat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self.executor.seconds):
                reply = await self._reply(scope, receive)
        except ClientGone:
            return
        except TimeoutError:
            late = self.executor.late(scope["state"]["request_id"])
            reply = _Reply(late, STATUS[late.code])
        if isinstance(reply, _Reply):
            await _send(send, reply)
        else:
            answers = self.executor.stream(reply.request, reply.context)
            await events.send_events(answers, reply.context, receive, send, heartbeat=self.heartbeat)

    async def _reply(self, scope: Scope, receive: Receive) -> _Reply | _Stream:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])}
        try:
            context = await self._enter(scope, headers)
            request = read_request(_parse(await _read_body(headers, receive)))
        except Refusal as refusal:
            answer = refused(refusal, scope["state"]["request_id"])
            return _Reply(answer, STATUS.get(answer.code, 400))
        accept = headers.get("accept", "")
        if events.MEDIA_TYPE in accept:
            return _Stream(request, context)
        with shop_of(context):
            answer = await self.executor.answer(request, context)
        media_type = GRAPHQL_JSON if ASKS_GRAPHQL_JSON in accept else JSON
        return _Reply(answer, _status(answer, media_type), media_type, context.set_cookies, context.retry_after)

    async def _enter(self, scope: Scope, headers: Headers) -> GraphContext:
        state, address = scope["state"], scope["client"][0] if scope.get("client") else ""
        context = await enter(headers, self.services, request_id=state["request_id"], address=address)
        if context.ctx:
            state["shop"] = context.ctx.shop.schema  # for the line in the log
        return context


def _parse(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidInput("The body is not JSON: {error}.", error=str(error)) from None


async def _read_body(headers: Headers, receive: Receive) -> bytes:
    """The body, if it is JSON of a size. A form's content type is refused: browsers send those across sites unasked."""
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise NotJson("Send the request as application/json.")
    if headers.get("content-encoding", "identity") != "identity":
        raise NotJson("Send the request uncompressed.")
    announced = headers.get("content-length", "")
    if announced.isdecimal() and (len(announced) > 15 or int(announced) > DISCARDED):
        raise _too_large()
    parts, size, more = [], 0, True
    while more and size <= DISCARDED:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part, more = message.get("body", b""), message.get("more_body", False)
        size += len(part)
        if size <= MAX_BODY:
            parts.append(part)
    if size > MAX_BODY:
        raise _too_large()
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large() -> BodyTooLarge:
    return BodyTooLarge("The request is larger than {limit} bytes.", limit=MAX_BODY)


def _status(answer: Answer, media_type: bytes) -> int:
    """200 for what ran. What did not is 400 to clients of the newer media type and 200 to others, as they expect."""
    if answer.was_run:
        return 200
    return STATUS.get(answer.code, 400 if media_type is GRAPHQL_JSON else 200)


async def _send(send: Send, reply: _Reply) -> None:
    body = orjson.dumps(reply.answer.body)
    headers = [
        (b"content-type", reply.media_type),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        *((b"set-cookie", cookie.encode("latin-1")) for cookie in reply.cookies),
    ]
    if reply.status in UNREAD:
        headers.append(HANG_UP)
    if retry_after := reply.answer.retry_after or reply.retry_after:
        headers.append((b"retry-after", b"%d" % retry_after))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
