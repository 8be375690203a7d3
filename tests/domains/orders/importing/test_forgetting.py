"""Files of orders are let go when they are of no use any more: who asks to be forgotten is in none of them."""

from __future__ import annotations

from datetime import timedelta

from stoa.domains.orders.importing import undo_import
from stoa.domains.orders.importing.forgetting import KEEP_FILES, forget_files
from stoa.domains.orders.importing.orders import run_import
from stoa.kit.clock import now, set_to
from stoa.kit.files import NoSuchFile
from stoa.tenants.context import Context
from stoa.tenants.importing.models import ImportIssue, ImportRun
from stoa.tenants.shop_models import Upload
from stoa.tenants.uploading import shop_files
from tests.domains.catalog.importing.tables import imported as goods_imported
from tests.domains.catalog.importing.tables import table as goods_table
from tests.domains.orders.importing.files import imported, ordered, sums, table

ODD = table(
    ["1", "A", "Cup", "2", "2026-11-01 10:00", "3.50", "zeno", "DE"],
    ["2", "A", "Cup", "2", "Zenodotos, yesterday", "3.50", "zeno", "DE"],
)


async def is_there(ctx: Context, file_key: str) -> bool:
    try:
        return await shop_files(ctx.shop).size(file_key) > 0
    except NoSuchFile:
        return False


async def test_files_are_kept_for_a_week(ctx: Context) -> None:
    run = await imported(ctx, ODD)
    assert "Zenodotos, yesterday" in [each.value for each in await ImportIssue.filter(run_id=run.id)]
    with set_to(now() + KEEP_FILES - timedelta(minutes=1)):
        assert await forget_files(ctx) == 0
    assert await is_there(ctx, run.file_key)
    before = await sums()

    with set_to(now() + KEEP_FILES + timedelta(minutes=1)):
        assert await forget_files(ctx) == 1
        assert await forget_files(ctx) == 0

    assert not await is_there(ctx, run.file_key)
    assert not await Upload.exists(file_key=run.file_key)
    issues = await ImportIssue.filter(run_id=run.id)
    assert {(issue.value, issue.line, issue.refused) for issue in issues} == {("", 3, True)}
    assert await sums() == before
    await undo_import(ctx, run.id)  # which needs no file
    await run_import(ctx, run.id)
    assert (await sums())["orders"] == 0


async def test_what_is_not_done_yet_and_what_is_no_persons_is_kept(ctx: Context) -> None:
    goods = await goods_imported(ctx, goods_table())
    waiting = await ordered(ctx, ODD)

    with set_to(now() + 2 * KEEP_FILES):
        assert await forget_files(ctx) == 0

    for run in (goods, waiting):
        assert await is_there(ctx, (await ImportRun.get(id=run.id)).file_key)


async def test_what_was_tried_first_is_kept_while_the_same_file_is_imported(ctx: Context) -> None:
    tried = await imported(ctx, ODD, dry_run=True)
    waiting = await ordered(ctx, ODD)
    await ImportRun.filter(id=waiting.id).update(file_key=tried.file_key)
    other = await imported(ctx, ODD, dry_run=True)

    with set_to(now() + 2 * KEEP_FILES):
        assert await forget_files(ctx) == 1
        assert await is_there(ctx, tried.file_key)
        assert not await is_there(ctx, other.file_key)
        await ImportRun.filter(id=waiting.id).update(state="DONE", finished_at=now() - 2 * KEEP_FILES)
        assert await forget_files(ctx) == 2

    assert not await is_there(ctx, tried.file_key)
    assert {each.value for each in await ImportIssue.all()} == {""}
