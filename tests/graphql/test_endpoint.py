"""GraphQL over HTTP, through a real server: bodies, statuses, headers, and who is let in before anything is read."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import orjson
import pytest

from stoa.app import assemble
from stoa.graphql.costing import MAX_COST
from stoa.graphql.documents import trust
from stoa.graphql.endpoint import STATUS
from stoa.graphql.errors import TopLevel
from stoa.graphql.executing import Executor
from stoa.graphql.limits import (
    MAX_ALIASES,
    MAX_BODY,
    MAX_DEPTH,
    MAX_DIRECTIVES,
    MAX_DOCUMENT,
    MAX_FIELDS,
    MAX_LIST,
    MAX_NESTING,
    MAX_REPEATS,
    MAX_SOCKET_MESSAGE,
    MAX_TOKENS,
    MAX_VALUES,
)
from stoa.graphql.schema import schema
from stoa.graphql.serving import Services
from stoa.kit.errors import InvalidInput
from stoa.kit.ids import new_id, type_id
from stoa.settings import Settings
from stoa.tenants import access
from stoa.tenants.access.errors import NoShopChosen
from stoa.tenants.context import Context, ShopRef, open_shop
from tests import make
from tests.doors import Caller, browser, code_of, opened, program, stranger
from tests.graphql.odd_schema import odd_schema

ME = "{ me { account { id } scopes } }"
NAMES = "{ products { nodes { title } } }"
HOME = "https://office.example.com"
MODERN = {"Accept": "application/graphql-response+json, application/json;q=0.9"}


@pytest.fixture(scope="module")
def services(settings: Settings) -> Services:
    return Services(settings.model_copy(update={"public_url": HOME.replace("https", "http")}))


@pytest.fixture(scope="module")
def executor(services: Services) -> Executor:
    return Executor(schema(), services.settings)


@pytest.fixture(scope="module")
async def address(services: Services, executor: Executor, database: None) -> AsyncIterator[str]:
    async with opened(assemble(services, executor)) as address:
        yield address


@pytest.fixture
async def till(address: str, shop: ShopRef) -> Caller:
    return await program(address, shop)


@pytest.fixture
async def odd(services: Services, shop: ShopRef) -> AsyncIterator[Caller]:
    """A program at the schema that misbehaves, where nobody is patient."""
    hasty = Services(services.settings.model_copy(update={"request_seconds": 1.5}))
    async with opened(assemble(hasty, Executor(odd_schema(), hasty.settings))) as address:
        yield await program(address, shop)


# What comes in --------------------------------------------------------------------------------------------------------


async def test_a_query_is_answered(till: Caller, shop: ShopRef) -> None:
    response = await till.ask(
        "query ($n: Int) { shop { name } products(first: $n) { nodes { id } } }", variables={"n": 5}
    )

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    body = response.json()
    assert body["data"] == {"shop": {"name": shop.name}, "products": {"nodes": []}}
    assert body["extensions"]["cost"]["requested"] == 6


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "INVALID"),
        (b"{", "INVALID"),
        (b"not json", "INVALID"),
        (b"[]", "INVALID"),
        (b'[{"query": "{ __typename }"}]', "INVALID"),
        (b'"{ __typename }"', "INVALID"),
        (b"null", "INVALID"),
        (b"{}", "INVALID"),
        (b'{"query": 7}', "INVALID"),
        (b'{"query": "{ __typename }", "variables": []}', "INVALID"),
        (b'{"query": "{ __typename }", "variables": {"a": NaN}}', "INVALID"),
        (b'{"query": "{ __typename }", "variables": {"a": Infinity}}', "INVALID"),
        (b'{"query": "{ __typename }", "variables": {"a": -1e}}', "INVALID"),
        (b'{"query": "\xff\xfe"}', "INVALID"),
        (b'{"query": "{ __typename }", "variables": {"a": "\\ud800"}}', "INVALID"),
        (b'{"query": "{ __typename }", "variables": {"a": "\\u0000"}}', "INVALID"),
        (b'{"query": "{ __typename }", "variables": {"a": "\x00"}}', "INVALID"),
        (b'{"query": "{ \\u0000 }"}', "GRAPHQL_PARSE_FAILED"),
        (b'\xef\xbb\xbf{"query": "{ __typename }"}', "INVALID"),
        (b"[" * 100_000 + b"]" * 100_000, "INVALID"),
        (b'{"query": "{ __typename }", "variables": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}", "INVALID"),
        (b'{"query": "{ __typename }", "variables": {"a": ' + b"[" * 500 + b"]" * 500 + b"}}", "TOO_COMPLEX"),
        (b'{"query": "' + b"x" * 70_000 + b'"}', "TOO_COMPLEX"),
        (b'{"query": "' + b"{a" * 30_000 + b'"}', "GRAPHQL_PARSE_FAILED"),
    ],
)
async def test_malformed_and_absurd_bodies_are_the_clients_fault(till: Caller, body: bytes, code: str) -> None:
    response = await till.send(body, headers=MODERN)

    assert (response.status_code, code_of(response)) == (400, code)
    assert response.json()["errors"][0]["message"]


@pytest.mark.parametrize("number", ["1" * 400, "-" + "9" * 5000, "18446744073709551616", "1e400", "0." + "1" * 5000])
async def test_huge_numbers_are_answered_for(till: Caller, number: str) -> None:
    query = "query ($n: Int) { products(first: $n) { nodes { id } } }"
    response = await till.send(f'{{"query": "{query}", "variables": {{"n": {number}}}}}'.encode(), headers=MODERN)

    assert response.status_code == 400
    assert code_of(response) in ("INVALID", "BAD_USER_INPUT")


async def test_of_duplicate_keys_the_last_counts(till: Caller) -> None:
    response = await till.send(b'{"query": "{ nonsense }", "query": "{ __typename }"}')

    assert response.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "json",
    ],
)
async def test_a_form_or_any_other_type_is_refused(till: Caller, content_type: str) -> None:
    """A browser would send these across sites without asking."""
    response = await till.send(orjson.dumps({"query": ME}), headers={"Content-Type": content_type})

    assert (response.status_code, code_of(response)) == (415, "NOT_JSON")


async def test_a_compressed_body_is_refused(till: Caller) -> None:
    response = await till.send(b"\x1f\x8b", headers={"Content-Encoding": "gzip"})

    assert (response.status_code, code_of(response)) == (415, "NOT_JSON")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_only_post_is_answered(till: Caller, method: str) -> None:
    """So no link, picture or prefetch can do anything, and no preflight allows another site to."""
    query = 'mutation { categoryCreate(input: {name: "x"}) { category { id } } }'
    async with httpx.AsyncClient(base_url=till.address, headers=till.headers) as client:
        response = await client.request(method, "/graphql", params={"query": query})

    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert not any(name.startswith("access-control-") for name in response.headers)
    assert (await till.ask("{ categories { nodes { name } } }")).json()["data"] == {"categories": {"nodes": []}}


def padded(size: int) -> bytes:
    body = orjson.dumps({"query": "{ __typename }"})
    return body + b" " * (size - len(body))


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    """Sent chunked: no Content-Length tells what is to come."""
    for start in range(0, len(body), 50_000):
        yield body[start : start + 50_000]


async def test_a_body_of_one_mebibyte_and_no_more(till: Caller) -> None:
    for body in (padded(2**20), in_pieces(padded(2**20))):
        assert (await till.send(body)).json()["data"] == {"__typename": "Query"}
    for body in (padded(2**20 + 1), in_pieces(padded(2**20 + 1))):
        response = await till.send(body)
        assert (response.status_code, code_of(response)) == (413, "BODY_TOO_LARGE")


async def test_a_body_is_refused_while_it_comes(till: Caller) -> None:
    """An endless body is not waited for."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 2**30:
            sent += 2**16
            yield b" " * 2**16

    try:
        response = await till.send(endless())
        assert (response.status_code, code_of(response)) == (413, "BODY_TOO_LARGE")
    except httpx.TransportError:
        pass  # the server has hung up while we were sending
    assert sent < 2**28


