from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from stoa.kit.clock import now
from stoa.kit.ids import new_id
from stoa.tenants.context import Context, ShopRef, open_shop
from stoa.tenants.database import ShopChanged, shop_client, shop_transaction
from stoa.tenants.jobs import Job, job
from stoa.tenants.live import News, Resync, announce, listen
from stoa.tenants.outbox import NoTransaction, enqueue, event, publish, react
from stoa.tenants.shop_models import EventRow


@event
class LampLit:
    lamp_id: UUID
    colour: str
    price_minor: int = 0


@job("test.turn_pages", kind="general", max_attempts=3)
async def turn_pages(ctx: Context, job: Job) -> None:
    """Never run here."""


@job("test.import_moths", kind="imports")
async def import_moths(ctx: Context, job: Job) -> None:
    """Never run here."""


@pytest.fixture
def reactions() -> Iterator[None]:
    """Two jobs react to a lamp that is lit."""
    react({LampLit: [turn_pages, import_moths]})
    yield
    react({})


async def jobs_of(owner: asyncpg.Connection, shop: ShopRef) -> list[dict[str, Any]]:
    rows = await owner.fetch("SELECT * FROM platform.job WHERE shop_schema = $1 ORDER BY name, id", shop.schema)
    return [dict(row) | {"payload": json.loads(row["payload"])} for row in rows]


@asynccontextmanager
async def listening(shop: ShopRef, topic: str) -> AsyncIterator[list[News | Resync]]:
    """What is heard of the topic during the block, up to a last news that is told at its end."""
    heard: list[News | Resync] = []
    async with listen(shop, topic) as stream:
        yield heard
        announce(Context(shop), topic, {"this is": "the end"})
        async for news in stream:
            if isinstance(news, News) and news.body == {"this is": "the end"}:
                return
            heard.append(news)


async def test_news_outside_a_transaction_is_refused(ctx: Context, owner: asyncpg.Connection, reactions: None) -> None:
    with pytest.raises(NoTransaction):
        await publish(ctx, LampLit(new_id(), colour="green"))

    assert await EventRow.all().count() == 0
    assert await jobs_of(owner, ctx.shop) == []


async def test_work_outside_a_transaction_is_refused(ctx: Context, owner: asyncpg.Connection) -> None:
    with pytest.raises(NoTransaction):
        await enqueue(ctx, "test.turn_pages", {}, kind="general")

    assert await jobs_of(owner, ctx.shop) == []


async def test_an_event_is_kept_with_who_did_it_and_when(ctx: Context) -> None:
    lamp_id, before = new_id(), now()
    async with shop_transaction():
        await publish(ctx, LampLit(lamp_id, colour="green", price_minor=250))

    row = await EventRow.get()
    assert (row.name, row.subject_id) == ("LampLit", lamp_id)
    assert row.payload == {"lamp_id": str(lamp_id), "colour": "green", "price_minor": 250}
    assert (row.actor_kind, row.actor_id, row.request_id) == ("account", ctx.actor.id, ctx.request_id)
    assert before <= row.happened_at <= now()


async def test_an_event_plans_one_job_for_each_reaction(
    ctx: Context, owner: asyncpg.Connection, reactions: None
) -> None:
    lamp_id = new_id()
    async with shop_transaction():
        await publish(ctx, LampLit(lamp_id, colour="green"))

    event_id = (await EventRow.get()).id
    imports, pages = await jobs_of(owner, ctx.shop)
    payload = {"lamp_id": str(lamp_id), "colour": "green", "price_minor": 0, "event_id": str(event_id)}
    assert (pages["name"], pages["kind"], pages["max_attempts"]) == ("test.turn_pages", "general", 3)
    assert (imports["name"], imports["kind"], imports["max_attempts"]) == ("test.import_moths", "imports", 5)
    assert pages["payload"] == imports["payload"] == payload
    assert (pages["state"], pages["attempts"], pages["failures"]) == ("QUEUED", 0, 0)
    assert pages["request_id"] == ctx.request_id


@job("test.admire", concerns=lambda lamp: lamp.colour == "blue")
async def admire(ctx: Context, job: Job) -> None:
    """Never run here."""


