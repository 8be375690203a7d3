"""What happens to every request before a route sees it: an id, its reader's language, a line in the log, figures,
security headers."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stoa.kit.languages import LONGEST_WISH, SOMETHING_WENT_WRONG, Locale, liked_best, reading
from stoa.kit.log import about, logger
from stoa.kit.metrics import REQUESTS, SECONDS, SOCKETS

log = logger("stoa.http")
REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
QUIET = {"/healthz", "/readyz", "/metrics"}
NOBODY_THERE = 499  # nginx's number for a client that did not wait for the answer
SECURITY: list[tuple[bytes, bytes]] = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
]
OVER_TLS = (b"strict-transport-security", b"max-age=31536000")


class EveryRequest:
    """Pure ASGI: it must not put a task between the request and its context. `is_secure`: browsers come by https."""

    def __init__(self, app: ASGIApp, *, is_secure: bool = False) -> None:
        self.app = app
        self.headers = [*SECURITY, *([OVER_TLS] if is_secure else [])]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        passing = _Passing(scope, send, [(b"x-request-id", request_id.encode()), *self.headers])
        with about(request_id=request_id), reading(_language(scope)):
            try:
                await self.app(scope, receive, passing.send)
            except Exception:  # the edge of the process
                log.exception("a request failed", path=scope["path"])
                await passing.apologize(request_id)
            finally:
                passing.note()


class StraightOn:
    """Sends the busiest paths straight to their routes: the router and what Starlette wraps it in take a tenth of the
    time of a small request."""

    def __init__(self, app: ASGIApp, *, routes: Mapping[tuple[str, str | None, str], Route | WebSocketRoute]) -> None:
        self.app, self.routes = app, routes  # by type, method and path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self.routes.get((scope["type"], scope.get("method"), scope.get("path", "")))
        if route is None:
            await self.app(scope, receive, send)
        else:
            scope["route"] = route
            await route.handle(scope, receive, send)


class _Passing:
    """One request on its way through."""

    def __init__(self, scope: Scope, send: Send, headers: list[tuple[bytes, bytes]]) -> None:
        self.scope, self.onward, self.headers = scope, send, headers
        self.began, self.status, self.is_socket = time.perf_counter(), NOBODY_THERE, scope["type"] == "websocket"

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), *self.headers]
        elif kind == "websocket.accept":
            self.status = 101
            message["headers"] = [*message.get("headers", ()), self.headers[0]]
            SOCKETS.inc()
        await self.onward(message)

    async def apologize(self, request_id: str) -> None:
        """Say that it was our fault, in the form that GraphQL clients read. Too late once an answer has begun."""
        if self.is_socket or self.status != NOBODY_THERE:
            return
        message = SOMETHING_WENT_WRONG.filled(request_id=request_id).said()
        error = {"message": message, "extensions": {"code": "INTERNAL", "requestId": request_id}}
        body = orjson.dumps({"errors": [error]})
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    def note(self) -> None:
        scope, seconds = self.scope, time.perf_counter() - self.began
        if self.is_socket and self.status == 101:
            SOCKETS.dec()
        path = getattr(scope.get("route"), "path", "other")
        _counter(path, scope.get("method", "GET"), self.status).inc()
        _histogram(path, self.is_socket).observe(seconds)
        if path not in QUIET:
            _tell(scope, self.status, seconds)


def _tell(scope: Scope, status: int, seconds: float) -> None:
    shop = scope["state"].get("shop")
    log.info(
        "request",
        method=scope.get("method", "GET"),
        path=scope["path"],
        status=status,
        milliseconds=round(seconds * 1000, 1),
        **({"shop": shop} if shop else {}),
    )


def _request_id(scope: Scope) -> str:
    """The caller's X-Request-Id when it looks like one, so that traces join; else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and REQUEST_ID.fullmatch(value):
            return str(value.decode())
    return os.urandom(16).hex()


def _language(scope: Scope) -> Locale:
    """What `Accept-Language` likes best. Set for every request: a server may start one in the context of another."""
    for name, value in scope["headers"]:
        if name == b"accept-language":
            return liked_best(value[:LONGEST_WISH].decode("latin-1"))
    return "en"


@lru_cache(maxsize=512)
def _counter(path: str, method: str, status: int) -> Any:
    return REQUESTS.labels(path, method, str(status))


@lru_cache(maxsize=512)
def _histogram(path: str, is_socket: bool) -> Any:
    return SECONDS.labels(f"{path} (websocket)" if is_socket else path)