@pytest.mark.parametrize("length", ["8388609", "9" * 15, "9" * 19])
async def test_a_body_that_is_announced_too_large_is_not_read(till: Caller, length: str) -> None:
    head, _ = await spoken(till, {"Content-Length": length})

    assert head.startswith(b"HTTP/1.1 413")


async def spoken(caller: Caller, headers: dict[str, str], *body: bytes, pause: float = 0) -> tuple[bytes, bytes]:
    """A request byte for byte; the head and the body of what comes back."""
    at = urlsplit(caller.address)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    told = {"Host": "x", "Content-Type": "application/json", "Connection": "close"} | caller.headers | headers
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    writer.write(f"POST /graphql HTTP/1.1\r\n{lines}\r\n".encode())
    for part in body:
        await asyncio.sleep(pause)
        writer.write(part)
    try:
        async with asyncio.timeout(10):
            answer = await reader.read()
    finally:
        writer.close()
    head, _, content = answer.partition(b"\r\n\r\n")
    return head, content


async def test_a_body_that_does_not_come_is_not_waited_for_forever(odd: Caller) -> None:
    head, body = await spoken(odd, {"Content-Length": "100"}, b'{"query"')

    assert head.startswith(b"HTTP/1.1 504")
    assert orjson.loads(body)["errors"][0]["extensions"]["code"] == "TIMED_OUT"


