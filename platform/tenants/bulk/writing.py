"""Write the answer of a query page by page into pieces of a file: each is kept, whatever happens to the next."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from stoa.kit.ids import new_id
from stoa.tenants.bulk.models import BulkRun
from stoa.tenants.bulk.running import save, tell
from stoa.tenants.context import Context
from stoa.tenants.database import Step
from stoa.tenants.uploading import shop_files

PART_BYTES = 8 * 1024 * 1024
PART_SECONDS = 5.0  # at the most so long ago is what an attempt that is killed has done for nothing


@dataclass(frozen=True, slots=True)
class Page:
    """Lines of the file. `cursor`: from here it can be gone on; None inside of what belongs together."""

    text: bytes
    lines: int
    objects: int
    cursor: str | None
    is_last: bool = False


async def write_pages(
    ctx: Context,
    run: BulkRun,
    pages: AsyncIterator[Page],
    step: Step,
    *,
    progress: Callable[[int], Awaitable[None]] | None = None,
    part_bytes: int = PART_BYTES,
) -> None:
    """Write all pages from the run's cursor on. After each piece the row says how far the file is, in one transaction
    with nothing else: an attempt that is killed is followed by one that begins where that piece ended.

    Constant memory: a page at a time.
    """
    files, part = shop_files(ctx.shop), _Part(pages, part_bytes, progress, run.objects_done)
    while not part.is_last:
        key = await _announced(ctx, run, step)
        part.begin()
        try:
            size = await files.put(key, part.text())
            async with step():
                if size:
                    run.parts = [*run.parts, [key, size]]
                run.cursor, run.part_key = part.cursor, None
                run.objects_done += part.objects
                run.lines_written += part.lines
                await save(run, "parts", "cursor", "part_key", "objects_done", "lines_written")
        except BaseException:
            await files.delete(key)
            raise
        tell(ctx, run)
        if not size:
            await files.delete(key)


async def _announced(ctx: Context, run: BulkRun, step: Step) -> str:
    """Note the name of the file before it is there: whoever comes after us knows what to clear away."""
    key = shop_files(ctx.shop).key("bulk", new_id().hex)
    async with step():
        run.part_key = key
        await save(run, "part_key")
    return key


class _Part:
    """The piece that is being written."""

    def __init__(
        self,
        pages: AsyncIterator[Page],
        part_bytes: int,
        progress: Callable[[int], Awaitable[None]] | None,
        objects_before: int,
    ) -> None:
        self.pages, self.part_bytes, self.progress, self.before = pages, part_bytes, progress, objects_before
        self.is_last = False
        self.cursor: str | None = None
        self.begin()

    def begin(self) -> None:
        self.objects = self.lines = self.size = 0
        self.began_at = time.monotonic()

    async def text(self) -> AsyncIterator[bytes]:
        """Pages until there is enough, or no more; what belongs together stays in one piece."""
        async for page in self.pages:
            self.objects += page.objects
            self.lines += page.lines
            self.size += len(page.text)
            if page.text:
                yield page.text
            if page.objects and self.progress is not None:
                self.before += page.objects
                await self.progress(self.before)
            if page.cursor is not None:
                self.cursor = page.cursor
            self.is_last = page.is_last
            if self.is_last or (page.cursor is not None and self._is_enough()):
                return
        self.is_last = True

    def _is_enough(self) -> bool:
        return self.size >= self.part_bytes or time.monotonic() - self.began_at >= PART_SECONDS
