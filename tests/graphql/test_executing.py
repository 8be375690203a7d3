"""One operation from text to answer: what is checked in which order, what it costs, and what errors look like."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from stoa.domains import catalog
from stoa.domains.catalog import ProductChanges
from stoa.graphql.answers import Answer
from stoa.graphql.context import GraphContext
from stoa.graphql.documents import KEPT, sha256, trust
from stoa.graphql.executing import Executor
from stoa.graphql.requests import Request, read_request
from stoa.graphql.schema import schema
from stoa.graphql.serving import Services
from stoa.kit.errors import InvalidInput
from stoa.settings import Settings
from stoa.tenants.access import Identity
from stoa.tenants.access.errors import NotSignedIn
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.doors import codes_of
from tests.graphql.asking import Ask
from tests.graphql.odd_schema import odd_schema, streams

SLEEPING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
PRODUCTS = "query ($n: Int) { products(first: $n) { nodes { title } } }"


@pytest.fixture
def odd(settings: Settings, ctx: Context) -> Ask:
    """The owner of a shop at a schema that misbehaves, with a second and a half for each request."""
    return Ask(Executor(odd_schema(), settings.model_copy(update={"request_seconds": 1.5})), settings, ctx)


@pytest.fixture
def fresh(settings: Settings, ctx: Context) -> Ask:
    """The owner of a shop, at an executor that nobody has asked yet and a bucket that time does not fill."""
    limits = {"points_capacity": 1000.0, "points_per_second": 1e-6}
    return Ask(Executor(schema(), settings.model_copy(update=limits)), settings, ctx)


async def streamed(ask: Ask, query: str, context: GraphContext | None = None, **variables: Any) -> list[Answer]:
    return [answer async for answer in stream_of(ask, query, context, **variables)]


async def stream_of(
    ask: Ask, query: str, context: GraphContext | None = None, **variables: Any
) -> AsyncIterator[Answer]:
    with open_shop(ask.ctx.shop):
        async with aclosing(ask.executor.stream(Request(query, variables), context or ask.context())) as answers:
            async for answer in answers:
                yield answer


# Reading a request ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        [{"query": "{ me { account { id } } }"}],
        "{ me }",
        7,
        {},
        {"query": None},
        {"query": 7},
        {"query": ["{ me }"]},
        {"query": "{ me }", "variables": []},
        {"query": "{ me }", "variables": "{}"},
        {"query": "{ me }", "operationName": 7},
        {"query": "{ me }", "extensions": []},
        {"query": "{ me }", "extensions": {"persistedQuery": "x"}},
        {"query": "{ me }", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": 7}}},
        {"query": "{ me }", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "short"}}},
        {"query": "{ me }", "extensions": {"persistedQuery": {"version": 2, "sha256Hash": "0" * 64}}},
        {"query": "{ me }", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "A" * 64}}},
        {"extensions": {"persistedQuery": {"version": 1}}},
    ],
)
def test_what_is_no_request_is_refused(payload: Any) -> None:
    with pytest.raises(InvalidInput):
        read_request(payload)


def test_a_request_is_read() -> None:
    assert read_request({"query": "{ a }"}) == Request("{ a }", {})
    assert read_request({"query": "{ a }", "variables": None, "operationName": "", "extensions": None, "more": 1}) == (
        Request("{ a }", {})
    )
    persisted = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}
    assert read_request({"extensions": persisted, "variables": {"a": 1}, "operationName": "A"}) == (
        Request(None, {"a": 1}, "A", "0" * 64)
    )


# What it costs --------------------------------------------------------------------------------------------------------


async def test_an_answer_tells_what_it_cost(fresh: Ask) -> None:
    body = await fresh(PRODUCTS, n=50)

    assert body["data"] == {"products": {"nodes": []}}
    # reading the document cost 10, once
    assert body["extensions"]["cost"] == {"requested": 50, "remaining": 940, "restoreRate": 1e-6}


async def test_a_query_of_a_thousand_points_and_no_more(fresh: Ask) -> None:
    text = "{ products(first: 10) { nodes { variants(first: 99) { nodes { id } } } } }"
    fresh.executor.buckets.capacity = 10_000

    assert (await fresh(text))["extensions"]["cost"]["requested"] == 1000
    error = await fresh.error(text.replace("nodes { v", "nodes { category { id } v"))
    assert (error["code"], error["params"]) == ("TOO_COMPLEX", {"cost": 1010, "limit": 1000})
    assert error["message"] == "The query costs 1010 points; 1000 are allowed. Ask for less at once."


async def test_whoever_has_no_points_left_waits(fresh: Ask) -> None:
    context = fresh.context()
    with open_shop(fresh.ctx.shop):
        for _ in range(9):
            assert (await fresh.executor.answer(Request(PRODUCTS, {"n": 100}), context)).code == ""
        answer = await fresh.executor.answer(Request(PRODUCTS, {"n": 100}), context)

    [error] = answer.body["errors"]
    assert (answer.was_run, answer.code) == (False, "THROTTLED")
    assert answer.retry_after == error["extensions"]["params"]["retryAfter"] > 0
    assert answer.body["extensions"]["cost"] | {"retryAfterMs": 0} == {
        "requested": 100,
        "remaining": 90,
        "restoreRate": 1e-6,
        "retryAfterMs": 0,
    }


async def test_another_credential_of_the_shop_has_a_bucket_of_its_own(fresh: Ask) -> None:
    for _ in range(9):
        await fresh(PRODUCTS, n=100)  # every call is another session's

    assert (await fresh(PRODUCTS, n=100))["extensions"]["cost"]["remaining"] == 900


async def test_strangers_of_one_network_share_a_bucket(fresh: Ask) -> None:
    async def ask(address: str) -> int:
        context = GraphContext(Services(fresh.settings), "a-request", address=address)
        answer = await fresh.executor.answer(Request("{ __typename }", {}), context)
        return int(answer.body["extensions"]["cost"]["remaining"])

    assert await ask("2001:db8::1") == 989
    assert await ask("2001:db8::2") == 988
    assert await ask("2001:db8:0:1::1") == 999
    assert await ask("198.51.100.7") == 999


async def test_documents_that_are_not_valid_cost_as_well(fresh: Ask) -> None:
    context = fresh.context()
    with open_shop(fresh.ctx.shop):
        codes = [(await fresh.executor.answer(Request(f"{{ nonsense{i} }}", {}), context)).code for i in range(101)]

    assert codes == ["GRAPHQL_VALIDATION_FAILED"] * 100 + ["THROTTLED"]


async def test_costs_of_a_document_are_kept_within_bounds(fresh: Ask) -> None:
    text = "query ($a: Int, $b: Int) { products(first: $a) { nodes { id } } categories(first: $b) { nodes { id } } }"
    fresh.executor.buckets.capacity = 1e9
    for i in range(1000):
        await fresh(text, a=i % 100, b=i // 100, c="x" * i)

    document = fresh.executor.documents.known(text)
    assert document is not None
    assert len(document.costs) <= 200


# The cache of documents -----------------------------------------------------------------------------------------------


async def test_a_document_read_for_one_shop_serves_another_with_its_own_rows(
    ask: Ask, ask_other: Ask, ctx: Context, other_ctx: Context
) -> None:
    await make.product(ctx, title="Lantern")
    await make.product(other_ctx, title="Sandals")

    for _ in range(8):  # beyond the warm-up of compiled selections
        assert await ask.data(PRODUCTS, n=5) == {"products": {"nodes": [{"title": "Lantern"}]}}
        assert await ask_other.data(PRODUCTS, n=5) == {"products": {"nodes": [{"title": "Sandals"}]}}


async def test_a_plan_made_for_one_credential_gives_another_no_rights(ask: Ask, ctx: Context) -> None:
    await make.product(ctx, variants=[{"cost_minor": 500}])
    text = "{ variants { nodes { cost { amount } } } }"
    for _ in range(8):
        assert await ask.data(text) == {"variants": {"nodes": [{"cost": {"amount": "5.00"}}]}}

    error = await ask.without("catalog:cost").error(text)
    assert (error["code"], error["params"]["scope"]) == ("PERMISSION_DENIED", "catalog:cost")
    error = await ask.without("catalog:read").error(text)
    assert (error["code"], error["params"]["scope"]) == ("PERMISSION_DENIED", "catalog:read")


async def test_the_cache_never_holds_more_than_its_bound(fresh: Ask) -> None:
    fresh.executor.buckets.capacity = 1e9
    for i in range(KEPT + 20):
        assert "errors" not in await fresh(f"{{ __typename @include(if: true) a{i}: __typename }}")

    assert len(fresh.executor.documents._by_text) == KEPT


# Persisted and trusted documents --------------------------------------------------------------------------------------


async def test_a_persisted_query_runs_by_its_hash(ask: Ask) -> None:
    text, context = "{ products { nodes { title } } } # by hash", ask.context()
    hash = sha256(text)

    async def run(query: str | None) -> Answer:
        with open_shop(ask.ctx.shop):
            return await ask.executor.answer(Request(query, {}, None, hash), context)

    unknown = await run(None)
    assert (unknown.code, unknown.body["errors"][0]["message"]) == (
        "PERSISTED_QUERY_NOT_FOUND",
        "PersistedQueryNotFound",
    )
    assert (await run(text)).body["data"] == {"products": {"nodes": []}}
    assert (await run(None)).body["data"] == {"products": {"nodes": []}}


async def test_a_credential_in_allow_list_mode_runs_registered_documents_alone(ask: Ask) -> None:
    text, other = "{ products { nodes { title } } } # trusted", "{ products { nodes { id } } } # not trusted"
    await ask.data(other)  # known to the process, which changes nothing
    hash = await trust(ask.ctx, text)
    context = ask.context()
    assert context.identity is not None
    context.identity = replace(context.identity, trusted_documents_only=True)

    async def run(query: str | None, hash: str | None) -> list[Answer]:
        request = Request(query, {}, None, hash)
        with open_shop(ask.ctx.shop):
            once = await ask.executor.answer(request, context)
            return [once, *[answer async for answer in ask.executor.stream(request, context)]]

    for query, named in ((text, None), (None, hash), (text, hash)):
        assert [answer.body["data"] for answer in await run(query, named)] == [{"products": {"nodes": []}}] * 2
    for query, named in ((other, None), (None, sha256(other)), (other, sha256(other)), ("{ __typename }", None)):
        assert [answer.code for answer in await run(query, named)] == ["DOCUMENT_NOT_TRUSTED"] * 2
    assert [answer.code for answer in await run(other, hash)] == ["INVALID"] * 2


# Errors ---------------------------------------------------------------------------------------------------------------


async def test_a_bug_is_masked_and_logged(odd: Ask) -> None:
    with capture_logs() as lines:
        body = await odd("query ($p: String!) { broken(password: $p) }", p="correct horse")

    assert body["data"] == {"broken": None}
    assert body["errors"] == [
        {
            "message": "Something went wrong on our side. Tell us this request id: a-request",
            "locations": [{"line": 1, "column": 23}],
            "path": ["broken"],
            "extensions": {"code": "INTERNAL", "requestId": "a-request"},
        }
    ]
    [line] = lines
    assert (line["event"], line["log_level"], line["path"]) == ("a resolver failed", "error", ["broken"])
    assert repr(line["exc_info"]) == "Broken('the wheel came off')"
    assert "correct horse" not in str(line)


@pytest.mark.parametrize("query", ["{ wrongKind }", "{ nothing }"])
async def test_what_a_resolver_should_not_have_returned_is_a_bug_too(odd: Ask, query: str) -> None:
    with capture_logs() as lines:
        body = await odd(query)

    assert codes_of(body) == ["INTERNAL"]
    assert "number" not in str(body)
    assert [line["log_level"] for line in lines] == ["error"]


async def test_a_refusal_says_what_is_in_the_way_and_is_not_logged(odd: Ask) -> None:
    with capture_logs() as lines:
        error = await odd.error("{ refused }")

    assert error == {
        "message": "The name is taken.",
        "path": ["refused"],
        "code": "TAKEN",
        "params": {"takenName": "Zeno"},
        "argument": ["firstName"],
        "requestId": "a-request",
    }
    assert lines == []


async def test_several_refusals_are_several_errors(odd: Ask) -> None:
    body = await odd("{ refusedTwice }")

    assert [(e["message"], e["extensions"]["code"]) for e in body["errors"]] == [
        ("The first.", "INVALID"),
        ("The second.", "INVALID"),
    ]


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{ me {", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ unknown }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ " + "a: __typename " * 50 + "}", {}, "TOO_COMPLEX"),
        ("query ($n: Int!) { products(first: $n) { nodes { id } } }", {}, "BAD_USER_INPUT"),
        ("query ($n: Int!) { products(first: $n) { nodes { id } } }", {"n": "many"}, "BAD_USER_INPUT"),
        ("query ($n: Int!) { products(first: $n) { nodes { id } } }", {"n": 2**40}, "BAD_USER_INPUT"),
        ("query ($n: Int!) { products(first: $n) { nodes { id } } }", {"n": True}, "BAD_USER_INPUT"),
        ("query ($id: ID!) { product(id: $id) { id } }", {"id": "nonsense"}, "INVALID"),
        ("query ($id: ID!) { product(id: $id) { id } }", {"id": "a\x00b"}, "INVALID"),
        ("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["x"] * 251}, "TOO_COMPLEX"),
        ("query A { me { scopes } } query B { me { scopes } }", {}, "INVALID"),
        ("subscription { productChanged { id } }", {}, "INVALID"),
        ("{ products(first: 101) { nodes { id } } }", {}, "INVALID"),
        ('{ products(after: "nonsense") { nodes { id } } }', {}, "INVALID"),
        ('query ($w: ProductWhere = {createdAt: {after: "x"}}) { products(where: $w) { nodes { id } } }', {}, None),
    ],
)
async def test_every_error_has_a_code_and_a_request_id(
    ask: Ask, query: str, variables: dict[str, Any], code: str | None
) -> None:
    with capture_logs() as lines:
        body = await ask(query, **variables)

    assert body["errors"]
    assert all({"code", "requestId"} <= set(error["extensions"]) for error in body["errors"])
    assert codes_of(body)[0] == code or code is None
    assert "INTERNAL" not in codes_of(body)
    assert lines == []


async def test_a_request_that_was_not_run_has_no_data(ask: Ask) -> None:
    for query in ("{ me {", "{ unknown }", "query ($n: Int!) { products(first: $n) { nodes { id } } }"):
        assert "data" not in await ask(query)


async def test_permission_is_asked_of_every_operation_anew(ask: Ask) -> None:
    error = await ask.without("catalog:write").error(
        'mutation { categoryCreate(input: {name: "x"}) { category { id } } }'
    )

    assert (error["code"], error["path"]) == ("PERMISSION_DENIED", ["categoryCreate"])


# Time -----------------------------------------------------------------------------------------------------------------


async def test_a_statement_that_takes_too_long_is_ended_in_postgresql(odd: Ask, owner: asyncpg.Connection) -> None:
    """And its connection serves the next request."""
    asking = asyncio.create_task(streamed(odd, "{ sleep(seconds: 3600) }"))
    async with asyncio.timeout(20):
        while await owner.fetchval(SLEEPING) != 1:
            await asyncio.sleep(0.01)

    [late] = await asking

    assert (late.was_run, late.code) == (False, "TIMED_OUT")
    assert late.body["errors"][0]["message"] == "The request took longer than 1.5 seconds and was broken off."
    assert await owner.fetchval(SLEEPING) == 0
    for _ in range(8):  # as many as the pool has, twice
        assert await odd.data("{ sleep(seconds: 0) }") == {"sleep": True}


# Subscriptions --------------------------------------------------------------------------------------------------------


async def test_a_subscription_answers_every_event(odd: Ask) -> None:
    answers = await streamed(odd, "subscription { count(upto: 3) }")

    assert [answer.body["data"] for answer in answers] == [{"count": 1}, {"count": 2}, {"count": 3}]
    assert all(answer.was_run for answer in answers)


async def test_a_query_in_a_stream_answers_once(odd: Ask) -> None:
    assert [answer.body["data"] for answer in await streamed(odd, "{ numbers(upto: 2) }")] == [{"numbers": [0, 1]}]


async def test_every_event_reads_the_shop(odd: Ask) -> None:
    await make.product(odd.ctx)

    answers = await streamed(odd, "subscription { reads }")

    assert [answer.body["data"] for answer in answers] == [{"reads": 1}] * 3


async def test_a_source_that_breaks_is_masked_and_ends_the_stream(odd: Ask) -> None:
    with capture_logs() as lines:
        first, last = await streamed(odd, "subscription { breaks }")

    assert first.body["data"] == {"breaks": 1}
    assert (last.was_run, last.code) == (False, "INTERNAL")
    assert "wheel" not in str(last.body)
    assert [line["log_level"] for line in lines] == ["error"]


async def test_a_source_may_refuse(odd: Ask) -> None:
    [answer] = await streamed(odd.without("catalog:read"), "subscription { needsARight }")

    assert (answer.was_run, answer.code) == (False, "PERMISSION_DENIED")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription { unknown }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { count(upto: 1) breaks }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription ($n: Int!) { count(upto: $n) }", "BAD_USER_INPUT"),
    ],
)
async def test_a_subscription_that_cannot_begin_says_why(odd: Ask, query: str, code: str) -> None:
    [answer] = await streamed(odd, query)

    assert (answer.was_run, answer.code) == (False, code)


async def test_every_event_is_paid_for(settings: Settings, ctx: Context) -> None:
    limits = {"points_capacity": 100.0, "points_per_second": 1e-6}
    odd = Ask(Executor(odd_schema(), settings.model_copy(update=limits)), settings, ctx)

    answers = await streamed(odd, "subscription { count(upto: 3) }")

    # 10 for reading the document, 1 for subscribing
    assert [answer.body["extensions"]["cost"]["remaining"] for answer in answers] == [88, 87, 86]


async def test_events_wait_for_points(settings: Settings, ctx: Context) -> None:
    limits = {"points_capacity": 12.0, "points_per_second": 200.0}
    odd = Ask(Executor(odd_schema(), settings.model_copy(update=limits)), settings, ctx)

    answers = await streamed(odd, "subscription { count(upto: 30) }")

    assert [answer.body["data"]["count"] for answer in answers] == list(range(1, 31))


async def test_an_event_is_not_told_to_whoever_has_signed_out(odd: Ask) -> None:
    holds = True

    async def identify() -> Identity:
        if not holds:
            raise NotSignedIn
        assert context.identity is not None
        return context.identity

    context = odd.context()
    context.identify = identify
    stream = stream_of(odd, "subscription { count(upto: 3) }", context)
    assert (await anext(stream)).body["data"] == {"count": 1}
    holds = False

    last = [answer async for answer in stream]

    assert [(answer.was_run, answer.code) for answer in last] == [(False, "UNAUTHENTICATED")]


async def test_an_event_is_answered_with_the_rights_of_its_moment(ask: Ask, ctx: Context) -> None:
    """A right that was taken away since the subscription began shows nothing any more."""
    product = await make.product(ctx)
    rights = ctx.scopes

    async def identify() -> Identity:
        assert context.identity is not None
        return replace(context.identity, scopes=rights)

    context = ask.context()
    context.identify = identify
    text = "subscription { productChanged { title variants { nodes { cost { amount } } } } }"
    with open_shop(ctx.shop):
        async with aclosing(ask.executor.stream(Request(text, {}), context)) as answers, asyncio.timeout(20):
            first = asyncio.ensure_future(anext(answers))
            while not first.done():
                await catalog.update_product(ctx, product.id, ProductChanges(title="Lamp"), expected_version=None)
                await asyncio.sleep(0.05)
            assert (await first).body["data"]["productChanged"]["title"] == "Lamp"
            rights = ctx.scopes - {"catalog:cost"}
            second = asyncio.ensure_future(anext(answers))
            while not second.done():
                await catalog.update_product(ctx, product.id, ProductChanges(title="Oil lamp"), expected_version=None)
                await asyncio.sleep(0.05)
            assert codes_of((await second).body) == ["PERMISSION_DENIED"]


async def test_a_stream_that_is_closed_closes_its_source(odd: Ask) -> None:
    stream = stream_of(odd, "subscription { silence }")
    before = streams.open
    await anext(stream)
    assert streams.open == before + 1

    await stream.aclose()  # type: ignore[attr-defined]

    assert streams.open == before
