from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg
import pytest

from stoa.domains.catalog.models import Category
from stoa.kit.ids import new_id
from stoa.tenants import steering
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.jobs import CANCELLED, FAULT, Job, LeaseLost, code_of, words_of
from stoa.tenants.outbox import enqueue, event
from tests import make


@event
class LampLit:
    lamp_id: UUID
    colour: str


async def running_job(ctx: Context, owner: asyncpg.Connection) -> Job:
    """The second attempt at a job of this shop, under way."""
    async with shop_transaction():
        id = await enqueue(ctx, "test.light", {"lamp_id": str(new_id()), "colour": "red"}, kind="general")
    assert id is not None
    await owner.execute("UPDATE platform.job SET state = 'RUNNING', attempts = 2, failures = 1 WHERE id = $1", id)
    return Job(id, "test.light", {}, attempt=2, failures=1, max_attempts=5)


async def state_of(owner: asyncpg.Connection, job: Job) -> str:
    return str(await owner.fetchval("SELECT state FROM platform.job WHERE id = $1", job.id))


async def test_the_effect_and_the_end_are_one(ctx: Context, owner: asyncpg.Connection) -> None:
    job = await running_job(ctx, owner)
    async with job.finish():
        await make.category(ctx, "Lamps")
        assert await state_of(owner, job) == "RUNNING"

    assert job.is_finished
    assert await state_of(owner, job) == "DONE"
    assert await Category.all().count() == 1


async def test_an_effect_that_fails_leaves_the_job_open(ctx: Context, owner: asyncpg.Connection) -> None:
    job = await running_job(ctx, owner)
    with pytest.raises(ZeroDivisionError):
        async with job.finish():
            await make.category(ctx, "Lamps")
            raise ZeroDivisionError

    assert not job.is_finished
    assert await state_of(owner, job) == "RUNNING"
    assert await Category.all().count() == 0


@pytest.mark.parametrize("change", ["attempts = 3", "state = 'QUEUED'", "state = 'DONE'", "state = 'DEAD'"])
async def test_who_has_lost_the_job_can_do_nothing_more(ctx: Context, owner: asyncpg.Connection, change: str) -> None:
    job = await running_job(ctx, owner)
    await owner.execute(f"UPDATE platform.job SET {change} WHERE id = $1", job.id)
    before = await owner.fetchrow("SELECT * FROM platform.job WHERE id = $1", job.id)

    with pytest.raises(LeaseLost):
        async with job.step():
            await make.category(ctx, "Lamps")
    with pytest.raises(LeaseLost):
        async with job.finish():
            await make.category(ctx, "Lamps")

    assert not job.is_finished
    assert await owner.fetchrow("SELECT * FROM platform.job WHERE id = $1", job.id) == before
    assert await Category.all().count() == 0


async def test_a_step_is_kept_though_the_job_fails_later(ctx: Context, owner: asyncpg.Connection) -> None:
    job = await running_job(ctx, owner)
    async with job.step():
        await make.category(ctx, "Lamps")

    assert await state_of(owner, job) == "RUNNING"
    assert await Category.all().count() == 1


async def test_nobody_takes_the_job_away_during_a_step_yet_its_heart_beats(
    ctx: Context, owner: asyncpg.Connection
) -> None:
    job = await running_job(ctx, owner)
    taking_away = "SELECT id FROM platform.job WHERE id = $1 FOR UPDATE SKIP LOCKED"
    async with job.step():
        during = await owner.fetchval(taking_away, job.id)
        async with asyncio.timeout(10):
            await owner.execute("UPDATE platform.job SET lease_until = now() WHERE id = $1", job.id)
    after = await owner.fetchval(taking_away, job.id)

    assert (during, after) == (None, job.id)


async def test_a_shop_can_neither_end_nor_hold_another_shops_job(
    ctx: Context, other_ctx: Context, owner: asyncpg.Connection
) -> None:
    job = await running_job(ctx, owner)
    with open_shop(other_ctx.shop):
        with pytest.raises(LeaseLost):
            async with job.step():
                pass
        with pytest.raises(LeaseLost):
            async with job.finish():
                pass

    assert await state_of(owner, job) == "RUNNING"


