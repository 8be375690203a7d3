"""The centre in the app."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from stoa.kit.errors import InvalidInput
from stoa.kit.ids import new_id
from stoa.tenants import access
from stoa.tenants.access import Scope
from stoa.tenants.context import Actor
from stoa.tenants.live import News, listen
from stoa.tenants.notifying import inbox
from stoa.tenants.notifying.errors import NoSuchNotification, NotOneOfUs
from tests import make
from tests.tenants.notifying.days import Day


async def notes(day: Day) -> list[UUID]:
    """Three that the owner was told."""
    for _ in range(3):
        await make.order(day.ctx)
    await day.work()
    return [each["id"] for each in await day.messages(channel="IN_APP")]


def me(day: Day) -> UUID:
    assert day.ctx.actor.id is not None
    return day.ctx.actor.id


async def marks(day: Day, name: str) -> list[bool]:
    return [each[name] is not None for each in await day.messages(channel="IN_APP")]


async def test_what_is_read_and_what_is_archived_is_unread_no_more(day: Day) -> None:
    first, second, _ = await notes(day)
    assert await inbox.unread_count(day.ctx, me(day)) == 3

    await inbox.mark_read(day.ctx, [first])
    await inbox.archive(day.ctx, [second])
    assert await inbox.unread_count(day.ctx, me(day)) == 1
    assert (await marks(day, "read_at"), await marks(day, "archived_at")) == (
        [True, False, False],
        [False, True, False],
    )

    await inbox.mark_read(day.ctx, [first], is_read=False)
    await inbox.archive(day.ctx, [second], is_archived=False)
    assert await inbox.unread_count(day.ctx, me(day)) == 3


async def test_all_are_marked_at_once_or_those_until_then(day: Day) -> None:
    await notes(day)
    rows = await day.messages(channel="IN_APP")

    assert await inbox.mark_all_read(day.ctx, until=rows[0]["created_at"]) == 3  # they came in the same moment
    assert await inbox.mark_all_read(day.ctx) == 0
    assert await inbox.unread_count(day.ctx, me(day)) == 0


async def test_twice_changes_nothing(day: Day) -> None:
    first, *_ = await notes(day)
    await inbox.mark_read(day.ctx, [first])
    before = await day.messages()

    await inbox.mark_read(day.ctx, [first])

    assert await day.messages() == before


async def test_the_readers_app_hears_of_what_is_new_and_of_what_is_read(day: Day) -> None:
    topic = f"notification:{me(day)}"
    async with listen(day.ctx.shop, topic) as stream:
        ids = await notes(day)
        assert [await anext(stream) for _ in ids] == [News(topic, {"id": str(id)}) for id in ids]

        await inbox.mark_read(day.ctx, ids[:1])
        await inbox.mark_read(day.ctx, ids[:1])  # of which nobody hears
        await inbox.mark_all_read(day.ctx)
        await inbox.archive(day.ctx, ids[:1])

        assert [await anext(stream) for _ in range(3)] == [News(topic, {"id": None})] * 3


async def test_somebody_elses_notification_is_not_found_and_nothing_is_marked_then(day: Day) -> None:
    colleague = await make.member(day.ctx.shop, role="STAFF")
    await notes(day)
    rows = await day.messages(channel="IN_APP")
    theirs = next(each["id"] for each in rows if each["account_id"] == colleague.id)
    mine = next(each["id"] for each in rows if each["account_id"] != colleague.id)

    for operation in (inbox.mark_read, inbox.archive):
        with pytest.raises(NoSuchNotification) as refused:
            await operation(day.ctx, [mine, theirs])
        assert refused.value.path == ("ids", 1)
    with pytest.raises(NoSuchNotification):
        await inbox.mark_read(day.ctx, [new_id()])
    assert await day.messages(channel="IN_APP") == rows


async def test_a_mail_is_nothing_in_the_app(day: Day) -> None:
    await notes(day)
    [mail, *_] = await day.messages(channel="MAIL")

    with pytest.raises(NoSuchNotification):
        await inbox.mark_read(day.ctx, [mail["id"]])


@pytest.mark.parametrize("number", [0, 101])
async def test_so_many_at_once(day: Day, number: int) -> None:
    with pytest.raises(InvalidInput, match=f"{number} notifications; 1 to 100 are allowed"):
        await inbox.mark_read(day.ctx, [new_id() for _ in range(number)])


async def test_a_token_stands_for_who_made_it(day: Day) -> None:
    first, *_ = await notes(day)
    token = (await access.create_token(day.ctx, name="Phone", scopes=[Scope.SHOP_READ])).token

    by_token = replace(day.ctx, actor=Actor("token", token.id, "Phone"))
    await inbox.mark_read(by_token, [first])

    assert await inbox.unread_count(day.ctx, me(day)) == 2
    nobody: Any = replace(day.ctx, actor=Actor("token", new_id(), "Gone"))
    for ctx in (nobody, day.ctx.as_system()):
        with pytest.raises(NotOneOfUs):
            await inbox.mark_all_read(ctx)


async def test_what_one_may_not_see_is_neither_counted_nor_marked(day: Day) -> None:
    """A person's role may have changed since they were told, and a token may see less than who made it."""
    first, *_ = await notes(day)
    poor = replace(day.ctx, scopes=day.ctx.scopes - {Scope.ORDERS_READ})

    assert await inbox.unread_count(poor, me(day)) == 0
    assert await inbox.mark_all_read(poor) == 0
    for operation in (inbox.mark_read, inbox.archive):
        with pytest.raises(NoSuchNotification):
            await operation(poor, [first])
    assert await inbox.unread_count(day.ctx, me(day)) == 3
