"""Orders as the subject of an import: how rows become orders, and how these are taken away again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import msgspec

from stoa.domains.orders.channels import require_theirs
from stoa.domains.orders.importing.events import OrdersImported
from stoa.domains.orders.importing.gathering import gather
from stoa.domains.orders.importing.options import Field, Options, check_mapping, zone_of
from stoa.domains.orders.importing.taking import OrderBatch, OrderIntake
from stoa.domains.orders.importing.undoing import put_back
from stoa.domains.orders.importing.values import readers
from stoa.domains.orders.importing.writing import write
from stoa.kit.errors import blaming
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.importing import running, starting
from stoa.tenants.importing.models import ImportRun
from stoa.tenants.importing.running import Step
from stoa.tenants.importing.staging import count_batch
from stoa.tenants.importing.subjects import Subject
from stoa.tenants.importing.telling import Listener

JOB = "orders.work_on_import"
STAGE = """
INSERT INTO import_row (id, run_id, line, product_key, item_key, cells)
SELECT id, $1::uuid, line, product_key, '', cells
FROM jsonb_to_recordset($2::jsonb) AS piece (id uuid, line bigint, product_key text, cells jsonb)
"""


class Orders(Subject):
    """Orders of the same source and number are one order: what is there stays as it is."""

    name, job = "orders", JOB

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


ORDERS = Orders()


async def start_import(
    ctx: Context,
    upload_id: UUID,
    *,
    source: str,
    mapping: Mapping[str, str],
    options: Options | None = None,
    dry_run: bool = False,
) -> ImportRun:
    """Order the import of an uploaded file of orders; see `starting.start_import`, also for what it raises."""
    with blaming("source"):
        require_theirs(source)
    return await starting.start_import(
        ctx, upload_id, ORDERS, source=source, mapping=mapping, options=options, dry_run=dry_run
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
    """Import the orders of a file of this machine here and now; see `starting.import_path`."""
    return await starting.import_path(
        ctx, path, ORDERS, source=source, mapping=mapping, options=options, dry_run=dry_run, listener=listener
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
    return await running.run_import(ctx, run_id, ORDERS, step=step, finish=finish, listener=listener)


async def cancel_import(ctx: Context, run_id: UUID) -> ImportRun:
    """End an import before its end: nothing of it stays. Cancelling twice changes nothing."""
    return await starting.cancel_import(ctx, run_id, ORDERS)


async def undo_import(ctx: Context, run_id: UUID) -> ImportRun:
    """Take away what an import made. Orders that something was done with since stay, and are reported among the run's
    issues. Undoing twice changes nothing."""
    return await starting.undo_import(ctx, run_id, ORDERS)


async def give_up_import(ctx: Context, run_id: UUID, reason: str) -> None:
    """End a run that no attempt brings to its end."""
    await running.give_up_import(ctx, run_id, ORDERS, reason)
