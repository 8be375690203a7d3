"""What docs/api/webhooks.md promises of replays, of secrets and of payloads, at its edges."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from stoa.domains import catalog
from stoa.domains.catalog.models import ProductStatus
from stoa.kit import clock
from stoa.kit.clock import now
from stoa.kit.ids import new_id, type_id
from stoa.tenants import hooks
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_client
from stoa.tenants.hooks.errors import TooMuchToReplay
from stoa.tenants.hooks.models import DeliveryState, WebhookState
from stoa.tenants.hooks.replaying import MOST_AT_ONCE
from tests import make
from tests.fakes.receiver import Receiver, receiver
from tests.graphql.asking import statements_sent
from tests.graphql.reading.test_plans import nodes_of, rows_touched
from tests.tenants.hooks.sending import as_kept, attempts, deliveries, hook, turns
from tests.workers.test_webhooks import is_signed

FAIL_ALL = "UPDATE platform.webhook_delivery SET state = 'FAILED', ended_at = now() WHERE webhook_id = $1"
GIVE_UP = "UPDATE platform.webhook_delivery SET state = 'FAILED', ended_at = $2, tries = 10 WHERE id = $1"


@pytest.fixture
async def stranger() -> AsyncIterator[Receiver]:
    async with receiver() as started:
        yield started


# Going on -------------------------------------------------------------------------------------------------------------


async def test_resuming_replays_what_was_given_up_since_tries_failed_in_a_row_and_nothing_older(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    """An event happens before its first try fails: by when it was given up it counts, not by when it happened."""
    made = await hook(ctx, stranger.url)
    start = now()
    old, before, first = [await make.order(ctx) for _ in range(3)]
    stranger.always = 500
    with clock.set_to(start + timedelta(hours=1)):
        await turns(ctx, owner)
    trouble = (await as_kept(ctx, made.hook.id)).failing_since
    assert trouble is not None
    by_order = {each.subject_id: each for each in await deliveries(ctx)}
    assert max(each.happened_at for each in by_order.values()) < trouble
    await owner.execute(GIVE_UP, by_order[old.id].id, trouble - timedelta(minutes=1))
    for given_up in (before, first):
        await owner.execute(GIVE_UP, by_order[given_up.id].id, trouble + timedelta(hours=70))

    with clock.set_to(start + timedelta(hours=80)), open_shop(ctx.shop):
        await hooks.pause_webhook(ctx, made.hook.id)
        _, replayed = await hooks.resume_webhook(ctx, made.hook.id, replay_missed=True)
    stranger.heard.clear()
    stranger.always = 200
    with clock.set_to(start + timedelta(hours=81)):
        await turns(ctx, owner)

    assert replayed == 2
    assert sorted(heard.json["aggregate"]["id"] for heard in stranger.heard) == sorted(
        type_id("ord", each.id) for each in (before, first)
    )
    states = {each.subject_id: each.state for each in await deliveries(ctx)}
    assert states == {old.id: "FAILED", before.id: "DELIVERED", first.id: "DELIVERED"}


async def test_resuming_leaves_what_was_given_up_while_others_arrived_to_a_replay(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    made = await hook(ctx, stranger.url)
    await make.order(ctx)
    await turns(ctx, owner)
    [delivery] = await deliveries(ctx)
    await owner.execute(GIVE_UP, delivery.id, now())

    with open_shop(ctx.shop):
        await hooks.pause_webhook(ctx, made.hook.id)
        assert (await hooks.resume_webhook(ctx, made.hook.id, replay_missed=True))[1] == 0
        failed = hooks.Range(since=delivery.happened_at, only_failed=True)
        assert await hooks.replay(ctx, made.hook.id, failed) == 1


# So many and no more --------------------------------------------------------------------------------------------------


async def happened(ctx: Context, owner: asyncpg.Connection, number: int) -> datetime:
    """So many orders in the shop's log; since when."""
    since = now()
    await owner.execute(
        f"INSERT INTO {ctx.shop.schema}.event (id, name, subject_id, payload, actor_kind, request_id, happened_at) "
        "SELECT overlay(gen_random_uuid()::text placing left($2::text, 13) from 1 for 13)::uuid, 'OrderPlaced', "
        "gen_random_uuid(), '{}', 'system', '', now() FROM generate_series(1, $1)",
        number,
        str(new_id()),
    )
    return since - timedelta(seconds=1)


async def test_ten_thousand_events_are_replayed_at_once_and_one_more_is_refused_with_nothing_done(
    ctx: Context, owner: asyncpg.Connection
) -> None:
    made = await hook(ctx, "https://erp.example/hook")
    since = await happened(ctx, owner, MOST_AT_ONCE)
    with open_shop(ctx.shop):
        assert await hooks.replay(ctx, made.hook.id, hooks.Range(since=since)) == MOST_AT_ONCE == 10_000
    await owner.execute(FAIL_ALL, made.hook.id)
    with open_shop(ctx.shop):
        failed = hooks.Range(since=since, only_failed=True)
        assert await hooks.replay(ctx, made.hook.id, failed) == 10_000
    await owner.execute(FAIL_ALL, made.hook.id)
    await happened(ctx, owner, 1)

    with open_shop(ctx.shop), pytest.raises(TooMuchToReplay, match="more than 10000 events: replay them in parts"):
        await hooks.replay(ctx, made.hook.id, hooks.Range(since=since))

    states = await owner.fetch(
        "SELECT state, count(*) AS number FROM platform.webhook_delivery WHERE webhook_id = $1 GROUP BY state",
        made.hook.id,
    )
    assert [tuple(row) for row in states] == [("FAILED", 10_000)]


