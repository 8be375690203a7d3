from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest
from redis.asyncio import Redis

from stoa.domains.catalog.models import Category
from stoa.kit.clock import now
from stoa.settings import Settings
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_transaction
from stoa.tenants.outbox import enqueue
from stoa.workers.running import at_work
from stoa.workers.settings import transport
from tests import make
from tests.own_valkey import OwnValkey
from tests.workers import trade
from tests.workers.conftest import Ended, plan, row_of, said, until
from tests.workers.trade import JOBS, LANES, SOON

Start = Callable[[], Awaitable[Process]]


async def names_of_categories() -> list[str]:
    return await Category.all().order_by("created_at").values_list("name", flat=True)  # type: ignore[return-value]


async def under_way(ctx: Context) -> int:
    """Jobs of the shop that are being done at this moment."""
    return trade.under_way[ctx.shop.schema]


async def test_a_job_is_done_once(ctx: Context, settings: Settings, ended: Ended) -> None:
    async with at_work(settings, jobs=JOBS, lanes=LANES):
        row = await ended(await plan(ctx, trade.shelve, name="Lamps"))

    assert (row["state"], row["attempts"], row["failures"]) == ("DONE", 1, 0)
    assert (row["lease_until"], row["last_error"]) == (None, None)
    assert row["created_at"] <= row["started_at"] <= row["finished_at"]
    assert trade.begun == {"test.shelve": 1}
    assert await names_of_categories() == ["Lamps"]


async def test_what_was_planned_before_anybody_worked_is_done(ctx: Context, settings: Settings, ended: Ended) -> None:
    ids = [await plan(ctx, trade.shelve, name=str(number)) for number in range(20)]
    async with at_work(settings, jobs=JOBS, lanes=LANES):
        states = [(await ended(id))["state"] for id in ids]

    assert states == ["DONE"] * 20
    assert sorted(await names_of_categories(), key=int) == [str(number) for number in range(20)]


async def test_a_job_of_a_transaction_that_failed_is_never_done(ctx: Context, settings: Settings, ended: Ended) -> None:
    async with at_work(settings, jobs=JOBS, lanes=LANES):
        with pytest.raises(ZeroDivisionError):
            async with shop_transaction():
                await enqueue(ctx, "test.shelve", {"name": "never"}, kind="general")
                raise ZeroDivisionError
        await ended(await plan(ctx, trade.shelve, name="Lamps"))

    assert await names_of_categories() == ["Lamps"]


async def test_a_job_waits_for_its_time(ctx: Context, settings: Settings, ended: Ended) -> None:
    async with shop_transaction():
        later = await enqueue(ctx, "test.shelve", {"name": "later"}, kind="general", run_at=now() + timedelta(hours=1))
    async with at_work(settings, jobs=JOBS, lanes=LANES):
        await ended(await plan(ctx, trade.shelve, name="now"))

    assert await names_of_categories() == ["now"]
    assert later is not None


async def test_a_job_sees_the_rows_of_its_shop_alone_and_works_as_stoa(
    ctx: Context, other_ctx: Context, settings: Settings, ended: Ended
) -> None:
    await make.product(ctx, title="Lamp")
    await make.product(other_ctx, title="Vase")
    async with at_work(settings, jobs=JOBS, lanes=LANES):
        for id in (await plan(ctx, trade.count), await plan(other_ctx, trade.count)):
            await ended(id)

    assert await names_of_categories() == [f"system of Stoa Poikile in en for {ctx.request_id}: Lamp"]
    with open_shop(other_ctx.shop):
        assert await names_of_categories() == [f"system of Stoa Basileios in en for {other_ctx.request_id}: Vase"]