async def test_a_reaction_that_an_event_does_not_concern_is_not_planned(
    ctx: Context, owner: asyncpg.Connection
) -> None:
    react({LampLit: [admire]})
    async with shop_transaction():
        await publish(ctx, *(LampLit(new_id(), colour=colour) for colour in ("red", "blue", "green")))
    react({})

    assert [each["payload"]["colour"] for each in await jobs_of(owner, ctx.shop)] == ["blue"]
    assert await EventRow.all().count() == 3


async def test_several_events_are_told_in_one_statement(
    ctx: Context, owner: asyncpg.Connection, reactions: None
) -> None:
    statements: list[str] = []

    def note(record: Any) -> None:
        statements.append(record.query)

    async with shop_transaction():
        async with shop_client().acquire_connection() as connection:
            connection.add_query_logger(note)
        await publish(ctx, *(LampLit(new_id(), colour=colour) for colour in ("red", "green", "blue")))
        async with shop_client().acquire_connection() as connection:
            connection.remove_query_logger(note)

    assert len(statements) == 1
    assert [row.payload["colour"] for row in await EventRow.all().order_by("id")] == ["red", "green", "blue"]
    assert len(await jobs_of(owner, ctx.shop)) == 6


async def test_a_rollback_leaves_neither_event_nor_job_nor_news(
    ctx: Context, owner: asyncpg.Connection, reactions: None
) -> None:
    async with listening(ctx.shop, "lamp") as heard:
        with pytest.raises(ZeroDivisionError):
            async with shop_transaction():
                await publish(ctx, LampLit(new_id(), colour="green"))
                await enqueue(ctx, "test.turn_pages", {}, kind="general")
                raise ZeroDivisionError

    assert heard == []
    assert await EventRow.all().count() == 0
    assert await jobs_of(owner, ctx.shop) == []


async def test_a_savepoint_rolled_back_takes_its_own_news_with_it(ctx: Context) -> None:
    first, second, third = new_id(), new_id(), new_id()
    async with listening(ctx.shop, "lamp") as heard:
        async with shop_transaction():
            await publish(ctx, LampLit(first, colour="red"))
            with pytest.raises(ZeroDivisionError):
                async with shop_transaction():
                    await publish(ctx, LampLit(second, colour="green"))
                    raise ZeroDivisionError
            async with shop_transaction():
                await publish(ctx, LampLit(third, colour="blue"))

    assert [news.topic for news in heard if isinstance(news, News)] == [f"lamp:{first}", f"lamp:{third}"]
    assert [row.payload["colour"] for row in await EventRow.all().order_by("id")] == ["red", "blue"]


async def test_listeners_hear_of_an_event_only_once_it_is_true(ctx: Context) -> None:
    lamp_id = new_id()
    async with listen(ctx.shop, "lamp") as stream:
        async with shop_transaction():
            await publish(ctx, LampLit(lamp_id, colour="green"))
        heard = await anext(stream)

        assert heard == News(
            f"lamp:{lamp_id}",
            {
                "event": "LampLit",
                "event_id": str((await EventRow.get()).id),
                "lamp_id": str(lamp_id),
                "colour": "green",
                "price_minor": 0,
            },
        )


async def test_work_planned_twice_under_one_key_is_planned_once(
    ctx: Context, other_ctx: Context, owner: asyncpg.Connection
) -> None:
    async with shop_transaction():
        first = await enqueue(ctx, "test.import_moths", {"moths": 1}, kind="imports", dedupe_key="monday")
        again = await enqueue(ctx, "test.import_moths", {"moths": 2}, kind="imports", dedupe_key="monday")
        other_name = await enqueue(ctx, "test.turn_pages", {}, kind="general", dedupe_key="monday")
    with open_shop(other_ctx.shop):
        async with shop_transaction():
            elsewhere = await enqueue(other_ctx, "test.import_moths", {}, kind="imports", dedupe_key="monday")

    assert again is None
    jobs = await jobs_of(owner, ctx.shop)
    assert [(row["id"], row["payload"]) for row in jobs] == [(first, {"moths": 1}), (other_name, {})]
    assert [row["id"] for row in await jobs_of(owner, other_ctx.shop)] == [elsewhere]


