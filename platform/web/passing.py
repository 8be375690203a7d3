"""What happens to every request before a route sees it: an id, a line in the log, figures, security headers."""

from __future__ import annotations

import re
import time
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stoa.kit.ids import new_id
from stoa.kit.metrics import REQUESTS, SECONDS, SOCKETS

log = structlog.get_logger("stoa.http")
REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
QUIET = {"/healthz", "/readyz", "/metrics"}
SECURITY: list[tuple[bytes, bytes]] = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
]


class EveryRequest:
    """Pure ASGI: it must not put a task between the request and its context."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            if scope["type"] == "websocket":
                with SOCKETS.track_inprogress():
                    await self.app(scope, receive, send)
            else:
                await self._http(scope, receive, send, request_id)

    async def _http(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        began, status = time.perf_counter(), 500

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode()), *SECURITY]
            await send(message)

        try:
            await self.app(scope, receive, send_on)
        finally:
            _note(scope, status, time.perf_counter() - began)


def _request_id(scope: Scope) -> str:
    """The caller's X-Request-Id when it looks like one, so that traces join; else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and REQUEST_ID.fullmatch(value):
            return str(value.decode())
    return new_id().hex


def _note(scope: Scope, status: int, seconds: float) -> None:
    route: Any = scope.get("route")
    path = getattr(route, "path", "other")
    REQUESTS.labels(path, scope["method"], str(status)).inc()
    SECONDS.labels(path).observe(seconds)
    if path not in QUIET:
        shop = scope["state"].get("shop")
        log.info(
            "request",
            method=scope["method"],
            path=scope["path"],
            status=status,
            milliseconds=round(seconds * 1000, 1),
            **({"shop": shop} if shop else {}),
        )
