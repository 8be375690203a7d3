"""A merchant is told of what happens: in the app at once, by mail when it suits, and never twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from stoa.graphql.executing import Executor
from stoa.graphql.schema import schema
from stoa.kit import clock
from stoa.kit.letterbox import Letterbox
from stoa.kit.tasks import end
from stoa.settings import Settings
from stoa.tenants.context import Context
from stoa.workers import reactions
from tests import make
from tests.graphql.asking import Ask
from tests.journeys.browsing import Browser, sign_up
from tests.tenants.notifying.days import NOON, Day, later

PLACE = """mutation ($input: OrderPlaceInput!) { orderPlace(input: $input) {
  order { id number } userErrors { code message path } } }"""
PREFER = """mutation ($input: NotificationPreferencesUpdateInput!) { notificationPreferencesUpdate(input: $input) {
  preferences { version } userErrors { code message path } } }"""
OUTBOX = "{ outbox(channel: MAIL) { to subject text at } }"
MESSAGES = "{ notificationMessages(first: 100) { nodes { notice channel state reason dueAt title } } }"


async def test_an_order_is_told_in_the_app_at_once_and_by_mail_in_chinese(browser: Browser) -> None:
    """O5, X2: on a real server with its workers, through the API alone."""
    await sign_up(browser)
    saved = await browser.ask(PREFER, input={"locale": "zh"})
    assert saved["notificationPreferencesUpdate"]["userErrors"] == []
    async with (
        asyncio.timeout(60),
        watching(browser, "notificationsUnreadChanged", "") as bell,
        watching(browser, "notificationReceived", "{ id title subject isRead }") as news,
    ):
        assert await bell.get() == 0
        order = await placed(browser)
        note, unread = await news.get(), await bell.get()
        assert note["title"] == f"新订单 {order['number']} 等待您确认：£12.50"
        assert (note["subject"], note["isRead"], unread) == (order["id"], False, 1)
        [letter] = await until(browser, OUTBOX, "outbox")
        assert letter["subject"] == note["title"]
        assert letter["text"].endswith("之前确认。")

        read = await browser.ask(
            "mutation ($ids: [ID!]!) { notificationRead(input: {ids: $ids}) { userErrors { code } } }", ids=[note["id"]]
        )
        assert read["notificationRead"]["userErrors"] == []
        assert await bell.get() == 0


@asynccontextmanager
async def watching(browser: Browser, name: str, selected: str) -> AsyncIterator[asyncio.Queue[Any]]:
    """What the subscription says, as it comes, from when it listens on."""
    heard: asyncio.Queue[Any] = asyncio.Queue()

    async def pump() -> None:
        async for data in browser.watch(f"subscription {{ {name} {selected} }}"):
            heard.put_nowait(data[name])

    task = asyncio.create_task(pump())
    await asyncio.sleep(1)
    try:
        yield heard
    finally:
        await end([task])


async def placed(browser: Browser) -> dict[str, Any]:
    line = {"title": "Cup", "quantity": 1, "unitPrice": {"amount": "12.50", "currency": "GBP"}}
    asked = await browser.ask(PLACE, input={"lines": [line]})
    assert asked["orderPlace"]["userErrors"] == []
    return asked["orderPlace"]["order"]  # type: ignore[no-any-return]


async def until(browser: Browser, query: str, name: str) -> Any:
    """What is there, once there is something."""
    async with asyncio.timeout(30):
        while not (found := (await browser.ask(query))[name]):
            await asyncio.sleep(0.1)
    return found


# By a clock that can be moved ------------------------------------------------------------------------------------------


@pytest.fixture
async def day(ctx: Context, owner: asyncpg.Connection, settings: Settings) -> AsyncIterator[Day]:
    reactions.fill()
    with clock.set_to(NOON):
        yield Day(ctx, owner, Letterbox(settings.letterbox))
    reactions.fill({})


@pytest.fixture
def ask(day: Day, settings: Settings) -> Ask:
    free = settings.model_copy(update={"points_capacity": 1e15, "points_per_second": 1e12})
    return Ask(Executor(schema(), free), settings, day.ctx)


async def prefer(ask: Ask, **wishes: Any) -> None:
    saved = await ask.data(PREFER, input={"locale": "zh", "timeZone": "Asia/Shanghai", **wishes})
    assert saved["notificationPreferencesUpdate"]["userErrors"] == []


async def order(ask: Ask) -> int:
    line = {"title": "Cup", "quantity": 1, "unitPrice": {"amount": "12.50", "currency": "EUR"}}
    asked = await ask.data(PLACE, input={"lines": [line]})
    assert asked["orderPlace"]["userErrors"] == []
    return int(asked["orderPlace"]["order"]["number"])


async def mails(ask: Ask) -> list[str]:
    """The subjects of what has left, the first first."""
    return [each["subject"] for each in (await ask.data(OUTBOX))["outbox"]][::-1]


async def test_quiet_hours_digests_caps_and_reminders(day: Day, ask: Ask) -> None:
    """One merchant's nights and days; every job is delivered a second time, and nothing is said twice."""
    await prefer(ask, quietFrom="22:00", quietUntil="07:00", caps=[{"channel": "MAIL", "anHour": 2}])

    with later(hours=11):  # 23:00 in Shanghai
        first = await order(ask)
        await day.work()
        assert await mails(ask) == []
        assert (await ask.data("{ notificationsUnread }"))["notificationsUnread"] == 1
        rows = (await ask.data(MESSAGES))["notificationMessages"]["nodes"]
        [mail] = [each for each in rows if each["channel"] == "MAIL"]
        assert (mail["state"], mail["reason"]) == ("WAITING", "It waits until the recipient's quiet hours end.")
    with later(hours=18, minutes=59):
        await day.work()
        assert await mails(ask) == []
    with later(hours=19):  # 07:00
        await day.work()
        assert await mails(ask) == [f"新订单 {first} 等待您确认：€12.50"]

    with later(hours=20, minutes=30):  # a rush: two go, the others are gathered
        rush = [await order(ask) for _ in range(5)]
        await day.work()
        assert len(await mails(ask)) == 3
    with later(hours=21):
        await day.work()
        assert (await mails(ask))[3:] == ["Stoa Poikile 的 3 条通知"]
        digest = (await ask.data(OUTBOX))["outbox"][0]
        assert [number for number in rush if f"新订单 {number} " in digest["text"]] == rush[2:]

    await prefer(ask, digests=[{"channel": "MAIL", "digest": "DAILY"}], digestAt="09:30")
    with later(hours=22):  # 10:00
        await order(ask)
        await day.work()
        assert len(await mails(ask)) == 4
    with later(hours=45, minutes=29):
        await day.work()
        assert len(await mails(ask)) == 4
    with later(hours=45, minutes=30):  # 09:30 of the next day; by then the orders are overdue as well
        await day.work()
        assert len(await mails(ask)) == 5
        overdue = (await ask.data("{ notifications { nodes { notice } } }"))["notifications"]["nodes"]
        assert [each["notice"] for each in overdue].count("order_overdue") == 6

    before, letters = await day.messages(), await mails(ask)
    with later(hours=46):
        for job in await day.owner.fetch(
            "SELECT id FROM platform.job WHERE shop_schema = $1 AND kind = 'notifications' AND state = 'DONE'",
            day.ctx.shop.schema,
        ):
            await day.deliver(job["id"])
        await day.work()
        assert await mails(ask) == letters
        assert await day.messages() == before


