"""Start exports: what a merchant orders; the file is written by a job."""

from __future__ import annotations

from stoa.domains.catalog.choosing import EVERYTHING, Chosen, check_chosen
from stoa.domains.catalog.exporting.errors import TooManyExports
from stoa.domains.catalog.models import AT_WORK, ExportRun, FileFormat
from stoa.kit.clock import now
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import enqueue

JOB = "catalog.work_on_export"
MAX_AT_WORK = 3
ONE_BY_ONE = "SELECT pg_advisory_xact_lock(hashtextextended('exports of ' || current_schema(), 0))"


async def start_export(
    ctx: Context,
    format: FileFormat,
    chosen: Chosen = EVERYTHING,
    *,
    with_bom: bool = False,
) -> ExportRun:
    """Order a file with the shop's products: all, or those chosen, as they are when it is written.

    `with_bom` puts the mark before it by which Excel knows UTF-8. Costs are in it if the caller may see them.
    """
    await check_chosen(ctx, chosen)
    async with shop_transaction():
        await shop_client().execute_query(ONE_BY_ONE)
        if await ExportRun.filter(state__in=AT_WORK).count() >= MAX_AT_WORK:
            raise TooManyExports("{limit} exports are at work; wait for the end of one.", limit=MAX_AT_WORK)
        run = await ExportRun.create(
            format=format,
            chosen=chosen.kept(),
            with_bom=with_bom,
            with_costs=Scope.CATALOG_COST in ctx.scopes,
            file_name=f"products-{format.value.lower()}-{now():%Y-%m-%d}.csv",
        )
        await enqueue(ctx, JOB, {"export_id": str(run.id)}, kind="imports")
    return run