async def test_who_has_missed_more_than_that_stays_paused(ctx: Context, owner: asyncpg.Connection) -> None:
    made = await hook(ctx, "https://erp.example/hook")
    with open_shop(ctx.shop):
        await hooks.pause_webhook(ctx, made.hook.id)
    await happened(ctx, owner, MOST_AT_ONCE + 1)

    with open_shop(ctx.shop), pytest.raises(TooMuchToReplay):
        await hooks.resume_webhook(ctx, made.hook.id, replay_missed=True)

    assert (await as_kept(ctx, made.hook.id)).state is WebhookState.PAUSED
    assert await deliveries(ctx) == []
    with open_shop(ctx.shop):
        assert (await hooks.resume_webhook(ctx, made.hook.id, replay_missed=False))[1] == 0


async def test_replaying_what_failed_reads_each_of_it_once_though_no_statistics_know_the_shop(
    ctx: Context, other_ctx: Context, owner: asyncpg.Connection
) -> None:
    """Tables of all shops are thought of as the larger shops are: of one that they do not know, one row is expected."""
    made, other = await hook(ctx, "https://erp.example/hook"), await hook(other_ctx, "https://erp.example/hook")
    for whose, its in ((other_ctx, other), (ctx, made)):
        since = await happened(whose, owner, 300)
        with open_shop(whose.shop):
            assert await hooks.replay(whose, its.hook.id, hooks.Range(since=since)) == 300
        if whose is other_ctx:
            await owner.execute("ANALYZE platform.webhook_delivery")
    await owner.execute(FAIL_ALL, made.hook.id)
    async with statements_sent(ctx) as sent:
        with open_shop(ctx.shop):
            assert await hooks.replay(ctx, made.hook.id, hooks.Range(since=since, only_failed=True)) == 300
    await owner.execute(FAIL_ALL, made.hook.id)

    reading = [each for each in sent if "webhook_delivery" in each.sql]
    assert reading
    for statement in reading:
        with open_shop(ctx.shop):
            async with shop_client().acquire_connection() as connection:
                told = await connection.fetchval(
                    f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement.sql}", *statement.values
                )
        assert rows_touched(nodes_of(json.loads(told)[0]["Plan"])) == 300


# Secrets --------------------------------------------------------------------------------------------------------------


async def test_without_an_overlap_the_old_secret_ends_at_once_and_the_one_before_it(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    made = await hook(ctx, stranger.url)
    with open_shop(ctx.shop):
        second = await hooks.rotate_secret(ctx, made.hook.id, overlap=timedelta(hours=24))
        third = await hooks.rotate_secret(ctx, made.hook.id, overlap=timedelta())
    await make.order(ctx)
    await turns(ctx, owner)

    kept = await as_kept(ctx, made.hook.id)
    assert (kept.old_secret, kept.old_secret_until) == (None, None)
    [heard] = stranger.heard
    assert len(heard.headers["webhook-signature"].split(" ")) == 1
    assert [is_signed(heard, each.secret) for each in (made, second, third)] == [False, False, True]


# Payloads -------------------------------------------------------------------------------------------------------------


async def test_what_is_gone_is_null_in_the_answer(ctx: Context, owner: asyncpg.Connection, stranger: Receiver) -> None:
    query = "query ($id: ID!) { product(id: $id) { title } }"
    made = await hook(ctx, stranger.url, "ProductDeleted", query=query, scopes=("catalog:read",))
    product = await make.product(ctx, variants=({"on_hand": 0},), status=ProductStatus.DRAFT)
    with open_shop(ctx.shop):
        await catalog.delete_product(ctx, product.id)
    await turns(ctx, owner)

    [heard] = stranger.heard
    told = heard.signed_by(made.secret)
    assert (told["type"], told["aggregate"]["id"]) == ("product.deleted", type_id("prod", product.id))
    assert told["data"] == {"product": None}


async def test_a_payload_that_could_not_be_made_is_tried_again_and_the_receiver_not_blamed(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    """Here the log does not have the event for a while, as between two parts of a restored backup."""
    made = await hook(ctx, stranger.url)
    await make.order(ctx)
    [delivery] = await deliveries(ctx)
    await call_it(ctx, owner, delivery.event_id, elsewhere := new_id())
    await turns(ctx, owner)

    [waiting] = await deliveries(ctx)
    [tried] = await attempts(ctx, waiting)
    kept = await as_kept(ctx, made.hook.id)
    assert (waiting.state, waiting.tries, waiting.last_code) == (DeliveryState.WAITING, 1, "PAYLOAD_FAILED")
    assert (tried.code, tried.status) == ("PAYLOAD_FAILED", None)
    assert timedelta() < waiting.due_at - tried.made_at < timedelta(seconds=6)
    assert (kept.state, kept.failures, kept.failing_since, kept.rest_until) == ("ACTIVE", 0, None, None)

    await call_it(ctx, owner, elsewhere, delivery.event_id)
    with clock.set_to(now() + timedelta(seconds=10)):
        await turns(ctx, owner)
    [arrived] = await deliveries(ctx)
    assert (arrived.state, arrived.tries, len(stranger.heard)) == (DeliveryState.DELIVERED, 2, 1)


async def call_it(ctx: Context, owner: asyncpg.Connection, id: UUID, new: UUID) -> None:
    await owner.execute(f"UPDATE {ctx.shop.schema}.event SET id = $2 WHERE id = $1", id, new)
