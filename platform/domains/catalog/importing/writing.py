"""Write products: a batch of what was gathered goes into the shop's tables, with all that undoing it needs."""

from __future__ import annotations

import asyncio
from uuid import UUID

import msgspec

from stoa.domains.catalog.importing.comparing import plan
from stoa.domains.catalog.importing.gathering import Gathered, Wanted
from stoa.domains.catalog.importing.options import Options, is_catalog
from stoa.domains.catalog.importing.planned import Shelf, Writes
from stoa.domains.catalog.importing.shelving import found_categories, found_tags
from stoa.domains.catalog.importing.snapshots import Known, known_products
from stoa.domains.catalog.importing.statements import (
    CHANGED_IMAGES,
    CHANGED_PRODUCTS,
    CHANGED_VARIANTS,
    CHANGES,
    GONE_TAGS,
    NEW_IMAGES,
    NEW_PRODUCTS,
    NEW_TAGS,
    NEW_VARIANTS,
    OWNERS,
    REDIRECTS,
    TAKEN_BACK,
)
from stoa.domains.catalog.importing.telling import tell
from stoa.domains.catalog.metadata import known_attributes
from stoa.domains.catalog.models import ImportRun, MovementKind
from stoa.domains.catalog.naming import free_handles, refresh_search_text, taken_handles
from stoa.domains.catalog.stock.setting import set_on_hand
from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.settings import settings
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.importing.staging import forget_written, keep_issues


async def write(ctx: Context, run: ImportRun, gathered: Gathered) -> None:
    """Write a batch in the open transaction (in a dry run: find out what would be written), and count it in `run`."""
    wanted = gathered.products
    handles = {each.key: each.handle for each in wanted if each.handle} if is_catalog(run.mapping) else None
    known = await known_products(run.source, [each.key for each in wanted], handles)
    writes = await _plan(ctx, run, wanted, known)
    run.products_created += writes.created
    run.products_updated += writes.updated
    if not run.dry_run:
        await _execute(ctx, run, writes)
    await forget_written(run.id, [each.key for each in wanted])
    run.products_done += len(wanted)
    await keep_issues(run, [issue for each in wanted for issue in each.issues] + writes.issues)


async def _plan(ctx: Context, run: ImportRun, wanted: list[Wanted], known: Known) -> Writes:
    shelf = await _look_around(ctx, run, wanted)
    is_known = known.snapshots.keys() | known.twice
    titles = [each.title or each.odd_title or each.key for each in wanted if each.key not in is_known]
    handles = await free_handles(titles, besides=[each.handle for each in wanted if each.handle])
    return await asyncio.to_thread(plan, wanted, known, shelf, handles)


async def _look_around(ctx: Context, run: ImportRun, wanted: list[Wanted]) -> Shelf:
    variants = [variant for each in wanted for variant in each.variants]
    skus = [each.columns["sku"] for each in variants if "sku" in each.columns]
    keys = [each.key for each in variants]
    owners = await shop_client().execute_query_dict(OWNERS, [skus, run.source, keys])
    return Shelf(
        source=run.source,
        currency=ctx.shop.currency,
        status=msgspec.convert(run.options, Options).status.value,
        by_handle=is_catalog(run.mapping),
        public_url=settings().public_url,
        categories=await found_categories(run, wanted),
        tags=await found_tags(run, wanted),
        by_sku={owner["sku"]: owner for owner in owners},
        by_key={owner["external_id"]: owner for owner in owners if owner["source"] == run.source},
        attributes=await known_attributes(named) if (named := _attribute_keys(wanted)) else {},
        taken_handles=await taken_handles([each.handle for each in wanted if each.handle]),
    )


def _attribute_keys(wanted: list[Wanted]) -> set[str]:
    return {key for each in wanted for key in each.metadata or ()}


async def _execute(ctx: Context, run: ImportRun, writes: Writes) -> None:
    moment = now()
    for statement, rows, *values in (
        (NEW_PRODUCTS, writes.products, moment),
        (CHANGED_PRODUCTS, writes.product_changes, moment),
        (NEW_VARIANTS, writes.variants, moment),
        (CHANGED_VARIANTS, writes.variant_changes),
        (NEW_IMAGES, writes.images, moment),
        (CHANGED_IMAGES, writes.image_changes),
        (GONE_TAGS, writes.untagged),
        (NEW_TAGS, writes.tags),
        (TAKEN_BACK, writes.handles),
        (REDIRECTS, writes.handles, moment),
    ):
        if rows:
            await shop_client().execute_query(statement, [as_json(rows), *values])
    told = [each["id"] for each in writes.products if each["translations"]]
    told += [each["id"] for each in writes.product_changes] + [each["product_id"] for each in writes.tags]
    await refresh_search_text(sorted({UUID(str(each)) for each in told}))
    on_hand = {UUID(str(each["variant_id"])): each["on_hand"] for each in writes.stock}
    await set_on_hand(ctx, on_hand, kind=MovementKind.IMPORT, reason=run.file_name[:200], reference=("import", run.id))
    if writes.befores:
        ids = [each["product_id"] for each in writes.befores]
        await shop_client().execute_query(CHANGES, [ids, run.id, as_json(writes.befores)])
    await tell(ctx, run, writes.told)
