"""GraphQL over a websocket: the protocol's codes, many operations at once, and who may listen for how long."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from structlog.testing import capture_logs
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from stoa.graphql.documents import trust
from stoa.graphql.endpoint import Endpoint
from stoa.graphql.executing import Executor
from stoa.graphql.serving import Services
from stoa.graphql.sockets import MAX_OPERATIONS, SocketEndpoint
from stoa.kit.ids import new_id, type_id
from stoa.settings import Settings
from stoa.tenants import access
from stoa.tenants.context import Context, ShopRef, open_shop
from stoa.web.passing import EveryRequest
from tests import make
from tests.doors import Caller, browser, closed, hear, initialised, opened, program, say, stranger
from tests.graphql.odd_schema import odd_schema, streams


@dataclass
class Door:
    address: str
    services: Services


@asynccontextmanager
async def door(settings: Settings, *, init_within: float = 10.0) -> AsyncIterator[Door]:
    """A place with websockets on the schema that misbehaves, where credentials are looked at often."""
    services, executor = Services(settings), Executor(odd_schema(), settings)
    sockets = SocketEndpoint(executor, services, init_within=init_within, heartbeat=0.2)
    routes = [Route("/graphql", Endpoint(executor, services), methods=["POST"]), WebSocketRoute("/graphql", sockets)]
    async with opened(EveryRequest(Starlette(routes=routes))) as address:
        yield Door(address, services)


@pytest.fixture
async def odd(settings: Settings, database: None) -> AsyncIterator[Door]:
    async with door(settings) as opened_door:
        yield opened_door


@pytest.fixture
async def till(odd: Door, shop: ShopRef) -> Caller:
    return await program(odd.address, shop)


@pytest.fixture
async def socket(till: Caller) -> AsyncIterator[ClientConnection]:
    """A websocket of the till's, initialised."""
    async with till.socket() as connection:
        await initialised(connection, till.headers)
        yield connection


async def subscribe(socket: ClientConnection, id: str, query: str | None, **payload: Any) -> None:
    await say(socket, id=id, type="subscribe", payload={"query": query, **payload})


async def told(socket: ClientConnection, id: str) -> list[Any]:
    """The data of every answer to this operation until it is complete, or the codes of what ends it."""
    found: list[Any] = []
    while (message := await hear(socket))["type"] != "complete":
        assert message["id"] == id
        if message["type"] == "error":
            return [*found, *(error["extensions"]["code"] for error in message["payload"])]
        found.append(message["payload"].get("data"))
    assert message == {"id": id, "type": "complete"}
    return found


# Coming in ------------------------------------------------------------------------------------------------------------


async def test_the_protocol_is_agreed_on(till: Caller) -> None:
    async with till.socket(subprotocols=["graphql-ws", "graphql-transport-ws"]) as socket:
        assert socket.subprotocol == "graphql-transport-ws"
        assert socket.response is not None
        assert socket.response.headers["x-request-id"]


@pytest.mark.parametrize("subprotocols", [["graphql-ws"], ["nonsense"], []])
async def test_the_legacy_protocol_and_others_are_refused(till: Caller, subprotocols: list[Any]) -> None:
    async with till.socket(subprotocols=subprotocols) as socket:
        assert socket.subprotocol is None
        assert await closed(socket) == (4406, "Speak graphql-transport-ws")


async def test_a_token_opens_the_connection(till: Caller) -> None:
    async with till.socket() as socket:
        await initialised(socket, till.headers)
        await subscribe(socket, "1", "{ numbers(upto: 1) }")
        assert await told(socket, "1") == [{"numbers": [0]}]


