"""Whose turn it is: weights of shops, priorities inside one, delays; and what is cancelled or replayed."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import asyncpg

from stoa.domains.catalog.models import Category
from stoa.kit.clock import now
from stoa.settings import Settings
from stoa.tenants import steering
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_transaction
from stoa.tenants.jobs import PLATFORM_ITSELF, Priority, job, platform_job
from stoa.tenants.models import Account
from stoa.tenants.outbox import enqueue
from stoa.workers import picking
from stoa.workers.reactions import named
from stoa.workers.running import at_work
from stoa.workers.settings import Lane
from tests.workers import trade
from tests.workers.conftest import Ended, plan, row_of, until
from tests.workers.trade import JOBS, LANES, SOON

WIDE = Lane(at_once=1, per_shop=20, window=9, longest=timedelta(minutes=1))
LONG = Lane(at_once=2, per_shop=20, window=16, longest=timedelta(hours=4))
SHORT = Lane(at_once=4, per_shop=60, window=40, longest=timedelta(minutes=1))


@platform_job("test.platform")
async def for_the_platform(job: object) -> None:
    await Account.create(email="once@stoa.test", email_key="once@stoa.test", name="Once")


@platform_job("test.platform_fails", max_attempts=2)
async def fails_for_the_platform(job: object) -> None:
    await Account.create(email="never@stoa.test", email_key="never@stoa.test", name="Never")
    raise RuntimeError("the ink is out")


async def put(ctx: Context, priority: Priority, later: timedelta | None = None) -> UUID:
    run_at = None if later is None else now() + later
    with open_shop(ctx.shop):
        async with shop_transaction():
            id = await enqueue(ctx, "test.shelve", {"name": "x"}, kind="general", priority=priority, run_at=run_at)
    assert id is not None
    return id


async def test_a_shop_of_weight_two_has_two_turns_where_another_has_one(
    owner: asyncpg.Connection, ctx: Context, other_ctx: Context
) -> None:
    ours = {await put(ctx, Priority.NORMAL) for _ in range(20)}
    theirs = {await put(other_ctx, Priority.NORMAL) for _ in range(20)}
    await owner.execute("UPDATE platform.shop SET weight = 2 WHERE id = $1", ctx.shop.id)

    picked = {id for id, _ in await picking.pick(owner, "general", WIDE)}

    assert (len(picked & ours), len(picked & theirs)) == (6, 3)


async def test_the_weight_does_not_lift_the_cap_of_a_shop(owner: asyncpg.Connection, ctx: Context) -> None:
    for _ in range(5):
        await put(ctx, Priority.NORMAL)
    await owner.execute("UPDATE platform.shop SET weight = 100 WHERE id = $1", ctx.shop.id)

    assert len(await picking.pick(owner, "general", SOON)) == SOON.per_shop


async def test_inside_a_shop_priorities_go_one_after_the_other(owner: asyncpg.Connection, ctx: Context) -> None:
    last = await put(ctx, Priority.LAST, timedelta(minutes=-9))
    normal = [await put(ctx, Priority.NORMAL, timedelta(minutes=-each)) for each in (2, 1)]
    first = await put(ctx, Priority.FIRST)
    delayed = await put(ctx, Priority.FIRST, timedelta(hours=1))

    assert [id for id, _ in await picking.pick(owner, "general", WIDE)] == [first, *normal, last]
    assert (await row_of(owner, delayed))["state"] == "QUEUED"


async def test_a_priority_puts_no_shop_before_another(
    owner: asyncpg.Connection, ctx: Context, other_ctx: Context
) -> None:
    urgent = [await put(ctx, Priority.FIRST) for _ in range(8)]
    patient = await put(other_ctx, Priority.LAST)

    picked = [id for id, _ in await picking.pick(owner, "general", WIDE)]

    assert set(picked[:2]) == {urgent[0], patient}


async def test_a_narrow_window_has_each_free_place_filled_at_once_and_a_wide_one_some_together(
    owner: asyncpg.Connection, ctx: Context
) -> None:
    """What takes hours may leave one place free for hours: whoever comes then does not wait for the others."""
    for lane, free, picked in ((LONG, 1, 1), (LONG, 0, 0), (SHORT, 5, 0), (SHORT, 6, 6)):
        await owner.execute("DELETE FROM platform.job")
        for _ in range(lane.window):
            await put(ctx, Priority.NORMAL)
        await owner.execute(
            "UPDATE platform.job SET state = 'RUNNING' WHERE id IN (SELECT id FROM platform.job LIMIT $1)",
            lane.window - free,
        )
        assert len(await picking.pick(owner, "general", lane)) == picked


async def test_a_cancelled_job_is_not_done_and_its_heir_is_told(
    ctx: Context, settings: Settings, owner: asyncpg.Connection
) -> None:
    id = await plan(ctx, trade.poisoned, name="the letter")
    await steering.cancel_job(ctx, id)
    async with at_work(settings, jobs=JOBS, lanes=LANES):
        await until(lambda: row_of(owner, id), lambda row: row["finished_at"] is not None)
        await until(lambda: Category.all().count(), lambda number: number == 1)

    assert trade.begun["test.poisoned"] == 0
    assert await Category.all().values_list("name", flat=True) == ["the letter: It was cancelled."]
    row = await row_of(owner, id)
    assert (row["state"], row["attempts"], row["lease_until"]) == ("CANCELLED", 0, None)


async def test_an_attempt_whose_job_is_cancelled_is_stopped_and_leaves_nothing(
    ctx: Context, settings: Settings, owner: asyncpg.Connection
) -> None:
    id = await plan(ctx, trade.wait, gate="cancelled")
    async with at_work(settings, jobs=JOBS, lanes=LANES):
        await until(lambda: row_of(owner, id), lambda row: row["state"] == "RUNNING")
        await steering.cancel_job(ctx, id)
        await until(lambda: _under_way(ctx), lambda number: number == 0)
        await until(lambda: row_of(owner, id), lambda row: row["finished_at"] is not None)

    assert (await row_of(owner, id))["state"] == "CANCELLED"
    assert await Category.all().count() == 0


async def test_a_dead_job_that_is_replayed_is_done_once_the_cause_is_gone(
    ctx: Context, settings: Settings, owner: asyncpg.Connection, ended: Ended
) -> None:
    id = await plan(ctx, trade.poisoned, name="the letter")
    async with at_work(settings, jobs=JOBS, lanes=LANES):
        assert (await ended(id))["state"] == "DEAD"
        await until(lambda: Category.all().count(), lambda number: number == 1)
    mended = named(*[each for each in JOBS.values() if each is not trade.poisoned], _mended)  # type: ignore[arg-type]
    async with at_work(settings, jobs=mended, lanes=LANES):
        await steering.replay_job(ctx, id)
        row = await ended(id)

    assert (row["state"], row["failures"], row["last_error"]) == ("DONE", 0, None)
    assert row["attempts"] == 4
    assert sorted(await Category.all().values_list("name", flat=True)) == [  # type: ignore[type-var]
        "the letter",
        "the letter: RuntimeError: the ink is out",
    ]


async def test_a_job_that_dies_again_tells_its_heir_again(
    ctx: Context, settings: Settings, owner: asyncpg.Connection, ended: Ended
) -> None:
    id = await plan(ctx, trade.poisoned, name="the letter")
    async with at_work(settings, jobs=JOBS, lanes=LANES):
        await ended(id)
        await steering.replay_job(ctx, id)
        await until(lambda: row_of(owner, id), lambda row: row["attempts"] == 6 and row["state"] == "DEAD")
        await until(lambda: Category.all().count(), lambda number: number == 2)

    assert trade.begun["test.poisoned"] == 6


async def test_work_of_the_platform_itself_is_done_and_its_effect_is_one_with_its_end(
    settings: Settings, owner: asyncpg.Connection, ended: Ended
) -> None:
    jobs = named(for_the_platform, fails_for_the_platform)
    ids = []
    for name, attempts in (("test.platform", 5), ("test.platform_fails", 2)):
        ids.append(
            await owner.fetchval(
                "INSERT INTO platform.job (id, shop_schema, kind, name, payload, state, run_at, attempts, failures, "
                "max_attempts, created_at) VALUES (gen_random_uuid(), $1, 'general', $2, '{}', 'QUEUED', now(), 0, 0, "
                "$3, now()) RETURNING id",
                PLATFORM_ITSELF,
                name,
                attempts,
            )
        )
    try:
        async with at_work(settings, jobs=jobs, lanes=LANES):
            done, dead = [await ended(id) for id in ids]
        assert (done["state"], done["attempts"]) == ("DONE", 1)
        assert (dead["state"], dead["failures"]) == ("DEAD", 2)
        assert await Account.filter(email_key="once@stoa.test").count() == 1
        assert await Account.filter(email_key="never@stoa.test").count() == 0
    finally:
        await Account.filter(email_key="once@stoa.test").delete()


async def test_a_shop_at_work_cannot_do_the_platforms_jobs(ctx: Context, settings: Settings, ended: Ended) -> None:
    """A row of a shop that names a job of the platform's is a job that nobody knows."""
    with open_shop(ctx.shop):
        async with shop_transaction():
            id = await enqueue(ctx, "test.platform", {}, kind="general", max_attempts=1)
    assert id is not None
    async with at_work(settings, jobs=named(for_the_platform), lanes=LANES):
        row = await ended(id)

    assert row["state"] == "DEAD"
    assert row["last_error"].startswith("UnknownJob")


