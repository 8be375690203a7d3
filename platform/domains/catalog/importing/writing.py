"""Write products: a batch of what was gathered goes into the shop's tables, with all that undoing it needs."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import msgspec

from stoa.domains.catalog.importing.comparing import Shelf, Writes, plan
from stoa.domains.catalog.importing.gathering import Gathered, Wanted
from stoa.domains.catalog.importing.issues import Issue
from stoa.domains.catalog.importing.options import Field, Options
from stoa.domains.catalog.importing.snapshots import MARKS, Snapshot, snapshots_by_key
from stoa.domains.catalog.importing.staging import as_json, keep_issues
from stoa.domains.catalog.models import ImportRun, MovementKind
from stoa.domains.catalog.naming import free_handles, refresh_search_text, taken_handles
from stoa.domains.catalog.stock.setting import set_on_hand
from stoa.kit.clock import now
from stoa.kit.ids import new_id
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client

MAX_CATEGORIES = 2_000
FORGET_WRITTEN = "DELETE FROM import_row WHERE run_id = $1 AND product_key = ANY($2)"
CATEGORIES = "SELECT id, name_key FROM category WHERE name_key = ANY($1)"
NEW_CATEGORIES = """
INSERT INTO category (id, name, name_key, created_at)
SELECT id, name, name_key, $2 FROM jsonb_to_recordset($1::jsonb) AS c (id uuid, name text, name_key text)
ON CONFLICT (name_key) DO NOTHING
"""
OWNERS = """
SELECT v.id, v.sku, v.source, v.external_id, p.title FROM variant v JOIN product p ON p.id = v.product_id
WHERE v.sku = ANY($1)
UNION
SELECT v.id, v.sku, v.source, v.external_id, p.title FROM variant v JOIN product p ON p.id = v.product_id
WHERE v.source = $2 AND v.external_id = ANY($3)
"""
PRODUCT = "id uuid, title text, handle text, description text, category_id uuid, search_text text"
VARIANT = "id uuid, title text, sku text, barcode text, price_minor bigint, list_price_minor bigint, cost_minor bigint"
NEW_PRODUCTS = f"""
INSERT INTO product (id, title, handle, description, category_id, search_text, status, source, external_id, version,
  created_at, updated_at)
SELECT id, title, handle, description, category_id, search_text, status, source, external_id, 1, $2, $2
FROM jsonb_to_recordset($1::jsonb) AS new ({PRODUCT}, status text, source text, external_id text)
"""
CHANGED_PRODUCTS = f"""
UPDATE product SET title = new.title, handle = new.handle, description = new.description,
  category_id = new.category_id, search_text = new.search_text, version = version + 1, updated_at = $2
FROM jsonb_to_recordset($1::jsonb) AS new ({PRODUCT}) WHERE product.id = new.id
"""
NEW_VARIANTS = f"""
INSERT INTO variant (id, title, sku, barcode, price_minor, list_price_minor, cost_minor, product_id, currency, position,
  source, external_id, version, created_at)
SELECT id, title, sku, barcode, price_minor, list_price_minor, cost_minor, product_id, currency, position,
  source, external_id, 1, $2
FROM jsonb_to_recordset($1::jsonb) AS new (
  {VARIANT}, product_id uuid, currency text, position int, source text, external_id text)
"""
CHANGED_VARIANTS = f"""
UPDATE variant SET title = new.title, sku = new.sku, barcode = new.barcode, price_minor = new.price_minor,
  list_price_minor = new.list_price_minor, cost_minor = new.cost_minor, version = version + 1
