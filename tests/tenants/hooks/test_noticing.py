"""Somebody is told when a webhook is paused and nobody here did it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from stoa.kit import clock
from stoa.kit.ids import type_id
from stoa.kit.letterbox import Letterbox
from stoa.settings import Settings
from stoa.tenants import hooks
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_transaction
from stoa.tenants.hooks.events import WebhookDeliveryFailed
from stoa.tenants.outbox import publish
from stoa.workers import reactions
from tests import make
from tests.fakes.receiver import Receiver, receiver
from tests.tenants.hooks.sending import hook, turns
from tests.tenants.notifying.days import NOON, Day

GONE = 410


@pytest.fixture(autouse=True)
def reacting() -> Iterator[None]:
    """Events plan jobs, as they do in a process that serves."""
    reactions.fill()
    yield
    reactions.fill({})


@pytest.fixture
async def day(ctx: Context, owner: asyncpg.Connection, settings: Settings) -> AsyncIterator[Day]:
    with clock.set_to(NOON):
        yield Day(ctx, owner, Letterbox(settings.letterbox))


@pytest.fixture
async def stranger() -> AsyncIterator[Receiver]:
    async with receiver() as started:
        yield started


async def test_a_hook_whose_receiver_is_gone_is_told_of_in_the_app_and_by_mail(day: Day, stranger: Receiver) -> None:
    made = await hook(day.ctx, stranger.url)
    stranger.always = GONE
    await make.order(day.ctx)
    await turns(day.ctx, day.owner)

    await day.work()

    rows = await day.messages(notice="webhook_paused")
    assert [(each["channel"], each["title"]) for each in rows] == [
        ("IN_APP", "The webhook ERP is paused"),
        ("MAIL", "The webhook ERP is paused"),
    ]
    assert rows[0]["subject"] == type_id("hook", made.hook.id)
    assert "the receiver says that it is gone for good. Resume it" in rows[0]["body"]


async def test_who_pauses_a_hook_is_not_told_and_nobody_is_when_it_goes_on_already(
    day: Day, stranger: Receiver
) -> None:
    made, other = await hook(day.ctx, stranger.url), await hook(day.ctx, "https://erp.example/")
    stranger.always = GONE
    await make.order(day.ctx)
    await turns(day.ctx, day.owner)
    with open_shop(day.ctx.shop):
        await hooks.resume_webhook(day.ctx, made.hook.id, replay_missed=False)
        await hooks.pause_webhook(day.ctx, other.hook.id)

    await day.work()

    assert await day.messages(notice="webhook_paused") == []


async def test_an_event_that_did_not_arrive_is_told_of(day: Day) -> None:
    made = await hook(day.ctx, "https://erp.example/")
    async with shop_transaction():
        event = WebhookDeliveryFailed(made.hook.id, made.hook.id, "ERP", "OrderPlaced", "500")
        await publish(day.ctx, event)

    await day.work()

    [row] = await day.messages(notice="webhook_delivery_failed", channel="IN_APP")
    assert row["title"] == "An event did not reach ERP"
    assert row["body"].startswith("OrderPlaced was given up: 500.")
