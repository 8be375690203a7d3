"""Whether the process is alive, whether it is ready, and what it counts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from stoa.app import assemble
from stoa.graphql.executing import Executor
from stoa.graphql.schema import schema
from stoa.graphql.serving import Services
from stoa.settings import Settings
from stoa.tenants.context import Context
from tests.doors import program


@pytest.fixture
def services(settings: Settings, database: None) -> Services:
    return Services(settings)


@pytest.fixture
async def http(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    app = assemble(services, Executor(schema(), services.settings))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://stoa") as client:
        yield client


async def figures(http: httpx.AsyncClient) -> dict[str, dict[frozenset[str], float]]:
    """Every figure by its family and the values of its labels."""
    page = await http.get("/metrics")
    assert page.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {
        family.name: {frozenset(sample.labels.values()): sample.value for sample in family.samples}
        for family in text_string_to_metric_families(page.text)
    }


async def test_a_living_process_says_so(http: httpx.AsyncClient) -> None:
    answer = await http.get("/healthz")

    assert (answer.status_code, answer.text) == (200, "ok")


async def test_it_is_ready_when_its_engines_answer(http: httpx.AsyncClient) -> None:
    answer = await http.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"postgres": "ok", "valkey": "ok"})


async def test_without_valkey_it_is_ready_and_says_what_waits(settings: Settings, database: None) -> None:
    """Nothing is lost without it: jobs and news stand in PostgreSQL, and clients read again."""
    away = Services(Settings(**settings.model_dump() | {"redis_url": "redis://127.0.0.1:1/0"}))
    app = assemble(away, Executor(schema(), away.settings))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://stoa") as client:
        answer = await client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {
        "postgres": "ok",
        "valkey": "down: ConnectionError; live news and the start of jobs wait, nothing is lost",
    }


async def test_a_process_that_is_to_stop_wants_no_more_requests(services: Services, http: httpx.AsyncClient) -> None:
    services.closing.set()

    answer = await http.get("/readyz")

    assert (answer.status_code, answer.json()) == (503, {"process": "stopping"})
    assert (await http.get("/healthz")).status_code == 200


async def test_operations_statements_and_points_are_counted(http: httpx.AsyncClient, ctx: Context) -> None:
    before = await figures(http)
    till = await program("http://stoa", ctx.shop)

    async def ask(query: str) -> Any:
        return (await http.post("/graphql", json={"query": query}, headers=till.headers)).json()

    await ask("{ products(first: 7) { nodes { id } } } # counted")
    await ask("{ nonsense }")
    after = await figures(http)

    def more(family: str, *labels: str) -> float:
        return after[family].get(frozenset(labels), 0) - before[family].get(frozenset(labels), 0)

    assert more("stoa_graphql_operations", "query", "ok") == 1
    assert more("stoa_graphql_operations", "unknown", "refused") == 1
    assert more("stoa_graphql_points") == 7 + 2 * 10
    assert more("stoa_http_requests", "/graphql", "POST", "200") == 2
    assert more("stoa_statement_seconds") > 0
    assert after["stoa_database_connections"][frozenset({"shop", "idle"})] >= 1


async def test_jobs_that_wait_are_counted(http: httpx.AsyncClient, ctx: Context, owner: asyncpg.Connection) -> None:
    insert = """INSERT INTO platform.job (id, shop_schema, kind, name, payload, state, run_at, attempts, failures,
      max_attempts, created_at) SELECT gen_random_uuid(), $1, $2, 'a.job', '{}', 'QUEUED', now(), 0, 0, 1, now()
      FROM generate_series(1, 3)"""
    await owner.execute(insert, ctx.shop.schema, "a test's")
    assert (await figures(http))["stoa_jobs"][frozenset({"a test's", "QUEUED"})] == 3

    await owner.execute("DELETE FROM platform.job WHERE kind = $1", "a test's")
    assert frozenset({"a test's", "QUEUED"}) not in (await figures(http))["stoa_jobs"]
