"""Products before and after a bulk edit: what it may touch, as values to compare and to put back, and as words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from stoa.domains.catalog.events import FieldChange
from stoa.domains.catalog.recalling import told
from stoa.kit.money import Money
from stoa.tenants.database import shop_client

_SNAPSHOTS = """
SELECT p.id, p.title, jsonb_build_object(
    'status', p.status, 'vendor', p.vendor, 'category_id', p.category_id, 'metadata', p.metadata,
    'publish_at', p.publish_at, 'unpublish_at', p.unpublish_at,
    'tags', (SELECT coalesce(jsonb_agg(t.tag_id ORDER BY t.tag_id), '[]') FROM product_tag t WHERE t.product_id = p.id),
    'attributes', (SELECT coalesce(jsonb_agg(jsonb_build_array(a.attribute_id, a.text) ORDER BY a.attribute_id, a.text),
      '[]') FROM attribute_value a WHERE a.product_id = p.id),
    'prices', (SELECT coalesce(jsonb_object_agg(v.id,
      jsonb_build_array(v.price_minor, v.list_price_minor, v.cost_minor)), '{}')
      FROM variant v WHERE v.product_id = p.id))::text AS parts,
  jsonb_build_object(
    'category', (SELECT c.name FROM category c WHERE c.id = p.category_id),
    'tags', (SELECT coalesce(jsonb_agg(t.name ORDER BY t.name_key), '[]')
      FROM product_tag pt JOIN tag t ON t.id = pt.tag_id WHERE pt.product_id = p.id),
    'attributes', (SELECT coalesce(jsonb_object_agg(of.key, of.texts), '{}') FROM (
      SELECT a.key, string_agg(v.text, ', ' ORDER BY v.text) AS texts
      FROM attribute_value v JOIN attribute a ON a.id = v.attribute_id WHERE v.product_id = p.id GROUP BY a.key) of),
    'variants', (SELECT coalesce(jsonb_object_agg(v.id,
      jsonb_build_array(coalesce(nullif(v.sku, ''), v.title), v.currency)), '{}')
      FROM variant v WHERE v.product_id = p.id))::text AS names
FROM product p WHERE p.id = ANY($1) ORDER BY p.id
"""
# In the order in which snapshots have them; of costs it is told that they changed, and not what they are.
_PRICES = ("price", "list_price", "cost")


@dataclass(frozen=True, slots=True)
class Snapshot:
    title: str
    parts: dict[str, Any]
    names: dict[str, Any]

    def only(self, names: set[str]) -> dict[str, Any]:
        return {name: self.parts[name] for name in sorted(names)}


async def snapshots(product_ids: Sequence[UUID]) -> dict[UUID, Snapshot]:
    """In the order of their ids."""
    rows = await shop_client().execute_query_dict(_SNAPSHOTS, [list(product_ids)])
    return {
        row["id"]: Snapshot(row["title"], msgspec.json.decode(row["parts"]), msgspec.json.decode(row["names"]))
        for row in rows
    }


def differences(before: Snapshot, after: Snapshot) -> list[FieldChange]:
    """What differs, for people: the first hundred."""
    return list(_differences(before, after))[:100]


def _differences(before: Snapshot, after: Snapshot) -> Iterator[FieldChange]:
    for name in ("status", "vendor"):
        yield from _one(name, before.parts[name], after.parts[name])
    yield from _one("category", before.names["category"], after.names["category"])
    yield from _one("tags", ", ".join(before.names["tags"]), ", ".join(after.names["tags"]))
    for part, was, now in (
        ("attributes", before.names["attributes"], after.names["attributes"]),
        ("metadata", before.parts["metadata"], after.parts["metadata"]),
    ):
        for key in sorted(was.keys() | now.keys()):
            yield from _one(f"{part}.{key}", was.get(key), now.get(key))
    yield from _prices(before, after)


def _prices(before: Snapshot, after: Snapshot) -> Iterator[FieldChange]:
    for id, prices in before.parts["prices"].items():
        label, currency = after.names["variants"].get(id) or ("", "")
        for name, was, now in zip(_PRICES, prices, after.parts["prices"].get(id, prices), strict=True):
            if was != now:
                old, new = (None if each is None or name == "cost" else _amount(each, currency) for each in (was, now))
                yield FieldChange(f"variants.{name}", old, new, UUID(id), label[:120])


def _amount(minor: int, currency: str) -> str:
    return Money(minor, currency).amount


def _one(field: str, was: Any, now: Any) -> Iterator[FieldChange]:
    if was != now:
        yield FieldChange(field, told(was), told(now))


def as_rows(changes: Sequence[FieldChange]) -> list[Mapping[str, Any]]:
    return [msgspec.to_builtins(each) for each in changes]
