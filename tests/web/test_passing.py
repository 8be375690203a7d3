"""What every request gets: an id, a line in the log, figures, security headers; and an apology when all else fails."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, MutableMapping, Sequence
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from stoa.kit import log
from stoa.kit.log import about
from stoa.kit.metrics import REGISTRY
from stoa.web.passing import EveryRequest, StraightOn
from tests.doors import opened


async def well(request: Request) -> Response:
    request.state.shop = "shop_of_zeno"
    return PlainTextResponse(request.state.request_id)


async def badly(request: Request) -> Response:
    raise RuntimeError("the roof fell in on secret-17")


async def half_way(request: Request) -> Response:
    async def body() -> AsyncIterator[bytes]:
        yield b"so far so good"
        raise RuntimeError("the roof fell in")

    return StreamingResponse(body())


def client(*, is_secure: bool = False) -> httpx.AsyncClient:
    routes = [
        Route("/well/{name}", well),
        Route("/badly", badly),
        Route("/half-way", half_way),
        Route("/healthz", well),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(EveryRequest, is_secure=is_secure)])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://stoa")


def counted(route: str, status: int) -> float:
    labels = {"route": route, "method": "GET", "status": str(status)}
    return REGISTRY.get_sample_value("stoa_http_requests_total", labels) or 0.0


def told_of(path: str, lines: Sequence[MutableMapping[str, Any]]) -> list[dict[str, Any]]:
    """Lines about that path: what is left of other tests may be writing as well."""
    return [dict(line) for line in lines if line.get("path") == path]


async def test_a_request_gets_an_id() -> None:
    async with client() as http:
        first, second = await http.get("/well/a"), await http.get("/well/a")

    assert re.fullmatch(r"[0-9a-f]{32}", first.text)
    assert first.headers["x-request-id"] == first.text != second.text


@pytest.mark.parametrize("id", ["abcd1234", "018f-trace.of_a-caller", "x" * 64])
async def test_the_callers_id_is_kept(id: str) -> None:
    async with client() as http:
        answer = await http.get("/well/a", headers={"X-Request-Id": id})

    assert answer.text == answer.headers["x-request-id"] == id


@pytest.mark.parametrize("id", ["", "short", "x" * 65, "with blanks here", "<script>alert(1)</script>", "a\tb-12345"])
async def test_what_looks_like_no_id_is_not(id: str) -> None:
    async with client() as http:
        answer = await http.get("/well/a", headers={"X-Request-Id": id})

    assert re.fullmatch(r"[0-9a-f]{32}", answer.text)


async def test_every_answer_has_security_headers() -> None:
    async with client() as http:
        for path in ("/well/a", "/nowhere", "/badly"):
            headers = (await http.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "DENY"
            assert headers["referrer-policy"] == "same-origin"
            assert "strict-transport-security" not in headers
    async with client(is_secure=True) as http:
        assert (await http.get("/well/a")).headers["strict-transport-security"] == "max-age=31536000"


async def test_a_request_is_one_line_in_the_log() -> None:
    with capture_logs() as lines:
        async with client() as http:
            await http.get("/well/zeno?secret=17")

    [line] = told_of("/well/zeno", lines)
    assert isinstance(line.pop("milliseconds"), float)
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "GET",
        "path": "/well/zeno",
        "status": 200,
        "shop": "shop_of_zeno",
    }


async def test_what_asks_after_our_health_is_not_worth_a_line() -> None:
    with capture_logs() as lines:
        async with client() as http:
            await http.get("/healthz")

    assert told_of("/healthz", lines) == []


async def test_requests_are_counted_by_route_and_not_by_path() -> None:
    before, lost = counted("/well/{name}", 200), counted("other", 404)
    async with client() as http:
        for path in ("/well/a", "/well/b", "/nowhere", "/nowhere/else"):
            await http.get(path)

    assert counted("/well/{name}", 200) == before + 2
    assert counted("other", 404) == lost + 2


async def test_a_bug_is_logged_and_apologized_for() -> None:
    before = counted("/badly", 500)
    with capture_logs() as lines:
        async with client() as http:
            answer = await http.get("/badly", headers={"X-Request-Id": "request-17"})

    assert answer.status_code == 500
    assert answer.json()["errors"][0]["extensions"] == {"code": "INTERNAL", "requestId": "request-17"}
    assert "secret-17" not in answer.text
    assert [(line["event"], line["log_level"]) for line in told_of("/badly", lines)] == [
        ("a request failed", "error"),
        ("request", "info"),
    ]
    assert counted("/badly", 500) == before + 1


async def test_an_answer_that_has_begun_is_not_begun_again() -> None:
    with capture_logs() as lines:
        app = Starlette(routes=[Route("/half-way", half_way)], middleware=[Middleware(EveryRequest)])
        async with opened(app) as address, httpx.AsyncClient(base_url=address) as http:
            with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
                await http.get("/half-way")

    assert [line["event"] for line in told_of("/half-way", lines)] == ["a request failed", "request"]


async def test_nothing_is_taken_from_one_request_to_the_next() -> None:
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        with about(shop="shop_of_zeno"):
            await PlainTextResponse("x")(scope, receive, send)
        seen.append(dict(log._about.get()))

    async with httpx.AsyncClient(transport=httpx.ASGITransport(EveryRequest(app)), base_url="http://stoa") as http:
        for id in ("request-1", "request-2"):
            await http.get("/", headers={"X-Request-Id": id})

    assert seen == [{"request_id": "request-1"}, {"request_id": "request-2"}]


async def test_the_busiest_paths_go_straight_to_their_routes() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("through the router")(scope, receive, send)

    route = Route("/graphql", PlainTextResponse("straight on"), methods=["POST"])
    passing = EveryRequest(StraightOn(app, routes={("http", "POST", "/graphql"): route}))
    before = counted("/graphql", 200)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(passing), base_url="http://stoa") as http:
        answers = [
            await http.request(method, path)
            for method, path in (("POST", "/graphql"), ("GET", "/graphql"), ("POST", "/"))
        ]

    assert [answer.text for answer in answers] == ["straight on", "through the router", "through the router"]
    assert counted("/graphql", 200) == before
    assert REGISTRY.get_sample_value(
        "stoa_http_requests_total", {"route": "/graphql", "method": "POST", "status": "200"}
    )