async def test_a_colleague_hears_what_they_want_and_may(day: Day, ask: Ask) -> None:
    """A rule of the shop's own, a template in its own words, and somebody who wants none of it by mail."""
    clerk = await make.member(day.ctx.shop, role="STAFF")
    made = await ask.data(
        """mutation ($input: NotificationTemplateCreateInput!) { notificationTemplateCreate(input: $input) {
          template { id } userErrors { message } } }""",
        input={
            "notice": "order_waits",
            "name": "Short",
            "title": {"en": "#{{ order.number }}", "zh": "单 {{ order.number }}"},
        },
    )
    template = made["notificationTemplateCreate"]["template"]["id"]
    ruled = await ask.data(
        """mutation ($input: NotificationRuleCreateInput!) { notificationRuleCreate(input: $input) {
          rule { id } userErrors { message } } }""",
        input={
            "notice": "order_waits",
            "name": "Everybody who serves",
            "channels": ["IN_APP", "MAIL"],
            "roles": ["OWNER", "STAFF"],
            "addresses": [{"channel": "SMS", "to": "+8613800138000", "locale": "zh"}],
            "templateId": template,
            "replacesDefault": True,
        },
    )
    assert ruled["notificationRuleCreate"]["userErrors"] == []
    by_clerk = replace(ask, ctx=replace(day.ctx, actor=replace(day.ctx.actor, id=clerk.id)))
    await by_clerk.data(PREFER, input={"switches": [{"channel": "MAIL", "isOn": False}]})

    number = await order(ask)
    await day.work()

    assert await mails(ask) == [f"#{number}"]
    [sms] = await day.letters("sms")
    assert (sms.to, sms.text) == ("+8613800138000", f"【Stoa Poikile】单 {number}")
    assert (await by_clerk.data("{ notificationsUnread }"))["notificationsUnread"] == 1
    states = [(each["name"], each["channel"], each["state"]) for each in await day.messages(account_id=clerk.id)]
    assert [state for _, channel, state in states if channel == "MAIL"] == ["SUPPRESSED"]
