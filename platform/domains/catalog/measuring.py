"""How heavy and how large things are: what delivery is charged by."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from stoa.tenants.database import shop_client

# A volume is written as a whole number of cubic centimetres among a product's metadata; what else stands there is none.
_MEASURES = """
SELECT coalesce(json_agg(json_build_array(v.id, v.sku, coalesce(v.sku, p.title), v.weight_grams,
  CASE WHEN p.metadata ->> 'volume_cm3' ~ '^[0-9]{1,9}$' THEN (p.metadata ->> 'volume_cm3')::int END,
  v.requires_shipping, v.price_minor)), '[]')::text
FROM variant v JOIN product p ON p.id = v.product_id
WHERE v.id = ANY($1::uuid[]) OR v.sku = ANY($2::text[])
"""


class Measure(msgspec.Struct, frozen=True, array_like=True):
    """Of one piece of a variant: grams, cubic centimetres; None where nobody has said. `price` in minor units."""

    variant_id: UUID
    sku: str | None
    label: str
    weight_grams: int | None
    volume_cm3: int | None
    requires_shipping: bool
    price: int | None


_decode = msgspec.json.Decoder(list[Measure]).decode


async def measures(variant_ids: Sequence[UUID], skus: Sequence[str] = ()) -> list[Measure]:
    """Of those that the shop has, in no order."""
    async with shop_client().acquire_connection() as connection:
        return _decode(await connection.fetchval(_MEASURES, list(variant_ids), list(skus)))
