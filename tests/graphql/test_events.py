"""Server-sent events: one operation each, told as it happens, over for whoever must not hear more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
import orjson
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from stoa.domains import catalog
from stoa.domains.catalog import ProductChanges
from stoa.graphql.documents import trust
from stoa.graphql.endpoint import Endpoint
from stoa.graphql.executing import Executor
from stoa.graphql.schema import schema
from stoa.graphql.serving import Services
from stoa.kit.ids import type_id
from stoa.settings import Settings
from stoa.tenants import access
from stoa.tenants.context import Context, ShopRef, open_shop
from stoa.web.passing import EveryRequest
from tests import make
from tests.doors import Caller, browser, code_of, opened, program, stranger
from tests.graphql.odd_schema import odd_schema, streams

STREAM = {"Accept": "text/event-stream"}
HEARTBEAT = 0.2


@dataclass
class Door:
    """A place where streams are told, with a heart that beats quickly."""

    address: str
    services: Services


@asynccontextmanager
async def door(settings: Settings, executor: Executor) -> AsyncIterator[Door]:
    services = Services(settings)
    endpoint = Endpoint(executor, services, heartbeat=HEARTBEAT)
    async with opened(EveryRequest(Starlette(routes=[Route("/graphql", endpoint, methods=["POST"])]))) as address:
        yield Door(address, services)


@pytest.fixture
async def odd(settings: Settings, database: None) -> AsyncIterator[Door]:
    async with door(settings, Executor(odd_schema(), settings)) as opened_door:
        yield opened_door


@pytest.fixture
async def till(odd: Door, shop: ShopRef) -> Caller:
    return await program(odd.address, shop)


class Stream:
    """A response read line by line."""

    def __init__(self, response: httpx.Response) -> None:
        self.response, self.lines = response, response.aiter_lines()

    async def next(self) -> tuple[str, Any]:
        """The next event: its name and its data; signs of life are passed over."""
        name, data = "", ""
        async with asyncio.timeout(20):
            async for line in self.lines:
                if line == "" and name:
                    return name, orjson.loads(data) if data else None
                name = line.removeprefix("event:").strip() if line.startswith("event:") else name
                data = line.removeprefix("data:").strip() if line.startswith("data:") else data
        return "end", None

    async def sign_of_life(self) -> None:
        async with asyncio.timeout(20):
            while await anext(self.lines) != ":":
                pass


@asynccontextmanager
async def streaming(caller: Caller, query: str | None, **payload: Any) -> AsyncIterator[Stream]:
    async with (
        httpx.AsyncClient(base_url=caller.address, timeout=30) as client,
        client.stream(
            "POST", "/graphql", json={"query": query, **payload}, headers=caller.headers | STREAM
        ) as response,
    ):
        yield Stream(response)


async def test_a_subscription_is_told_and_completes(till: Caller) -> None:
    async with streaming(till, "subscription { count(upto: 2) }") as stream:
        assert stream.response.status_code == 200
        assert stream.response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert stream.response.headers["cache-control"] == "no-store"
        assert stream.response.headers["x-request-id"]
        events = [await stream.next() for _ in range(4)]

    assert [(name, data and data["data"]) for name, data in events] == [
        ("next", {"count": 1}),
        ("next", {"count": 2}),
        ("complete", None),
        ("end", None),
    ]


async def test_a_query_is_told_once(till: Caller) -> None:
    async with streaming(till, "{ numbers(upto: 2) }") as stream:
        name, data = await stream.next()
        assert (name, data["data"], data["extensions"]["cost"]["requested"]) == ("next", {"numbers": [0, 1]}, 1)
        assert (await stream.next(), await stream.next()) == (("complete", None), ("end", None))


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ numbers {", "GRAPHQL_PARSE_FAILED"),
        ("subscription { unknown }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { count(upto: 99999999999) }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ " + "x: numbers " * 41 + "}", "TOO_COMPLEX"),
        ("{ broken }", "INTERNAL"),
    ],
)
async def test_what_is_wrong_with_an_operation_is_told_in_the_stream(till: Caller, query: str, code: str) -> None:
    """Browsers' EventSource shows its page no body of a refused request."""
    async with streaming(till, query) as stream:
        name, data = await stream.next()
        assert (stream.response.status_code, name) == (200, "next")
        assert data["errors"][0]["extensions"]["code"] == code
        assert await stream.next() == ("complete", None)


async def test_who_may_not_enter_gets_no_stream(odd: Door) -> None:
    async with streaming(Caller(odd.address, {"Authorization": "Bearer x"}), "{ numbers }") as stream:
        await stream.response.aread()
        assert (stream.response.status_code, code_of(stream.response)) == (401, "UNAUTHENTICATED")
    async with streaming(stranger(odd.address), None) as stream:
        await stream.response.aread()
        assert (stream.response.status_code, code_of(stream.response)) == (400, "INVALID")


