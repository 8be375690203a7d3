"""Make what a holder has reserved fit what it needs: for good, neither less nor more."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from stoa.domains.catalog.models import Reservation, ReservationState
from stoa.domains.catalog.stock.demands import Demand, Holder
from stoa.domains.catalog.stock.ending import release
from stoa.domains.catalog.stock.reserving import reserve
from stoa.kit.errors import Refusals
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction

# All the rows that either side of it may want, before any is changed, and in the order of their ids.
_LOCK = """
SELECT id FROM stock WHERE variant_id = ANY($1::uuid[])
  OR variant_id IN (SELECT part_id FROM bundle_part WHERE bundle_id = ANY($1::uuid[]))
  OR id IN (SELECT stock_id FROM reservation WHERE holder_id = $2 AND holder_kind = $3 AND state = 'HELD')
ORDER BY id FOR UPDATE
"""
# Of bundles, how many of them, not of their parts.
_HELD = """
SELECT sold AS variant_id, sum(units)::int AS quantity FROM (
  SELECT coalesce(r.bundle_id, s.variant_id) AS sold, max(r.quantity / r.per_bundle) AS units
  FROM reservation r JOIN stock s ON s.id = r.stock_id
  WHERE r.holder_id = $1 AND r.holder_kind = $2 AND r.state = 'HELD'
  GROUP BY sold, coalesce(r.batch_id, r.id), s.location_id) batches
GROUP BY sold
"""


async def keep(ctx: Context, holder: Holder, lines: Sequence[Demand]) -> None:
    """Hold all of it until it is released or shipped; what the holder has lost since is reserved anew.

    Twice changes nothing. Raises `NotEnoughStock`, with the quantity left, for each line that cannot be had any more.
    """
    if not lines:
        return
    async with shop_transaction():
        held = await _locked(holder, lines)
        missing = list(_missing(lines, held))
        if held:
            await _for_good(holder)
        if missing:
            await _anew(ctx, holder, missing)


async def trim(ctx: Context, holder: Holder, lines: Sequence[Demand], *, reason: str = "") -> None:
    """Let go of what the holder has of these variants beyond what the lines need. Twice changes nothing."""
    if not lines:
        return
    needed: dict[UUID, int] = {}
    for each in lines:
        needed[each.variant_id] = needed.get(each.variant_id, 0) + each.quantity
    async with shop_transaction():
        held = await _locked(holder, lines)
        beyond = [Demand(id, held.get(id, 0) - count) for id, count in needed.items() if held.get(id, 0) > count]
        if beyond:
            await release(ctx, holder, beyond, reason=reason)


async def _locked(holder: Holder, lines: Sequence[Demand]) -> dict[UUID, int]:
    """How many the holder has of each variant, which nobody changes until the transaction ends."""
    variants = list({each.variant_id for each in lines})
    await shop_client().execute_query(_LOCK, [variants, holder.id, holder.kind])
    rows = await shop_client().execute_query_dict(_HELD, [holder.id, holder.kind])
    return {row["variant_id"]: row["quantity"] for row in rows}


def _missing(lines: Sequence[Demand], held: dict[UUID, int]) -> list[tuple[int, Demand]]:
    """What is lacking, line by line."""
    left, found = dict(held), []
    for n, each in enumerate(lines):
        had = min(left.get(each.variant_id, 0), each.quantity)
        left[each.variant_id] = left.get(each.variant_id, 0) - had
        if had < each.quantity:
            found.append((n, Demand(each.variant_id, each.quantity - had, pool_id=each.pool_id)))
    return found


async def _for_good(holder: Holder) -> None:
    mine = Reservation.filter(holder_id=holder.id, holder_kind=holder.kind, state=ReservationState.HELD)
    await mine.filter(expires_at__isnull=False).update(expires_at=None)


async def _anew(ctx: Context, holder: Holder, missing: Sequence[tuple[int, Demand]]) -> None:
    try:
        await reserve(ctx, holder, [demand for _, demand in missing])
    except Refusals as refused:
        for each in refused.refusals:
            if each.path[:1] == ("lines",):
                each.path = ("lines", missing[int(each.path[1])][0], *each.path[2:])
        raise
