"""Where what a holder has reserved lies, and how it is taken from another place instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from stoa.domains.catalog.stock.demands import Demand, Holder
from stoa.domains.catalog.stock.ending import release
from stoa.domains.catalog.stock.reserving import reserve
from stoa.kit.clock import now
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction

# Of a bundle its parts are reserved, all those of one at the same place: there it is held as often as they make.
_HELD = """
WITH rows AS (
  SELECT r.bundle_id, s.variant_id, s.location_id, r.quantity, r.per_bundle,
    row_number() OVER (ORDER BY l.position, l.is_main DESC, s.location_id) AS place
  FROM reservation r JOIN stock s ON s.id = r.stock_id JOIN location l ON l.id = s.location_id
  WHERE r.holder_id = $1 AND r.holder_kind = $2 AND r.state = 'HELD'),
parts AS (
  SELECT bundle_id, variant_id, location_id, sum(quantity / per_bundle) AS bundles, min(place) AS place
  FROM rows WHERE bundle_id IS NOT NULL GROUP BY bundle_id, variant_id, location_id),
held AS (
  SELECT variant_id, location_id, sum(quantity) AS quantity, min(place) AS place
  FROM rows WHERE bundle_id IS NULL GROUP BY variant_id, location_id
  UNION ALL
  SELECT bundle_id, location_id, max(bundles), min(place) FROM parts GROUP BY bundle_id, location_id)
SELECT variant_id, location_id, quantity::int AS quantity FROM held ORDER BY place, variant_id
"""
# What came out of a flash sale stays sold by it, wherever it is taken from then: it does not go back there.
_SOLD = """
UPDATE reservation r SET pool_until = $4 FROM stock s
WHERE s.id = r.stock_id AND r.holder_id = $1 AND r.holder_kind = $2 AND r.state = 'HELD' AND r.pool_id IS NOT NULL
  AND coalesce(r.bundle_id, s.variant_id) = ANY($3::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Held:
    """So many of a variant are reserved at a location."""

    variant_id: UUID
    location_id: UUID
    quantity: int

    def demand(self) -> Demand:
        """What names it to `release` and `ship`."""
        return Demand(self.variant_id, self.quantity, self.location_id)


async def held_for(holder: Holder) -> list[Held]:
    """What the holder has reserved, and where: locations in the shop's order."""
    rows = await shop_client().execute_query_dict(_HELD, [holder.id, holder.kind])
    return [Held(row["variant_id"], row["location_id"], row["quantity"]) for row in rows]


async def hold_elsewhere(ctx: Context, holder: Holder, lines: Sequence[Held], location_id: UUID) -> None:
    """Let go of so much where it is reserved, and reserve it for good at this location.

    Raises what `reserve` raises: nothing has changed then.
    """
    moved = [each for each in lines if each.location_id != location_id]
    if not moved:
        return
    async with shop_transaction():
        reason = "taken from another location"
        await shop_client().execute_query(_SOLD, [holder.id, holder.kind, [each.variant_id for each in moved], now()])
        await release(ctx, holder, [each.demand() for each in moved], reason=reason)
        await reserve(ctx, holder, [Demand(each.variant_id, each.quantity, location_id) for each in moved])