async def test_silence_is_filled_with_signs_of_life(till: Caller) -> None:
    async with streaming(till, "subscription { silence }") as stream:
        assert (await stream.next())[1]["data"] == {"silence": 1}
        await stream.sign_of_life()
        await stream.sign_of_life()


async def closed_all(before: int) -> None:
    async with asyncio.timeout(20):
        while streams.open != before:
            await asyncio.sleep(0.01)


async def test_a_client_that_hangs_up_ends_the_operation(till: Caller) -> None:
    """Nothing is left behind: no task, no generator, no connection."""
    before, tasks = streams.open, len(asyncio.all_tasks())
    for _ in range(3):
        async with streaming(till, "subscription { silence }") as stream:
            await stream.next()
            assert streams.open == before + 1

        await closed_all(before)
    async with asyncio.timeout(20):
        while len(asyncio.all_tasks()) > tasks:
            await asyncio.sleep(0.01)


async def test_a_statement_ends_with_the_client(till: Caller, owner: Any) -> None:
    sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
    async with streaming(till, "{ sleep(seconds: 3600) }"), asyncio.timeout(20):
        while await owner.fetchval(sleeping) != 1:
            await asyncio.sleep(0.01)

    async with asyncio.timeout(20):
        while await owner.fetchval(sleeping) != 0:
            await asyncio.sleep(0.01)
    for _ in range(8):
        assert (await till.ask("{ sleep(seconds: 0) }")).json()["data"] == {"sleep": True}


async def test_a_query_in_a_stream_has_no_more_time_than_any(settings: Settings, shop: ShopRef) -> None:
    hasty = settings.model_copy(update={"request_seconds": 1.0})
    async with door(hasty, Executor(odd_schema(), hasty)) as odd:
        till = await program(odd.address, shop)
        async with streaming(till, "{ sleep(seconds: 3600) }") as stream:
            _, data = await stream.next()

    assert data["errors"][0]["extensions"]["code"] == "TIMED_OUT"


async def test_a_revoked_token_ends_even_a_silent_stream(till: Caller, shop: ShopRef) -> None:
    before = streams.open
    async with streaming(till, "subscription { silence }") as stream:
        await stream.next()
        ctx = await make.context(shop)
        with open_shop(shop):
            for token in await access.tokens_of(ctx):
                await access.revoke_token(ctx, token.id)

        name, data = await stream.next()
        assert (name, data["errors"][0]["extensions"]["code"]) == ("next", "UNAUTHENTICATED")
        assert (await stream.next(), await stream.next()) == (("complete", None), ("end", None))
    await closed_all(before)


async def test_signing_out_ends_a_stream(odd: Door, shop: ShopRef) -> None:
    person = await browser(odd.address, shop, origin=odd.services.settings.public_url)
    async with streaming(person, "subscription { silence }") as stream:
        await stream.next()
        await access.sign_out((await access.identify_session(person.headers["Cookie"].partition("=")[2])).session_id)  # type: ignore[arg-type]

        assert (await stream.next())[1]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_process_that_is_to_stop_ends_its_streams(odd: Door, till: Caller) -> None:
    """Without `complete`: clients come back, to another process."""
    before = streams.open
    async with streaming(till, "subscription { silence }") as stream:
        await stream.next()

        odd.services.closing.set()

        assert await stream.next() == ("end", None)
    await closed_all(before)


async def test_a_credential_in_allow_list_mode_streams_registered_documents_alone(
    odd: Door, shop: ShopRef, ctx: Context
) -> None:
    allowed = "subscription { count(upto: 1) }"
    await trust(ctx, allowed)
    shelf = await program(odd.address, shop, trusted_documents_only=True)

    async with streaming(shelf, allowed) as stream:
        assert (await stream.next())[1]["data"] == {"count": 1}
    async with streaming(shelf, "subscription { count(upto: 2) }") as stream:
        assert (await stream.next())[1]["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"


async def test_a_stream_hears_of_its_own_shop_alone(settings: Settings, ctx: Context, other_ctx: Context) -> None:
    ours, theirs = await make.product(ctx, title="Lantern"), await make.product(other_ctx, title="Sandals")

    async def keep_changing() -> None:
        for number in count():
            for each, product in ((other_ctx, theirs), (ctx, ours)):
                with open_shop(each.shop):
                    changes = ProductChanges(title=f"{each.shop.name} {number}")
                    await catalog.update_product(each, product.id, changes, expected_version=None)
            await asyncio.sleep(0.05)

    changing = asyncio.create_task(keep_changing())
    try:
        async with door(settings, Executor(schema(), settings)) as there:
            till = await program(there.address, ctx.shop)
            async with streaming(till, "subscription { productChanged { id title } }") as stream:
                heard = [(await stream.next())[1]["data"]["productChanged"] for _ in range(3)]
    finally:
        changing.cancel()

    assert {each["id"] for each in heard} == {type_id("prod", ours.id)}
    assert all(each["title"].startswith(ctx.shop.name) for each in heard)
