"""Run an export: read the products batch by batch and write them to the file store, one batch in memory at a time."""

from __future__ import annotations

import asyncio
import codecs
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from stoa.domains.catalog.events import ProductsExported
from stoa.domains.catalog.exporting.errors import NoSuchExport
from stoa.domains.catalog.exporting.reading import FIRST, count_products, decoded, next_products
from stoa.domains.catalog.exporting.tabulating import Tabulator
from stoa.domains.catalog.models import AT_WORK, ExportRun, ExportState, percent_exported
from stoa.kit.clock import now
from stoa.kit.languages import Sentence
from stoa.settings import settings
from stoa.tenants import live
from stoa.tenants.attempting import forget_attempts, key_of_attempt
from stoa.tenants.context import Context
from stoa.tenants.database import Step, shop_transaction
from stoa.tenants.outbox import publish
from stoa.tenants.uploading import shop_files

FOLDER = "exports"
KEPT = timedelta(days=7)
TELL_EVERY = 0.2  # seconds
SWEPT_AT_ONCE = 100


class Superseded(Exception):
    """Another attempt at the same export has taken over."""


async def run_export(
    ctx: Context, run_id: UUID, *, step: Step = shop_transaction, finish: Step = shop_transaction
) -> ExportRun:
    """Write the file of an export. May be broken off at any moment and called again: it begins anew, and nothing of
    the file that was begun stays. Of an export that has ended it does nothing. Live listeners hear of its progress."""
    await sweep_exports(ctx)
    run = await _take_over(run_id)
    if run.state not in AT_WORK:
        async with finish():
            return run
    files = shop_files(ctx.shop)
    await forget_attempts(files, FOLDER, run.id, before=run.attempt)
    key = key_of_attempt(files, FOLDER, run.id, run.attempt)
    work = Work(ctx, run, step)
    try:
        size = await files.put(key, work.bytes())
        async with finish():
            await work.hold()
            run.state, run.file_key, run.size = ExportState.DONE, key, size
            run.finished_at, run.expires_at = now(), now() + KEPT
            await run.save()
            await publish(ctx, ProductsExported(run.id, run.format.value, run.products_done))
    except BaseException:
        await files.delete(key)
        raise
    work.tell()
    return run


async def fail_export(ctx: Context, run_id: UUID, reason: Sentence) -> None:
    """End an export that no attempt brings to its end."""
    async with shop_transaction():
        run = await ExportRun.filter(id=run_id).select_for_update().get_or_none()
        if run is not None and run.state in AT_WORK:
            run.state, run.finished_at = ExportState.FAILED, now()
            run.failure = Sentence("The file could not be written: {reason}", {"reason": reason}).kept()
            run.attempt += 1
            await run.save()
            await forget_attempts(shop_files(ctx.shop), FOLDER, run.id, before=run.attempt)


async def has_ended(run_id: UUID) -> bool:
    """Whether nothing more will happen to the export, also when there is no such export."""
    return not await ExportRun.exists(id=run_id, state__in=AT_WORK)


async def sweep_exports(ctx: Context) -> int:
    """Delete the files whose time is over; how many."""
    overdue = await ExportRun.filter(state=ExportState.DONE, expires_at__lt=now()).limit(SWEPT_AT_ONCE)
    for run in overdue:
        if run.file_key:
            await shop_files(ctx.shop).delete(run.file_key)
        await ExportRun.filter(id=run.id).update(state=ExportState.EXPIRED, file_key=None)
    return len(overdue)


@dataclass(slots=True)
class Work:
    """One attempt at an export."""

    ctx: Context
    run: ExportRun
    step: Step
    told_at: float = -1.0

    async def bytes(self) -> AsyncIterator[bytes]:
        """The file, piece by piece."""
        table = Tabulator(self.run.format, settings().public_url, with_costs=self.run.with_costs)
        yield (codecs.BOM_UTF8 if self.run.with_bom else b"") + table.header()
        products, after = await self._next(table, FIRST)
        while products:
            yield await asyncio.to_thread(lambda batch: table.lines_of(decoded(batch)), products)
            products, after = await self._next(table, after)

    async def _next(self, table: Tabulator, after: UUID) -> tuple[list[str], UUID]:
        async with self.step():
            await self.hold()
            products, last = await next_products(self.run, after)
            self.run.products_done += len(products)
            self.run.lines_written = table.lines
            await self.run.save(update_fields=["products_done", "lines_written"])
        if time.monotonic() - self.told_at >= TELL_EVERY:
            self.tell()
        return products, last

    async def hold(self) -> None:
        """Raises `Superseded` when the export is not ours any more."""
        found = await ExportRun.filter(id=self.run.id).select_for_update().values("attempt")
        if not found or found[0]["attempt"] != self.run.attempt:
            raise Superseded(f"Another attempt at the export {self.run.id} is at work.")

    def tell(self) -> None:
        """Tell those who listen to ``export:<uuid>`` at this moment."""
        run, self.told_at = self.run, time.monotonic()
        percent = percent_exported(run.state, run.products_done, run.products_total)
        body = {"id": str(run.id), "state": run.state, "percent": percent, "products_done": run.products_done}
        live.announce(self.ctx, f"export:{run.id}", body)


async def _take_over(run_id: UUID) -> ExportRun:
    """Make this attempt the one that counts."""
    async with shop_transaction():
        run = await ExportRun.filter(id=run_id).select_for_update().get_or_none()
        if run is None:
            raise NoSuchExport("There is no such export.")
        if run.state in AT_WORK:
            run.attempt += 1
            run.state, run.started_at = ExportState.RUNNING, run.started_at or now()
            run.products_total, run.products_done, run.lines_written = await count_products(run), 0, 0
            await run.save()
    return run
