"""Undo an import: put back, batch by batch, what it changed, unless somebody has changed it since."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
from tortoise.exceptions import IntegrityError

from stoa.domains.catalog.importing.issues import Issue
from stoa.domains.catalog.importing.snapshots import locked_marks
from stoa.domains.catalog.importing.staging import as_json, keep_issues
from stoa.domains.catalog.models import ImportRun, MovementKind
from stoa.domains.catalog.stock.setting import set_on_hand
from stoa.kit.clock import now
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction

MAX_PRODUCTS, MAX_SIZE = 500, 1024 * 1024  # bytes as PostgreSQL keeps them; long descriptions make small batches
TAKE_CHANGES = """
DELETE FROM import_change WHERE id IN (
  SELECT id FROM (
    SELECT id, sum(pg_column_size(before)) OVER (ORDER BY id DESC ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW) AS size
    FROM import_change WHERE run_id = $1 ORDER BY id DESC LIMIT $2) AS last
  WHERE size IS NULL OR size < $3)
RETURNING product_id, line, before, mark
"""
REMOVE_PRODUCTS = "DELETE FROM product WHERE id = ANY($1)"
REMOVE_VARIANTS = """
DELETE FROM variant WHERE product_id = ANY($2)
  AND id NOT IN (SELECT id FROM jsonb_to_recordset($1::jsonb) AS before (id uuid))
"""
REMOVE_IMAGES = """
DELETE FROM image WHERE product_id = ANY($2)
  AND id NOT IN (SELECT id FROM jsonb_to_recordset($1::jsonb) AS before (id uuid))
"""
RESTORE_PRODUCTS = """
UPDATE product SET title = b.title, handle = b.handle, description = b.description, category_id = b.category_id,
  search_text = b.search_text, version = version + 1, updated_at = $2
FROM jsonb_to_recordset($1::jsonb) AS b (
  id uuid, title text, handle text, description text, category_id uuid, search_text text)
WHERE product.id = b.id
"""
RESTORE_VARIANTS = """
UPDATE variant SET title = b.title, sku = b.sku, barcode = b.barcode, price_minor = b.price_minor,
  list_price_minor = b.list_price_minor, cost_minor = b.cost_minor, version = version + 1
FROM jsonb_to_recordset($1::jsonb) AS b (id uuid, title text, sku text, barcode text, price_minor bigint,
  list_price_minor bigint, cost_minor bigint)
WHERE variant.id = b.id AND (variant.title, variant.sku, variant.barcode, variant.price_minor,
  variant.list_price_minor, variant.cost_minor)
  IS DISTINCT FROM (b.title, b.sku, b.barcode, b.price_minor, b.list_price_minor, b.cost_minor)
"""
REMOVE_CATEGORIES = """
DELETE FROM category c WHERE c.id = ANY($1)
  AND NOT EXISTS (SELECT FROM product p WHERE p.category_id = c.id)
  AND NOT EXISTS (SELECT FROM category child WHERE child.parent_id = c.id)
"""


@dataclass(slots=True)
class _Change:
    product_id: UUID
    line: int
    before: dict[str, Any] | None
    mark: str


@dataclass(slots=True)
class _Sorted:
    """What can be put back, and what was changed since."""

    same: list[_Change] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)


async def put_back(ctx: Context, run: ImportRun) -> bool:
    """Put back the next products in the open transaction and count them in `run`; False when none are left."""
    rows = await shop_client().execute_query_dict(TAKE_CHANGES, [run.id, MAX_PRODUCTS, MAX_SIZE])
    if not rows:
        return False
    changes = [_change(row) for row in rows]
    found = _sort(changes, await locked_marks([each.product_id for each in changes]))
    restored = await _restore(ctx, run, found)
    run.products_done += len(changes)
    run.products_restored += restored
    await keep_issues(run, found.issues)
    return True


async def remove_categories(run: ImportRun) -> None:
    """Remove the categories that the run made and nobody uses."""
    ids = [UUID(each) for each in run.categories_created]
    await shop_client().execute_query(REMOVE_CATEGORIES, [ids])


def _change(row: dict[str, Any]) -> _Change:
    before = msgspec.json.decode(row["before"]) if row["before"] else None
    return _Change(row["product_id"], row["line"], before, row["mark"])


def _sort(changes: list[_Change], marks: dict[UUID, str]) -> _Sorted:
    found = _Sorted()
    for change in changes:
        mark = marks.get(change.product_id)
        if mark == change.mark:
            found.same.append(change)
        elif mark is not None:
            found.issues.append(_conflict(change, "CHANGED_SINCE", "has been changed since the import"))
        elif change.before is not None:
            found.issues.append(_conflict(change, "GONE_SINCE", "has been deleted since the import"))
    return found


def _conflict(change: _Change, code: str, what: str) -> Issue:
    name = change.before["title"] if change.before else "The product that this line brought"
    return Issue(change.line, "", code, f"{name} {what} and is left as it is.", str(change.product_id))


async def _restore(ctx: Context, run: ImportRun, found: _Sorted) -> int:
    """Put back all at once; if something new stands in the way (a code was given away since), one by one."""
    try:
        async with shop_transaction():
            await _put_back(ctx, run, found.same)
        return len(found.same)
    except IntegrityError:
        return sum([await _restore_one(ctx, run, change, found.issues) for change in found.same])


async def _restore_one(ctx: Context, run: ImportRun, change: _Change, issues: list[Issue]) -> bool:
    try:
        async with shop_transaction():
            await _put_back(ctx, run, [change])
        return True
    except IntegrityError:
        issues.append(_conflict(change, "NAME_GIVEN_AWAY", "had a code or handle that something else has now,"))
        return False


async def _put_back(ctx: Context, run: ImportRun, changes: list[_Change]) -> None:
    client = shop_client()
    created = [change.product_id for change in changes if change.before is None]
    await client.execute_query(REMOVE_PRODUCTS, [created])
    befores = [change.before for change in changes if change.before is not None]
    if not befores:
        return
    product_ids = [UUID(before["id"]) for before in befores]
    variants = as_json([each for before in befores for each in before["variants"]])
    images = as_json([each for before in befores for each in before["images"]])
    await client.execute_query(REMOVE_VARIANTS, [variants, product_ids])
    await client.execute_query(REMOVE_IMAGES, [images, product_ids])
    await client.execute_query(RESTORE_PRODUCTS, [as_json(befores), now()])
    await client.execute_query(RESTORE_VARIANTS, [variants])
    on_hand = {UUID(each["id"]): each["on_hand"] for before in befores for each in before["variants"]}
    await set_on_hand(ctx, on_hand, kind=MovementKind.IMPORT, reason="import undone", reference=("import", run.id))
