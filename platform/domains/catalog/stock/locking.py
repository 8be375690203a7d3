"""Keep rows of stock still for an operation that will both let go of some and reserve others."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from stoa.tenants.database import shop_client

# And of the parts of bundles. One array, and no OR with a query in it, for which no index would serve.
OF_VARIANTS = "variant_id = ANY($1::uuid[] || ARRAY(SELECT part_id FROM bundle_part WHERE bundle_id = ANY($1)))"
_LOCK = f"SELECT id FROM stock WHERE {OF_VARIANTS} ORDER BY id FOR UPDATE"
_THERE = """
WITH wanted AS (SELECT unnest($1::uuid[]) AS variant_id),
parts AS (
  SELECT w.variant_id AS of, coalesce(b.part_id, w.variant_id) AS variant_id, coalesce(b.quantity, 1) AS per
  FROM wanted w LEFT JOIN bundle_part b ON b.bundle_id = w.variant_id),
places AS (
  SELECT p.of, l.id, min(coalesce(greatest(0, s.on_hand - s.reserved - s.damaged - s.held + s.backorder_limit), 0)
    / p.per) AS there
  FROM parts p CROSS JOIN location l LEFT JOIN stock s ON s.variant_id = p.variant_id AND s.location_id = l.id
  WHERE l.is_active GROUP BY p.of, l.id)
SELECT of, sum(there)::int AS there FROM places GROUP BY of
"""


async def lock_stock(variant_ids: Sequence[UUID]) -> None:
    """All the rows that reserving these may want, in the order of their ids, until the transaction ends."""
    await shop_client().execute_query(_LOCK, [list(variant_ids)])


async def there_of(variant_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many of each could be reserved now; of a bundle, as many as its parts make at one location each."""
    rows = await shop_client().execute_query_dict(_THERE, [list(variant_ids)])
    return {row["of"]: row["there"] for row in rows}
