"""GraphQL over server-sent events, distinct connections mode: one operation, one response that lasts as long as it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import orjson
from starlette.types import Receive, Send

from stoa.graphql.answers import Answer, refused
from stoa.graphql.context import GraphContext
from stoa.graphql.entering import shop_of, still_welcome
from stoa.kit.metrics import STREAMS
from stoa.kit.tasks import end
from stoa.tenants.access.errors import NotSignedIn

MEDIA_TYPE = "text/event-stream"
HEARTBEAT = 12.0  # seconds between signs of life, and between looks at whether the credential still holds
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would keep the events back
]
COMPLETE = b"event: complete\ndata:\n\n"
SIGN_OF_LIFE = b":\n\n"  # a comment: proxies hang up on a silent connection
Tell = Callable[[bytes], Awaitable[None]]


async def send_events(
    answers: AsyncGenerator[Answer, None],
    context: GraphContext,
    receive: Receive,
    send: Send,
    *,
    heartbeat: float = HEARTBEAT,
) -> None:
    """Send the answers until there are no more, the client hangs up, the credential ends or the process is to stop.

    Whatever is under way then is cancelled and has ended when this returns. A stream that breaks off without
    `complete` tells clients to connect again.
    """

    async def tell(data: bytes) -> None:
        await send({"type": "http.response.body", "body": data, "more_body": True})

    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    with STREAMS.track_inprogress():
        await _first_of(
            _tell_all(answers, context, tell),
            _stay_alive(context, tell, heartbeat),
            _client_gone(receive),
            context.services.closing.wait(),
        )
    await send({"type": "http.response.body", "body": b""})


async def _first_of(*doings: Any) -> None:
    """Until the first is done; the others are cancelled. Raises what the first raised."""
    tasks = [asyncio.create_task(doing) for doing in doings]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await end(tasks)
    for task in done:
        task.result()


async def _tell_all(answers: AsyncGenerator[Answer, None], context: GraphContext, tell: Tell) -> None:
    """One task runs the operation from first to last, for the open shop belongs to a task."""
    with shop_of(context):
        async with aclosing(answers):
            async for answer in answers:
                await tell(_next(answer))
    await tell(COMPLETE)


async def _stay_alive(context: GraphContext, tell: Tell, heartbeat: float) -> None:
    while True:
        await asyncio.sleep(heartbeat)
        if not await still_welcome(context):
            await tell(_next(refused(NotSignedIn(), context.request_id)) + COMPLETE)
            return
        await tell(SIGN_OF_LIFE)


async def _client_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _next(answer: Answer) -> bytes:
    return b"event: next\ndata: " + orjson.dumps(answer.body) + b"\n\n"
