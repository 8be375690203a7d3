"""Snapshots: a product with its variants, stock and images as one JSON value, to compare with, restore and mark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from stoa.tenants.database import shop_client

# Columns by name, never whole rows: a column that a later migration adds must not make every product look changed.
# No versions and no times in it either: what matters is whether the product is what the import left behind.
SNAPSHOT = """
SELECT p.id AS product_id, p.external_id AS key, jsonb_build_object(
  'id', p.id, 'title', p.title, 'handle', p.handle, 'description', p.description, 'status', p.status,
  'category_id', p.category_id, 'source', p.source, 'external_id', p.external_id, 'search_text', p.search_text,
  'variants', (
    SELECT coalesce(jsonb_agg(jsonb_build_object(
      'id', v.id, 'title', v.title, 'sku', v.sku, 'barcode', v.barcode, 'currency', v.currency,
      'price_minor', v.price_minor, 'list_price_minor', v.list_price_minor, 'cost_minor', v.cost_minor,
      'position', v.position, 'source', v.source, 'external_id', v.external_id, 'on_hand', s.on_hand)
      ORDER BY v.position, v.id), '[]')
    FROM variant v LEFT JOIN stock s ON s.variant_id = v.id WHERE v.product_id = p.id),
  'images', (
    SELECT coalesce(jsonb_agg(jsonb_build_object(
      'id', i.id, 'url', i.url, 'file_key', i.file_key, 'alt', i.alt, 'position', i.position)
      ORDER BY i.position, i.id), '[]')
    FROM image i WHERE i.product_id = p.id)
) AS snapshot FROM product p
"""
LOCK_BY_KEY = "SELECT id FROM product WHERE source = $1 AND external_id = ANY($2) ORDER BY id FOR UPDATE"
LOCK_BY_ID = "SELECT id FROM product WHERE id = ANY($1) ORDER BY id FOR UPDATE"
# OFFSET 0: the snapshot is made once, not once for each place that speaks of it.
BY_ID = f"""
SELECT product_id, key, snapshot, md5(snapshot::text) AS mark
FROM ({SNAPSHOT} WHERE p.id = ANY($1) OFFSET 0) AS taken
"""

Snapshot = dict[str, Any]


async def snapshots_by_key(source: str, keys: Sequence[str]) -> dict[str, Snapshot]:
    """The products that came from `source` under these keys, locked for this transaction."""
    locked = await shop_client().execute_query_dict(LOCK_BY_KEY, [source, list(keys)])
    rows = await _fetch([row["id"] for row in locked])
    return {row["key"]: msgspec.json.decode(row["snapshot"]) for row in rows}


async def locked_marks(product_ids: Sequence[UUID]) -> dict[UUID, str]:
    """A mark for each of the products that exist: equal as long as nothing of them has changed. Locks them."""
    await shop_client().execute_query_dict(LOCK_BY_ID, [list(product_ids)])
    return {row["product_id"]: row["mark"] for row in await _fetch(product_ids)}


async def _fetch(product_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    return await shop_client().execute_query_dict(BY_ID, [list(product_ids)]) if product_ids else []