async def test_a_session_opens_it_from_a_page_of_ours(odd: Door, shop: ShopRef) -> None:
    person = await browser(odd.address, shop, origin=odd.services.settings.public_url)
    async with person.socket(headers=person.headers) as socket:
        await initialised(socket, {"Stoa-Shop": person.headers["Stoa-Shop"]})
        await subscribe(socket, "1", "{ backend }")
        assert len(await told(socket, "1")) == 1


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "http://127.0.0.1:1"])
async def test_a_session_from_another_sites_page_is_forbidden(odd: Door, shop: ShopRef, origin: str | None) -> None:
    person = await browser(odd.address, shop, origin=odd.services.settings.public_url)
    headers = {name: value for name, value in person.headers.items() if name != "Origin"}
    async with person.socket(headers=headers | ({"Origin": origin} if origin else {})) as socket:
        await say(socket, type="connection_init")
        assert await closed(socket) == (4403, "Forbidden: FOREIGN_ORIGIN")


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (None, "UNAUTHENTICATED"),
        ({}, "UNAUTHENTICATED"),
        ({"Authorization": "Bearer nonsense"}, "UNAUTHENTICATED"),
        ({"Authorization": 7}, "UNAUTHENTICATED"),
        ({"Authorization": ["Bearer"]}, "UNAUTHENTICATED"),
    ],
)
async def test_strangers_and_wrong_tokens_are_forbidden(odd: Door, payload: Any, reason: str) -> None:
    async with stranger(odd.address).socket() as socket:
        await say(socket, type="connection_init", payload=payload)
        assert await closed(socket) == (4403, f"Forbidden: {reason}")


async def test_another_merchants_shop_is_as_unknown_as_none(till: Caller, other_shop: ShopRef) -> None:
    for shop_id in (other_shop.id, new_id()):
        async with till.socket() as socket:
            await say(socket, type="connection_init", payload=till.headers | {"Stoa-Shop": type_id("shop", shop_id)})
            assert await closed(socket) == (4403, "Forbidden: UNKNOWN_SHOP")


async def test_nothing_runs_before_the_connection_is_initialised(till: Caller) -> None:
    async with till.socket() as socket:
        await subscribe(socket, "1", "{ numbers }")
        assert await closed(socket) == (4401, "Unauthorized")


async def test_a_second_initialisation_is_too_many(socket: ClientConnection, till: Caller) -> None:
    await say(socket, type="connection_init", payload=till.headers)

    assert await closed(socket) == (4429, "Too many initialisation requests")


async def test_a_connection_that_says_nothing_is_closed(settings: Settings, shop: ShopRef) -> None:
    async with door(settings, init_within=0.2) as odd, stranger(odd.address).socket() as socket:
        await say(socket, type="ping")
        assert await hear(socket) == {"type": "pong"}
        assert await closed(socket) == (4408, "Connection initialisation timeout")


# Odd messages ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [
        "",
        "not json",
        "[]",
        "7",
        "null",
        "{}",
        '{"type": 7}',
        '{"type": null}',
        '{"type": "start", "id": "1"}',
        '{"type": "' + "😀" * 100 + '"}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "id": 7, "payload": {"query": "{ numbers }"}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{ numbers }"}}',
        '{"type": "subscribe", "id": "' + "x" * 101 + '", "payload": {}}',
        '{"type": "complete"}',
        '{"type": "complete", "id": ["1"]}',
        "[" * 100_000,
        '{"type": "\\ud800"}',
        b"\x00\x01",
        b'{"type": "ping"}',
    ],
)
async def test_messages_that_are_none_end_the_connection(socket: ClientConnection, message: str | bytes) -> None:
    with capture_logs() as lines:
        await socket.send(message)
        code, reason = await closed(socket)

    assert code == 4400
    assert reason
    assert [line for line in lines if line["log_level"] != "info"] == []


async def test_a_first_message_with_an_odd_payload_ends_the_connection(till: Caller) -> None:
    for payload in ([], "x", 7, True):
        async with till.socket() as socket:
            await say(socket, type="connection_init", payload=payload)
            assert (await closed(socket))[0] == 4400


@pytest.mark.parametrize(
    "payload", [None, [], "x", {}, {"query": 7}, {"query": "{ numbers }", "variables": []}, {"operationName": "x"}]
)
async def test_a_payload_that_is_no_request_fails_its_operation_alone(socket: ClientConnection, payload: Any) -> None:
    await say(socket, id="1", type="subscribe", payload=payload)

    assert await told(socket, "1") == ["INVALID"]
    await subscribe(socket, "1", "{ numbers(upto: 1) }")
    assert await told(socket, "1") == [{"numbers": [0]}]


