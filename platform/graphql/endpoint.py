"""GraphQL over HTTP: one answer as JSON, or many as server-sent events. The only place that knows status codes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
from starlette.requests import Request as HttpRequest
from starlette.responses import Response, StreamingResponse

from stoa.graphql.context import GraphContext
from stoa.graphql.entering import enter, shop_of
from stoa.graphql.executing import Answer, Executor, Request, read_request, refused
from stoa.graphql.limits import MAX_BODY
from stoa.graphql.serving import Services
from stoa.kit.errors import InvalidInput, Refusal

STREAM = "text/event-stream"
GRAPHQL_JSON = "application/graphql-response+json"
KEEP_ALIVE_SECONDS = 12
STATUS = {
    "UNAUTHENTICATED": 401,
    "CSRF_MISMATCH": 403,
    "FOREIGN_ORIGIN": 403,
    "UNKNOWN_SHOP": 404,
    "THROTTLED": 429,
    "TIMED_OUT": 504,
    "BODY_TOO_LARGE": 413,
    "NOT_JSON": 415,
}


class BodyTooLarge(InvalidInput):
    code = "BODY_TOO_LARGE"


class NotJson(InvalidInput):
    code = "NOT_JSON"


class Endpoint:
    """POST /graphql."""

    def __init__(self, executor: Executor, services: Services) -> None:
        self.executor, self.services = executor, services

    async def respond(self, http: HttpRequest) -> Response:
        request_id = http.state.request_id
        try:
            address = http.client.host if http.client else ""
            context = await enter(http.headers, self.services, request_id=request_id, address=address)
            request = read_request(await _read_json(http))
        except Refusal as refusal:
            return _malformed(refusal, request_id)
        if context.ctx:
            http.state.shop = context.ctx.shop.schema  # for the line in the log
        with shop_of(context):
            if STREAM in http.headers.get("accept", ""):
                return self._stream(request, context)
            return _respond(http, await self.executor.answer(request, context), context)

    def _stream(self, request: Request, context: GraphContext) -> Response:
        events = _events(self.executor.stream(request, context), context)
        return StreamingResponse(events, media_type=STREAM, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


async def _read_json(http: HttpRequest) -> Any:
    """The body as JSON. A form's content type is refused: browsers send those across sites unasked."""
    if http.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise NotJson("Send the request as application/json.")
    body = bytearray()
    async for chunk in http.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise BodyTooLarge(f"The request is larger than {MAX_BODY} bytes.", params={"limit": MAX_BODY})
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"The body is not JSON: {error}.") from None


def _malformed(refusal: Refusal, request_id: str) -> Response:
    answer = refused(refusal, request_id)
    return _json(answer.body, STATUS.get(refusal.code, 400), "application/json", answer)


def _respond(http: HttpRequest, answer: Answer, context: GraphContext) -> Response:
    """200 for what ran. What did not run is 400 to clients of the newer media type and 200 to others, as they expect."""
    media_type = GRAPHQL_JSON if GRAPHQL_JSON in http.headers.get("accept", "") else "application/json"
    status = 200
    if not answer.was_run:
        code = answer.body["errors"][0]["extensions"]["code"]
        status = STATUS.get(code, 400 if media_type == GRAPHQL_JSON else 200)
    response = _json(answer.body, status, media_type, answer)
    for cookie in context.set_cookies:
        response.headers.append("set-cookie", cookie)
    return response


def _json(body: dict[str, Any], status: int, media_type: str, answer: Answer) -> Response:
    headers = {"Retry-After": str(max(1, round(answer.retry_after)))} if answer.retry_after else None
    return Response(orjson.dumps(body), status, headers, media_type)


async def _events(answers: AsyncIterator[Answer], context: GraphContext) -> AsyncIterator[bytes]:
    """The distinct-connections mode of GraphQL over SSE; a comment now and then keeps proxies from hanging up.

    One task runs the operation from first to last, for the open shop belongs to a task.
    """
    queue: asyncio.Queue[Answer | None] = asyncio.Queue(maxsize=100)
    pump = asyncio.create_task(_pump(answers, context, queue))
    try:
        while True:
            try:
                answer = await asyncio.wait_for(queue.get(), KEEP_ALIVE_SECONDS)
            except TimeoutError:
                yield b":\n\n"
                continue
            if answer is None:
                break
            yield b"event: next\ndata: " + orjson.dumps(answer.body) + b"\n\n"
        yield b"event: complete\ndata:\n\n"
    finally:
        pump.cancel()
        await asyncio.gather(pump, return_exceptions=True)


async def _pump(answers: AsyncIterator[Answer], context: GraphContext, queue: asyncio.Queue[Answer | None]) -> None:
    try:
        with shop_of(context):
            async for answer in answers:
                await queue.put(answer)
    finally:
        await queue.put(None)
