"""Keeping webhooks: what is refused, what nobody is shown, and that no event falls between two stools."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from stoa.kit.calling import AddressRefused
from stoa.kit.errors import InvalidInput
from stoa.kit.ids import new_id
from stoa.settings import Settings
from stoa.tenants import hooks
from stoa.tenants.access.errors import BeyondYourRights
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.hooks.errors import NoSuchWebhook, TooManyWebhooks, WebhookChanged, WebhookIsPaused
from stoa.tenants.hooks.events import WebhookTested
from stoa.tenants.hooks.keeping import MOST_HOOKS
from stoa.tenants.hooks.models import PauseReason, Webhook, WebhookDelivery, WebhookState
from stoa.tenants.outbox import publish
from stoa.tenants.provisioning import drop_shop
from tests import make
from tests.domains.catalog.catalogs import events_of
from tests.tenants.hooks.sending import as_kept, deliveries, hook

ADDRESS = "https://erp.example/hook"
DRAFT = hooks.WebhookDraft("ERP", ADDRESS, ["WebhookTested"], "{ __typename }", [])


async def test_a_hook_is_made_with_a_secret_that_is_kept_under_seal(ctx: Context, owner: asyncpg.Connection) -> None:
    made = await hooks.create_webhook(ctx, DRAFT)

    row = await owner.fetchrow("SELECT * FROM platform.webhook WHERE id = $1", made.hook.id)
    assert row is not None
    assert made.secret.startswith("whsec_")
    assert made.secret not in str(dict(row))
    assert row["secret"].startswith("sealed:1:")
    assert (row["shop_schema"], row["actor_id"]) == (ctx.shop.schema, ctx.actor.id)
    assert await events_of(ctx) == [("WebhookCreated", {"webhook_id": str(made.hook.id), "name": "ERP"})]


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"address": "http://192.168.1.1:8080/"}, AddressRefused),
        ({"address": "ftp://erp.example/"}, AddressRefused),
        ({"name": " "}, InvalidInput),
        ({"events": []}, InvalidInput),
    ],
)
async def test_what_cannot_be_is_refused(ctx: Context, change: dict[str, object], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        await hooks.create_webhook(ctx, replace(DRAFT, **change))

    assert await Webhook.all().using_db(shop_client()).count() == 0


async def test_there_are_so_many_and_no_more(ctx: Context) -> None:
    for _ in range(MOST_HOOKS):
        await hooks.create_webhook(ctx, DRAFT)

    with pytest.raises(TooManyWebhooks, match="20 webhooks"):
        await hooks.create_webhook(ctx, DRAFT)


async def test_what_differs_is_saved_and_told(ctx: Context) -> None:
    made = await hooks.create_webhook(ctx, DRAFT)

    await hooks.edit_webhook(ctx, made.hook.id, hooks.WebhookDraft(name="ERP 2", address=ADDRESS))
    await hooks.edit_webhook(ctx, made.hook.id, hooks.WebhookDraft(name="ERP 2"))

    kept = await as_kept(ctx, made.hook.id)
    assert (kept.name, kept.version) == ("ERP 2", 2)
    assert [name for name, _ in await events_of(ctx)] == ["WebhookCreated", "WebhookEdited"]
    with pytest.raises(WebhookChanged):
        await hooks.edit_webhook(ctx, made.hook.id, hooks.WebhookDraft(name="ERP 3"), expected_version=1)


async def test_nobody_sends_elsewhere_what_they_may_not_see(ctx: Context) -> None:
    """A hook that sends what its maker saw is not turned to another address by somebody with less."""
    made = await hooks.create_webhook(ctx, replace(DRAFT, scopes=["customers:read"]))
    less = replace(ctx, scopes=frozenset({"webhooks:write"}))

    with pytest.raises(BeyondYourRights, match="customers:read"):
        await hooks.edit_webhook(less, made.hook.id, hooks.WebhookDraft(address="https://mine.example/"))
    with pytest.raises(BeyondYourRights):
        await hooks.create_webhook(less, replace(DRAFT, scopes=["customers:read"]))
    with pytest.raises(BeyondYourRights):
        await hooks.rotate_secret(less, made.hook.id)

    kept = await as_kept(ctx, made.hook.id)
    assert (kept.address, kept.secret, kept.old_secret) == (ADDRESS, made.hook.secret, None)


async def test_a_deleted_hook_is_gone_and_hears_nothing(ctx: Context) -> None:
    made = await hooks.create_webhook(ctx, DRAFT)
    await hooks.delete_webhook(ctx, made.hook.id)
    async with shop_transaction():
        await publish(ctx, WebhookTested(new_id()))

    assert await deliveries(ctx) == []
    for doing in (
        hooks.webhook(made.hook.id),
        hooks.delete_webhook(ctx, made.hook.id),
        hooks.pause_webhook(ctx, made.hook.id),
        hooks.send_test(ctx, made.hook.id),
    ):
        with pytest.raises(NoSuchWebhook):
            await doing


async def test_pausing_twice_changes_nothing_and_a_paused_hook_is_sent_nothing(ctx: Context) -> None:
    made = await hooks.create_webhook(ctx, DRAFT)
    first = await hooks.pause_webhook(ctx, made.hook.id)
    again = await hooks.pause_webhook(ctx, made.hook.id)

    assert (first.state, first.pause_reason) == (WebhookState.PAUSED, PauseReason.ASKED)
    assert again.paused_at == first.paused_at
    assert [name for name, _ in await events_of(ctx)].count("WebhookPaused") == 1
    with pytest.raises(WebhookIsPaused):
        await hooks.send_test(ctx, made.hook.id)
    with pytest.raises(WebhookIsPaused):
        await hooks.replay(ctx, made.hook.id, hooks.Range(since=made.hook.created_at))


@pytest.mark.parametrize("wanted", [hooks.Range(), hooks.Range(only_failed=True), hooks.Range(first=2)])
async def test_a_replay_says_what(ctx: Context, wanted: hooks.Range) -> None:
    made = await hooks.create_webhook(ctx, DRAFT)
    with pytest.raises(InvalidInput):
        await hooks.replay(ctx, made.hook.id, wanted)


async def test_what_is_published_after_a_hook_was_made_goes_to_it_whenever_the_transaction_began(ctx: Context) -> None:
    """No copy of who listens is kept anywhere, so none can be out of date."""
    begun, go = asyncio.Event(), asyncio.Event()

    async def slowly() -> None:
        async with shop_transaction():
            await publish(ctx, WebhookTested(new_id(), "before"))
            begun.set()
            await go.wait()
            await publish(ctx, WebhookTested(new_id(), "after"))

    working = asyncio.create_task(slowly())
    await begun.wait()
    made = await hooks.create_webhook(ctx, DRAFT)
    go.set()
    await working

    [told] = await deliveries(ctx)
    assert told.webhook_id == made.hook.id  # type: ignore[attr-defined]
    [logged] = [payload for name, payload in await events_of(ctx) if payload.get("about") == "after"]
    assert str(told.subject_id) == logged["webhook_id"]


async def test_deleting_a_hook_does_not_fail_what_is_published_meanwhile(ctx: Context) -> None:
    made = [await hooks.create_webhook(ctx, DRAFT) for _ in range(4)]

    async def publishing() -> None:
        for _ in range(10):
            async with shop_transaction():
                await publish(ctx, WebhookTested(new_id()))

    async def deleting() -> None:
        for each in made:
            await hooks.delete_webhook(ctx, each.hook.id)

    await asyncio.gather(publishing(), publishing(), deleting())

    assert [name for name, _ in await events_of(ctx)].count("WebhookTested") == 20


async def test_one_transaction_rouses_a_hook_once_however_much_it_publishes(
    ctx: Context, owner: asyncpg.Connection
) -> None:
    await hooks.create_webhook(ctx, DRAFT)
    async with shop_transaction():
        await publish(ctx, *(WebhookTested(new_id()) for _ in range(5)))
        await publish(ctx, WebhookTested(new_id()))

    assert len(await deliveries(ctx)) == 6
    names = await owner.fetch("SELECT name, kind FROM platform.job WHERE shop_schema = $1", ctx.shop.schema)
    assert [tuple(each) for each in names] == [("webhooks.send", "webhooks")]


async def test_a_shop_without_hooks_plans_nothing_and_writes_nothing(ctx: Context, owner: asyncpg.Connection) -> None:
    async with shop_transaction():
        await publish(ctx, WebhookTested(new_id()))

    assert await deliveries(ctx) == []
    assert await owner.fetchval("SELECT count(*) FROM platform.job WHERE shop_schema = $1", ctx.shop.schema) == 0


@pytest.mark.parametrize("table", ["webhook", "webhook_delivery", "webhook_attempt", "webhook_sequence"])
async def test_a_shops_role_sees_its_own_rows_alone(ctx: Context, other_ctx: Context, table: str) -> None:
    with open_shop(other_ctx.shop):
        made = await hook(other_ctx, ADDRESS, "WebhookTested")
        async with shop_transaction():
            await publish(other_ctx, WebhookTested(made.hook.id))

    client = shop_client()
    assert await client.execute_query_dict(f"SELECT * FROM platform.{table}") == []
    assert (
        await client.execute_query_dict(f"UPDATE platform.{table} SET shop_schema = $1 RETURNING 1", [ctx.shop.schema])
        == []
    )
    assert await client.execute_query_dict(f"DELETE FROM platform.{table} RETURNING 1") == []
    with open_shop(other_ctx.shop):
        assert len(await WebhookDelivery.all().using_db(shop_client())) == 1


async def test_a_shops_role_cannot_send_in_anothers_name(ctx: Context, other_ctx: Context) -> None:
    made = await hook(other_ctx, ADDRESS, "WebhookTested")
    statement = """
      INSERT INTO platform.webhook_delivery (id, shop_schema, webhook_id, event_id, event_name, subject_id, happened_at,
        state, due_at, tries, attempts_made, created_at)
      VALUES (gen_random_uuid(), $1, $2, gen_random_uuid(), 'x', gen_random_uuid(), now(), 'WAITING', now(), 0, 0, now())
    """
    with pytest.raises(Exception, match="row-level security"):
        await shop_client().execute_query_dict(statement, [other_ctx.shop.schema, made.hook.id])

    assert await deliveries(other_ctx) == []


async def test_dropping_a_shop_takes_its_hooks_along(settings: Settings, owner: asyncpg.Connection) -> None:
    gone = await make.context(await make.shop("Gone"))
    made = await hook(gone, ADDRESS, "OrderPlaced")
    with open_shop(gone.shop):
        await hooks.send_test(gone, made.hook.id)

    await drop_shop(settings, gone.shop.schema)

    for table in ("webhook", "webhook_delivery", "webhook_attempt", "webhook_sequence"):
        count = await owner.fetchval(f"SELECT count(*) FROM platform.{table} WHERE shop_schema = $1", gone.shop.schema)
        assert count == 0
