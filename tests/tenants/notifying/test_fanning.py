"""From an event to messages: to everybody who is to be told, once."""

from __future__ import annotations

from uuid import UUID

import pytest

from stoa.domains import orders
from stoa.tenants.database import shop_transaction
from stoa.tenants.models import Account
from stoa.tenants.notifying import fanning
from tests import make
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
