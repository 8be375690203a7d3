"""The merchant's view of the shop's jobs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from stoa.graphql.requests import Request
from stoa.graphql.tenants.jobs import percent_done
from stoa.kit.clock import now
from stoa.kit.ids import type_id
from stoa.kit.languages import reading
from stoa.tenants import live
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.jobs import Job, LeaseLost, Priority
from stoa.tenants.models import Job as JobRow
from stoa.tenants.outbox import enqueue
from tests.graphql.asking import Ask, statements_sent

LIST = """query ($where: JobWhere, $first: Int = 20, $after: String) { jobs(where: $where, first: $first, after: $after) {
  nodes { id kind name state priority percent attempts failures maxAttempts failure requestId runAt startedAt finishedAt
    canBeCancelled canBeReplayed } count { value } pageInfo { endCursor } } }"""
CANCEL = """mutation ($id: ID!) { jobCancel(input: {id: $id}) {
  job { id state finishedAt } userErrors { code message path } } }"""
REPLAY = CANCEL.replace("jobCancel", "jobReplay")


async def planned(ctx: Context, name: str = "test.turn", **more: Any) -> UUID:
    with open_shop(ctx.shop):
        async with shop_transaction():
            id = await enqueue(ctx, name, {"secret": "never shown"}, kind="general", **more)
    assert id is not None
    return id


async def state_of(id: UUID) -> tuple[str, int, int]:
    row = await JobRow.get(id=id)
    return str(row.state), row.attempts, row.failures


async def test_a_shop_sees_its_jobs_newest_first_and_nobody_elses(ask: Ask, ask_other: Ask) -> None:
    first = await planned(ask.ctx)
    second = await planned(ask.ctx, priority=Priority.LAST)
    await planned(ask_other.ctx)

    listed = (await ask.data(LIST))["jobs"]

    assert [each["id"] for each in listed["nodes"]] == [type_id("job", second), type_id("job", first)]
    assert listed["count"] == {"value": 2}
    latest = listed["nodes"][0]
    assert (latest["kind"], latest["name"], latest["state"], latest["priority"]) == (
        "general",
        "test.turn",
        "QUEUED",
        "LAST",
    )
    assert (latest["attempts"], latest["failures"], latest["maxAttempts"], latest["percent"]) == (0, 0, 5, None)
    assert (latest["failure"], latest["requestId"]) == (None, ask.ctx.request_id)
    assert (latest["canBeCancelled"], latest["canBeReplayed"]) == (True, False)


async def test_a_list_costs_one_statement_however_long_it_is_and_pages_on(ask: Ask) -> None:
    ids = [type_id("job", await planned(ask.ctx)) for _ in range(7)]

    first = (await ask.data(LIST, first=3))["jobs"]
    assert ask.statements == 1
    second = (await ask.data(LIST, first=3, after=first["pageInfo"]["endCursor"]))["jobs"]

    assert [each["id"] for each in first["nodes"] + second["nodes"]] == ids[:0:-1]


async def test_dead_letters_are_found_by_their_state(ask: Ask) -> None:
    await planned(ask.ctx)
    dead = await planned(ask.ctx)
    await JobRow.filter(id=dead).update(state="DEAD", last_error="TAKEN: The code A is in use.", failures=1)

    [found] = (await ask.data(LIST, where={"state": {"eq": "DEAD"}}))["jobs"]["nodes"]

    assert found["id"] == type_id("job", dead)
    assert (found["failure"], found["canBeReplayed"]) == ("TAKEN: The code A is in use.", True)


async def test_a_fault_of_ours_is_not_told_in_detail(ask: Ask) -> None:
    id = await planned(ask.ctx)
    await JobRow.filter(id=id).update(last_error="RuntimeError: password is hunter2 at 10.0.0.1")

    [found] = (await ask.data(LIST))["jobs"]["nodes"]

    assert found["failure"] == "Something went wrong on our side; it has been noted with the job's request id."
    with reading("zh"):
        [found] = (await ask.data(LIST))["jobs"]["nodes"]
    assert found["failure"] == "系统出现故障，已随任务的请求编号记录。"


def test_a_hundred_percent_is_said_of_what_is_done_alone() -> None:
    assert percent_done("RUNNING", 10, 10) == 99
    assert percent_done("RUNNING", 1, 3) == 33
    assert percent_done("RUNNING", None, None) is None
    assert percent_done("RUNNING", 0, 0) is None
    assert percent_done("DONE", None, None) == 100


async def test_a_waiting_job_is_cancelled_and_twice_changes_nothing(ask: Ask) -> None:
    id = await planned(ask.ctx)

    for _ in range(2):
        payload = (await ask.data(CANCEL, id=type_id("job", id)))["jobCancel"]
        assert payload == {
            "job": {"id": type_id("job", id), "state": "CANCELLED", "finishedAt": None},
            "userErrors": [],
        }
    assert await state_of(id) == ("CANCELLED", 0, 0)


async def test_what_is_over_is_not_cancelled(ask: Ask) -> None:
    id = await planned(ask.ctx)
    for state in ("DONE", "DEAD"):
        await JobRow.filter(id=id).update(state=state)

        payload = (await ask.data(CANCEL, id=type_id("job", id)))["jobCancel"]

        assert payload["job"] is None
        assert payload["userErrors"] == [
            {"code": "JOB_OVER", "message": f"The job has ended already: it is {state}.", "path": ["input", "id"]}
        ]
        assert (await state_of(id))[0] == state


async def test_a_dead_job_is_replayed_with_all_its_attempts_before_it(ask: Ask) -> None:
    id = await planned(ask.ctx)
    await JobRow.filter(id=id).update(state="DEAD", failures=5, attempts=7, finished_at=now())

    payload = (await ask.data(REPLAY, id=type_id("job", id)))["jobReplay"]

    assert payload == {"job": {"id": type_id("job", id), "state": "QUEUED", "finishedAt": None}, "userErrors": []}
    assert await state_of(id) == ("QUEUED", 7, 0)  # the fence never goes back


async def test_what_is_done_is_not_replayed(ask: Ask) -> None:
    id = await planned(ask.ctx)
    for state in ("SENT", "RUNNING", "DONE"):
        await JobRow.filter(id=id).update(state=state, attempts=1)

        payload = (await ask.data(REPLAY, id=type_id("job", id)))["jobReplay"]

        assert [each["code"] for each in payload["userErrors"]] == ["JOB_NOT_GIVEN_UP"]
        assert await state_of(id) == (state, 1, 0)


async def test_a_stranger_finds_no_job_to_cancel_or_replay(ask: Ask, ask_other: Ask) -> None:
    waiting, dead = await planned(ask.ctx), await planned(ask.ctx)
    await JobRow.filter(id=dead).update(state="DEAD")

    for query, id in ((CANCEL, waiting), (REPLAY, dead)):
        [payload] = (await ask_other.data(query, id=type_id("job", id))).values()
        assert payload == {
            "job": None,
            "userErrors": [{"code": "NOT_FOUND", "message": "There is no such job.", "path": ["input", "id"]}],
        }
        assert await ask_other.data("query ($id: ID!) { job(id: $id) { id } }", id=type_id("job", id)) == {"job": None}
    assert (await state_of(waiting), await state_of(dead)) == (("QUEUED", 0, 0), ("DEAD", 0, 0))


@asynccontextmanager
async def watching(ask: Ask, arguments: str = "") -> AsyncIterator[asyncio.Queue[Any]]:
    """What `jobChanged` tells meanwhile."""
    heard: asyncio.Queue[Any] = asyncio.Queue()

    async def follow() -> None:
        with open_shop(ask.ctx.shop):
            query = f"subscription {{ jobChanged{arguments} {{ id state percent }} }}"
            async for answer in ask.executor.stream(Request(query, {}), ask.context()):
                heard.put_nowait(answer.body["data"]["jobChanged"])

    async with live.listen(ask.ctx.shop, "marker") as stream:
        live.announce(ask.ctx, "marker", {})
        await anext(stream)  # what was told before this is not heard below
        task = asyncio.create_task(follow())
        await asyncio.sleep(0.3)
        try:
            yield heard
        finally:
            task.cancel()


async def test_jobs_are_watched_as_they_get_on(ask: Ask, ask_other: Ask) -> None:
    id, other, theirs = await planned(ask.ctx), await planned(ask.ctx), await planned(ask_other.ctx)
    await JobRow.filter(id__in=[id, theirs]).update(state="RUNNING", attempts=1)
    work = Job(id, "test.turn", {}, 1, 0, 5, ask.ctx.shop.schema)
    async with (
        watching(ask) as all_of_them,
        watching(ask, f'(id: "{type_id("job", other)}")') as one,
        asyncio.timeout(20),
    ):
        await Job(theirs, "test.turn", {}, 1, 0, 5, ask_other.ctx.shop.schema).progress(1, 2)
        await work.progress(3, 4)
        assert await all_of_them.get() == {"id": type_id("job", id), "state": "RUNNING", "percent": 75}

        await ask.data(CANCEL, id=type_id("job", other))
        cancelled = {"id": type_id("job", other), "state": "CANCELLED", "percent": None}
        assert await all_of_them.get() == await one.get() == cancelled
        assert one.empty()


async def test_a_page_of_jobs_is_read_by_an_index_among_those_of_all_shops(ask: Ask, owner: asyncpg.Connection) -> None:
    """As the shop's own role, whose rows a policy picks out."""
    filler = (
        "INSERT INTO platform.job (id, shop_schema, kind, name, payload, state, run_at, attempts, failures, "
        "max_attempts, created_at) SELECT gen_random_uuid(), $1 || (n % 20), 'none', 'filler', '{}', "
        "CASE n % 500 WHEN 0 THEN 'DEAD' ELSE 'DONE' END, now(), 1, 0, 5, now() FROM generate_series(1, 20000) n"
    )
    await owner.execute(filler, "shop_filler00000")
    await owner.execute(
        "UPDATE platform.job SET shop_schema = $1 WHERE shop_schema = 'shop_filler000000'", ask.ctx.shop.schema
    )
    await owner.execute("ANALYZE platform.job")
    try:
        for where, index in ((None, "job_of_shop"), ({"state": {"eq": "DEAD"}}, "job_of_shop_by_state")):
            async with statements_sent(ask.ctx) as sent:
                await ask.data(LIST.replace(" count { value }", ""), **({"where": where} if where else {}))
            with open_shop(ask.ctx.shop):
                async with shop_client().acquire_connection() as connection:
                    text = await connection.fetchval("EXPLAIN (FORMAT JSON) " + sent[0].sql, *sent[0].values)
            assert f'"{index}"' in text
            assert "Seq Scan" not in text
            assert where or '"Sort"' not in text  # the few of one state may be sorted
    finally:
        await owner.execute("DELETE FROM platform.job WHERE name = 'filler'")


async def test_progress_of_a_job_that_was_cancelled_stops_the_work(ask: Ask) -> None:
    id = await planned(ask.ctx, run_at=now() - timedelta(hours=1))
    await JobRow.filter(id=id).update(state="RUNNING", attempts=1)
    work = Job(id, "test.turn", {}, 1, 0, 5, ask.ctx.shop.schema)
    await work.progress(1, 3)
    await ask.data(CANCEL, id=type_id("job", id))

    with pytest.raises(LeaseLost):
        await work.progress(3, 3)

    row = await JobRow.get(id=id)
    assert (row.progress_done, row.progress_total) == (1, 3)
