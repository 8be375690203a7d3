"""The file of a query is written in pieces: whatever breaks off between two of them, what comes out is one whole file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import UUID

import pytest

from stoa.kit.ids import new_id
from stoa.settings import Settings
from stoa.tenants.bulk import BulkRun, Page, ask_for_query, begin, break_off, complete, write_pages
from stoa.tenants.bulk.models import BulkState
from stoa.tenants.bulk.running import run_of
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction
from stoa.tenants.uploading import shop_files

PAGES = [b"%d\n" % number for number in range(10)]
WHOLE = b"".join(PAGES)


class PowerCut(BaseException):
    """As if the process had been killed."""


async def pages(after: str | None, *, cut_before: int | None = None) -> AsyncIterator[Page]:
    """Ten pages of a line, each behind the one that the cursor names."""
    for number in range(0 if after is None else int(after) + 1, len(PAGES)):
        if number == cut_before:
            raise PowerCut
        yield Page(PAGES[number], 1, 1, str(number), is_last=number == len(PAGES) - 1)


async def asked(ctx: Context) -> BulkRun:
    return await ask_for_query(ctx, "{ products { nodes { id } } }", None, needs=[])


async def taken_up(ctx: Context, run_id: UUID) -> BulkRun:
    run = await begin(ctx, run_id, shop_transaction)
    assert run is not None
    return run


def kept(settings: Settings, ctx: Context) -> Sequence[Path]:
    folder = Path(settings.files) / ctx.shop.schema / "bulk"
    return sorted(folder.iterdir()) if folder.exists() else []


async def content(ctx: Context, run: BulkRun) -> bytes:
    return b"".join([chunk async for chunk in shop_files(ctx.shop).stream(str(run.file_key))])


@pytest.mark.parametrize("part_bytes", [1, 5, 10**6])
async def test_pieces_make_one_file_and_nothing_else_stays(ctx: Context, settings: Settings, part_bytes: int) -> None:
    run = await taken_up(ctx, (await asked(ctx)).id)

    await write_pages(ctx, run, pages(None), shop_transaction, part_bytes=part_bytes)
    await complete(ctx, run, step=shop_transaction, finish=shop_transaction)

    found = await run_of(run.id)
    assert found is not None
    assert (found.state, found.size, found.objects_done, found.lines_written) == (BulkState.DONE, len(WHOLE), 10, 10)
    assert (found.parts, found.part_key, found.is_partial) == ([], None, False)
    assert await content(ctx, found) == WHOLE
    assert [path.name for path in kept(settings, ctx)] == [str(found.file_key).rpartition("/")[2]]


@pytest.mark.parametrize("cut_before", range(1, 10))
async def test_an_attempt_goes_on_where_the_one_before_was_cut_off(
    ctx: Context, settings: Settings, cut_before: int
) -> None:
    run_id = (await asked(ctx)).id
    first = await taken_up(ctx, run_id)
    with pytest.raises(PowerCut):
        await write_pages(
            ctx, first, pages(first.cursor, cut_before=cut_before), shop_transaction, part_bytes=len(PAGES[0]) * 2
        )

    second = await taken_up(ctx, run_id)
    assert second.objects_done == cut_before // 2 * 2  # the pieces that were whole by then
    await write_pages(ctx, second, pages(second.cursor), shop_transaction, part_bytes=1)
    await complete(ctx, second, step=shop_transaction, finish=shop_transaction)

    found = await run_of(run_id)
    assert found is not None
    assert await content(ctx, found) == WHOLE
    assert (found.objects_done, found.lines_written, len(kept(settings, ctx))) == (10, 10, 1)


async def test_what_a_killed_attempt_was_writing_is_cleared_away_by_the_next(ctx: Context, settings: Settings) -> None:
    """Its file is there, and its row says nothing of it but the name."""
    run_id = (await asked(ctx)).id
    killed = await taken_up(ctx, run_id)
    files = shop_files(ctx.shop)
    killed.part_key = files.key("bulk", new_id().hex)
    await killed.save(update_fields=["part_key"])

    async def half() -> AsyncIterator[bytes]:
        yield b"half"

    await files.put(killed.part_key, half())
    assert len(kept(settings, ctx)) == 1

    run = await taken_up(ctx, run_id)

    assert (run.part_key, kept(settings, ctx)) == (None, [])


async def test_what_belongs_together_stays_in_one_piece(ctx: Context) -> None:
    async def together() -> AsyncIterator[Page]:
        yield Page(b"parent\n", 1, 0, None)
        yield Page(b"child\n" * 3, 3, 1, "1")
        yield Page(b"last\n", 1, 1, "2", is_last=True)

    run = await taken_up(ctx, (await asked(ctx)).id)
    await write_pages(ctx, run, together(), shop_transaction, part_bytes=1)

    assert [size for _, size in run.parts] == [len(b"parent\n" + b"child\n" * 3), len(b"last\n")]
    assert (run.objects_done, run.lines_written, run.cursor) == (2, 5, "2")


async def test_what_was_written_before_it_broke_off_is_handed_out(ctx: Context, settings: Settings) -> None:
    run_id = (await asked(ctx)).id
    run = await taken_up(ctx, run_id)
    with pytest.raises(PowerCut):
        await write_pages(ctx, run, pages(None, cut_before=7), shop_transaction, part_bytes=5)

    for _ in range(2):  # the second time changes nothing
        await break_off(ctx, run_id, job_id=new_id(), step=shop_transaction, finish=shop_transaction)

    found = await run_of(run_id)
    assert found is not None
    assert (found.state, found.is_partial, found.objects_done) == (BulkState.FAILED, True, 6)
    assert await content(ctx, found) == b"".join(PAGES[:6])
    assert len(kept(settings, ctx)) == 1
    assert await begin(ctx, run_id, shop_transaction) is None