async def test_a_client_that_hangs_up_half_way_does_no_harm(till: Caller) -> None:
    at = urlsplit(till.address)
    for _ in range(5):
        with socket.create_connection((at.hostname, at.port)) as connection:
            connection.sendall(
                b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
            )
            await asyncio.sleep(0.02)

    assert (await till.ask("{ __typename }")).status_code == 200


async def test_a_request_that_takes_too_long_is_cut_off(odd: Caller) -> None:
    response = await odd.ask("{ sleep(seconds: 3600) }")

    assert (response.status_code, code_of(response)) == (504, "TIMED_OUT")
    assert (await odd.ask("{ sleep(seconds: 0) }")).json()["data"] == {"sleep": True}


# Who is let in --------------------------------------------------------------------------------------------------------


async def test_nobodys_document_is_read_before_it_is_known_who_asks(
    address: str, executor: Executor, shop: ShopRef
) -> None:
    fool = Caller(address, {"Authorization": "Bearer nonsense"})
    kept = len(executor.documents._by_text)

    for query in ("{ nonsense", "{ __typename me { scopes } } # by a fool"):
        response = await fool.ask(query)
        assert (response.status_code, code_of(response)) == (401, "UNAUTHENTICATED")
    assert (await fool.send(b"{")).status_code == 401
    assert len(executor.documents._by_text) == kept


async def test_a_revoked_token_is_refused(till: Caller, shop: ShopRef) -> None:
    assert (await till.ask(ME)).status_code == 200
    ctx = await make.context(shop)
    with open_shop(shop):
        for token in await access.tokens_of(ctx):
            await access.revoke_token(ctx, token.id)

    response = await till.ask(ME)
    assert (response.status_code, code_of(response)) == (401, "UNAUTHENTICATED")


async def test_a_stranger_may_ask_who_they_are(address: str) -> None:
    assert (await stranger(address).ask(ME)).json()["data"] == {"me": None}
    response = await stranger(address).ask(NAMES)
    assert (response.status_code, code_of(response)) == (200, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"Origin": "https://evil.example"}, 403, "FOREIGN_ORIGIN"),
        ({"Origin": "null"}, 403, "FOREIGN_ORIGIN"),
        ({"Stoa-Csrf": "wrong"}, 403, "CSRF_MISMATCH"),
        ({"Stoa-Shop": "shop_nonsense"}, 404, "UNKNOWN_SHOP"),
    ],
)
async def test_a_session_is_taken_from_our_own_pages_alone(
    address: str, services: Services, shop: ShopRef, change: dict[str, str], status: int, code: str
) -> None:
    person = await browser(address, shop, origin=services.settings.public_url)
    mutation = 'mutation { categoryCreate(input: {name: "Lamps"}) { category { name } userErrors { code } } }'

    response = await person.ask(mutation, headers=change)
    assert (response.status_code, code_of(response)) == (status, code)
    assert not any(name.startswith("access-control-") for name in response.headers)
    assert (await person.ask("{ categories { nodes { name } } }")).json()["data"]["categories"]["nodes"] == []
    assert (await person.ask(mutation)).json()["data"]["categoryCreate"]["category"] == {"name": "Lamps"}


