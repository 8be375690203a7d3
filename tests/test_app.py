"""The web process as a whole: what it logs, whom it believes, and how it starts and stops."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from stoa.kit.ids import new_id
from stoa.settings import Settings
from stoa.tenants.context import Context, ShopRef
from tests.doors import Caller, browser, closed, hear, initialised, program, say, stranger
from tests.fakes.wire import wire_to
from tests.journeys.conftest import Server, served
from tests.journeys.conftest import server as server  # a fixture of theirs
from tests.own_valkey import OwnValkey

SIGN_UP = "mutation ($input: AccountOpenInput!) { accountOpen(input: $input) { csrfToken userErrors { code } } }"
SIGN_IN = "mutation ($input: SessionStartInput!) { sessionStart(input: $input) { csrfToken userErrors { code } } }"
NAMES = "{ products { nodes { title } } }"


def somebody() -> dict[str, str]:
    return {
        "email": f"{new_id().hex}@example.com",
        "password": f"figs and {secrets.token_hex(8)}",
        "name": "Zeno",
        "shopName": "Stoa",
        "currency": "EUR",
        "timeZone": "Europe/Berlin",
        "locale": "en",
    }


async def until(server: Server, event: str, **parts: Any) -> dict[str, Any]:
    """The first line of that event with these parts; waits for it."""
    async with asyncio.timeout(20):
        while True:
            for line in server.said(event):
                if all(line.get(name) == value for name, value in parts.items()):
                    return line
            await asyncio.sleep(0.02)


async def test_lines_are_json_with_request_and_shop_and_without_secrets(settings: Settings, shop: ShopRef) -> None:
    """Not even with every statement in the log and a bug or two: no password, no token, no cookie, no value."""
    async with served(settings, STOA_SLOW_QUERY_MS="1", STOA_LOG_LEVEL="DEBUG") as server:
        till, who = await program(server.address, shop), somebody()
        await till.ask(NAMES, headers={"X-Request-Id": "names-1234"})
        opened = await stranger(server.address).ask(SIGN_UP, variables={"input": who})
        assert opened.json()["data"]["accountOpen"]["userErrors"] == []
        wrong = {"email": who["email"], "password": who["password"] + " wrong"}
        refused = await stranger(server.address).ask(SIGN_IN, variables={"input": wrong})
        assert refused.json()["data"]["sessionStart"]["userErrors"] == [{"code": "SIGN_IN_FAILED"}]
        broken = f'mutation {{ sessionStart(input: {{email: "x", password: "{who["password"]}", nonsense: 1}}) {{ csrfToken }} }}'
        await stranger(server.address).ask(broken)
        await stranger(server.address).ask(SIGN_IN, variables={"input": {"password": who["password"]}})

        line = await until(server, "request", request_id="names-1234")
        assert line["shop"] == shop.schema
        assert (line["method"], line["path"], line["status"], line["level"]) == ("POST", "/graphql", 200, "info")
        log = server.log.read_text()

    assert all(json.loads(each)["timestamp"] for each in log.splitlines())
    token = till.headers["Authorization"].partition(" ")[2]
    cookie = opened.headers["set-cookie"].partition("=")[2].partition(";")[0]
    csrf = opened.json()["data"]["accountOpen"]["csrfToken"]
    for secret in (who["password"], who["email"], token, cookie, csrf, settings.secret_key.get_secret_value()):
        assert secret not in log


async def test_a_slow_statement_tells_its_request_and_its_shop(settings: Settings, ctx: Context) -> None:
    async with wire_to(settings) as (wire, wired), served(wired, STOA_SLOW_QUERY_MS="100") as server:
        till = await program(server.address, ctx.shop)
        await till.ask(NAMES)
        wire.hold()
        asking = asyncio.create_task(till.ask(NAMES, headers={"X-Request-Id": "slow-1234"}))
        await wire.heard_a_request()
        await asyncio.sleep(0.3)
        wire.let_go()
        assert (await asking).status_code == 200

        line = await until(server, "slow query", request_id="slow-1234")
        slow = [line for line in server.said("slow query") if line["request_id"] == "slow-1234"]

    assert line["milliseconds"] >= 100
    assert any(each.get("shop") == ctx.shop.schema and "product" in each["statement"] for each in slow)


async def test_postgresql_away_is_not_ready_and_back_is(settings: Settings, database: None) -> None:
    async with wire_to(settings) as (wire, wired), served(wired) as server, httpx.AsyncClient(timeout=30) as client:
        assert (await client.get(f"{server.address}/readyz")).status_code == 200
        wire.hold()
        away = await client.get(f"{server.address}/readyz")
        assert (away.status_code, away.json()["postgres"]) == (503, "down: TimeoutError")
        assert (await client.get(f"{server.address}/healthz")).status_code == 200
        assert (await client.get(f"{server.address}/metrics")).status_code == 200

        wire.let_go()

        assert (await client.get(f"{server.address}/readyz")).json() == {"postgres": "ok", "valkey": "ok"}


async def test_a_request_has_its_time_also_when_postgresql_does_not_answer(settings: Settings, ctx: Context) -> None:
    """Not even its cancelling is waited for without end; and when it answers again, all is well."""
    async with wire_to(settings) as (wire, wired), served(wired, STOA_REQUEST_SECONDS="1") as server:
        till = await program(server.address, ctx.shop)
        mutation = 'mutation { categoryCreate(input: {name: "Lamps"}) { category { name } } }'
        assert (await till.ask(NAMES)).status_code == 200
        wire.hold()
        answers = await asyncio.wait_for(asyncio.gather(till.ask(NAMES), till.ask(mutation), till.ask(NAMES)), 20)
        assert [answer.status_code for answer in answers] == [504, 504, 504]

        wire.let_go()

        for _ in range(20):
            assert (await till.ask(NAMES)).json()["data"] == {"products": {"nodes": []}}
        assert (await till.ask("{ categories { nodes { name } } }")).json()["data"] == {"categories": {"nodes": []}}


async def test_valkey_away_changes_nothing_for_requests(settings: Settings, ctx: Context, tmp_path: Path) -> None:
    valkey = OwnValkey(tmp_path)
    valkey.start()
    async with served(settings, STOA_REDIS_URL=valkey.url) as server, httpx.AsyncClient() as client:
        till = await program(server.address, ctx.shop)
        valkey.kill()

        ready = await client.get(f"{server.address}/readyz")
        assert (ready.status_code, ready.json()["postgres"]) == (200, "ok")
        assert ready.json()["valkey"].startswith("down: ConnectionError")
        made = await till.ask('mutation { categoryCreate(input: {name: "Lamps"}) { category { name } } }')
        assert made.json()["data"]["categoryCreate"]["category"] == {"name": "Lamps"}


async def addresses_noted(server: Server, forwarded: str) -> list[str]:
    """The addresses of a new person's sessions, as the server believes them to be."""
    person = stranger(server.address)
    opened = await person.ask(SIGN_UP, variables={"input": somebody()}, headers={"X-Forwarded-For": forwarded})
    headers = {
        "Cookie": opened.headers["set-cookie"].partition(";")[0],
        "Stoa-Csrf": opened.json()["data"]["accountOpen"]["csrfToken"],
        "Origin": server.address,
    }
    sessions = await Caller(server.address, headers).ask("{ sessions { address } }")
    return [each["address"] for each in sessions.json()["data"]["sessions"]]