FROM jsonb_to_recordset($1::jsonb) AS new ({VARIANT}) WHERE variant.id = new.id
"""
NEW_IMAGES = """
INSERT INTO image (id, product_id, url, alt, position, created_at)
SELECT id, product_id, url, '', position, $2
FROM jsonb_to_recordset($1::jsonb) AS new (id uuid, product_id uuid, url text, position int)
"""
CHANGES = f"""
INSERT INTO import_change (id, run_id, product_id, line, before, mark)
SELECT noted.id, $2, noted.product_id, noted.line, nullif(noted.before, 'null'), written.mark
FROM jsonb_to_recordset($3::jsonb) AS noted (id uuid, product_id uuid, line bigint, before jsonb)
JOIN ({MARKS}) AS written USING (product_id)
"""


async def write(ctx: Context, run: ImportRun, gathered: Gathered) -> None:
    """Write a batch in the open transaction (in a dry run: find out what would be written), and count it in `run`."""
    wanted = gathered.products
    known = await snapshots_by_key(run.source, [each.key for each in wanted])
    writes = await _plan(ctx, run, wanted, known)
    run.products_created += writes.created
    run.products_updated += writes.updated
    if not run.dry_run:
        await _execute(ctx, run, writes)
    await shop_client().execute_query(FORGET_WRITTEN, [run.id, [each.key for each in wanted]])
    run.products_done += len(wanted)
    await keep_issues(run, [issue for each in wanted for issue in each.issues] + writes.issues)


async def _plan(ctx: Context, run: ImportRun, wanted: list[Wanted], known: dict[str, Snapshot]) -> Writes:
    shelf = await _look_around(ctx, run, wanted)
    titles = [each.title or each.odd_title or each.key for each in wanted if each.key not in known]
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
        status=msgspec.convert(run.options, Options).status,
        categories=await _categories(run, wanted),
        by_sku={owner["sku"]: owner for owner in owners},
        by_key={owner["external_id"]: owner for owner in owners if owner["source"] == run.source},
        taken_handles=await taken_handles([each.handle for each in wanted if each.handle]),
    )


async def _categories(run: ImportRun, wanted: list[Wanted]) -> dict[str, str]:
    """The ids of the categories that the products want, by lower-cased name; those that are missing are made."""
    # backwards, so that of two ways to write a name the first in the file stands
    names = {each.category.casefold(): each.category for each in reversed(wanted) if each.category}
    found = await _find_categories(list(names))
    missing = [{"id": new_id(), "name": name, "name_key": key} for key, name in names.items() if key not in found]
    room = MAX_CATEGORIES - len(run.categories_created)
    if len(missing) > room:
        _refuse_categories(wanted, {each["name_key"] for each in missing[room:]})
        del missing[room:]
    made: dict[str, str] = {str(each["name_key"]): str(each["id"]) for each in missing}
    if made and not run.dry_run:
        await shop_client().execute_query(NEW_CATEGORIES, [as_json(missing), now()])
        run.categories_created = [*run.categories_created, *made.values()]
        made |= await _find_categories(list(made))
    return found | made


async def _find_categories(keys: list[str]) -> dict[str, str]:
    rows = await shop_client().execute_query_dict(CATEGORIES, [keys]) if keys else []
    return {row["name_key"]: str(row["id"]) for row in rows}


def _refuse_categories(wanted: list[Wanted], keys: set[Any]) -> None:
    message = f"An import makes at most {MAX_CATEGORIES:,} categories; this product is left without."
    for each in wanted:
        if each.category and each.category.casefold() in keys:
            value, field = each.category, Field.CATEGORY
            each.issues.append(Issue(each.line, "", "TOO_MANY_CATEGORIES", message, value, field=field))
            each.category = None


async def _execute(ctx: Context, run: ImportRun, writes: Writes) -> None:
    moment = now()
    for statement, rows, *values in (
        (NEW_PRODUCTS, writes.products, moment),
        (CHANGED_PRODUCTS, writes.product_changes, moment),
        (NEW_VARIANTS, writes.variants, moment),
        (CHANGED_VARIANTS, writes.variant_changes),
        (NEW_IMAGES, writes.images, moment),
    ):
        if rows:
            await shop_client().execute_query(statement, [as_json(rows), *values])
    await refresh_search_text([each["id"] for each in writes.product_changes])
    on_hand = {UUID(str(each["variant_id"])): each["on_hand"] for each in writes.stock}
    await set_on_hand(ctx, on_hand, kind=MovementKind.IMPORT, reason=run.file_name[:200], reference=("import", run.id))
    if writes.befores:
        ids = [each["product_id"] for each in writes.befores]
        await shop_client().execute_query(CHANGES, [ids, run.id, as_json(writes.befores)])