async def test_another_merchants_shop_is_as_unknown_as_none(till: Caller, other_shop: ShopRef) -> None:
    def told(response: httpx.Response) -> Any:
        [error] = response.json()["errors"]
        error["extensions"].pop("requestId")
        return response.status_code, error

    theirs = await till.ask(ME, headers={"Stoa-Shop": type_id("shop", other_shop.id)})
    nobodys = await till.ask(ME, headers={"Stoa-Shop": type_id("shop", new_id())})

    assert told(theirs) == told(nobodys)
    assert told(theirs)[0] == 404


async def test_signing_in_sets_the_cookie_and_signing_out_takes_it(address: str, services: Services) -> None:
    who = {"email": f"{new_id().hex}@example.com", "password": "figs and olives at noon"}
    account = {
        **who,
        "name": "Zeno",
        "shopName": "Stoa",
        "currency": "EUR",
        "timeZone": "Europe/Berlin",
        "locale": "en",
    }
    query = "mutation ($input: AccountOpenInput!) { accountOpen(input: $input) { csrfToken userErrors { message } } }"
    opened_it = await stranger(address).ask(query, variables={"input": account})
    payload = opened_it.json()["data"]["accountOpen"]
    assert payload["userErrors"] == []

    cookie = opened_it.headers["set-cookie"]
    assert cookie.startswith("stoa_session=")
    assert cookie.endswith("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax")
    headers = {
        "Cookie": cookie.partition(";")[0],
        "Stoa-Csrf": payload["csrfToken"],
        "Origin": services.settings.public_url,
    }
    person = Caller(address, headers)
    assert (await person.ask("{ shop { name } }")).json()["data"] == {"shop": {"name": "Stoa"}}

    ended = await person.ask("mutation { sessionEnd(input: {}) { ended } }")
    assert "Max-Age=0" in ended.headers["set-cookie"]
    assert (await person.ask(ME)).json()["data"] == {"me": None}


# What goes out --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "code", "modern", "legacy"),
    [
        ("{ me {", "GRAPHQL_PARSE_FAILED", 400, 200),
        ("{ unknown }", "GRAPHQL_VALIDATION_FAILED", 400, 200),
        ("query ($n: Int!) { products(first: $n) { nodes { id } } }", "BAD_USER_INPUT", 400, 200),
        ('{ product(id: "nonsense") { id } }', "INVALID", 200, 200),
        ("subscription { productChanged { id } }", "INVALID", 400, 200),
        (None, "PERSISTED_QUERY_NOT_FOUND", 200, 200),
    ],
)
async def test_statuses_are_those_of_the_media_type_asked_for(
    till: Caller, query: str | None, code: str, modern: int, legacy: int
) -> None:
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}} if query is None else None
    new = await till.ask(query, headers=MODERN, extensions=extensions)
    old = await till.ask(query, extensions=extensions)

    assert (new.status_code, new.headers["content-type"]) == (
        modern,
        "application/graphql-response+json; charset=utf-8",
    )
    assert (old.status_code, old.headers["content-type"]) == (legacy, "application/json; charset=utf-8")
    assert code_of(new) == code_of(old) == code


async def test_a_persisted_query_over_http(till: Caller) -> None:
    text = "{ products { nodes { title } } } # persisted"
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(text.encode()).hexdigest()}}

    assert code_of(await till.ask(extensions=extensions)) == "PERSISTED_QUERY_NOT_FOUND"
    for query in (text, None):
        assert (await till.ask(query, extensions=extensions)).json()["data"] == {"products": {"nodes": []}}