async def test_a_message_of_256_kib_and_no_more(socket: ClientConnection, till: Caller) -> None:
    message = orjson.dumps({"id": "1", "type": "subscribe", "payload": {"query": "{ numbers(upto: 1) }"}}).decode()

    await socket.send(message + " " * (2**18 - len(message)))
    assert await told(socket, "1") == [{"numbers": [0]}]
    await socket.send(message + " " * (2**18 - len(message) + 1))
    assert (await closed(socket))[0] == 1009


async def test_the_size_is_that_of_the_bytes_also_behind_a_laxer_server(settings: Settings, shop: ShopRef) -> None:
    services, executor = Services(settings), Executor(odd_schema(), settings)
    app = EveryRequest(Starlette(routes=[WebSocketRoute("/graphql", SocketEndpoint(executor, services))]))
    async with opened(app, ws_max_size=2**24) as address:
        till = await program(address, shop)
        async with till.socket() as socket:
            await initialised(socket, till.headers)
            await socket.send('{"type": "ping", "payload": {"x": "' + "鸡" * 90_000 + '"}}')
            assert (await closed(socket))[0] == 1009


async def test_pings_are_answered_and_pongs_are_not(socket: ClientConnection) -> None:
    await say(socket, type="ping")
    assert await hear(socket) == {"type": "pong"}
    await say(socket, type="pong")
    await say(socket, type="ping", payload={"at": 7})
    assert await hear(socket) == {"type": "pong", "payload": {"at": 7}}


# Operations -----------------------------------------------------------------------------------------------------------


async def test_a_subscription_is_told_and_completes(socket: ClientConnection) -> None:
    await subscribe(socket, "1", "subscription ($n: Int!) { count(upto: $n) }", variables={"n": 3})

    assert await told(socket, "1") == [{"count": 1}, {"count": 2}, {"count": 3}]


async def test_queries_and_mutations_run_over_the_socket(socket: ClientConnection) -> None:
    await subscribe(socket, "1", 'mutation A { shout(text: "a") } query B { numbers }', operationName="A")

    assert await told(socket, "1") == [{"shout": "A"}]


async def test_an_answer_has_its_cost_and_its_errors(socket: ClientConnection) -> None:
    await subscribe(socket, "1", "{ refused }")
    message = await hear(socket)

    assert (message["id"], message["type"]) == ("1", "next")
    assert message["payload"]["data"] == {"refused": None}
    assert message["payload"]["errors"][0]["extensions"]["code"] == "TAKEN"
    assert message["payload"]["extensions"]["cost"]["requested"] == 1


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("{ numbers {", ["GRAPHQL_PARSE_FAILED"]),
        ("{ unknown }", ["GRAPHQL_VALIDATION_FAILED"]),
        ("subscription ($n: Int!) { count(upto: $n) }", ["BAD_USER_INPUT"]),
        ("{ " + "x: numbers " * 41 + "}", ["TOO_COMPLEX"]),
        ("subscription { breaks }", [{"breaks": 1}, "INTERNAL"]),
    ],
)
async def test_what_is_wrong_ends_the_operation_and_not_the_connection(
    socket: ClientConnection, query: str, codes: list[Any]
) -> None:
    await subscribe(socket, "1", query)

    assert await told(socket, "1") == codes
    await subscribe(socket, "1", "{ numbers(upto: 1) }")
    assert await told(socket, "1") == [{"numbers": [0]}]


async def test_each_operation_has_a_request_id_of_its_own(socket: ClientConnection) -> None:
    ids = set()
    for _ in range(2):
        await subscribe(socket, "1", "{ refused }")
        ids.add((await hear(socket))["payload"]["errors"][0]["extensions"]["requestId"])
        await hear(socket)

    assert len(ids) == 2