async def test_no_shop_takes_more_than_its_share(
    ctx: Context, other_ctx: Context, settings: Settings, ended: Ended
) -> None:
    """One shop has queued a lot; another's single job begins all the same."""
    greedy = [await plan(ctx, trade.wait, gate="greedy") for _ in range(10)]
    async with at_work(settings, jobs=JOBS, lanes=LANES):
        trade.gates["modest"].set()
        await ended(await plan(other_ctx, trade.wait, gate="modest"))
        assert trade.begun["test.wait"] <= SOON.per_shop + 1
        await until(lambda: under_way(ctx), lambda number: number == SOON.per_shop)
        trade.gates["greedy"].set()
        for id in greedy:
            await ended(id)

    assert trade.most == {ctx.shop.schema: SOON.per_shop, other_ctx.shop.schema: 1}


async def test_a_job_that_always_fails_ends_dead_with_its_error_and_somebody_is_told(
    ctx: Context, settings: Settings, owner: asyncpg.Connection, ended: Ended
) -> None:
    id = await plan(ctx, trade.poisoned, name="the letter")
    async with at_work(settings, jobs=JOBS, lanes=LANES):
        row = await ended(id)
        told = await owner.fetchval("SELECT id FROM platform.job WHERE name = 'test.mourn'")
        assert (await ended(told))["state"] == "DONE"

    assert (row["state"], row["attempts"], row["failures"]) == ("DEAD", 3, 3)
    assert row["last_error"] == "RuntimeError: the ink is out"
    assert row["finished_at"] is not None
    assert trade.begun["test.poisoned"] == 3
    assert (await row_of(owner, told))["payload"] == {
        "name": "the letter",
        "job_id": str(id),
        "error": "RuntimeError: the ink is out",
    }
    assert await names_of_categories() == ["the letter: RuntimeError: the ink is out"]


async def test_a_refusal_is_an_answer_and_not_tried_again(ctx: Context, settings: Settings, ended: Ended) -> None:
    async with at_work(settings, jobs=JOBS, lanes=LANES):
        row = await ended(await plan(ctx, trade.refused))

    assert (row["state"], row["attempts"]) == ("DEAD", 1)
    assert row["last_error"] == "TAKEN: The name Lamps is in use."
    assert trade.begun["test.refused"] == 1


async def test_a_job_of_an_unknown_name_ends_dead_and_says_so(ctx: Context, settings: Settings, ended: Ended) -> None:
    async with shop_transaction():
        id = await enqueue(ctx, "test.tomorrow", {}, kind="general", max_attempts=2)
    assert id is not None
    async with at_work(settings, jobs=JOBS, lanes=LANES):
        row = await ended(id)

    assert (row["state"], row["attempts"]) == ("DEAD", 2)
    assert row["last_error"] == (
        "UnknownJob: No job is called 'test.tomorrow' here; does workers/reactions.py list it?"
    )


async def test_a_job_that_fails_after_its_end_stays_done(ctx: Context, settings: Settings, ended: Ended) -> None:
    async with at_work(settings, jobs=JOBS, lanes=LANES):
        row = await ended(await plan(ctx, trade.done_then_fails))
        await ended(await plan(ctx, trade.shelve, name="after"))

    assert (row["state"], row["attempts"], row["last_error"]) == ("DONE", 1, None)
    assert await names_of_categories() == ["done", "after"]


async def test_a_job_that_takes_too_long_has_failed(ctx: Context, settings: Settings, ended: Ended) -> None:
    impatient = {kind: replace(lane, longest=timedelta(seconds=0.2)) for kind, lane in LANES.items()}
    async with at_work(settings, jobs=JOBS, lanes=impatient):
        row = await ended(await plan(ctx, trade.hang_once))

    assert (row["state"], row["attempts"], row["failures"]) == ("DONE", 2, 1)
    assert await names_of_categories() == ["hung"]


async def test_a_job_that_waits_for_what_was_cancelled_has_failed(
    ctx: Context, settings: Settings, ended: Ended
) -> None:
    async with at_work(settings, jobs=JOBS, lanes=LANES):
        row = await ended(await plan(ctx, trade.cancels_itself))

    assert (row["state"], row["attempts"], row["failures"]) == ("DEAD", 2, 2)
    assert row["last_error"] == "CancelledError"


