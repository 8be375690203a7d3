from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import asyncpg

from stoa.settings import Settings
from stoa.tenants.context import Context
from stoa.tenants.jobs import Job, Kind
from stoa.workers import ledger, picking
from stoa.workers.dispatcher import LOCK, Dispatcher
from stoa.workers.ledger import KEEP_FOR
from stoa.workers.running import at_work
from stoa.workers.settings import Lane, Lanes
from tests import make
from tests.workers import trade
from tests.workers.conftest import Ended, plan, row_of, until
from tests.workers.trade import JOBS, LANES


async def leaders(*dispatchers: Dispatcher) -> list[bool]:
    return [each.is_leading for each in dispatchers]


async def test_of_two_dispatchers_one_works_and_the_other_takes_over(
    ctx: Context, settings: Settings, owner: asyncpg.Connection, ended: Ended
) -> None:
    async with at_work(settings, [], jobs=JOBS, lanes=LANES) as second:
        await until(lambda: leaders(second), lambda leading: leading == [True])
        async with at_work(settings, jobs=JOBS, lanes=LANES) as first:
            await ended(await plan(ctx, trade.shelve, name="one"))
            assert await leaders(first, second) == [False, True]
            holders = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND granted"
            assert await owner.fetchval(holders, LOCK) == 1

            # the leader's connection is cut: the lock is free, and whoever comes first has it
            holder = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND granted"
            await owner.execute("SELECT pg_terminate_backend($1)", await owner.fetchval(holder, LOCK))
            await ended(await plan(ctx, trade.shelve, name="two"))
            await until(lambda: leaders(first, second), lambda leading: sum(leading) == 1)

    assert await owner.fetchval("SELECT count(*) FROM platform.job WHERE state = 'DONE'") == 2


async def test_turns_go_round_the_shops(owner: asyncpg.Connection, ctx: Context, other_ctx: Context) -> None:
    ours = [await plan(ctx, trade.shelve, name=str(number)) for number in range(6)]
    theirs = [await plan(other_ctx, trade.shelve, name=str(number)) for number in range(2)]
    lane = Lane(at_once=1, per_shop=4, window=20, longest=timedelta(minutes=1))

    first = await picking.pick(owner, "general", lane)
    assert first[:4] == [(ours[0], 1), (theirs[0], 1), (ours[1], 1), (theirs[1], 1)]
    assert first[4:] == [(ours[2], 1), (ours[3], 1)]  # and no fifth: the shop's share is full
    assert await picking.pick(owner, "general", lane) == []


async def test_the_window_bounds_what_all_shops_have_under_way(owner: asyncpg.Connection) -> None:
    for _ in range(5):
        shop = await make.shop()
        for number in range(2):
            await plan(await make.context(shop), trade.shelve, name=str(number))
    lane = Lane(at_once=1, per_shop=4, window=3, longest=timedelta(minutes=1))

    picked = await picking.pick(owner, "general", lane)
    shops = await owner.fetch(
        "SELECT DISTINCT shop_schema FROM platform.job WHERE id = ANY($1::uuid[])", [id for id, _ in picked]
    )
    assert (len(picked), len(shops)) == (3, 3)
    assert await picking.pick(owner, "general", lane) == []


async def test_one_look_tells_of_which_kinds_something_may_be_picked(owner: asyncpg.Connection, ctx: Context) -> None:
    """Of those that have something ready, and room for more; what waited for its time is ready when that has come."""
    narrow = Lane(at_once=1, per_shop=48, window=8, longest=timedelta(minutes=1))
    wide = replace(narrow, window=40)
    lanes: Lanes = {"imports": narrow, "general": wide, "images": narrow}
    assert await picking.look(owner, lanes) == []

    walks = [await plan(ctx, trade.walk) for _ in range(10)]
    ids = [await plan(ctx, trade.shelve, name=str(number)) for number in range(50)]
    assert await picking.look(owner, lanes) == ["imports", "general"]
    assert len(await picking.pick(owner, "imports", narrow)) == 8
    assert len(await picking.pick(owner, "general", wide)) == 40
    assert await picking.look(owner, lanes) == []

    await owner.execute("UPDATE platform.job SET state = 'DONE' WHERE id = ANY($1)", [walks[0], *ids[:5]])
    assert await picking.look(owner, lanes) == ["imports"]  # one of eight is enough; of forty, five are not
    await owner.execute("UPDATE platform.job SET state = 'DONE' WHERE id = $1", ids[5])
    assert await picking.look(owner, lanes) == ["imports", "general"]
    for kind, lane, free in (("imports", narrow, 1), ("general", wide, 6)):  # what is looked for is picked
        assert len(await picking.pick(owner, kind, lane)) == free

    await owner.execute("UPDATE platform.job SET state = 'DONE' WHERE state = 'SENT'")
    await owner.execute("UPDATE platform.job SET is_ready = false, run_at = now() + interval '1 hour'")
    assert await picking.look(owner, lanes) == []
    await owner.execute("UPDATE platform.job SET run_at = now() WHERE kind = 'imports'")
    assert await picking.look(owner, lanes) == ["imports"]


