"""Snapshots: a product with its variants, stock and images as one value, to compare with, to restore and to mark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from stoa.tenants.database import shop_client

# Columns by name, never whole rows: a column that a later migration adds must not make every product look changed.
# No versions and no times among them: what matters is whether the product is what the import left behind.
PRODUCT = (
    *("id", "title", "handle", "description", "status", "category_id", "vendor", "options", "seo_title"),
    *("seo_description", "keywords", "translations", "metadata", "source", "external_id", "search_text"),
)
PRICES = ("currency", "price_minor", "list_price_minor", "cost_minor")
VARIANT = (
    *("id", "title", "sku", "barcode", *PRICES, "option_values", "weight_grams", "requires_shipping", "taxable"),
    *("position", "source", "external_id"),
)
IMAGE = ("id", "url", "file_key", "alt", "position")
# Files speak of the main location's stock.
OF_VARIANTS = """FROM variant v LEFT JOIN stock s ON s.variant_id = v.id
  AND s.location_id = (SELECT id FROM location WHERE is_main) WHERE v.product_id = p.id"""
SPOKEN_FOR = "greatest(0, coalesce(s.reserved + s.damaged + s.held - s.backorder_limit, 0))"
OF_IMAGES = "FROM image i WHERE i.product_id = p.id"
# Old handles that no product has now.
OF_REDIRECTS = """FROM slug_redirect r WHERE r.product_id = p.id
    AND NOT EXISTS (SELECT FROM product o WHERE o.handle = r.handle)"""
OF_TAGS = "FROM product_tag t WHERE t.product_id = p.id"


def _pairs(table: str, columns: Sequence[str]) -> str:
    return ", ".join(f"'{column}', {table}.{column}" for column in columns)


def _list(table: str, columns: Sequence[str]) -> str:
    return ", ".join(f"{table}.{column}" for column in columns)


SNAPSHOTS = f"""
SELECT p.external_id AS key, jsonb_build_object({_pairs("p", PRODUCT)}, 'is_bundle', p.is_bundle,
  'redirects', (SELECT coalesce(jsonb_agg(r.handle), '[]') {OF_REDIRECTS}),
  'variants', (SELECT coalesce(jsonb_agg(jsonb_build_object({_pairs("v", VARIANT)}, 'on_hand', coalesce(s.on_hand, 0),
    'spoken_for', {SPOKEN_FOR}) ORDER BY v.position, v.id), '[]') {OF_VARIANTS}),
  'tags', (SELECT coalesce(jsonb_agg(t.tag_id ORDER BY t.tag_id), '[]') {OF_TAGS}),
  'images', (SELECT coalesce(jsonb_agg(jsonb_build_object({_pairs("i", IMAGE)})
    ORDER BY i.position, i.id), '[]') {OF_IMAGES})) AS snapshot
FROM product p WHERE p.id = ANY($1)
"""
# The same columns as text, which costs half; ROW() quotes what is in them, so that no two contents look alike.
# The search text is left out: it follows from the rest, and from tags and attributes.
MARKS = f"""
SELECT p.id AS product_id, md5(ROW({_list("p", PRODUCT[:-1])}, p.is_bundle,
  (SELECT string_agg(ROW({_list("v", VARIANT)}, coalesce(s.on_hand, 0))::text, ' ' ORDER BY v.position, v.id)
    {OF_VARIANTS}),
  (SELECT string_agg(t.tag_id::text, ' ' ORDER BY t.tag_id) {OF_TAGS}),
  (SELECT string_agg(ROW({_list("i", IMAGE)})::text, ' ' ORDER BY i.position, i.id) {OF_IMAGES}))::text) AS mark
FROM product p WHERE p.id = ANY($1)
"""
LOCK_BY_KEY = "SELECT id FROM product WHERE source = $1 AND external_id = ANY($2) ORDER BY id FOR UPDATE"
LOCK_BY_HANDLE = """
SELECT id FROM product WHERE (source = $1 AND external_id = ANY($2)) OR handle = ANY($3) ORDER BY id FOR UPDATE
"""
LOCK_BY_ID = "SELECT id FROM product WHERE id = ANY($1) ORDER BY id FOR UPDATE"

Snapshot = dict[str, Any]


@dataclass(slots=True)
class Known:
    """The products that the shop has, by the keys that the file gives them; `twice` are keys that lead to a product
    which another key has by its handle."""

    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    twice: set[str] = field(default_factory=set)


async def known_products(source: str, keys: Sequence[str], handles: Mapping[str, str] | None = None) -> Known:
    """The products that came from `source` under these keys, locked for this transaction. `handles` (by key) find
    what came from elsewhere as well: who has the handle is meant, before who once came with the key."""
    client = shop_client()
    if handles is None:
        locked = await client.execute_query_dict(LOCK_BY_KEY, [source, list(keys)])
    else:
        locked = await client.execute_query_dict(LOCK_BY_HANDLE, [source, list(keys), list(handles.values())])
    if not locked:
        return Known()
    rows = await client.execute_query_dict(SNAPSHOTS, [[row["id"] for row in locked]])
    return _by_key([msgspec.json.decode(row["snapshot"]) for row in rows], source, keys, handles or {})


def _by_key(found: list[Snapshot], source: str, keys: Sequence[str], handles: Mapping[str, str]) -> Known:
    by_handle = {each["handle"]: each for each in found}
    by_key = {each["external_id"]: each for each in found if each["source"] == source}
    known = Known({key: by_handle[handle] for key, handle in handles.items() if handle in by_handle})
    claimed = {each["id"] for each in known.snapshots.values()}
    for key in keys:
        if key not in known.snapshots and key in by_key:
            if by_key[key]["id"] in claimed:
                known.twice.add(key)
            else:
                known.snapshots[key] = by_key[key]
    return known


async def locked_marks(product_ids: Sequence[UUID]) -> dict[UUID, str]:
    """A mark for each of the products that exist: equal as long as nothing of them has changed. Locks them."""
    await shop_client().execute_query_dict(LOCK_BY_ID, [list(product_ids)])
    rows = await shop_client().execute_query_dict(MARKS, [list(product_ids)])
    return {row["product_id"]: row["mark"] for row in rows}
