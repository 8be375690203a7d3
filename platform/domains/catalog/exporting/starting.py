"""Start exports: what a merchant orders; the file is written by a job."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from stoa.domains.catalog.errors import NoSuchProduct
from stoa.domains.catalog.exporting.errors import TooManyExports
from stoa.domains.catalog.models import AT_WORK, ExportRun, FileFormat, Product, ProductStatus
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import enqueue

JOB = "catalog.work_on_export"
MAX_AT_WORK, MAX_IDS = 3, 1_000
ONE_BY_ONE = "SELECT pg_advisory_xact_lock(hashtextextended('exports of ' || current_schema(), 0))"


async def start_export(
    ctx: Context,
    format: FileFormat,
    *,
    status: ProductStatus | None = None,
    product_ids: Sequence[UUID] | None = None,
    with_bom: bool = False,
) -> ExportRun:
    """Order a file with the shop's products: all, those of a status, those named, or those for whom both are true.

    `with_bom` puts the mark before it by which Excel knows UTF-8. Costs are in it if the caller may see them.
    """
    if product_ids is not None:
        await _check_products(product_ids)
    async with shop_transaction():
        await shop_client().execute_query(ONE_BY_ONE)
        if await ExportRun.filter(state__in=AT_WORK).count() >= MAX_AT_WORK:
            raise TooManyExports("{limit} exports are at work; wait for the end of one.", limit=MAX_AT_WORK)
        run = await ExportRun.create(
            format=format,
            chosen=_chosen(status, product_ids),
            with_bom=with_bom,
            with_costs=Scope.CATALOG_COST in ctx.scopes,
            file_name=f"products-{format.value.lower()}-{now():%Y-%m-%d}.csv",
        )
        await enqueue(ctx, JOB, {"export_id": str(run.id)}, kind="imports")
    return run


async def _check_products(product_ids: Sequence[UUID]) -> None:
    if len(product_ids) > MAX_IDS:
        raise InvalidInput(
            "{count} products are named; {limit} may be.", path=["ids"], count=len(product_ids), limit=MAX_IDS
        )
    known = set(await Product.filter(id__in=product_ids).values_list("id", flat=True))
    for i, each in enumerate(product_ids):
        if each not in known:
            raise NoSuchProduct("There is no such product.", path=["ids", i])


def _chosen(status: ProductStatus | None, product_ids: Sequence[UUID] | None) -> dict[str, object]:
    chosen: dict[str, object] = {}
    if status is not None:
        chosen["status"] = status.value
    if product_ids is not None:
        chosen["ids"] = [str(each) for each in product_ids]
    return chosen