async def test_allow_list_mode_over_http(address: str, shop: ShopRef, ctx: Context) -> None:
    text = "{ products { nodes { title } } } # allowed"
    hash, shelf = await trust(ctx, text), await program(address, shop, trusted_documents_only=True)
    by_hash = {"persistedQuery": {"version": 1, "sha256Hash": hash}}

    assert (await shelf.ask(text)).json()["data"] == {"products": {"nodes": []}}
    assert (await shelf.ask(extensions=by_hash)).json()["data"] == {"products": {"nodes": []}}
    assert code_of(await shelf.ask(ME)) == "DOCUMENT_NOT_TRUSTED"
    assert code_of(await shelf.ask("{ nonsense")) == "DOCUMENT_NOT_TRUSTED"


async def test_whoever_asks_too_much_is_told_when_to_come_back(services: Services, shop: ShopRef) -> None:
    limits = {"points_capacity": 100.0, "points_per_second": 10.0}
    settings = services.settings.model_copy(update=limits)
    async with opened(assemble(Services(settings), Executor(schema(), settings))) as address:
        till = await program(address, shop)
        assert (await till.ask(NAMES)).status_code == 200
        responses = [await till.ask("{ products(first: 100) { nodes { title } } }") for _ in range(2)]

    for response in responses:
        assert (response.status_code, code_of(response)) == (429, "THROTTLED")
        cost = response.json()["extensions"]["cost"]
        assert int(response.headers["retry-after"]) == -(-cost["retryAfterMs"] // 1000) > 0


async def test_a_bug_outside_the_resolvers_is_masked_as_well(
    services: Services, shop: ShopRef, caplog: pytest.LogCaptureFixture
) -> None:
    class Burning(Executor):
        async def answer(self, *_: Any) -> Any:
            raise RuntimeError("the kitchen burns")

    async with opened(assemble(services, Burning(schema(), services.settings))) as address:
        response = await stranger(address).ask(ME, headers={"X-Request-Id": "kitchen-1234"})

    assert response.status_code == 500
    assert response.json() == {
        "errors": [
            {
                "message": "Something went wrong on our side. Tell us this request id: kitchen-1234",
                "extensions": {"code": "INTERNAL", "requestId": "kitchen-1234"},
            }
        ]
    }
    assert response.headers["x-request-id"] == "kitchen-1234"
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_many_requests_at_once_keep_to_their_shops(
    address: str, ctx: Context, other_ctx: Context, owner: asyncpg.Connection
) -> None:
    await make.product(ctx, title="Lantern")
    await make.product(other_ctx, title="Sandals")
    ours, theirs = await program(address, ctx.shop), await program(address, other_ctx.shop)

    answers = await asyncio.gather(*(caller.ask(NAMES) for caller in [ours, theirs] * 40))

    titles = [answer.json()["data"]["products"]["nodes"] for answer in answers]
    assert titles == [[{"title": "Lantern"}], [{"title": "Sandals"}]] * 40


def test_the_guide_tells_every_code_and_every_limit() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "api" / "transport.md").read_text("utf-8")
    codes = {refusal.code for refusal in (*TopLevel.__subclasses__(), NoShopChosen, InvalidInput)} | set(STATUS)

    for code in {*codes, "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT", "INTERNAL"}:
        assert f"| `{code}` |" in guide
    for code, status in STATUS.items():
        assert f"| `{code}` | {status} |" in guide
    for limit in (
        f"depth | {MAX_DEPTH} ",
        f"aliases | {MAX_ALIASES} ",
        f"directives | {MAX_DIRECTIVES} ",
        f"tokens of a document | {MAX_TOKENS:,} ",
        f"length of a document | {MAX_DOCUMENT:,} ",
        f"fields, fragments spread | {MAX_FIELDS:,} ",
        f"the same field in one place | {MAX_REPEATS} ",
        f"variable | {MAX_LIST} ",
        f"variables | {MAX_VALUES:,}, {MAX_NESTING} deep",
        f"cost of a query | {MAX_COST:,} ",
        f"body of a request | {MAX_BODY // 2**20} MiB",
        f"message on a websocket | {MAX_SOCKET_MESSAGE // 2**10} KiB",
    ):
        assert limit in guide