async def test_work_without_a_key_is_planned_as_often_as_asked(ctx: Context, owner: asyncpg.Connection) -> None:
    tomorrow = now() + timedelta(days=1)
    async with shop_transaction():
        for _ in range(2):
            await enqueue(ctx, "test.turn_pages", {}, kind="general", run_at=tomorrow, max_attempts=1)

    jobs = await jobs_of(owner, ctx.shop)
    assert [(row["run_at"], row["max_attempts"]) for row in jobs] == [(tomorrow, 1), (tomorrow, 1)]


async def test_work_of_an_unknown_kind_is_refused(ctx: Context, owner: asyncpg.Connection) -> None:
    async with shop_transaction():
        with pytest.raises(ValueError, match="'yoga' is no kind of job; there are general, imports, images"):
            await enqueue(ctx, "test.turn_pages", {}, kind="yoga")  # type: ignore[arg-type]

    assert await jobs_of(owner, ctx.shop) == []


async def test_news_of_another_shop_than_the_open_one_is_refused(
    ctx: Context, other_ctx: Context, owner: asyncpg.Connection
) -> None:
    async with shop_transaction():
        with pytest.raises(ShopChanged):
            await publish(other_ctx, LampLit(new_id(), colour="green"))
        with pytest.raises(ShopChanged):
            await enqueue(other_ctx, "test.turn_pages", {}, kind="general")

    assert await jobs_of(owner, other_ctx.shop) == []


@pytest.mark.parametrize(
    "statement",
    [
        # into another shop's queue; as if it were done already, or tried; and with an answer, which would be a look
        "INSERT INTO platform.job (id, shop_schema, kind, name, payload, state, run_at, attempts, failures, "
        "max_attempts, created_at) VALUES ($1::uuid, $2, 'general', 'x', '{}', 'QUEUED', now(), 0, 0, 1, now())",
        "INSERT INTO platform.job (id, shop_schema, kind, name, payload, state, run_at, attempts, failures, "
        "max_attempts, created_at) SELECT $1::uuid, current_user, 'general', $2, '{}', 'DONE', now(), 0, 0, 1, now()",
        "INSERT INTO platform.job (id, shop_schema, kind, name, payload, state, run_at, attempts, failures, "
        "max_attempts, created_at) SELECT $1::uuid, current_user, 'general', $2, '{}', 'QUEUED', now(), 0, 0, 1, now() "
        "RETURNING payload",
        "INSERT INTO platform.job (id, shop_schema, kind, name, payload, state, run_at, attempts, failures, "
        "max_attempts, created_at) SELECT $1::uuid, current_user, 'general', $2, '{}', 'QUEUED', now(), 1, 0, 1, now()",
        "SELECT payload FROM platform.job WHERE id = $1::uuid OR shop_schema = $2",
        "SELECT dedupe_key FROM platform.job WHERE id = $1::uuid OR shop_schema = $2",
        "UPDATE platform.job SET state = 'DONE' WHERE id = $1::uuid OR shop_schema = $2",
        "DELETE FROM platform.job WHERE id = $1::uuid OR shop_schema = $2",
    ],
)
async def test_a_shop_can_only_add_jobs_of_its_own(
    ctx: Context, other_shop: ShopRef, owner: asyncpg.Connection, statement: str
) -> None:
    async with shop_transaction():
        await enqueue(ctx, "test.turn_pages", {}, kind="general")
    before = await jobs_of(owner, ctx.shop)

    async with shop_client().acquire_connection() as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch(statement, new_id(), other_shop.schema)

    assert await jobs_of(owner, other_shop) == []
    assert await jobs_of(owner, ctx.shop) == before


def test_an_event_says_first_what_it_is_about() -> None:
    with pytest.raises(TypeError, match="the first field must be the subject's id"):

        @event
        class LampBroken:
            colour: str
            lamp_id: UUID


def test_an_event_cannot_be_changed() -> None:
    lit = LampLit(new_id(), colour="green")

    with pytest.raises(AttributeError):
        lit.colour = "red"  # type: ignore[misc]
