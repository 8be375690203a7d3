"""GraphQL over HTTP: one answer as JSON, or many as server-sent events. The only place that knows status codes.

Plain ASGI: Starlette's Request and Response would cost as much as the rest of this door together.
"""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from stoa.graphql import events
from stoa.graphql.context import GraphContext
from stoa.graphql.entering import Headers, enter, shop_of
from stoa.graphql.errors import TimedOut
from stoa.graphql.executing import Answer, Executor, Request, read_request, refused
from stoa.graphql.limits import MAX_BODY
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


class BodyTooLarge(InvalidInput):
    code = "BODY_TOO_LARGE"


class NotJson(InvalidInput):
    code = "NOT_JSON"


class ClientGone(Exception):
    """The client hung up before it had sent all of its request."""


class Endpoint:
    """POST /graphql."""

    def __init__(self, executor: Executor, services: Services, *, heartbeat: float = events.HEARTBEAT) -> None:
        self.executor, self.services, self.heartbeat = executor, services, heartbeat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = scope["state"]["request_id"]
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])}
        try:
            async with asyncio.timeout(self.executor.seconds):
                context, request = await self._enter(scope, headers, request_id, receive)
        except TimeoutError:
            late = TimedOut(f"The request was not there after {self.executor.seconds:g} seconds.")
            return await _send_refusal(send, late, request_id)
        except Refusal as refusal:
            return await _send_refusal(send, refusal, request_id)
        except ClientGone:
            return None
        await self._answer(scope, headers, context, request, receive, send)

    async def _enter(
        self, scope: Scope, headers: Headers, request_id: str, receive: Receive
    ) -> tuple[GraphContext, Request]:
        address = scope["client"][0] if scope.get("client") else ""
        context = await enter(headers, self.services, request_id=request_id, address=address)
        if context.ctx:
            scope["state"]["shop"] = context.ctx.shop.schema  # for the line in the log
        return context, read_request(_parse(headers, await _read_body(headers, receive)))

    async def _answer(
        self, scope: Scope, headers: Headers, context: GraphContext, request: Request, receive: Receive, send: Send
    ) -> None:
        accept = headers.get("accept", "")
        if events.MEDIA_TYPE in accept:
            answers = self.executor.stream(request, context)
            return await events.send_events(answers, context, receive, send, heartbeat=self.heartbeat)
        with shop_of(context):
            answer = await self.executor.answer(request, context)
        media_type = GRAPHQL_JSON if ASKS_GRAPHQL_JSON in accept else JSON
        await _send(send, answer, _status(answer, media_type), media_type, context.set_cookies)


def _parse(headers: Headers, body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"The body is not JSON: {error}.") from None


async def _read_body(headers: Headers, receive: Receive) -> bytes:
    """The body, if it is JSON of a size. A form's content type is refused: browsers send those across sites unasked."""
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise NotJson("Send the request as application/json.")
    if headers.get("content-encoding", "identity") != "identity":
        raise NotJson("Send the request uncompressed.")
    announced = headers.get("content-length", "")
    if announced.isdecimal() and (len(announced) > 15 or int(announced) > MAX_BODY):
        raise _too_large()
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part, more = message.get("body", b""), message.get("more_body", False)
        parts.append(part)
        size += len(part)
        if size > MAX_BODY:
            raise _too_large()
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large() -> BodyTooLarge:
    return BodyTooLarge(f"The request is larger than {MAX_BODY} bytes.", params={"limit": MAX_BODY})


def _status(answer: Answer, media_type: bytes) -> int:
    """200 for what ran. What did not is 400 to clients of the newer media type and 200 to others, as they expect."""
    if answer.was_run:
        return 200
    return STATUS.get(answer.code, 400 if media_type is GRAPHQL_JSON else 200)


async def _send_refusal(send: Send, refusal: Refusal, request_id: str) -> None:
    answer = refused(refusal, request_id)
    await _send(send, answer, STATUS.get(answer.code, 400), JSON, ())


async def _send(send: Send, answer: Answer, status: int, media_type: bytes, cookies: list[str] | tuple[()]) -> None:
    body = orjson.dumps(answer.body)
    headers = [
        (b"content-type", media_type),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        *((b"set-cookie", cookie.encode("latin-1")) for cookie in cookies),
    ]
    if answer.retry_after:
        headers.append((b"retry-after", b"%d" % answer.retry_after))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