async def test_one_look_tells_of_which_kinds_something_was_lost(owner: asyncpg.Connection, ctx: Context) -> None:
    kinds: list[Kind] = ["imports", "general"]
    await plan(ctx, trade.walk)
    id = await plan(ctx, trade.shelve, name="Lamps")
    hasty = Lane(at_once=1, per_shop=4, window=8, longest=timedelta(minutes=1), delivery=timedelta(0))
    assert await ledger.look_for_lost(owner, kinds) == []

    await picking.pick(owner, "general", hasty)
    assert await ledger.look_for_lost(owner, kinds) == ["general"]
    await ledger.send_late_again(owner, "general")
    assert await ledger.look_for_lost(owner, kinds) == []
    await owner.execute("UPDATE platform.job SET state = 'CANCELLED' WHERE id = $1", id)
    assert await ledger.look_for_lost(owner, kinds) == ["general"]


async def test_a_shop_that_is_closed_is_passed_over(owner: asyncpg.Connection, ctx: Context) -> None:
    await plan(ctx, trade.shelve, name="Lamps")
    await owner.execute("UPDATE platform.shop SET state = 'DROPPED' WHERE id = $1", ctx.shop.id)

    assert await picking.pick(owner, "general", trade.SOON) == []


async def test_a_delivery_not_begun_in_time_is_made_again_and_not_held_against_the_job(
    owner: asyncpg.Connection, ctx: Context
) -> None:
    id = await plan(ctx, trade.shelve, name="Lamps")
    hasty = Lane(at_once=1, per_shop=4, window=3, longest=timedelta(minutes=1), delivery=timedelta(0))

    assert await picking.pick(owner, "general", hasty) == [(id, 1)]
    assert await ledger.send_late_again(owner, "general") == [(id, 1)]
    assert await picking.pick(owner, "general", hasty) == [(id, 2)]
    assert (await row_of(owner, id))["failures"] == 0
    assert await ledger.claim(id, 1, hasty) is None


async def test_the_pauses_between_attempts_grow_up_to_a_bound(owner: asyncpg.Connection, ctx: Context) -> None:
    id = await plan(ctx, trade.poisoned, name="Lamps")
    lane = Lane(1, 4, 3, timedelta(minutes=1), first_retry=timedelta(seconds=8), last_retry=timedelta(seconds=64))
    for failures, least, most in ((0, 6, 10), (1, 12, 20), (2, 24, 40), (3, 48, 80), (9, 48, 80)):
        await owner.execute(
            "UPDATE platform.job SET state = 'RUNNING', attempts = 1, failures = $2, max_attempts = 99 WHERE id = $1",
            id,
            failures,
        )
        job = Job(id, "test.poisoned", {}, attempt=1, failures=failures, max_attempts=99)
        assert not await ledger.fail(job, "x", lane, {}, for_good=False)

        pause = await owner.fetchval("SELECT run_at - now() FROM platform.job WHERE id = $1", id)
        assert timedelta(seconds=least - 1) <= pause <= timedelta(seconds=most)


async def test_what_was_done_long_ago_is_swept_and_nothing_else(owner: asyncpg.Connection, ctx: Context) -> None:
    old, recent, dead, queued = [await plan(ctx, trade.shelve, name=str(number)) for number in range(4)]
    end = "UPDATE platform.job SET state = $2, finished_at = now() - $3::text::interval WHERE id = $1"
    await owner.execute(end, old, "DONE", KEEP_FOR)
    await owner.execute(end, recent, "DONE", "1 day")
    await owner.execute(end, dead, "DEAD", KEEP_FOR)
    await ledger.sweep(owner)

    left = await owner.fetch("SELECT id FROM platform.job ORDER BY id")
    assert [row["id"] for row in left] == [recent, dead, queued]
