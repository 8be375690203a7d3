"""Undo a bulk edit: put back, page by page, what it touched, unless somebody has changed just that since."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from stoa.domains.catalog.bulk_editing.snapshots import Snapshot, differences, snapshots
from stoa.domains.catalog.events import ProductEdited
from stoa.domains.catalog.models import BulkEdit, BulkEditOutcome
from stoa.domains.catalog.naming import refresh_search_text
from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.kit.errors import Refusal
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.outbox import publish

PAGE = 200
_NEXT = """
SELECT id, product_id, before::text, after::text FROM bulk_edit_row
WHERE run_id = $1 AND outcome = 'CHANGED' AND id > $2 ORDER BY id LIMIT $3
"""
_LOCK = "SELECT id FROM product WHERE id = ANY($1) ORDER BY id FOR UPDATE"
# What was not touched is not among the values, and stays. A time to go on sale that has passed meanwhile is not kept:
# the job that waited for it has gone by. A category that is gone leaves the product without one.
_PRODUCTS = """
UPDATE product p SET
  status = CASE WHEN b.parts ? 'status' THEN b.parts ->> 'status' ELSE p.status END,
  vendor = CASE WHEN b.parts ? 'vendor' THEN b.parts ->> 'vendor' ELSE p.vendor END,
  metadata = CASE WHEN b.parts ? 'metadata' THEN b.parts -> 'metadata' ELSE p.metadata END,
  category_id = CASE WHEN b.parts ? 'category_id'
    THEN (SELECT c.id FROM category c WHERE c.id = (b.parts ->> 'category_id')::uuid) ELSE p.category_id END,
  publish_at = CASE WHEN NOT b.parts ? 'publish_at' THEN p.publish_at
    WHEN (b.parts ->> 'publish_at')::timestamptz > $2 THEN (b.parts ->> 'publish_at')::timestamptz END,
  unpublish_at = CASE WHEN NOT b.parts ? 'unpublish_at' THEN p.unpublish_at
    WHEN (b.parts ->> 'unpublish_at')::timestamptz > $2 THEN (b.parts ->> 'unpublish_at')::timestamptz END,
  version = p.version + 1, updated_at = $2
FROM jsonb_to_recordset($1::jsonb) AS b (id uuid, parts jsonb) WHERE p.id = b.id
"""
_VARIANTS = """
UPDATE variant v SET price_minor = (price.minors ->> 0)::bigint, list_price_minor = (price.minors ->> 1)::bigint,
  cost_minor = (price.minors ->> 2)::bigint, version = v.version + 1
FROM jsonb_to_recordset($1::jsonb) AS b (id uuid, parts jsonb), jsonb_each(b.parts -> 'prices') AS price (id, minors)
WHERE v.id = price.id::uuid AND v.product_id = b.id
"""
_TAGS = """
WITH wanted AS (
  SELECT b.id AS product_id, tag.id::uuid AS tag_id FROM jsonb_to_recordset($1::jsonb) AS b (id uuid, parts jsonb),
    jsonb_array_elements_text(b.parts -> 'tags') AS tag (id)),
gone AS (
  DELETE FROM product_tag WHERE product_id = ANY($2) AND (product_id, tag_id) NOT IN (SELECT * FROM wanted))
INSERT INTO product_tag (id, product_id, tag_id)
SELECT gen_random_uuid(), wanted.* FROM wanted WHERE EXISTS (SELECT FROM tag WHERE tag.id = wanted.tag_id)
ON CONFLICT (product_id, tag_id) DO NOTHING
"""
_ATTRIBUTES = """
WITH wanted AS (
  SELECT b.id AS product_id, (value.pair ->> 0)::uuid AS attribute_id, value.pair ->> 1 AS text
  FROM jsonb_to_recordset($1::jsonb) AS b (id uuid, parts jsonb),
    jsonb_array_elements(b.parts -> 'attributes') AS value (pair)),
gone AS (
  DELETE FROM attribute_value WHERE product_id = ANY($2)
    AND (product_id, attribute_id, text) NOT IN (SELECT * FROM wanted))
INSERT INTO attribute_value (id, product_id, attribute_id, text, number)
SELECT gen_random_uuid(), w.product_id, w.attribute_id, w.text, CASE WHEN a.type = 'NUMBER' THEN w.text::numeric END
FROM wanted w JOIN attribute a ON a.id = w.attribute_id
ON CONFLICT (product_id, attribute_id, text) DO NOTHING
"""
_NOTED = """
UPDATE bulk_edit_row r SET outcome = new.outcome, code = new.code, message = new.message
FROM jsonb_to_recordset($1::jsonb) AS new (id uuid, outcome text, code text, message jsonb) WHERE r.id = new.id
"""
FIRST = UUID(int=0)
Row = dict[str, Any]


class ChangedSince(Refusal):
    code = "CHANGED_SINCE"


class GoneSince(Refusal):
    code = "GONE_SINCE"


async def put_back(ctx: Context, run: BulkEdit) -> bool:
    """Put back the next products in the open transaction and count them in `run`; False when none are left."""
    rows: list[Row] = await shop_client().execute_query_dict(_NEXT, [run.id, run.last_id or FIRST, PAGE])
    if not rows:
        return False
    await shop_client().execute_query(_LOCK, [[row["product_id"] for row in rows]])
    found = await snapshots([row["product_id"] for row in rows])
    befores = {row["product_id"]: msgspec.json.decode(row["before"]) for row in rows}
    left = {row["id"]: refusal for row in rows if (refusal := _in_the_way(row, found))}
    same = [row["product_id"] for row in rows if row["id"] not in left]
    await _restore(ctx, same, befores, found)
    await shop_client().execute_query(_NOTED, [as_json([_noted(row, left) for row in rows])])
    run.last_id = rows[-1]["id"]
    run.products_done += len(rows)
    run.products_restored += len(same)
    return len(rows) == PAGE


def _in_the_way(row: Row, found: dict[UUID, Snapshot]) -> Refusal | None:
    snapshot = found.get(row["product_id"])
    if snapshot is None:
        return GoneSince("It has been deleted since the bulk edit.")
    after = msgspec.json.decode(row["after"])
    if {name: snapshot.parts[name] for name in after} != after:
        return ChangedSince("{title} has been changed since the bulk edit and is left as it is.", title=snapshot.title)
    return None


def _noted(row: Row, left: dict[UUID, Refusal]) -> Row:
    refusal = left.get(row["id"])
    if refusal is None:
        return {"id": row["id"], "outcome": BulkEditOutcome.RESTORED}
    return {"id": row["id"], "outcome": BulkEditOutcome.LEFT, "code": refusal.code, "message": refusal.sentence.kept()}


async def _restore(ctx: Context, ids: list[UUID], befores: dict[UUID, Row], found: dict[UUID, Snapshot]) -> None:
    if not ids:
        return
    touched = befores[ids[0]].keys()  # the same of all
    given = as_json([{"id": id, "parts": befores[id]} for id in ids])
    client = shop_client()
    await client.execute_query(_PRODUCTS, [given, now()])
    if "prices" in touched:
        await client.execute_query(_VARIANTS, [given])
    if "tags" in touched:
        await client.execute_query(_TAGS, [given, ids])
    if "attributes" in touched:
        await client.execute_query(_ATTRIBUTES, [given, ids])
    await refresh_search_text(ids)
    seen = await snapshots(ids)
    told = {id: differences(found[id], seen[id]) for id in ids}
    await publish(ctx, *(ProductEdited(id, _fields(each), tuple(each)) for id, each in told.items()))


def _fields(changes: list[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.field for each in changes))
