"""Sequences: each event of a thing has a place of its own, without gaps, whoever publishes and asks at the same time."""

from __future__ import annotations

import asyncio
import random
from uuid import UUID

import asyncpg

from stoa.kit.ids import new_id
from stoa.tenants.context import Context, ShopRef, open_shop
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.hooks.events import WebhookTested
from stoa.tenants.hooks.models import WebhookSequence
from stoa.tenants.hooks.numbering import sequence_of
from stoa.tenants.outbox import publish
from stoa.tenants.shop_models import EventRow


async def happened(ctx: Context, subject: UUID, times: int = 1) -> None:
    async with shop_transaction():
        await publish(ctx, *(WebhookTested(subject) for _ in range(times)))


async def events_of(subject: UUID) -> list[UUID]:
    return [each.id for each in await EventRow.filter(subject_id=subject).order_by("id")]


async def number(event_id: UUID, subject: UUID) -> int:
    async with shop_transaction():
        return await sequence_of(event_id, subject)


async def test_events_are_numbered_in_the_order_of_the_log_from_the_first_on(ctx: Context) -> None:
    subject = new_id()
    await happened(ctx, subject, 3)
    first, second, third = await events_of(subject)

    assert await number(third, subject) == 3  # asked for first, and it is the third all the same
    assert [await number(each, subject) for each in (first, second, third)] == [1, 2, 3]


async def test_each_thing_counts_for_itself(ctx: Context) -> None:
    ours, theirs = new_id(), new_id()
    await happened(ctx, ours, 2)
    await happened(ctx, theirs)

    assert await number((await events_of(theirs))[0], theirs) == 1


async def test_a_number_that_went_out_is_never_anothers(ctx: Context) -> None:
    """An event that commits late has an older id than one that went out: it gets the next number all the same."""
    subject, begun, go = new_id(), asyncio.Event(), asyncio.Event()

    async def slowly() -> None:
        async with shop_transaction():
            await publish(ctx, WebhookTested(subject, "late"))
            begun.set()
            await go.wait()

    late = asyncio.create_task(slowly())
    await begun.wait()
    await happened(ctx, subject)
    [visible] = await events_of(subject)
    assert await number(visible, subject) == 1
    go.set()
    await late

    older, newer = await events_of(subject)
    assert newer == visible
    assert [await number(each, subject) for each in (older, newer)] == [2, 1]


async def test_whatever_is_published_and_asked_at_the_same_time_numbers_have_no_gaps_and_no_twins(
    ctx: Context,
) -> None:
    subjects = [new_id() for _ in range(3)]
    chance = random.Random(7)
    told: dict[UUID, int] = {}

    async def publishing() -> None:
        for _ in range(12):
            await happened(ctx, chance.choice(subjects), chance.randint(1, 2))
            await asyncio.sleep(0)

    async def asking() -> None:
        for _ in range(15):
            subject = chance.choice(subjects)
            for event_id in (await events_of(subject))[-2:]:
                found = await number(event_id, subject)
                assert told.setdefault(event_id, found) == found
            await asyncio.sleep(0)

    await asyncio.gather(*(publishing() for _ in range(4)), *(asking() for _ in range(4)))
    for subject in subjects:
        numbers = [await number(each, subject) for each in await events_of(subject)]
        assert sorted(numbers) == list(range(1, len(numbers) + 1))


async def test_a_shop_numbers_its_own(ctx: Context, other_ctx: Context) -> None:
    subject = new_id()
    await happened(ctx, subject)
    [event_id] = await events_of(subject)
    await number(event_id, subject)

    with open_shop(other_ctx.shop):
        assert await WebhookSequence.all().using_db(shop_client()).count() == 0


FILL = """
INSERT INTO platform.webhook_sequence (event_id, shop_schema, subject_id, number)
SELECT gen_random_uuid(), $1, gen_random_uuid(), 1 FROM generate_series(1, 3000)
"""


async def test_of_all_that_a_shop_has_numbered_only_the_subjects_is_read(
    ctx: Context, other_shop: ShopRef, owner: asyncpg.Connection
) -> None:
    """Also when the statistics know of other shops alone, and this one seems to have a row."""
    await owner.execute(FILL, other_shop.schema)
    await owner.execute("ANALYZE platform.webhook_sequence")
    await owner.execute(FILL, ctx.shop.schema)
    subject = new_id()
    await happened(ctx, subject, 3)
    async with shop_transaction():
        before = await rows_read()
        assert [await sequence_of(each, subject) for each in await events_of(subject)] == [1, 2, 3]
        read = await rows_read() - before
    assert read < 30


async def rows_read() -> int:
    """Of the table of numbers, by this connection since it last told the statistics."""
    [row] = await shop_client().execute_query_dict(
        "SELECT seq_tup_read + idx_tup_fetch AS read FROM pg_stat_xact_all_tables WHERE relname = 'webhook_sequence'"
    )
    return int(row["read"])
