"""An import comes to one and the same end however often, and wherever, it is broken off."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count

import asyncpg
import pytest
from tortoise.exceptions import OperationalError

from stoa.domains.catalog.importing import cancel_import, give_up_import, run_import, undo_import
from stoa.domains.catalog.models import ImportPhase, ImportRun, ImportState, Product
from stoa.kit.languages import Sentence
from stoa.settings import Settings
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_transaction
from stoa.tenants.importing.running import MAX_ATTEMPTS, Superseded
from stoa.tenants.uploading import shop_files
from tests import make
from tests.domains.catalog.importing.tables import (
    SAME_COLUMNS,
    dump,
    goods,
    gzipped,
    imported,
    issues_of,
    left_over,
    lines,
    ordered,
    table,
)

# Three batches of reading, three of writing, and every seventh line an issue.
ROWS = [(code, name, "0" if i % 7 == 0 else price) for i, (code, name, price) in enumerate(lines(25_000, 1_250))]
LARGE = table(*ROWS)
STEPS = 7  # three of reading, three of writing, and the last one


async def worked_on_until(ctx: Context, run: ImportRun, settings: Settings, number: int, when: str) -> int:
    """A process of its own works on the run and is killed at that transaction; how it ended."""
    environment = os.environ | {
        "STOA_DATABASE_URL": settings.database_url.get_secret_value(),
        "STOA_REDIS_URL": settings.redis_url.get_secret_value(),
        "STOA_SECRET_KEY": settings.secret_key.get_secret_value(),
        "STOA_FILES": str(settings.files),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.domains.catalog.importing.worker"),
        *(str(ctx.shop.id), str(run.id), str(number), when),
        env=environment,
    )
    return await process.wait()


class Broken(Exception):
    """Stands for whatever may go wrong in the middle."""


def breaking_at(number: int) -> Iterator[None]:
    """A step whose n-th transaction does not commit."""
    numbers = count(1)

    @asynccontextmanager
    async def step() -> AsyncIterator[None]:
        async with shop_transaction():
            yield
            if next(numbers) == number:
                raise Broken

    return step  # type: ignore[return-value]


@pytest.fixture(scope="module")
async def unbroken(database: None) -> dict[str, list[dict[str, object]]]:
    """What a shop looks like when nothing goes wrong."""
    shop = await make.shop()
    with open_shop(shop):
        await imported(Context(shop), LARGE)
        return await dump(SAME_COLUMNS)


async def test_a_killed_worker_leaves_a_run_that_goes_on(
    ctx: Context, settings: Settings, unbroken: dict[str, list[dict[str, object]]]
) -> None:
    """In the middle of reading, right after it, in the middle of writing, and just before the end."""
    run = await ordered(ctx, gzipped(LARGE))

    assert await worked_on_until(ctx, run, settings, 2, "before") == -signal.SIGKILL
    found = await ImportRun.get(id=run.id)
    assert (found.state, found.lines_read, await Product.all().count()) == (ImportState.RUNNING, 10_000, 0)

    assert await worked_on_until(ctx, run, settings, 2, "after") == -signal.SIGKILL
    found = await ImportRun.get(id=run.id)
    assert (found.phase, found.lines_read, await Product.all().count()) == (ImportPhase.WRITING, 25_000, 0)

    assert await worked_on_until(ctx, run, settings, 2, "before") == -signal.SIGKILL
    found = await ImportRun.get(id=run.id)
    assert (found.products_done, await Product.all().count()) == (500, 500)

    assert await worked_on_until(ctx, run, settings, 3, "before") == -signal.SIGKILL
    assert (await ImportRun.get(id=run.id)).state is ImportState.RUNNING

    run = await run_import(ctx, run.id)

    assert (run.state, run.attempt) == (ImportState.DONE, 5)
    assert (run.lines_read, run.products_created, run.products_updated) == (25_000, 1_250, 0)
    assert run.issue_counts == {"ZERO_PRICE": 3_572}
    assert len({issue[0] for issue in await issues_of(run)}) == 3_572
    assert await dump(SAME_COLUMNS) == unbroken
    assert await left_over(run) == {"import_row": 0, "import_change": 1_250}


async def test_a_killed_worker_leaves_an_undoing_that_goes_on(ctx: Context, settings: Settings) -> None:
    await imported(ctx, table(*lines(700, 700)))
    before = await dump()
    run = await imported(ctx, LARGE)
    await undo_import(ctx, run.id)

    assert await worked_on_until(ctx, run, settings, 2, "before") == -signal.SIGKILL
    found = await ImportRun.get(id=run.id)
    assert (found.state, found.products_done) == (ImportState.UNDOING, 500)

    run = await run_import(ctx, run.id)

    assert (run.state, run.products_restored) == (ImportState.UNDONE, 1_250)
    assert await dump() == before


@pytest.mark.parametrize("number", range(1, STEPS + 1))
async def test_wherever_an_attempt_breaks_off_the_next_one_goes_on(
    ctx: Context, number: int, unbroken: dict[str, list[dict[str, object]]]
) -> None:
    run = await ordered(ctx, LARGE)
    step = breaking_at(number)

    with pytest.raises(Broken):
        await run_import(ctx, run.id, step=step, finish=step)  # type: ignore[arg-type]
    run = await run_import(ctx, run.id)

    assert run.state is ImportState.DONE
    assert (run.lines_read, run.products_created, run.issue_counts) == (25_000, 1_250, {"ZERO_PRICE": 3_572})
    assert await dump(SAME_COLUMNS) == unbroken


async def test_of_two_attempts_the_later_one_counts(ctx: Context) -> None:
    run = await ordered(ctx, LARGE)
    numbers = count(1)

    @asynccontextmanager
    async def overtaken() -> AsyncIterator[None]:
        if next(numbers) == 3:
            await run_import(ctx, run.id)
        async with shop_transaction():
            yield

    with pytest.raises(Superseded):
        await run_import(ctx, run.id, step=overtaken)

    done = await ImportRun.get(id=run.id)
    assert (done.state, done.lines_read, done.products_created) == (ImportState.DONE, 25_000, 1_250)


async def test_a_run_that_has_ended_is_left_alone(ctx: Context) -> None:
    run = await imported(ctx, table(("A", "Lamp", "1")))
    before = await dump()

    again = await run_import(ctx, run.id)

    assert (again.state, again.attempt) == (ImportState.DONE, 1)
    assert await dump() == before


@pytest.mark.parametrize("number", [2, 5])
async def test_a_cancelled_run_leaves_nothing(ctx: Context, number: int) -> None:
    """Asked for while the file is read, and while the products are written."""
    await imported(ctx, table(*lines(700, 700)))
    before = await dump()
    run = await ordered(ctx, LARGE)
    numbers = count(1)

    @asynccontextmanager
    async def step() -> AsyncIterator[None]:
        if next(numbers) == number:
            await cancel_import(ctx, run.id)
        async with shop_transaction():
            yield

    run = await run_import(ctx, run.id, step=step)

    assert (run.state, run.failure) == (ImportState.CANCELLED, None)
    assert run.finished_at is not None
    assert await dump() == before
    assert await left_over(run) == {"import_row": 0, "import_change": 0}


async def test_a_run_that_never_comes_to_its_end_is_given_up(ctx: Context) -> None:
    before = await dump()
    run = await ordered(ctx, LARGE)
    for number in (5, *[1] * (MAX_ATTEMPTS - 1)):
        step = breaking_at(number)
        with pytest.raises(Broken):
            await run_import(ctx, run.id, step=step)  # type: ignore[arg-type]
    assert await Product.all().count() == 500

    run = await run_import(ctx, run.id)

    assert (run.state, run.failure_code) == (ImportState.FAILED, "GAVE_UP")
    assert str(run.why_failed) == f"{MAX_ATTEMPTS} attempts were broken off."
    assert await dump() == before


async def test_a_run_whose_job_was_given_up_is_undone(ctx: Context) -> None:
    before = await dump()
    run = await ordered(ctx, LARGE)
    step = breaking_at(5)
    with pytest.raises(Broken):
        await run_import(ctx, run.id, step=step)  # type: ignore[arg-type]
    assert await Product.all().count() == 500

    await give_up_import(ctx, run.id, Sentence("no space left"))
    run = await run_import(ctx, run.id)

    assert (run.state, str(run.why_failed)) == (
        ImportState.FAILED,
        "The import did not come to its end: no space left",
    )
    assert await dump() == before


async def test_a_file_that_is_gone_ends_the_run(ctx: Context) -> None:
    run = await ordered(ctx, LARGE)
    await shop_files(ctx.shop).delete(run.file_key)

    run = await run_import(ctx, run.id)

    assert (run.state, run.failure_code) == (ImportState.FAILED, "FILE_GONE")


async def test_a_handle_taken_at_the_last_moment_is_looked_for_again(ctx: Context, settings: Settings) -> None:
    run = await ordered(ctx, table(("A", "Lamp", "1")))
    rival = await asyncpg.connect(settings.database_url.get_secret_value())
    try:
        transaction = rival.transaction()
        await transaction.start()
        await rival.execute(f'SET search_path TO "{ctx.shop.schema}"')
        await rival.execute(
            "INSERT INTO product (id, title, handle, description, status, search_text, version, created_at, updated_at) "
            "VALUES (gen_random_uuid(), 'Lamp', 'lamp', '', 'DRAFT', '', 1, now(), now())"
        )
        running = asyncio.create_task(run_import(ctx, run.id))
        await waits_for_a_lock(rival)
        await transaction.commit()
        run = await running
    finally:
        await rival.close()

    assert (run.state, run.products_created) == (ImportState.DONE, 1)
    assert (await Product.get(external_id="A")).handle == "lamp-2"


async def waits_for_a_lock(connection: asyncpg.Connection) -> None:
    async with asyncio.timeout(20):
        while not await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        ):
            await asyncio.sleep(0.01)


async def test_progress_is_told_and_only_grows(ctx: Context) -> None:
    heard: list[tuple[str, int, int]] = []
    run = await ordered(ctx, LARGE)

    await run_import(ctx, run.id, listener=lambda run: heard.append((run.state, run.percent, run.lines_read)))

    assert heard[-1] == (ImportState.DONE, 100, 25_000)
    assert [percent for _, percent, _ in heard] == sorted(percent for _, percent, _ in heard)
    assert len(heard) >= 2


async def test_other_tasks_go_on_while_a_file_is_read(ctx: Context) -> None:
    """The reading itself is done in a thread: a task that only asks for its turn gets it all the while."""
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    run = await ordered(ctx, LARGE)
    other = asyncio.create_task(take_turns())
    await run_import(ctx, run.id)
    other.cancel()

    assert turns > 100


async def test_a_shop_that_is_out_of_reach_is_no_failure_of_the_file(ctx: Context) -> None:
    run = await ordered(ctx, table(("A", "Lamp", "1")))

    @asynccontextmanager
    async def out_of_reach() -> AsyncIterator[None]:
        raise OperationalError("the server closed the connection")
        yield

    with pytest.raises(OperationalError):
        await run_import(ctx, run.id, step=out_of_reach)

    assert (await ImportRun.get(id=run.id)).state is ImportState.RUNNING
    assert (await run_import(ctx, run.id)).state is ImportState.DONE
    assert await goods() == {"A": ("Lamp", 100)}


async def test_products_of_the_shop_are_kept_apart_from_those_of_others(ctx: Context, other_ctx: Context) -> None:
    with open_shop(other_ctx.shop):
        await make.product(other_ctx, title="Theirs", variants=[{"sku": "A"}], source="test", external_id="A")
        theirs = await dump()

    run = await imported(ctx, table(("A", "Ours", "1")))

    assert run.products_created == 1
    with open_shop(other_ctx.shop):
        assert await dump() == theirs
