"""What is offered: all that an order needs to know of a variant, in one statement for any number of them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from stoa.tenants.database import shop_client

# What may be sold in advance is asked of the variant and of its parts apart: with OR no index of the stock would serve.
# The arrays are unfolded so that their length says nothing to the planner, which would plan anew for each.
_OFFERS = """
SELECT coalesce(json_agg(json_build_array(v.id, v.sku, p.title, v.title, p.status = 'ACTIVE', v.currency, v.price_minor,
  v.cost_minor, v.weight_grams, v.requires_shipping, v.taxable,
  EXISTS (SELECT FROM stock s WHERE s.variant_id = v.id AND s.backorder_limit > 0) OR EXISTS (
    SELECT FROM bundle_part b JOIN stock s ON s.variant_id = b.part_id
    WHERE b.bundle_id = v.id AND s.backorder_limit > 0))), '[]')::text
FROM variant v JOIN product p ON p.id = v.product_id
WHERE v.id = ANY(ARRAY(SELECT unnest($1::uuid[]))) OR v.sku = ANY(ARRAY(SELECT unnest($2::text[])))
"""
# What is reserved and not there, of these or of the parts of these bundles.
_SHORT = """
SELECT coalesce(v.sku, p.title) AS what, sum(s.reserved + s.damaged + s.held - s.on_hand)::int AS missing
FROM stock s JOIN variant v ON v.id = s.variant_id JOIN product p ON p.id = v.product_id
WHERE s.on_hand < s.reserved + s.damaged + s.held
  AND s.variant_id = ANY($1::uuid[] || ARRAY(SELECT part_id FROM bundle_part WHERE bundle_id = ANY($1)))
GROUP BY v.id, p.title ORDER BY 1
"""


class Offer(msgspec.Struct, frozen=True, array_like=True):
    """A variant as it is offered now. `price` and `cost` of one, in minor units; no price: it cannot be bought."""

    variant_id: UUID
    sku: str | None
    title: str
    variant_title: str
    is_on_sale: bool
    currency: str
    price: int | None
    cost: int | None
    weight_grams: int | None
    requires_shipping: bool
    taxable: bool
    is_sold_in_advance: bool  # it may be reserved before it is there


_decode = msgspec.json.Decoder(list[Offer]).decode


async def offers(variant_ids: Sequence[UUID], skus: Sequence[str] = ()) -> list[Offer]:
    """Of those that the shop has, in no order."""
    async with shop_client().acquire_connection() as connection:
        return _decode(await connection.fetchval(_OFFERS, list(variant_ids), list(skus)))


async def short_of(variant_ids: Sequence[UUID]) -> list[tuple[str, int]]:
    """What of these has been sold before it was there: its code, and how many are missing."""
    rows = await shop_client().execute_query_dict(_SHORT, [list(variant_ids)])
    return [(row["what"], row["missing"]) for row in rows]
