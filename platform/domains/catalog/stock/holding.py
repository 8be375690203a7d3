"""Where what a holder has reserved lies, and how it is taken from another place instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from stoa.domains.catalog.stock.demands import Demand, Holder
from stoa.domains.catalog.stock.ending import release
from stoa.domains.catalog.stock.locking import lock_stock
from stoa.domains.catalog.stock.reserving import reserve
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction

# Of a bundle its parts are reserved, all those of one at the same place: there it is held as often as they make.
_HELD = """
WITH rows AS (
  SELECT r.bundle_id, r.pool_id, s.variant_id, s.location_id, r.quantity, r.per_bundle,
    row_number() OVER (ORDER BY l.position, l.is_main DESC, s.location_id) AS place
  FROM reservation r JOIN stock s ON s.id = r.stock_id JOIN location l ON l.id = s.location_id
  WHERE r.holder_id = $1 AND r.holder_kind = $2 AND r.state = 'HELD'),
parts AS (
  SELECT bundle_id, pool_id, variant_id, location_id, sum(quantity / per_bundle) AS bundles, min(place) AS place
  FROM rows WHERE bundle_id IS NOT NULL GROUP BY bundle_id, pool_id, variant_id, location_id),
held AS (
  SELECT variant_id, location_id, pool_id, sum(quantity) AS quantity, min(place) AS place
  FROM rows WHERE bundle_id IS NULL GROUP BY variant_id, location_id, pool_id
  UNION ALL
  SELECT bundle_id, location_id, pool_id, max(bundles), min(place) FROM parts GROUP BY bundle_id, location_id, pool_id)
SELECT variant_id, location_id, pool_id, quantity::int AS quantity FROM held ORDER BY place, variant_id, pool_id
"""
# What came out of a flash sale stays the sale's, wherever it is taken from then: what is left where it lay is
# everybody's, and what is taken instead goes back to the sale when it is let go, for as long as the other would have.
_OF_SALE = """
UPDATE reservation SET pool_id = $2, pool_until = (
  SELECT pool_until FROM reservation WHERE id = ANY($3::uuid[]) AND pool_id = $2 ORDER BY pool_until DESC LIMIT 1)
WHERE id = ANY($1::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Held:
    """So many of a variant are reserved at a location."""

    variant_id: UUID
    location_id: UUID
    quantity: int
    pool_id: UUID | None = None  # of a flash sale that they came from

    def demand(self) -> Demand:
        """What names it to `release` and `ship`."""
        return Demand(self.variant_id, self.quantity, self.location_id, self.pool_id)


async def held_for(holder: Holder) -> list[Held]:
    """What the holder has reserved, and where: locations in the shop's order."""
    rows = await shop_client().execute_query_dict(_HELD, [holder.id, holder.kind])
    return [Held(row["variant_id"], row["location_id"], row["quantity"], row["pool_id"]) for row in rows]


async def hold_elsewhere(ctx: Context, holder: Holder, lines: Sequence[Held], location_id: UUID) -> None:
    """Let go of so much where it is reserved, and reserve it for good at this location.

    Raises what `reserve` raises: nothing has changed then.
    """
    moved = [each for each in lines if each.location_id != location_id]
    if not moved:
        return
    async with shop_transaction():
        reason = "taken from another location"
        await lock_stock([each.variant_id for each in moved])
        ended = await release(ctx, holder, [each.demand() for each in moved], reason=reason, goes_back=False)
        for pool_id in dict.fromkeys(each.pool_id for each in moved):
            part = [Demand(each.variant_id, each.quantity, location_id) for each in moved if each.pool_id == pool_id]
            ids = await reserve(ctx, holder, part)
            if pool_id is not None:
                await shop_client().execute_query(_OF_SALE, [list(ids), pool_id, list(ended)])
