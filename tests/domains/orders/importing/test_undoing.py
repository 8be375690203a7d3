"""An import takes away exactly what it made; what somebody has done something with since stays, and is told."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import pytest

from stoa.domains.orders.importing import cancel_import, run_import, undo_import
from stoa.domains.orders.models import Order
from stoa.domains.service.models import Customer, CustomerIdentity
from stoa.settings import Settings
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_transaction
from stoa.tenants.importing.errors import CannotUndo, NoSuchImport
from stoa.tenants.importing.models import ImportPhase, ImportRun, ImportState
from tests import make
from tests.domains.catalog.importing.tables import issues_of
from tests.domains.catalog.importing.test_running import worked_on_until
from tests.domains.orders.importing.files import everything, imported, ordered, sums, table

SALES = table(
    ("1", "HEART", "Heart", "6", "2010-12-01 08:26", "2.55", "17850", "France"),
    ("2", "LAMP", "Lantern", "6", "2010-12-01 09:26", "3.39", "13047", "France"),
    ("3", "LAMP", "Lantern", "-2", "2010-12-01 09:26", "3.39", "13047", "France"),
)
# Three batches of reading, several of writing; some come back.
LARGE = table(
    *(
        (
            str(i // 10),
            f"S{i % 97}",
            f"Thing {i % 97}",
            str(1 + i % 5),
            f"2024-01-0{1 + i % 9}",
            "1.25",
            str(i // 50),
            "",
        )
        for i in range(24_000)
    ),
    *(("", f"S{i}", "Thing", "-1", f"2024-02-01 {i % 24:02}:00", "1.25", str(i), "") for i in range(100)),
)


async def test_undoing_takes_away_what_was_made_and_nothing_else(ctx: Context) -> None:
    product = await make.product(ctx, variants=[{"sku": "HEART"}])
    variant = await product.variants.all().first()
    assert variant is not None
    await make.order(ctx, [(variant, 1)])
    known = await Customer.create(name="Zeno")
    await CustomerIdentity.create(customer=known, kind="CHANNEL", value="till:17850")
    before = await everything()
    run = await imported(ctx, SALES)
    assert await Order.all().count() == 4

    await undo_import(ctx, run.id)
    run = await run_import(ctx, run.id)

    assert (run.state, run.products_restored) == (ImportState.UNDONE, 3)
    assert await everything() == before


async def test_what_was_changed_since_stays_with_its_customer(ctx: Context) -> None:
    run = await imported(ctx, SALES)
    await Order.filter(external_id="2").update(version=2, note="Called.")

    await undo_import(ctx, run.id)
    run = await run_import(ctx, run.id)

    assert (run.state, run.products_restored) == (ImportState.UNDONE, 2)
    [kept] = await Order.all()
    assert [issue[:3] for issue in await issues_of(run)] == [(3, "", "CHANGED_SINCE")]
    assert [customer.id for customer in await Customer.all()] == [kept.customer_id]  # type: ignore[attr-defined]


async def test_undoing_twice_changes_nothing_and_a_dry_run_cannot_be_undone(ctx: Context) -> None:
    dry = await imported(ctx, SALES, dry_run=True)
    with pytest.raises(CannotUndo):
        await undo_import(ctx, dry.id)
    run = await imported(ctx, SALES)
    await undo_import(ctx, run.id)
    await run_import(ctx, run.id)
    before = await everything()

    assert (await undo_import(ctx, run.id)).state is ImportState.UNDONE
    assert await everything() == before


async def test_what_is_cancelled_half_way_leaves_nothing(ctx: Context) -> None:
    run = await ordered(ctx, LARGE)
    transactions = count(1)
    written: list[int] = []

    @asynccontextmanager
    async def step() -> AsyncIterator[None]:
        async with shop_transaction():
            yield
        if next(transactions) == 5:  # three of reading, two of writing
            written.append(await Order.all().count())
            await cancel_import(ctx, run.id)

    run = await run_import(ctx, run.id, step=step)

    assert run.state is ImportState.CANCELLED
    assert written[0] > 0
    assert all(not rows for rows in (await everything()).values())


async def test_a_file_that_is_no_good_leaves_nothing(ctx: Context) -> None:
    run = await imported(ctx, LARGE + b'9,"never closed')
    assert (run.state, run.failure_code) == (ImportState.FAILED, "UNCLOSED_QUOTE")
    assert all(not rows for rows in (await everything()).values())


async def test_a_killed_worker_leaves_an_import_that_goes_on(ctx: Context, settings: Settings) -> None:
    """While reading, while writing, and while undoing."""
    shop = await make.shop(currency=ctx.shop.currency)
    with open_shop(shop):
        await imported(Context(shop), LARGE)
        unbroken = await sums()
    run = await ordered(ctx, LARGE)

    assert await worked_on_until(ctx, run, settings, 2, "before") == -signal.SIGKILL
    found = await ImportRun.get(id=run.id)
    assert (found.phase, found.lines_read, await Order.all().count()) == (ImportPhase.READING, 10_000, 0)
    assert await worked_on_until(ctx, run, settings, 4, "after") == -signal.SIGKILL
    found = await ImportRun.get(id=run.id)
    assert (found.phase, found.products_done) == (ImportPhase.WRITING, await Order.all().count())
    assert 0 < found.products_done < 2_500

    run = await run_import(ctx, run.id)

    assert (run.state, run.attempt, run.products_created) == (ImportState.DONE, 3, 2_500)
    assert await sums() == unbroken
    await undo_import(ctx, run.id)
    assert await worked_on_until(ctx, run, settings, 2, "before") == -signal.SIGKILL
    run = await run_import(ctx, run.id)
    assert (run.state, run.products_restored) == (ImportState.UNDONE, 2_500)
    assert all(not rows for rows in (await everything()).values())


async def test_a_strangers_import_is_neither_cancelled_nor_undone(ctx: Context, other_ctx: Context) -> None:
    run = await imported(ctx, SALES)
    before = await everything()
    with open_shop(other_ctx.shop):
        for operation in (cancel_import, undo_import):
            with pytest.raises(NoSuchImport):
                await operation(other_ctx, run.id)
    assert await everything() == before
