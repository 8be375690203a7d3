"""What the operator sees of all jobs, and does about dead ones; by functions, and as `stoa jobs`."""

from __future__ import annotations

import asyncpg

from stoa.kit.ids import type_id
from stoa.tenants.context import Context
from stoa.workers import overseeing
from stoa.workers.overseeing import Which
from tests.test_cli import stoa
from tests.workers import trade
from tests.workers.conftest import plan, row_of


async def kill(owner: asyncpg.Connection, id: object) -> None:
    await owner.execute(
        "UPDATE platform.job SET state = 'DEAD', failures = 3, finished_at = now(), last_error = 'RuntimeError: ink' "
        "WHERE id = $1",
        id,
    )


async def test_queues_are_summed_up_by_kind(owner: asyncpg.Connection, ctx: Context, other_ctx: Context) -> None:
    dead = await plan(ctx, trade.shelve, name="a")
    await kill(owner, dead)
    await plan(other_ctx, trade.shelve, name="b")
    done = await plan(ctx, trade.walk)
    await owner.execute("UPDATE platform.job SET state = 'DONE', finished_at = now() WHERE id = $1", done)

    general, imports = await overseeing.summary(owner)

    assert (general["kind"], general["waiting"], general["dead"], general["done_today"]) == ("general", 1, 1, 0)
    assert (imports["kind"], imports["waiting"], imports["done_today"]) == ("imports", 0, 1)
    assert general["oldest_seconds"] is not None
    assert imports["oldest_seconds"] is None


async def test_dead_letters_of_all_shops_are_found_and_replayed_by_what_they_have_in_common(
    owner: asyncpg.Connection, ctx: Context, other_ctx: Context
) -> None:
    ours, theirs, walk = [
        await plan(ctx, trade.shelve, name="a"),
        await plan(other_ctx, trade.shelve, name="b"),
        await plan(ctx, trade.walk),
    ]
    for id in (ours, theirs, walk):
        await kill(owner, id)
    cancelled = await plan(ctx, trade.shelve, name="c")
    assert await overseeing.cancel(owner, [cancelled]) == 1

    assert {row["id"] for row in await overseeing.listed(owner, Which(["DEAD"]))} == {ours, theirs, walk}
    assert [row["id"] for row in await overseeing.listed(owner, Which(["DEAD"], shop=other_ctx.shop.schema))] == [
        theirs
    ]

    assert await overseeing.replay(owner, Which(name="test.shelve")) == 2
    assert [(await row_of(owner, id))["state"] for id in (ours, theirs, walk, cancelled)] == [
        *("QUEUED", "QUEUED", "DEAD", "CANCELLED")
    ]
    assert await overseeing.replay(owner, Which(), [walk, cancelled]) == 2
    assert await overseeing.replay(owner, Which(), [walk]) == 0  # it waits already


async def test_the_command_shows_and_replays(owner: asyncpg.Connection, ctx: Context) -> None:
    id = await plan(ctx, trade.shelve, name="a")
    await kill(owner, id)

    said = await stoa("jobs", "dead")
    assert said.code == 0, said.err
    assert type_id("job", id) in said.out
    assert f"3/5 failures  general  test.shelve  {ctx.shop.schema} ({ctx.shop.name})  RuntimeError: ink" in said.out
    assert (await stoa("jobs", "replay", type_id("job", id))).out == "1 jobs will be done again.\n"
    assert (await row_of(owner, id))["state"] == "QUEUED"