async def test_many_operations_at_once_do_not_wait_for_each_other(socket: ClientConnection) -> None:
    before = streams.open
    for i in range(10):
        await subscribe(socket, f"silent {i}", "subscription { silence }")
    heard = {(await hear(socket))["id"] for _ in range(10)}
    assert heard == {f"silent {i}" for i in range(10)}

    await subscribe(socket, "1", "subscription { count(upto: 2) }")
    assert await told(socket, "1") == [{"count": 1}, {"count": 2}]
    assert streams.open == before + 10


async def test_an_id_that_is_in_use_ends_the_connection(socket: ClientConnection) -> None:
    await subscribe(socket, "1", "subscription { silence }")
    await hear(socket)
    await subscribe(socket, "1", "{ numbers }")

    assert await closed(socket) == (4409, "Subscriber for '1' already exists")


async def test_an_operation_that_is_completed_ends_and_its_id_is_free(socket: ClientConnection) -> None:
    before = streams.open
    await subscribe(socket, "1", "subscription { silence }")
    await hear(socket)
    assert streams.open == before + 1

    await say(socket, id="1", type="complete")
    await subscribe(socket, "1", "{ numbers(upto: 1) }")
    assert await told(socket, "1") == [{"numbers": [0]}]
    assert streams.open == before
    await say(socket, id="nobody's", type="complete")
    await say(socket, type="ping")
    assert await hear(socket) == {"type": "pong"}


async def test_fifty_operations_at_once_and_no_more(socket: ClientConnection) -> None:
    for i in range(MAX_OPERATIONS):
        await subscribe(socket, str(i), "subscription { silence }")
        await hear(socket)

    await subscribe(socket, "one more", "{ numbers }")
    assert await told(socket, "one more") == ["TOO_MANY_OPERATIONS"]
    await say(socket, id="0", type="complete")
    await subscribe(socket, "one more", "{ numbers(upto: 1) }")
    assert await told(socket, "one more") == [{"numbers": [0]}]


async def test_a_client_that_goes_leaves_nothing_behind(till: Caller) -> None:
    before, tasks = streams.open, len(asyncio.all_tasks())
    for abrupt in (False, True):
        async with till.socket() as socket:
            await initialised(socket, till.headers)
            for i in range(5):
                await subscribe(socket, str(i), "subscription { silence }")
                await hear(socket)
            if abrupt:
                socket.transport.abort()
    async with asyncio.timeout(20):
        while streams.open != before or len(asyncio.all_tasks()) > tasks:
            await asyncio.sleep(0.01)


async def test_the_socket_has_no_more_time_for_a_query_than_any_door(settings: Settings, shop: ShopRef) -> None:
    async with door(settings.model_copy(update={"request_seconds": 1.0})) as odd:
        till = await program(odd.address, shop)
        async with till.socket() as socket:
            await initialised(socket, till.headers)
            await subscribe(socket, "1", "{ sleep(seconds: 3600) }")
            assert await told(socket, "1") == ["TIMED_OUT"]
            await subscribe(socket, "1", "{ sleep(seconds: 0) }")
            assert await told(socket, "1") == [{"sleep": True}]


async def test_the_socket_pays_from_the_same_bucket(settings: Settings, shop: ShopRef) -> None:
    limits = {"points_capacity": 30.0, "points_per_second": 1e-6}
    async with door(settings.model_copy(update=limits)) as odd:
        till = await program(odd.address, shop)
        assert (await till.ask("{ numbers }")).json()["extensions"]["cost"]["remaining"] == 19
        async with till.socket() as socket:
            await initialised(socket, till.headers)
            for left in range(18, 0, -1):
                await subscribe(socket, "1", "{ numbers }")
                assert (await hear(socket))["payload"]["extensions"]["cost"]["remaining"] == left
                await hear(socket)
            await subscribe(socket, "1", "{ numbers }")
            await told(socket, "1")
            await subscribe(socket, "1", "{ numbers }")
            assert await told(socket, "1") == ["THROTTLED"]


