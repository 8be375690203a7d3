"""From an event to messages: to everybody who is to be told, once."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from stoa.domains import orders
from stoa.kit.messaging import Channel
from stoa.tenants.context import Actor
from stoa.tenants.database import shop_transaction
from stoa.tenants.models import Account
from stoa.tenants.notifying import fanning, preferences, rules
from stoa.tenants.notifying.models import Digest
from tests import make
from tests.graphql.asking import statements_sent
from tests.tenants.notifying.days import Day


@pytest.fixture
async def li_lei(day: Day) -> Account:
    """Works in the shop, and reads Chinese."""
    person = await make.member(day.ctx.shop, await make.account(name="李雷"), role="STAFF")
    await Account.filter(id=person.id).update(locale="zh")
    return person


async def event_id(day: Day, name: str = "OrderPlaced") -> UUID:
    found = await day.owner.fetchval(f"SELECT id FROM {day.ctx.shop.schema}.event WHERE name = $1", name)
    assert isinstance(found, UUID)
    return found


async def test_an_order_that_comes_in_is_told_in_the_app_and_by_mail(day: Day, li_lei: Account) -> None:
    """O5: the merchant is told to confirm, each in their language."""
    order = await make.order(day.ctx)

    await day.work()

    rows = await day.messages()
    assert sorted((each["name"], each["channel"], each["state"]) for each in rows) == [
        ("Zeno of Citium", "IN_APP", "SENT"),
        ("Zeno of Citium", "MAIL", "SENT"),
        ("李雷", "IN_APP", "SENT"),
        ("李雷", "MAIL", "SENT"),
    ]
    zh, en = sorted(await day.letters(), key=lambda letter: letter.subject, reverse=True)
    assert zh.to == f"李雷 <{li_lei.email}>"
    assert zh.subject == f"新订单 {order.number} 等待您确认：€39.98"
    assert en.subject == f"New order {order.number} waits for you: €39.98"
    assert zh.headers["From"] == "Stoa Poikile <stoa@localhost>"
    assert f"订单 {order.number}" in zh.text


async def test_the_same_event_again_writes_nothing(day: Day, li_lei: Account) -> None:
    await make.order(day.ctx)
    await day.work()
    before = await day.messages()

    async with shop_transaction():
        assert await fanning.tell_of(day.ctx, await event_id(day)) == []
    await day.work()

    assert await day.messages() == before
    assert len(await day.letters()) == 2


async def test_a_job_that_is_delivered_again_sends_nothing_again(day: Day) -> None:
    await make.order(day.ctx)
    await day.work()
    jobs = await day.owner.fetch(
        "SELECT id, name FROM platform.job WHERE shop_schema = $1 AND kind = 'notifications'", day.ctx.shop.schema
    )
    assert sorted(each["name"] for each in jobs) == ["notifications.fan_out", "notifications.send"]

    for each in jobs:
        await day.deliver(each["id"])

    assert await day.states() == ["SENT"]
    assert len(await day.letters()) == 1


async def test_who_may_not_see_orders_is_not_told_of_them(day: Day) -> None:
    await make.member(day.ctx.shop, role="VIEWER")
    await make.order(day.ctx)

    await day.work()

    assert len(await day.messages()) == 2  # the owner's


async def test_what_somebody_has_seen_to_meanwhile_is_not_told(day: Day) -> None:
    order = await make.order(day.ctx)
    await orders.confirm_order(day.ctx, order.id)

    await day.work()

    assert await day.messages() == []


async def test_many_rules_and_people_cost_no_more_statements_than_one(day: Day) -> None:
    await make.order(day.ctx)
    event = await event_id(day)
    async with statements_sent(day.ctx) as few, shop_transaction():
        assert len(await fanning.tell_of(day.ctx, event)) == 2
    for number in range(3):
        draft = rules.RuleDraft("order_waits", f"Rule {number}", [Channel.MAIL], roles=["OWNER", "STAFF"])
        await rules.create_rule(day.ctx, draft)
        await make.member(day.ctx.shop, role="STAFF")
    await make.order(day.ctx)
    latest = await day.owner.fetchval(
        f"SELECT max(id::text) FROM {day.ctx.shop.schema}.event WHERE name = 'OrderPlaced'"
    )

    async with statements_sent(day.ctx) as many, shop_transaction():
        written = await fanning.tell_of(day.ctx, UUID(latest))

    assert len(written) == 2 * 4 + 3 * 4  # by the default rule, and by each of the others
    assert len(many) == len(few)


async def test_many_who_gather_plan_their_digests_by_one_statement(day: Day) -> None:
    for _ in range(3):
        person = await make.member(day.ctx.shop, role="STAFF")
        theirs = replace(day.ctx, actor=Actor("account", person.id, person.name))
        await preferences.prefer(theirs, {"digests": [(Channel.MAIL, Digest.HOURLY)]})
    await make.order(day.ctx)
    event = await event_id(day)

    async with statements_sent(day.ctx) as sent, shop_transaction():
        await fanning.tell_of(day.ctx, event)

    assert len([each for each in sent if "INSERT INTO platform.job" in each.sql]) == 2  # one for the owner's mail
    planned = await day.owner.fetchval(
        "SELECT count(*) FROM platform.job WHERE shop_schema = $1 AND name = 'notifications.digest'",
        day.ctx.shop.schema,
    )
    assert planned == 3