async def test_nobody_says_where_they_come_from(server: Server) -> None:
    assert await addresses_noted(server, "203.0.113.7") == ["127.0.0.1"]


async def test_a_proxy_that_is_trusted_says_where_its_clients_come_from(settings: Settings, database: None) -> None:
    async with served(settings, STOA_TRUSTED_PROXIES='["127.0.0.0/8", "10.0.0.1"]') as server:
        assert await addresses_noted(server, "203.0.113.7") == ["203.0.113.7"]
        # what the client itself wrote stands before what the first proxy wrote
        assert await addresses_noted(server, "192.0.2.1, 203.0.113.7, 10.0.0.1") == ["203.0.113.7"]


@asynccontextmanager
async def silent_stream(caller: Caller) -> AsyncIterator[httpx.Response]:
    async with (
        httpx.AsyncClient(base_url=caller.address, timeout=60) as client,
        client.stream(
            "POST",
            "/graphql",
            json={"query": "subscription { productChanged { id } }"},
            headers=caller.headers | {"Accept": "text/event-stream"},
        ) as response,
    ):
        assert response.status_code == 200
        yield response


async def test_a_server_that_is_asked_to_stop_ends_everything_in_good_order(settings: Settings, ctx: Context) -> None:
    """A request under way is answered, streams and sockets are closed, and the process does not linger for them."""
    async with wire_to(settings) as (wire, wired), served(wired) as server:
        till = await program(server.address, ctx.shop)
        await till.ask(NAMES)
        async with silent_stream(till) as stream, till.socket() as socket:
            await initialised(socket, till.headers)
            await say(socket, id="1", type="subscribe", payload={"query": "subscription { productChanged { id } }"})
            await say(socket, id="2", type="subscribe", payload={"query": NAMES})
            assert (await hear(socket))["id"] == "2"
            wire.hold()
            asking = asyncio.create_task(till.ask(NAMES))
            await wire.heard_a_request()

            server.ask_to_stop()

            assert (await closed(socket))[0] == 1012
            rest = (await asyncio.wait_for(stream.aread(), 20)).decode()
            assert "event: complete" not in rest
            wire.let_go()
            answer = await asyncio.wait_for(asking, 20)
            assert answer.json()["data"] == {"products": {"nodes": []}}
        assert await server.ended(within=10) in (0, -15)
        assert "exceeded" not in server.log.read_text()


async def test_a_server_with_nothing_to_do_stops_at_once(server: Server) -> None:
    server.ask_to_stop()

    assert await server.ended(within=10) in (0, -15)
    assert [line for line in server.lines() if line["level"] in ("error", "critical")] == []


async def test_the_whole_of_it_answers_on_one_port(server: Server, shop: ShopRef) -> None:
    person = await browser(server.address, shop, origin=server.address)

    assert (await person.ask("{ shop { name } }")).json()["data"] == {"shop": {"name": shop.name}}
    async with httpx.AsyncClient(base_url=server.address) as client:
        statuses = {path: (await client.get(path)).status_code for path in ("/", "/graphiql", "/metrics", "/nowhere")}
    assert statuses == {"/": 200, "/graphiql": 200, "/metrics": 200, "/nowhere": 404}


@pytest.mark.parametrize("size", [2**18, 2**18 + 1])
async def test_the_servers_own_limit_for_socket_messages_is_ours(server: Server, shop: ShopRef, size: int) -> None:
    till = await program(server.address, shop)
    async with till.socket() as socket:
        await initialised(socket, till.headers)
        await socket.send('{"type": "ping"}' + " " * (size - 16))
        if size == 2**18:
            assert await hear(socket) == {"type": "pong"}
        else:
            assert (await closed(socket))[0] == 1009