async def test_a_long_job_keeps_its_lease(
    ctx: Context, settings: Settings, owner: asyncpg.Connection, ended: Ended
) -> None:
    id = await plan(ctx, trade.wait, gate="long")
    async with at_work(settings, jobs=JOBS, lanes=LANES):
        first = (await until(lambda: row_of(owner, id), lambda row: row["state"] == "RUNNING"))["lease_until"]
        await until(lambda: row_of(owner, id), lambda row: row["lease_until"] > first + 2 * SOON.lease)
        trade.gates["long"].set()
        row = await ended(id)

    assert (row["state"], row["attempts"]) == ("DONE", 1)
    assert trade.begun["test.wait"] == 1


async def test_deliveries_that_come_twice_do_nothing(
    ctx: Context, settings: Settings, owner: asyncpg.Connection, ended: Ended
) -> None:
    id = await plan(ctx, trade.wait, gate="twice")
    redis = transport(settings)
    async with at_work(settings, jobs=JOBS, lanes=LANES):
        await until(lambda: row_of(owner, id), lambda row: row["state"] == "RUNNING")
        for number in range(5):
            await redis.enqueue_job("perform", str(id), 1, _job_id=f"again {number}", _queue_name="stoa:jobs:general")
        trade.gates["twice"].set()
        await ended(id)
        await redis.enqueue_job("perform", str(id), 1, _job_id="late", _queue_name="stoa:jobs:general")
        await until(lambda: redis.zcard("stoa:jobs:general"), lambda left: left == 0)
    await redis.aclose(close_connection_pool=True)

    assert trade.begun["test.wait"] == 1
    assert await names_of_categories() == ["waited"]


async def test_queues_that_are_emptied_lose_no_job(
    ctx: Context, at_valkey: Settings, valkey: OwnValkey, owner: asyncpg.Connection, ended: Ended
) -> None:
    """Flushed between the push and the work: no worker runs yet, only a dispatcher."""
    ids = [await plan(ctx, trade.shelve, name=str(number)) for number in range(2)]
    async with at_work(at_valkey, [], jobs=JOBS, lanes=LANES), Redis.from_url(valkey.url) as admin:
        await until(lambda: admin.zcard("stoa:jobs:general"), lambda queued: queued == 2)
        await admin.flushall()
        await until(lambda: row_of(owner, ids[0]), lambda row: row["attempts"] == 2)
    async with at_work(at_valkey, jobs=JOBS, lanes=LANES):
        rows = [await ended(id) for id in ids]

    assert [(row["state"], row["failures"]) for row in rows] == [("DONE", 0), ("DONE", 0)]
    assert sorted(await names_of_categories()) == ["0", "1"]


async def test_valkey_stops_and_starts_and_every_job_is_done(
    ctx: Context, at_valkey: Settings, valkey: OwnValkey, owner: asyncpg.Connection, ended: Ended
) -> None:
    async with at_work(at_valkey, jobs=JOBS, lanes=LANES):
        running = await plan(ctx, trade.wait, gate="outage")
        await until(lambda: row_of(owner, running), lambda row: row["state"] == "RUNNING")
        valkey.kill()
        waiting = [await plan(ctx, trade.shelve, name=str(number)) for number in range(5)]
        trade.gates["outage"].set()
        assert (await ended(running))["state"] == "DONE"  # what was begun needs no Valkey to end
        valkey.start()
        rows = [await ended(id) for id in waiting]

    assert [(row["state"], row["failures"]) for row in rows] == [("DONE", 0)] * 5
    assert trade.begun == {"test.wait": 1, "test.shelve": 5}
    assert sorted(await names_of_categories()) == ["0", "1", "2", "3", "4", "waited"]


