"""Products as the subject of an import: how rows become products, and how these are taken back."""

from __future__ import annotations

from collections.abc import Mapping
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
from stoa.tenants.importing.models import ImportRun
from stoa.tenants.importing.offering import Imports
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

    def check_source(self, source: str) -> None:
        """Products may come from anywhere."""

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


PRODUCTS = Imports[Options](Products())
start_import, import_path, run_import = PRODUCTS.start, PRODUCTS.of_path, PRODUCTS.run
cancel_import, undo_import, give_up_import = PRODUCTS.cancel, PRODUCTS.undo, PRODUCTS.give_up
