"""What is offered: all that an order needs to know of a variant, in one statement for any number of them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from stoa.tenants.database import shop_client

_OFFERS = """
SELECT coalesce(json_agg(json_build_array(v.id, v.sku, p.title, v.title, p.status = 'ACTIVE', v.currency, v.price_minor,
  v.cost_minor, v.weight_grams, v.requires_shipping, v.taxable)), '[]')::text
FROM variant v JOIN product p ON p.id = v.product_id
WHERE v.id = ANY($1::uuid[]) OR v.sku = ANY($2::text[])
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


_decode = msgspec.json.Decoder(list[Offer]).decode


async def offers(variant_ids: Sequence[UUID], skus: Sequence[str] = ()) -> list[Offer]:
    """Of those that the shop has, in no order."""
    async with shop_client().acquire_connection() as connection:
        return _decode(await connection.fetchval(_OFFERS, list(variant_ids), list(skus)))
