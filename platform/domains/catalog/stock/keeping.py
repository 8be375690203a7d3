"""Make what a holder has reserved fit what it needs: for good, neither less nor more."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from stoa.domains.catalog.models import Reservation, ReservationState
from stoa.domains.catalog.stock.demands import Demand, Holder
from stoa.domains.catalog.stock.ending import release
from stoa.domains.catalog.stock.locking import OF_VARIANTS
from stoa.domains.catalog.stock.reserving import reserve
from stoa.kit.errors import Refusals
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction

# All the rows that either side of it may want, before any is changed, and in the order of their ids.
_LOCK = f"""
SELECT id FROM stock WHERE {OF_VARIANTS}
  OR id = ANY(ARRAY(
    SELECT stock_id FROM reservation WHERE holder_id = $2 AND holder_kind = $3 AND state = 'HELD'))
ORDER BY id FOR UPDATE
"""
# Of bundles, how many of them, not of their parts.
_HELD = """
SELECT sold AS variant_id, pool_id, sum(units)::int AS quantity FROM (
  SELECT coalesce(r.bundle_id, s.variant_id) AS sold, r.pool_id, max(r.quantity / r.per_bundle) AS units
  FROM reservation r JOIN stock s ON s.id = r.stock_id
  WHERE r.holder_id = $1 AND r.holder_kind = $2 AND r.state = 'HELD'
  GROUP BY sold, coalesce(r.batch_id, r.id), s.location_id, r.pool_id) batches
GROUP BY sold, pool_id
"""


_Count = dict[tuple[UUID, UUID | None], int]  # pieces, by variant and pool


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
    async with shop_transaction():
        beyond = _beyond(lines, await _locked(holder, lines))
        if beyond:
            await release(ctx, holder, beyond, reason=reason)


async def _locked(holder: Holder, lines: Sequence[Demand]) -> _Count:
    """How many the holder has of each variant out of each pool, which nobody changes until the transaction ends."""
    variants = list({each.variant_id for each in lines})
    await shop_client().execute_query(_LOCK, [variants, holder.id, holder.kind])
    rows = await shop_client().execute_query_dict(_HELD, [holder.id, holder.kind])
    return {(row["variant_id"], row["pool_id"]): row["quantity"] for row in rows}


def _beyond(lines: Sequence[Demand], held: _Count) -> list[Demand]:
    """What is held too much: out of the pools that more is held of than the lines need."""
    needed: _Count = {}
    over: dict[UUID, int] = {}
    for each in lines:
        key = (each.variant_id, each.pool_id)
        needed[key] = needed.get(key, 0) + each.quantity
        over[each.variant_id] = over.get(each.variant_id, 0) - each.quantity
    for (variant_id, _), count in held.items():
        if variant_id in over:
            over[variant_id] += count
    found = []
    for (variant_id, pool_id), count in held.items():
        part = min(over.get(variant_id, 0), count - needed.get((variant_id, pool_id), 0))
        if part > 0:
            over[variant_id] -= part
            found.append(Demand(variant_id, part, pool_id=pool_id))
    return found


def _missing(lines: Sequence[Demand], held: _Count) -> list[tuple[int, Demand]]:
    """What is lacking, line by line. Each has what came out of its own pool before what is left of the others."""
    left, lacking = dict(held), [each.quantity for each in lines]
    for is_own in (True, False):
        for n, each in enumerate(lines):
            for key in left:
                if key[0] == each.variant_id and (key[1] == each.pool_id or not is_own):
                    had = min(left[key], lacking[n])
                    left[key] -= had
                    lacking[n] -= had
    return [
        (n, Demand(each.variant_id, lacking[n], pool_id=each.pool_id)) for n, each in enumerate(lines) if lacking[n]
    ]


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
