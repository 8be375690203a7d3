"""Counts of products by facet and value, in SQL: three ways to the same numbers, by how much of the shop was found.

Everything: the database counts along as products change (docs/decisions/facets.md), and nothing needs to be looked at.
A part of the shop: what each product has is read by its index. Most of it: the whole, less what the others have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# Prices in steps of 1, 2, 5, 10 and so on, in minor units; migrations/platform/0005_stock.py counts along by the same.
STEPS: Final = [0, *(digit * 10**place for place in range(15) for digit in (1, 2, 5))]
KNOWN: Final = "SELECT facet, value, products FROM facet_count WHERE facet = ANY({facets}::text[])"
TOTAL: Final = "SELECT count(*) AS products FROM product p WHERE {found}"
# When a product was changed last, and how many there are: one that was deleted tells by that.
REVISION: Final = """
SELECT (SELECT max(updated_at) FROM product) AS changed,
  (SELECT coalesce(sum(products), 0)::bigint FROM facet_count WHERE facet = 'status') AS products
"""


@dataclass(frozen=True, slots=True)
class Held:
    """What products have, as rows of `facet` and `value`: in the product's own row `p`, or in others of `f.id`."""

    select: str
    is_own: bool = False

    def of(self, found: str) -> str:
        if self.is_own:
            return f"({self.select} FROM product p WHERE {found}) held"
        # OFFSET 0 keeps the planner at going by the index, product by product
        return f"(SELECT p.id FROM product p WHERE {found}) f CROSS JOIN LATERAL ({self.select} OFFSET 0) held"

    def counted(self, found: str, sign: str = "") -> str:
        return (
            f"SELECT held.facet::text AS facet, held.value::text AS value, {sign}count(*) AS products "
            f"FROM {self.of(found)} GROUP BY held.facet, held.value"
        )


STATUS: Final = Held("SELECT 'status' AS facet, p.status AS value", is_own=True)
CATEGORY: Final = Held("SELECT 'category' AS facet, p.category_id AS value", is_own=True)
TAG: Final = Held("SELECT 'tag' AS facet, pt.tag_id AS value FROM product_tag pt WHERE pt.product_id = f.id")
VALUE: Final = Held(
    "SELECT v.attribute_id AS facet, v.text AS value FROM attribute_value v "
    "WHERE v.product_id = f.id AND v.attribute_id::text = ANY({facets})"
)
PRICE: Final = Held(
    "SELECT DISTINCT 'price' AS facet, width_bucket(v.price_minor, {steps}::bigint[]) AS value FROM variant v "
    "WHERE v.product_id = f.id AND v.currency = {currency} AND v.price_minor IS NOT NULL"
)


def by_value(held: Held, found: str | None, *, is_most: bool) -> str:
    """A statement of `facet`, `value` and `products`; {facets} in it is the parameter with the facets' names."""
    if found is None:
        return _added_up(KNOWN)
    if is_most:
        others = held.counted(f"(({found}) IS NOT TRUE)", sign="-")
        return _added_up(f"{KNOWN} UNION ALL {others}")
    return held.counted(found)


def _added_up(rows: str) -> str:
    return (
        f"SELECT facet, value, sum(products)::bigint AS products FROM ({rows}) known "
        "WHERE value IS NOT NULL GROUP BY 1, 2 HAVING sum(products) > 0"
    )
