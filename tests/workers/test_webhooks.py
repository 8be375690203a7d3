"""Webhooks as receivers see them: signed, numbered, with the answer to the merchant's query, until they have arrived."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from standardwebhooks.webhooks import Webhook as Library

from stoa.domains import orders
from stoa.domains.catalog.events import ProductCreated
from stoa.kit import clock
from stoa.kit.clock import now
from stoa.kit.ids import new_id, type_id
from stoa.settings import Settings
from stoa.tenants import hooks
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.hooks.models import DeliveryState, PauseReason, Webhook, WebhookState
from stoa.tenants.hooks.recording import PATIENCE, PAUSES, SPREAD
from stoa.tenants.outbox import publish
from stoa.workers.running import at_work
from stoa.workers.settings import LANES
from tests import make
from tests.domains.catalog.catalogs import events_of
from tests.fakes.receiver import Heard, Receiver, receiver
from tests.tenants.hooks.sending import QUERY, as_kept, attempts, deliveries, hook, planned, turns

GONE = b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.fixture
async def stranger() -> AsyncIterator[Receiver]:
    async with receiver() as started:
        yield started


def is_signed(heard: Heard, secret: str) -> bool:
    """Of a request at another time than now: the library would say that it is too old, or too new."""
    moment = datetime.fromtimestamp(int(heard.headers["webhook-timestamp"]), now().tzinfo)
    signature = Library(secret).sign(heard.headers["webhook-id"], moment, heard.body.decode())
    return signature in heard.headers["webhook-signature"].split(" ")


WIDE, NARROW = ("customers:read", "orders:read"), '["orders:read"]'


async def test_an_order_is_told_signed_numbered_and_as_the_query_asks(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    made = await hook(ctx, f"{stranger.url}/hook", "OrderPlaced", "OrderMoved")
    order = await make.order(ctx)
    await orders.confirm_order(ctx, order.id)

    await turns(ctx, owner)

    told = [each.signed_by(made.secret) for each in stranger.heard]
    id = type_id("ord", order.id)
    assert [each["type"] for each in told] == ["order.placed", *["order.moved"] * (len(told) - 1)]
    assert len(told) >= 2
    assert [each["sequence"] for each in told] == list(range(1, len(told) + 1))
    assert {each["aggregate"]["kind"] for each in told} == {"Order"}
    assert {each["aggregate"]["id"] for each in told} == {id}
    assert told[0]["data"]["order"]["id"] == id
    assert told[0]["data"]["order"]["number"] == order.number
    first = stranger.heard[0].headers
    assert first["webhook-id"] == told[0]["id"]
    assert first["stoa-webhook"] == type_id("hook", made.hook.id)
    assert first["content-type"] == "application/json; charset=utf-8"
    kept = await deliveries(ctx)
    assert {each.state for each in kept} == {DeliveryState.DELIVERED}
    [tried] = await attempts(ctx, kept[0])
    assert (tried.status, tried.answer, tried.code) == (200, "ok", None)
    assert await planned(ctx, owner) == []


async def test_workers_send_what_happens(ctx: Context, settings: Settings, stranger: Receiver) -> None:
    """The whole way: the outbox, the trigger, the dispatcher, a worker."""
    made = await hook(ctx, stranger.url)

    async with at_work(settings, ["webhooks"]), asyncio.timeout(60):
        await make.order(ctx)
        while not stranger.heard:
            await asyncio.sleep(0.02)

    assert stranger.heard[0].signed_by(made.secret)["type"] == "order.placed"


async def test_one_row_for_an_event_however_often_the_job_is_done(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    await hook(ctx, stranger.url)
    await make.order(ctx)
    await turns(ctx, owner)

    await owner.execute("UPDATE platform.job SET state = 'QUEUED' WHERE shop_schema = $1", ctx.shop.schema)
    await turns(ctx, owner)

    assert len(await deliveries(ctx)) == 1
    assert len(stranger.heard) == 1


async def test_only_what_a_hook_asks_for_goes_to_it(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    await hook(ctx, stranger.url, "OrderHeld")
    await make.order(ctx)

    assert await turns(ctx, owner) == 0
    assert await deliveries(ctx) == []


async def test_another_shop_hears_nothing(
    ctx: Context, other_ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    await hook(other_ctx, stranger.url)
    await make.order(ctx)

    assert await deliveries(other_ctx) == []
    assert await deliveries(ctx) == []


async def test_an_operation_that_is_rolled_back_is_not_told(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    await hook(ctx, stranger.url, "ProductCreated", query="{ __typename }")
    with pytest.raises(RuntimeError):
        async with shop_transaction():
            await publish(ctx, ProductCreated(new_id()))
            raise RuntimeError

    assert await deliveries(ctx) == []
    assert await planned(ctx, owner) == []


async def test_what_did_not_arrive_is_sent_again_for_three_days_the_same_each_time(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    made = await hook(ctx, stranger.url)
    stranger.always = 503
    await make.order(ctx)

    start, pauses = now(), []
    await turns(ctx, owner)
    for _ in PAUSES:
        [at] = (await planned(ctx, owner))[-1:]
        [waiting] = await deliveries(ctx)
        assert waiting.state is DeliveryState.WAITING
        pauses.append(at)
        with clock.set_to(max(at, waiting.due_at)):
            await turns(ctx, owner)
        await resumed_if_paused(ctx, made)

    [given_up] = await deliveries(ctx)
    assert (given_up.state, given_up.tries, given_up.last_status) == (DeliveryState.FAILED, 10, 503)
    assert timedelta(days=2, hours=18) < given_up.ended_at - start < timedelta(days=3, hours=12)
    told = [payload for name, payload in await events_of(ctx) if name == "WebhookDeliveryFailed"]
    assert [(each["delivery_id"], each["told"], each["why"]) for each in told] == [
        (str(given_up.id), "OrderPlaced", "503")
    ]
    assert len(await attempts(ctx, given_up)) == len(stranger.heard) == 10
    assert len({each.body for each in stranger.heard}) == 1
    assert len({each.headers["webhook-id"] for each in stranger.heard}) == 1
    assert len({each.headers["webhook-timestamp"] for each in stranger.heard}) == 10
    assert all(is_signed(each, made.secret) for each in stranger.heard)


async def resumed_if_paused(ctx: Context, made: hooks.NewSecret) -> None:
    """After the third day it is; the last try is then made as if nothing had been noticed."""
    with open_shop(ctx.shop):
        await Webhook.filter(id=made.hook.id, state="PAUSED").using_db(shop_client()).update(state="ACTIVE")


async def test_pauses_between_tries_grow_and_are_spread(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    await hook(ctx, stranger.url)
    stranger.always = 500
    await make.order(ctx)
    await turns(ctx, owner)

    [waiting] = await deliveries(ctx)
    [tried] = await attempts(ctx, waiting)

    assert PAUSES == tuple(sorted(PAUSES))
    assert sum(PAUSES, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)
    assert abs((waiting.due_at - tried.made_at) / PAUSES[0] - 1) <= SPREAD


async def test_a_receiver_may_say_when_to_come_again(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    await hook(ctx, stranger.url)
    stranger.always = b"HTTP/1.1 429 X\r\nRetry-After: 3600\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    await make.order(ctx)
    await turns(ctx, owner)

    [waiting] = await deliveries(ctx)
    [tried] = await attempts(ctx, waiting)
    assert waiting.due_at - tried.made_at == timedelta(hours=1)


async def test_a_receiver_that_recovers_gets_it_and_is_in_good_standing_again(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    made = await hook(ctx, stranger.url)
    stranger.answers = [500]
    await make.order(ctx)
    await turns(ctx, owner)
    assert (await as_kept(ctx, made.hook.id)).failures == 1

    with clock.set_to(now() + timedelta(seconds=10)):
        await turns(ctx, owner)

    [arrived] = await deliveries(ctx)
    assert (arrived.state, arrived.tries) == (DeliveryState.DELIVERED, 2)
    kept = await as_kept(ctx, made.hook.id)
    assert (kept.failures, kept.failing_since, kept.rest_until) == (0, None, None)


async def test_a_receiver_in_trouble_is_asked_by_one_and_not_by_all(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    await hook(ctx, stranger.url)
    stranger.always = 500
    for _ in range(6):
        await make.order(ctx)
    await turns(ctx, owner)
    first = len(stranger.heard)
    assert 1 <= first <= 4  # as many as go at once

    with clock.set_to(now() + timedelta(seconds=12)):  # the rest is over, and all are due
        await turns(ctx, owner)

    assert len(stranger.heard) - first == 1
    assert {each.state for each in await deliveries(ctx)} == {DeliveryState.WAITING}


async def test_after_three_days_of_trouble_a_hook_is_paused_with_notice(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    made = await hook(ctx, stranger.url)
    stranger.always = 500
    await make.order(ctx)
    await turns(ctx, owner)

    with clock.set_to(now() + PATIENCE + timedelta(minutes=1)):
        await turns(ctx, owner)

    kept = await as_kept(ctx, made.hook.id)
    assert (kept.state, kept.pause_reason) == (WebhookState.PAUSED, PauseReason.FAILING)
    assert str(hooks_note(kept)).startswith("Nothing has arrived since 20")
    told = [payload for name, payload in await events_of(ctx) if name == "WebhookPaused"]
    assert [each["reason"] for each in told] == ["FAILING"]
    [waiting] = await deliveries(ctx)
    assert waiting.state is DeliveryState.WAITING
    assert await planned(ctx, owner) == []


def hooks_note(hook: Webhook) -> str:
    assert hook.pause_note is not None
    values = hook.pause_note.get("values", {})
    return str(hook.pause_note["text"]).format_map(values)


async def test_a_receiver_that_is_gone_pauses_its_hook_at_once(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    made = await hook(ctx, stranger.url)
    stranger.always = GONE
    await make.order(ctx)
    await turns(ctx, owner)
    await make.order(ctx)
    await turns(ctx, owner)

    kept = await as_kept(ctx, made.hook.id)
    assert (kept.state, kept.pause_reason, len(stranger.heard)) == (WebhookState.PAUSED, PauseReason.GONE, 1)
    assert len(await deliveries(ctx)) == 1  # what happens meanwhile is not planned


async def test_resuming_sends_what_waits_and_replays_what_was_missed(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    made = await hook(ctx, stranger.url)
    stranger.answers = [GONE]
    first = await make.order(ctx)
    await turns(ctx, owner)
    missed = await make.order(ctx)

    with open_shop(ctx.shop):
        resumed, replayed = await hooks.resume_webhook(ctx, made.hook.id, replay_missed=True)
    await turns(ctx, owner)

    assert (resumed.state, replayed) == (WebhookState.ACTIVE, 1)
    told = [each.json["aggregate"]["id"] for each in stranger.heard[1:]]
    assert sorted(told) == sorted(type_id("ord", each.id) for each in (first, missed))
    assert stranger.heard[1].body == stranger.heard[0].body


async def test_resuming_without_replay_leaves_out_what_happened_meanwhile(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    made = await hook(ctx, stranger.url)
    with open_shop(ctx.shop):
        await hooks.pause_webhook(ctx, made.hook.id)
        await make.order(ctx)
        assert (await hooks.resume_webhook(ctx, made.hook.id, replay_missed=False))[1] == 0
        assert (await hooks.resume_webhook(ctx, made.hook.id, replay_missed=True))[1] == 0  # it is not paused any more
    await turns(ctx, owner)

    assert stranger.heard == []


async def test_a_query_that_runs_no_more_is_told_and_pauses_the_hook(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    """As after a release that takes a field away, or asks for one more scope."""
    made = await hook(ctx, stranger.url, scopes=())
    await make.order(ctx)
    await turns(ctx, owner)

    [waiting] = await deliveries(ctx)
    [tried] = await attempts(ctx, waiting)
    kept = await as_kept(ctx, made.hook.id)
    assert (waiting.state, waiting.tries, tried.code) == (DeliveryState.WAITING, 0, "QUERY_REFUSED")
    assert "orders:read" in str(tried.error)
    assert (kept.state, kept.pause_reason, stranger.heard) == (WebhookState.PAUSED, PauseReason.BROKEN, [])

    with open_shop(ctx.shop):
        mended = hooks.WebhookDraft(query="{ __typename }", scopes=[])
        await hooks.edit_webhook(ctx, made.hook.id, mended)
        await hooks.resume_webhook(ctx, made.hook.id, replay_missed=False)
    await turns(ctx, owner)
    assert stranger.heard[0].signed_by(made.secret)["data"] == {"__typename": "Query"}


async def test_a_secret_that_cannot_be_read_pauses_the_hook_until_it_is_rotated(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    """As after STOA_SECRET_KEY was changed."""
    made = await hook(ctx, stranger.url)
    await owner.execute("UPDATE platform.webhook SET secret = 'sealed:1:' || repeat('A', 80)")
    await make.order(ctx)
    await turns(ctx, owner)
    kept = await as_kept(ctx, made.hook.id)
    assert (kept.state, kept.pause_reason, stranger.heard) == (WebhookState.PAUSED, PauseReason.BROKEN, [])

    with open_shop(ctx.shop):
        fresh = await hooks.rotate_secret(ctx, made.hook.id)
        await hooks.resume_webhook(ctx, made.hook.id, replay_missed=False)
    await turns(ctx, owner)

    assert stranger.heard[0].signed_by(fresh.secret)["type"] == "order.placed"


async def test_while_secrets_rotate_both_sign(ctx: Context, owner: asyncpg.Connection, stranger: Receiver) -> None:
    made = await hook(ctx, stranger.url)
    with open_shop(ctx.shop):
        fresh = await hooks.rotate_secret(ctx, made.hook.id, overlap=timedelta(hours=2))
    await make.order(ctx)
    await turns(ctx, owner)
    heard = stranger.heard[0]
    assert heard.signed_by(made.secret) == heard.signed_by(fresh.secret)
    assert len(heard.headers["webhook-signature"].split(" ")) == 2

    with clock.set_to(now() + timedelta(hours=3)):
        await make.order(ctx)
        await turns(ctx, owner)
    assert is_signed(stranger.heard[1], fresh.secret)
    assert not is_signed(stranger.heard[1], made.secret)


async def test_a_slow_receiver_does_not_hold_the_shops_other_hooks(
    ctx: Context, settings: Settings, stranger: Receiver
) -> None:
    async with receiver() as slow:
        slow.holds.clear()
        await hook(ctx, slow.url)
        await hook(ctx, stranger.url)
        async with at_work(settings, ["webhooks"], patience=0), asyncio.timeout(60):
            for _ in range(3):
                await make.order(ctx)
            while len(stranger.heard) < 3 or not slow.heard:
                await asyncio.sleep(0.02)

        assert len(slow.heard) <= 4  # as many as go to one receiver at once
        slow.holds.set()


async def test_one_shops_slow_receivers_do_not_hold_anothers(
    ctx: Context, other_ctx: Context, settings: Settings, stranger: Receiver
) -> None:
    async with receiver() as slow:
        slow.holds.clear()
        for _ in range(12):
            await hook(ctx, slow.url)
        made = await hook(other_ctx, stranger.url)
        async with at_work(settings, ["webhooks"], patience=0), asyncio.timeout(60):
            await make.order(ctx)
            while len(slow.heard) < LANES["webhooks"].per_shop:
                await asyncio.sleep(0.02)
            with open_shop(other_ctx.shop):
                await make.order(other_ctx)
            while not stranger.heard:
                await asyncio.sleep(0.02)

        assert stranger.heard[0].signed_by(made.secret)["type"] == "order.placed"
        assert len(slow.heard) == LANES["webhooks"].per_shop < LANES["webhooks"].at_once
        slow.holds.set()


async def test_what_is_about_one_thing_is_sent_in_its_order(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    await hook(ctx, stranger.url, "OrderPlaced", "OrderHeld", "OrderResumed")
    made = [await make.order(ctx) for _ in range(3)]
    for _ in range(2):
        for order in made:
            await orders.hold_order(ctx, order.id, reason="wait")
            await orders.resume_order(ctx, order.id)
    await turns(ctx, owner)

    for order in made:
        id = type_id("ord", order.id)
        told = [each.json for each in stranger.heard if each.json["aggregate"]["id"] == id]
        assert [each["type"].removeprefix("order.") for each in told] == ["placed", *["held", "resumed"] * 2]
        numbers = [each["sequence"] for each in told]
        assert numbers == sorted(set(numbers))


async def test_a_replay_of_a_time_sends_the_same_ids_and_numbers_with_a_payload_of_today(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    made = await hook(ctx, stranger.url)
    before = now()
    order = await make.order(ctx)
    await turns(ctx, owner)
    await orders.confirm_order(ctx, order.id)

    with open_shop(ctx.shop):
        assert await hooks.replay(ctx, made.hook.id, hooks.Range(since=now())) == 0
        assert await hooks.replay(ctx, made.hook.id, hooks.Range(since=before, only_failed=True)) == 0
        assert await hooks.replay(ctx, made.hook.id, hooks.Range(since=before)) == 1
    await turns(ctx, owner)

    first, again = (each.signed_by(made.secret) for each in stranger.heard)
    assert (first["id"], first["sequence"]) == (again["id"], again["sequence"])
    assert (first["data"]["order"]["state"], again["data"]["order"]["state"]) == ("PENDING", "CONFIRMED")
    [delivery] = await deliveries(ctx)
    assert (delivery.attempts_made, delivery.tries) == (2, 1)


async def test_a_replay_of_what_failed_takes_that_and_nothing_else(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    made = await hook(ctx, stranger.url)
    for _ in range(3):
        await make.order(ctx)
    await turns(ctx, owner)
    given_up, other, _ = await deliveries(ctx)
    for each in (given_up, other):
        await owner.execute("UPDATE platform.webhook_delivery SET state = 'FAILED' WHERE id = $1", each.id)
    stranger.heard.clear()

    with open_shop(ctx.shop):
        of_one = hooks.Range(subject_id=given_up.subject_id, first=1, only_failed=True)
        assert await hooks.replay(ctx, made.hook.id, of_one) == 1
        chosen = hooks.Range(delivery_ids=[other.id], only_failed=True)
        assert await hooks.replay(ctx, made.hook.id, chosen) == 1
        everything = hooks.Range(since=datetime(1, 1, 1, tzinfo=UTC), until=datetime.max.replace(tzinfo=UTC))
        assert await hooks.replay(ctx, made.hook.id, replace(everything, only_failed=True)) == 0
    await turns(ctx, owner)

    assert sorted(each.json["aggregate"]["id"] for each in stranger.heard) == sorted(
        type_id("ord", each.subject_id) for each in (given_up, other)
    )


async def test_a_test_about_something_the_query_does_not_fit_leaves_the_hook_as_it_is(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    made = await hook(ctx, stranger.url)
    product = await make.product(ctx)
    with open_shop(ctx.shop):
        await hooks.send_test(ctx, made.hook.id, type_id("prod", product.id))

    await turns(ctx, owner)

    assert ((await as_kept(ctx, made.hook.id)).state, stranger.heard) == ("ACTIVE", [])
    [tested] = await deliveries(ctx)
    [tried] = await attempts(ctx, tested)
    assert tried.code == "PAYLOAD_FAILED"


async def test_what_was_made_with_more_rights_than_the_hook_has_now_is_made_anew(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    """Whoever narrows a hook may send it elsewhere then; what waits must not go along."""
    made = await hook(ctx, stranger.url, query="query ($id: ID!) { order(id: $id) { email } }", scopes=WIDE)
    stranger.answers = [500]
    await make.order(ctx)
    await turns(ctx, owner)
    await owner.execute(
        "UPDATE platform.webhook SET query = $2, scopes = $3 WHERE id = $1", made.hook.id, QUERY, NARROW
    )

    with clock.set_to(now() + timedelta(seconds=10)):
        await turns(ctx, owner)

    first, again = (each.json["data"]["order"] for each in stranger.heard)
    assert (sorted(first), sorted(again)) == (["email"], ["id", "number", "state", "total"])


async def test_a_replay_of_one_thing_goes_by_its_numbers(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    order = await make.order(ctx)
    await orders.hold_order(ctx, order.id, reason="wait")
    await orders.resume_order(ctx, order.id)
    made = await hook(ctx, stranger.url, "OrderPlaced", "OrderHeld", "OrderResumed")  # made after all this

    with open_shop(ctx.shop):
        wanted = hooks.Range(subject_id=order.id, first=2)
        assert await hooks.replay(ctx, made.hook.id, wanted) == 2
    await turns(ctx, owner)

    told = [(each.json["type"], each.json["sequence"]) for each in stranger.heard]
    assert [each for each, _ in told] == ["order.held", "order.resumed"]
    assert all(number >= 2 for _, number in told)


async def test_a_test_is_sent_with_the_payload_of_what_it_is_about(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    order = await make.order(ctx)
    made = await hook(ctx, stranger.url, "OrderHeld")
    with open_shop(ctx.shop):
        await hooks.send_test(ctx, made.hook.id)
        await hooks.send_test(ctx, made.hook.id, type_id("ord", order.id))
    await turns(ctx, owner)

    bare, full = (each.signed_by(made.secret) for each in stranger.heard)
    assert (bare["type"], bare["data"], bare["aggregate"]["kind"]) == ("webhook.test", None, "Webhook")
    assert full["aggregate"] == {"kind": "Order", "id": type_id("ord", order.id)}
    assert full["data"]["order"]["number"] == order.number


async def test_a_payload_that_is_too_large_is_given_up_and_says_so(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    await hook(
        ctx,
        stranger.url,
        "ProductCreated",
        query="query ($id: ID!) { %s }" % " ".join(f"a{i}: product(id: $id) {{ description }}" for i in range(12)),
        scopes=("catalog:read",),
    )
    product = await make.product(ctx, description="x" * 30_000)
    async with shop_transaction():
        await publish(ctx, ProductCreated(product.id))
    await turns(ctx, owner)

    [given_up] = await deliveries(ctx)
    assert (given_up.state, given_up.last_code, stranger.heard) == (DeliveryState.FAILED, "PAYLOAD_TOO_LARGE", [])


@pytest.mark.parametrize("host", ["10.0.0.5", "169.254.169.254", "localhost.example"])
async def test_a_private_address_is_refused_when_it_is_called(
    ctx: Context, owner: asyncpg.Connection, host: str
) -> None:
    """It was public when the hook was made: names come to mean something else."""
    made = await hook(ctx, "https://shop.example/")
    with open_shop(ctx.shop):
        where = f"http://{host}:8080/"
        await Webhook.filter(id=made.hook.id).using_db(shop_client()).update(address=where)
    await make.order(ctx)
    await turns(ctx, owner)

    [waiting] = await deliveries(ctx)
    [tried] = await attempts(ctx, waiting)
    assert tried.code == ("HOST_UNKNOWN" if host == "localhost.example" else "ADDRESS_REFUSED")
    assert (tried.status, waiting.state) == (None, DeliveryState.WAITING)


async def test_what_is_replayed_while_it_is_sent_goes_out_once_more(
    ctx: Context, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    made = await hook(ctx, stranger.url)
    start = now()
    await make.order(ctx)
    stranger.holds.clear()

    sending = asyncio.create_task(turns(ctx, owner))
    while not stranger.heard:
        await asyncio.sleep(0.01)
    with open_shop(ctx.shop):
        await hooks.replay(ctx, made.hook.id, hooks.Range(since=start - timedelta(minutes=1)))
    stranger.holds.set()
    await sending
    await turns(ctx, owner)

    assert len(stranger.heard) == 2
    [delivery] = await deliveries(ctx)
    assert (delivery.state, delivery.attempts_made) == (DeliveryState.DELIVERED, 2)


async def test_a_turn_that_was_lost_is_made_up_for(ctx: Context, owner: asyncpg.Connection, stranger: Receiver) -> None:
    """As after a backup was restored: the delivery waits, and no job is planned for it."""
    await hook(ctx, stranger.url)
    await make.order(ctx)
    await owner.execute("DELETE FROM platform.job")
    await owner.execute("UPDATE platform.webhook_delivery SET due_at = due_at - interval '5 minutes'")

    await hooks.rescue()
    await turns(ctx, owner)

    assert len(stranger.heard) == 1
    await hooks.rescue()
    assert await planned(ctx, owner) == []


async def test_what_was_sent_long_ago_is_forgotten(ctx: Context, owner: asyncpg.Connection, stranger: Receiver) -> None:
    made, other = await hook(ctx, stranger.url), await hook(ctx, "https://gone.example/")
    await make.order(ctx)
    await turns(ctx, owner)
    with open_shop(ctx.shop):
        await hooks.delete_webhook(ctx, other.hook.id)

    with clock.set_to(now() + timedelta(days=29)):
        await hooks.sweep_webhooks()
        assert len(await deliveries(ctx, made.hook.id)) == 1
        assert await deliveries(ctx, other.hook.id) == []
    with clock.set_to(now() + timedelta(days=31)):
        await hooks.sweep_webhooks()

    assert await deliveries(ctx) == []
    assert (
        await owner.fetchval("SELECT count(*) FROM platform.webhook_attempt WHERE shop_schema = $1", ctx.shop.schema)
        == 0
    )