async def test_persisted_queries_work_over_the_socket(socket: ClientConnection) -> None:
    text = "{ numbers(upto: 3) }"
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(text.encode()).hexdigest()}}

    await subscribe(socket, "1", None, extensions=extensions)
    assert await told(socket, "1") == ["PERSISTED_QUERY_NOT_FOUND"]
    for query in (text, None):
        await subscribe(socket, "1", query, extensions=extensions)
        assert await told(socket, "1") == [{"numbers": [0, 1, 2]}]


async def test_allow_list_mode_holds_over_the_socket(odd: Door, shop: ShopRef, ctx: Context) -> None:
    hash = await trust(ctx, "{ numbers(upto: 1) }")
    shelf = await program(odd.address, shop, trusted_documents_only=True)
    async with shelf.socket() as socket:
        await initialised(socket, shelf.headers)
        await subscribe(socket, "1", "{ numbers(upto: 1) }")
        assert await told(socket, "1") == [{"numbers": [0]}]
        await subscribe(socket, "1", None, extensions={"persistedQuery": {"version": 1, "sha256Hash": hash}})
        assert await told(socket, "1") == [{"numbers": [0]}]
        for query in ("{ numbers }", "{ nonsense", "subscription { count(upto: 1) }"):
            await subscribe(socket, "1", query)
            assert await told(socket, "1") == ["DOCUMENT_NOT_TRUSTED"]


# Who may stay ---------------------------------------------------------------------------------------------------------


async def revoke_all(shop: ShopRef) -> None:
    ctx = await make.context(shop)
    with open_shop(shop):
        for token in await access.tokens_of(ctx):
            await access.revoke_token(ctx, token.id)


async def test_a_revoked_token_ends_even_a_silent_connection(socket: ClientConnection, shop: ShopRef) -> None:
    before = streams.open
    await subscribe(socket, "1", "subscription { silence }")
    await hear(socket)

    await revoke_all(shop)

    assert await closed(socket) == (4403, "Forbidden: UNAUTHENTICATED")
    async with asyncio.timeout(20):
        while streams.open != before:
            await asyncio.sleep(0.01)


async def test_a_revoked_token_begins_nothing_new(settings: Settings, shop: ShopRef) -> None:
    services, executor = Services(settings), Executor(odd_schema(), settings)
    app = EveryRequest(Starlette(routes=[WebSocketRoute("/graphql", SocketEndpoint(executor, services))]))
    async with opened(app) as address:  # where the heart beats slowly
        till = await program(address, shop)
        async with till.socket() as socket:
            await initialised(socket, till.headers)
            await revoke_all(shop)
            await subscribe(socket, "1", "{ numbers }")
            assert await closed(socket) == (4403, "Forbidden: UNAUTHENTICATED")


async def test_permissions_are_those_of_the_moment(odd: Door, shop: ShopRef) -> None:
    await make.member(shop)
    person = await browser(odd.address, shop, origin=odd.services.settings.public_url)
    async with person.socket(headers=person.headers) as socket:
        await initialised(socket, {"Stoa-Shop": person.headers["Stoa-Shop"]})
        await subscribe(socket, "1", "subscription { needsARight }")
        assert await told(socket, "1") == [{"needsARight": 1}]

        identity = await access.identify_session(person.headers["Cookie"].partition("=")[2])
        ctx = await make.context(shop)
        with open_shop(shop):
            [member] = [each for each in await access.members_of(ctx) if each.account.id == identity.account_id]
            await access.remove_member(ctx, member.id)
        try:
            await subscribe(socket, "2", "subscription { needsARight }")
            code, _ = await closed(socket)
        except ConnectionClosed:
            code = socket.close_code
        assert code == 4403


async def test_a_server_that_stops_closes_its_sockets(settings: Settings, shop: ShopRef) -> None:
    before = streams.open
    async with door(settings) as odd:
        till = await program(odd.address, shop)
        socket = await till.socket()
        await initialised(socket, till.headers)
        await subscribe(socket, "1", "subscription { silence }")
        await hear(socket)

    assert (await closed(socket))[0] == 1012
    assert streams.open == before
