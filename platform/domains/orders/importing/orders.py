"""Orders as the subject of an import: how rows become orders, and how these are taken away again."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from stoa.domains.orders.channels import require_theirs
from stoa.domains.orders.importing.events import OrdersImported
from stoa.domains.orders.importing.gathering import gather
from stoa.domains.orders.importing.options import Field, Options, check_mapping, zone_of
from stoa.domains.orders.importing.taking import OrderBatch, OrderIntake
from stoa.domains.orders.importing.undoing import put_back
from stoa.domains.orders.importing.values import readers
from stoa.domains.orders.importing.writing import write
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.importing.models import ImportRun
from stoa.tenants.importing.offering import Imports
from stoa.tenants.importing.staging import count_batch
from stoa.tenants.importing.subjects import Subject

JOB = "orders.work_on_import"
STAGE = """
INSERT INTO import_row (id, run_id, line, product_key, item_key, cells)
SELECT id, $1::uuid, line, product_key, '', cells
FROM jsonb_to_recordset($2::jsonb) AS piece (id uuid, line bigint, product_key text, cells jsonb)
"""


class Orders(Subject):
    """Orders of the same source and number are one order: what is there stays as it is."""

    name, job = "orders", JOB

    def check_source(self, source: str) -> None:
        """Raises what `require_theirs` raises: our own channels are no source."""
        require_theirs(source)

    def check_mapping(self, mapping: Mapping[str, str]) -> dict[str, str]:
        return check_mapping(mapping)

    def intake(self, ctx: Context, run: ImportRun, headers: list[str], columns: dict[str, int]) -> OrderIntake:
        options = msgspec.convert(run.options, Options)
        reads = readers(options, ctx.shop.currency, zone_of(options, ctx.shop.time_zone))
        return OrderIntake(headers, {Field(name): at for name, at in columns.items()}, reads)

    async def stage(self, run: ImportRun, batch: OrderBatch, packed: str | None) -> None:
        if packed:
            await shop_client().execute_query(STAGE, [run.id, packed])
        await count_batch(run, batch)

    async def write_next(self, ctx: Context, run: ImportRun, after_line: int) -> int | None:
        orders, line = await gather(run.id, after_line)
        if not orders:
            return None
        await write(ctx, run, orders)
        return line

    async def put_back(self, ctx: Context, run: ImportRun) -> bool:
        return await put_back(run)

    async def remove_made(self, run: ImportRun) -> None:
        """Nothing besides what `put_back` takes away."""

    def news(self, run: ImportRun) -> OrdersImported:
        customers = run.made.get("customers", 0)
        return OrdersImported(run.id, run.state.value, run.products_created, customers, run.products_restored)


ORDERS = Imports[Options](Orders())
start_import, import_path, run_import = ORDERS.start, ORDERS.of_path, ORDERS.run
cancel_import, undo_import, give_up_import = ORDERS.cancel, ORDERS.undo, ORDERS.give_up
