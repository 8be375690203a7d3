"""Where what a holder has reserved lies, and how it is taken from another place instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from stoa.domains.catalog.stock.demands import Demand, Holder
from stoa.domains.catalog.stock.ending import release
from stoa.domains.catalog.stock.reserving import reserve
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction

_HELD = """
SELECT s.variant_id, s.location_id, sum(r.quantity)::int AS quantity
FROM reservation r JOIN stock s ON s.id = r.stock_id JOIN location l ON l.id = s.location_id
WHERE r.holder_id = $1 AND r.holder_kind = $2 AND r.state = 'HELD'
GROUP BY s.variant_id, s.location_id, l.position, l.is_main
ORDER BY l.position, l.is_main DESC, s.location_id, s.variant_id
"""


@dataclass(frozen=True, slots=True)
class Held:
    """So many of a variant are reserved at a location."""

    variant_id: UUID
    location_id: UUID
    quantity: int


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
        freed = [Demand(each.variant_id, each.quantity, each.location_id) for each in moved]
        await release(ctx, holder, freed, reason=reason)
        await reserve(ctx, holder, [Demand(each.variant_id, each.quantity, location_id) for each in moved])