@job("test.poisoned", max_attempts=3)
async def _mended(ctx: Context, job: object) -> None:
    await trade.put_up("the letter")


async def _under_way(ctx: Context) -> int:
    return trade.under_way[ctx.shop.schema]


async def test_of_very_many_shops_none_is_passed_over_and_no_pick_comes_back_empty(owner: asyncpg.Connection) -> None:
    shops = 2 * picking.SEEN
    await owner.execute(
        "INSERT INTO platform.shop (id, schema_name, name, currency, time_zone, locale, state, created_at) "
        "SELECT gen_random_uuid(), 'shop_many' || left(md5(n::text), 16), 'Many', 'CNY', 'UTC', 'zh', 'ACTIVE', now() "
        "FROM generate_series(1, $1::int) n",
        shops,
    )
    try:
        await owner.execute(
            "INSERT INTO platform.job (id, shop_schema, kind, name, payload, state, run_at, attempts, failures, "
            "max_attempts, created_at) SELECT gen_random_uuid(), schema_name, 'general', 'x', '{}', 'QUEUED', now(), "
            "0, 0, 1, now() FROM platform.shop WHERE name = 'Many'"
        )
        assert await picking.pick(owner, "general", WIDE) == []  # their time has come, but nobody has looked
        await picking.make_ready(owner)

        wide, picked = Lane(at_once=1, per_shop=1, window=100, longest=timedelta(minutes=1)), 0
        while picked < shops:
            ids = [id for id, _ in await picking.pick(owner, "general", wide)]
            assert len(ids) == min(100, shops - picked)
            await owner.execute("UPDATE platform.job SET state = 'DONE' WHERE id = ANY($1)", ids)
            picked += len(ids)
    finally:
        await owner.execute("DELETE FROM platform.shop WHERE name = 'Many'")
