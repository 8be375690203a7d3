"""Undo an import: put back, batch by batch, what it changed, unless somebody has changed it since."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
from tortoise.exceptions import IntegrityError

from stoa.domains.catalog.importing.snapshots import locked_marks
from stoa.domains.catalog.importing.statements import CHANGED_IMAGES, PRODUCT, UNDO_REDIRECTS, VARIANT, names, setting
from stoa.domains.catalog.importing.telling import tell_undone
from stoa.domains.catalog.models import ImportRun, MovementKind
from stoa.domains.catalog.stock.reasons import IMPORT_UNDONE
from stoa.domains.catalog.stock.setting import set_on_hand
from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.kit.languages import Sentence
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.importing.issues import Issue
from stoa.tenants.importing.staging import keep_issues

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
# What snapshots did not have at first: of older ones nothing of it is put back.
LATER_COLUMNS = ("keywords", "translations", "metadata")
KEPT = ",".join(each for each in PRODUCT.split(",") if not each.strip().startswith(LATER_COLUMNS))
LATER = ", ".join(f"{name} = coalesce(new.{name}, product.{name})" for name in LATER_COLUMNS)
RESTORE_PRODUCTS = f"""
UPDATE product SET {setting(KEPT)}, {LATER}, version = version + 1, updated_at = $2
FROM jsonb_to_recordset($1::jsonb) AS new ({PRODUCT}) WHERE product.id = new.id
"""
RESTORE_VARIANTS = f"""
UPDATE variant SET {setting(VARIANT)}, version = version + 1
FROM jsonb_to_recordset($1::jsonb) AS new ({VARIANT})
WHERE variant.id = new.id AND ({names(VARIANT, of="variant")}) IS DISTINCT FROM ({names(VARIANT, of="new")})
"""
RESTORE_IMAGES = f"""
{CHANGED_IMAGES} AND (image.alt, image.position) IS DISTINCT FROM (new.alt, new.position)
"""
# The tags of before are given back as far as there are such tags still.
RESTORE_TAGS = """
WITH wanted AS (
  SELECT b.id AS product_id, tag_id::uuid FROM jsonb_to_recordset($1::jsonb) AS b (id uuid, tags jsonb),
    jsonb_array_elements_text(b.tags) AS tag_id),
gone AS (
  DELETE FROM product_tag WHERE product_id = ANY($2) AND (product_id, tag_id) NOT IN (SELECT * FROM wanted))
INSERT INTO product_tag (id, product_id, tag_id)
SELECT gen_random_uuid(), wanted.* FROM wanted WHERE EXISTS (SELECT FROM tag WHERE tag.id = wanted.tag_id)
ON CONFLICT (product_id, tag_id) DO NOTHING
"""
REMOVE_CATEGORIES = """
DELETE FROM category c WHERE c.id = ANY($1)
  AND NOT EXISTS (SELECT FROM product p WHERE p.category_id = c.id)
  AND NOT EXISTS (SELECT FROM category child WHERE child.parent_id = c.id)
RETURNING c.id
"""
REMOVE_TAGS = """
DELETE FROM tag t WHERE t.id = ANY($1) AND NOT EXISTS (SELECT FROM product_tag p WHERE p.tag_id = t.id)
"""
CHANGED = Sentence("{name} has been changed since the import and is left as it is.")
DELETED = Sentence("{name} has been deleted since the import and is left as it is.")
GIVEN_AWAY = Sentence(
    "{name} had what something else has now (a code, a handle, reserved stock), and is left as it is."
)


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


async def remove_made(run: ImportRun) -> None:
    """Remove the categories and tags that the run made and nobody uses: of categories the inner ones first."""
    ids = [UUID(each) for each in run.categories_created]
    while ids and await shop_client().execute_query_dict(REMOVE_CATEGORIES, [ids]):
        pass
    await shop_client().execute_query(REMOVE_TAGS, [[UUID(each) for each in run.tags_created]])


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
            found.issues.append(_conflict(change, "CHANGED_SINCE", CHANGED))
        elif change.before is not None:
            found.issues.append(_conflict(change, "GONE_SINCE", DELETED))
    return found


def _conflict(change: _Change, code: str, why: Sentence) -> Issue:
    name = change.before["title"] if change.before else Sentence("The product that this line brought")
    return Issue(change.line, "", code, why.filled(name=name), str(change.product_id))


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
        issues.append(_conflict(change, "NAME_GIVEN_AWAY", GIVEN_AWAY))
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
    await tell_undone(ctx, run, befores)
    await client.execute_query(UNDO_REDIRECTS, [as_json(befores), now()])
    await client.execute_query(RESTORE_PRODUCTS, [as_json(befores), now()])
    await client.execute_query(RESTORE_VARIANTS, [variants])
    await client.execute_query(RESTORE_IMAGES, [images])
    await client.execute_query(RESTORE_TAGS, [as_json(befores), product_ids])
    on_hand = {UUID(each["id"]): each["on_hand"] for before in befores for each in before["variants"]}
    await set_on_hand(ctx, on_hand, kind=MovementKind.IMPORT, reason=IMPORT_UNDONE.text, reference=("import", run.id))
