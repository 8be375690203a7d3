"""Products as the subject of an import: how rows become products, and how these are taken back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import msgspec

from stoa.domains.catalog.events import ProductsImported
from stoa.domains.catalog.importing.folding import Folded
from stoa.domains.catalog.importing.gathering import gather
from stoa.domains.catalog.importing.interpreting import Interpreter
from stoa.domains.catalog.importing.options import Field, Options, check_mapping
from stoa.domains.catalog.importing.staging import packed, stage
from stoa.domains.catalog.importing.undoing import put_back, remove_made
from stoa.domains.catalog.importing.writing import write
from stoa.kit.tabular.reading import Place, Row
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction
from stoa.tenants.importing import running, starting
from stoa.tenants.importing.models import ImportRun
from stoa.tenants.importing.running import Listener, Step
from stoa.tenants.importing.subjects import Subject

JOB = "catalog.work_on_import"


class ProductIntake:
    """Rows, folded to what the file says of each variant."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter

    def empty(self, place: Place) -> Folded:
        return Folded(place)

    def take(self, row: Row, batch: Folded) -> None:
        statement = self._interpreter.take(row, batch.issues)
        if statement is not None:
            batch.add(statement)

    def packed(self, batch: Folded, run_id: UUID) -> str | None:
        return packed(batch, run_id)


class Products(Subject):
    """Products of the same source and key are updated, others created."""

    name, job = "products", JOB

    def check_mapping(self, mapping: Mapping[str, str]) -> dict[str, str]:
        return check_mapping(mapping)

    def intake(self, ctx: Context, run: ImportRun, headers: list[str], columns: dict[str, int]) -> ProductIntake:
        return ProductIntake(Interpreter(headers, columns, msgspec.convert(run.options, Options), ctx.shop.currency))

    async def stage(self, run: ImportRun, batch: Folded, packed: str | None) -> None:
        await stage(run, batch, packed)

    async def write_next(self, ctx: Context, run: ImportRun, after_line: int) -> int | None:
        gathered = await gather(run.id, after_line, has_titles=Field.VARIANT_TITLE in run.mapping)
        if not gathered.products:
            return None
        await write(ctx, run, gathered)
        return gathered.line

    async def put_back(self, ctx: Context, run: ImportRun) -> bool:
        return await put_back(ctx, run)

    async def remove_made(self, run: ImportRun) -> None:
        await remove_made(run)

    def news(self, run: ImportRun) -> ProductsImported:
        counts = run.products_created, run.products_updated, run.products_restored
        return ProductsImported(run.id, run.state.value, *counts)


PRODUCTS = Products()


async def start_import(
    ctx: Context,
    upload_id: UUID,
    *,
    source: str,
    mapping: Mapping[str, str],
    options: Options | None = None,
    dry_run: bool = False,
) -> ImportRun:
    """Order the import of an uploaded file of products. Those of the same `source` and key are updated, others
    created; see `starting.start_import`, also for what it raises."""
    return await starting.start_import(
        ctx, upload_id, PRODUCTS, source=source, mapping=mapping, options=options, dry_run=dry_run
    )


async def import_path(
    ctx: Context,
    path: Path,
    *,
    source: str,
    mapping: Mapping[str, str],
    options: Options | None = None,
    dry_run: bool = False,
    listener: Listener | None = None,
) -> ImportRun:
    """Import the products of a file of this machine here and now; see `starting.import_path`."""
    return await starting.import_path(
        ctx, path, PRODUCTS, source=source, mapping=mapping, options=options, dry_run=dry_run, listener=listener
    )


async def run_import(
    ctx: Context,
    run_id: UUID,
    *,
    step: Step = shop_transaction,
    finish: Step = shop_transaction,
    listener: Listener | None = None,
) -> ImportRun:
    """Do what is left to do of a run; see `running.run_import`."""
    return await running.run_import(ctx, run_id, PRODUCTS, step=step, finish=finish, listener=listener)


async def cancel_import(ctx: Context, run_id: UUID) -> ImportRun:
    """End an import before its end: nothing of it stays. Cancelling twice changes nothing."""
    return await starting.cancel_import(ctx, run_id, PRODUCTS)


async def undo_import(ctx: Context, run_id: UUID) -> ImportRun:
    """Put back what an import changed. Products that somebody changed since stay as they are, and are reported among
    the run's issues. Undoing twice changes nothing."""
    return await starting.undo_import(ctx, run_id, PRODUCTS)


async def give_up_import(ctx: Context, run_id: UUID, reason: str) -> None:
    """End a run that no attempt brings to its end."""
    await running.give_up_import(ctx, run_id, PRODUCTS, reason)