@pytest.mark.parametrize("door", ["finish_job", "hold_job"])
async def test_the_doors_are_closed_to_the_login_of_no_shop(owner: asyncpg.Connection, door: str) -> None:
    allowed = "SELECT has_function_privilege($1, 'platform.' || $2 || '(uuid, int)', 'EXECUTE')"

    assert await owner.fetchval(allowed, "stoa_any_shop", door) is True
    assert await owner.fetchval(allowed, "stoa_shop_login", door) is False
    assert await owner.fetchval(allowed, "stoa_platform_login", door) is False


async def test_a_job_knows_its_event_and_whether_it_is_the_last_try() -> None:
    lamp_id = new_id()
    payload = {"lamp_id": str(lamp_id), "colour": "red", "event_id": str(new_id())}
    job = Job(new_id(), "test.light", payload, attempt=7, failures=3, max_attempts=5)

    assert job.event(LampLit) == LampLit(lamp_id, colour="red")
    assert not job.is_last
    assert Job(job.id, job.name, payload, attempt=8, failures=4, max_attempts=5).is_last


async def test_the_end_of_a_job_wakes_the_dispatcher(ctx: Context, owner: asyncpg.Connection) -> None:
    job, woken = await running_job(ctx, owner), asyncio.Event()
    await owner.add_listener("stoa_jobs", lambda *_: woken.set())
    async with job.finish():
        await shop_client().execute_query_dict("SELECT 1")

    async with asyncio.timeout(10):
        await woken.wait()
    await owner.reset()


async def test_progress_is_seen_while_the_works_own_transaction_is_open(
    ctx: Context, owner: asyncpg.Connection
) -> None:
    job = await running_job(ctx, owner)
    async with job.finish():
        await job.progress(10, 40)
        row = await owner.fetchrow("SELECT progress_done, progress_total FROM platform.job WHERE id = $1", job.id)
        assert row is not None
        assert tuple(row) == (10, 40)
        await job.progress(11, 40)  # too soon after the first to be told
        assert await owner.fetchval("SELECT progress_done FROM platform.job WHERE id = $1", job.id) == 10


async def test_steps_that_tell_report_after_they_are_kept(ctx: Context, owner: asyncpg.Connection) -> None:
    job, asked = await running_job(ctx, owner), []

    async def percent() -> int:
        asked.append(await Category.all().count())
        return 50

    step = job.telling(percent)
    for name in ("Lamps", "Vases"):
        async with step():
            await make.category(ctx, name)

    assert asked == [1]  # once: the second step came too soon
    assert await owner.fetchval("SELECT progress_done FROM platform.job WHERE id = $1", job.id) == 50


async def test_a_step_of_a_job_that_was_cancelled_does_nothing(ctx: Context, owner: asyncpg.Connection) -> None:
    job = await running_job(ctx, owner)
    await steering.cancel_job(ctx, job.id)

    for part in (job.step(), job.finish()):
        with pytest.raises(LeaseLost):
            async with part:
                await make.category(ctx, "Lamps")

    assert await Category.all().count() == 0
    assert await state_of(owner, job) == "CANCELLED"


@pytest.mark.parametrize(
    ("error", "code", "en", "zh"),
    [
        ("TAKEN: The code {A} is in use.", "TAKEN", "The code {A} is in use.", "The code {A} is in use."),
        ("NOT_FOUND: There is no such template.", "NOT_FOUND", "There is no such template.", "没有这个模板。"),
        ("RuntimeError: password is hunter2", "", str(FAULT), "系统出现故障，已随任务的请求编号记录。"),
        ("OSError: disk", "", str(FAULT), "系统出现故障，已随任务的请求编号记录。"),
        ("", "", str(FAULT), "系统出现故障，已随任务的请求编号记录。"),
        ("It was cancelled.", "", str(CANCELLED), "已取消。"),
    ],
)
async def test_people_read_what_a_refusal_says_and_of_a_fault_that_it_is_ours(
    error: str, code: str, en: str, zh: str
) -> None:
    words = words_of(error)

    assert (code_of(error), str(words), words.said_in("zh")) == (code, en, zh)


async def test_what_people_read_of_an_error_is_not_longer_than_a_page() -> None:
    assert str(words_of("TAKEN: " + "x" * 600)) == "x" * 500
