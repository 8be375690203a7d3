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
# The ids of no more than so many are kept for the statements that follow: then they were sought once, and not for each
# facet. As text, which goes through Python as it is.
MOST_IDS: Final = 4_000
TOTAL: Final = (
    f"SELECT count(*) AS products, CASE WHEN count(*) <= {MOST_IDS} THEN array_agg(p.id)::text END AS ids "
    "FROM product p WHERE {found}"
)
THESE: Final = "SELECT unnest({ids}::text::uuid[]) AS id"
# When a product was changed last, and how many there are: one that was deleted tells by that.
REVISION: Final = """
SELECT (SELECT max(updated_at) FROM product) AS changed,
  (SELECT coalesce(sum(products), 0)::bigint FROM facet_count WHERE facet = 'status') AS products
"""


@dataclass(frozen=True, slots=True)
class Held:
    """What products have, as rows of `facet` and `value`: in the product's own row `p`, or in others of `f.id`.

    `is_repeated`: a product can have a value more than once, and counts once.
    """

    select: str
    is_own: bool = False
    is_repeated: bool = False

    def of(self, found: str | None) -> str:
        """Of the products that meet the condition; None: of those whose ids are the parameter {ids}."""
        if self.is_own:
            return f"{self.select} FROM product p WHERE {found or f'p.id IN ({THESE})'}"
        ids = THESE if found is None else f"SELECT p.id FROM product p WHERE {found}"
        once = "DISTINCT f.id, " if self.is_repeated else ""
        # OFFSET 0 keeps the planner at going by the index, product by product
        return f"SELECT {once}facet, value FROM ({ids}) f CROSS JOIN LATERAL ({self.select} OFFSET 0) held"

    def counted(self, found: str | None, sign: str = "") -> str:
        return (
            f"SELECT held.facet::text AS facet, held.value::text AS value, {sign}count(*) AS products "
            f"FROM ({self.of(found)}) held GROUP BY held.facet, held.value"
        )


STATUS: Final = Held("SELECT 'status' AS facet, p.status AS value", is_own=True)
CATEGORY: Final = Held("SELECT 'category' AS facet, p.category_id AS value", is_own=True)
TAG: Final = Held("SELECT 'tag' AS facet, pt.tag_id AS value FROM product_tag pt WHERE pt.product_id = f.id")
VALUE: Final = Held("SELECT v.attribute_id AS facet, v.text AS value FROM attribute_value v WHERE v.product_id = f.id")
PRICE: Final = Held(
    "SELECT 'price:' || {currency}::text AS facet, width_bucket(v.price_minor, {steps}::bigint[]) AS value "
    "FROM variant v WHERE v.product_id = f.id AND v.currency = {currency}::text AND v.price_minor IS NOT NULL",
    is_repeated=True,
)


# Everything that is known of the whole shop, in one statement for all facets: the most frequent values of each, as the
# statements for a part of it give them.
WHOLE: Final = """
SELECT k.facet, k.value, k.value AS key, k.products, CASE WHEN k.facet LIKE 'price:%' THEN k.value::int END AS step,
  coalesce(c.name, t.name) AS name, coalesce(c.translations, t.translations)::text AS translations
FROM (SELECT facet, value, sum(products)::bigint AS products,
    row_number() OVER (PARTITION BY facet ORDER BY sum(products) DESC, value) AS place
  FROM facet_count GROUP BY 1, 2 HAVING sum(products) > 0) k
LEFT JOIN category c ON c.id = CASE WHEN k.facet = 'category' THEN k.value::uuid END
LEFT JOIN tag t ON t.id = CASE WHEN k.facet = 'tag' THEN k.value::uuid END
WHERE k.place <= {most} AND (k.facet NOT IN ('category', 'tag') OR c.id IS NOT NULL OR t.id IS NOT NULL)
ORDER BY k.facet, k.place
"""


def of_most(held: Held, others: str | None) -> str:
    """The whole less the others, who meet the condition or are `{ids}`; {facets} are the facets' names."""
    return _added_up(f"{KNOWN} UNION ALL {held.counted(others, sign='-')}")


def others_than(found: str) -> str:
    return f"(({found}) IS NOT TRUE)"


def _added_up(rows: str) -> str:
    return (
        f"SELECT facet, value, sum(products)::bigint AS products FROM ({rows}) known "
        "WHERE value IS NOT NULL GROUP BY 1, 2 HAVING sum(products) > 0"
    )