async def test_a_killed_workers_job_is_done_by_another_and_once(
    ctx: Context, at_valkey: Settings, process: Start, owner: asyncpg.Connection, ended: Ended
) -> None:
    id = await plan(ctx, trade.hang_once)
    killed = await process()
    assert await said(killed) == "begun"
    killed.send_signal(signal.SIGKILL)
    await killed.wait()
    assert (await row_of(owner, id))["state"] == "RUNNING"
    async with Redis.from_url(at_valkey.redis_url.get_secret_value()) as admin:
        assert await admin.zcard("stoa:jobs:general") == 0  # nothing that workers would stumble over

    async with at_work(at_valkey, jobs=JOBS, lanes=LANES):
        row = await ended(id)

    assert (row["state"], row["attempts"], row["failures"]) == ("DONE", 2, 1)
    assert await names_of_categories() == ["hung"]


async def test_a_killed_workers_steps_are_kept_and_not_repeated(
    ctx: Context, at_valkey: Settings, process: Start, ended: Ended
) -> None:
    id = await plan(ctx, trade.walk)
    killed = await process()
    assert await said(killed) == "begun"
    assert await names_of_categories() == ["step 0", "step 1"]
    killed.send_signal(signal.SIGKILL)
    await killed.wait()

    async with at_work(at_valkey, jobs=JOBS, lanes=LANES):
        row = await ended(id)

    assert (row["state"], row["attempts"]) == ("DONE", 2)
    assert await names_of_categories() == ["step 0", "step 1", "step 2"]


async def test_a_process_that_is_asked_to_stop_gives_its_jobs_back(
    ctx: Context, at_valkey: Settings, process: Start, owner: asyncpg.Connection, ended: Ended
) -> None:
    id = await plan(ctx, trade.hang_once)
    asked = await process()
    assert await said(asked) == "begun"
    asked.send_signal(signal.SIGTERM)

    assert await asked.wait() == 0
    row = await row_of(owner, id)
    assert (row["state"], row["attempts"], row["failures"], row["lease_until"]) == ("QUEUED", 1, 0, None)
    async with at_work(at_valkey, jobs=JOBS, lanes=LANES):
        assert (await ended(id))["attempts"] == 2
    assert await names_of_categories() == ["hung"]


async def test_a_process_that_stops_lets_jobs_end_first(
    ctx: Context, settings: Settings, owner: asyncpg.Connection
) -> None:
    id = await plan(ctx, trade.wait, gate="last")
    async with at_work(settings, jobs=JOBS, lanes=LANES, patience=60):
        await until(lambda: row_of(owner, id), lambda row: row["state"] == "RUNNING")
        asyncio.get_running_loop().call_later(0.2, trade.gates["last"].set)

    assert (await row_of(owner, id))["state"] == "DONE"
    assert await names_of_categories() == ["waited"]


async def test_an_attempt_that_lost_its_job_is_stopped(
    ctx: Context, settings: Settings, owner: asyncpg.Connection, ended: Ended
) -> None:
    id = await plan(ctx, trade.wait, gate="stolen")
    async with at_work(settings, jobs=JOBS, lanes=LANES):
        await until(lambda: row_of(owner, id), lambda row: row["state"] == "RUNNING")
        await owner.execute("UPDATE platform.job SET attempts = attempts + 10 WHERE id = $1", id)
        await until(lambda: asyncio.sleep(0, trade.under_way[ctx.shop.schema]), lambda number: number == 0)
        trade.gates["stolen"].set()
        row = await ended(id)  # the attempt that we made up is taken for lost, and another follows

    assert (row["state"], row["attempts"], row["failures"]) == ("DONE", 12, 1)
    assert await names_of_categories() == ["waited"]


async def test_stoa_work_is_a_process_that_ends_in_good_order(at_valkey: Settings) -> None:
    program = "import asyncio; from stoa.settings import settings; from stoa.workers.running import work; "
    environment = os.environ | {"STOA_REDIS_URL": at_valkey.redis_url.get_secret_value()}
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program + "asyncio.run(work(settings(), ['general']))", env=environment
    )
    redis = transport(at_valkey)
    await until(lambda: redis.get("stoa:jobs:general:health-check"), lambda answer: answer is not None)
    worker.send_signal(signal.SIGTERM)

    assert await worker.wait() == 0
    await redis.aclose(close_connection_pool=True)
