"""Stock set aside for a flash sale: a pool of its own, sold only through it, given back at its end.

A pool is what its sale holds: reservations of the holder ``Holder(SET_ASIDE, pool_id)``. So it stays where it lies, is
not available to anybody else, and counts as reserved like all that is promised. Whoever buys through the sale takes
over a part of it (`Demand.pool_id`, drawing.py): never more is sold than was set aside. What they let go before the
end goes back to the pool; at the end what is left of it expires, like any other reservation.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from stoa.domains.catalog.stock.demands import SET_ASIDE, Demand, Holder, check_expiry
from stoa.domains.catalog.stock.ending import release
from stoa.domains.catalog.stock.reasons import ASIDE_NO_MORE
from stoa.domains.catalog.stock.reserving import EXPIRE, reserve
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import enqueue

_LOCK = f"""
SELECT id FROM stock WHERE id IN (
  SELECT stock_id FROM reservation WHERE state = 'HELD' AND (pool_id = $1
    OR holder_id = $1 AND holder_kind = '{SET_ASIDE}'))
ORDER BY id FOR UPDATE
"""
# What carts and orders have taken over goes back to the pool until then; the past: not any more.
_UNTIL = "UPDATE reservation SET pool_until = $2 WHERE pool_id = $1 AND state = 'HELD'"
_PROLONG = f"""
UPDATE reservation SET expires_at = $2 WHERE holder_id = $1 AND holder_kind = '{SET_ASIDE}' AND state = 'HELD'
"""
# Of bundles, how many of them and not of their parts.
_STANDING = f"""
WITH parts AS (
  SELECT CASE WHEN r.holder_kind = '{SET_ASIDE}' THEN r.holder_id ELSE r.pool_id END AS pool_id,
    coalesce(r.bundle_id, s.variant_id) AS sold, s.variant_id,
    sum(r.quantity / r.per_bundle) FILTER (WHERE r.holder_kind = '{SET_ASIDE}') AS left,
    sum(r.quantity / r.per_bundle) FILTER (WHERE r.holder_kind <> '{SET_ASIDE}' AND r.state = 'HELD') AS promised,
    sum(r.quantity / r.per_bundle) FILTER (WHERE r.state = 'SHIPPED') AS sent
  FROM reservation r JOIN stock s ON s.id = r.stock_id
  WHERE r.holder_id = ANY($1::uuid[]) AND r.holder_kind = '{SET_ASIDE}' AND r.state = 'HELD'
    OR r.pool_id = ANY($1::uuid[]) AND r.state IN ('HELD', 'SHIPPED')
  GROUP BY 1, 2, 3)
SELECT coalesce(json_agg(json_build_array(pool_id, sold, coalesce("left", 0), coalesce(promised, 0), coalesce(sent, 0))
  ORDER BY pool_id, sold), '[]')::text
FROM (SELECT pool_id, sold, max("left") AS "left", max(promised) AS promised, max(sent) AS sent
  FROM parts GROUP BY pool_id, sold) standing
"""


class Aside(msgspec.Struct, frozen=True, array_like=True):
    """How a pool stands with a variant: what is left to be sold, what carts and orders hold, and what was sent."""

    pool_id: UUID
    variant_id: UUID
    left: int
    promised: int
    sent: int


_decode = msgspec.json.Decoder(list[Aside]).decode


async def set_aside(
    ctx: Context, pool_id: UUID, lines: Sequence[Demand], until: datetime | None, *, key: str | None = None
) -> Sequence[UUID]:
    """Let only this sale have so many of these variants, until then; more than once adds up, the same `key` does not.

    All of it or nothing. Raises what `reserve` raises.
    """
    if any(each.pool_id for each in lines):
        raise InvalidInput("What is set aside comes from the stock, not out of another sale.", path=["lines"])
    return await reserve(ctx, Holder(SET_ASIDE, pool_id), lines, expires_at=until, key=key)


async def keep_aside(ctx: Context, pool_id: UUID, until: datetime | None) -> None:
    """The sale ends then (None: when it is given back). Nothing is changed by it when nothing is set aside."""
    check_expiry(until)
    async with shop_transaction():
        await shop_client().execute_query(_LOCK, [pool_id])
        await shop_client().execute_query(_UNTIL, [pool_id, until])
        await shop_client().execute_query(_PROLONG, [pool_id, until])
        if until is not None:
            await enqueue(ctx, EXPIRE, {}, kind="general", run_at=until)


async def give_back(ctx: Context, pool_id: UUID, lines: Sequence[Demand] | None = None) -> None:
    """Let everybody have what is left of it, or so many of these variants. Without lines, the sale is over by that:
    what buyers have taken over stays theirs, and does not go back to it. Twice changes nothing.

    Raises `NotReserved` for a line that asks for more than is left.
    """
    async with shop_transaction():
        await shop_client().execute_query(_LOCK, [pool_id])
        if lines is None:
            await shop_client().execute_query(_UNTIL, [pool_id, now()])
        await release(ctx, Holder(SET_ASIDE, pool_id), lines, reason=ASIDE_NO_MORE.text)


async def standing_of(pool_ids: Sequence[UUID]) -> list[Aside]:
    """How these pools stand, by variant."""
    async with shop_client().acquire_connection() as connection:
        return _decode(await connection.fetchval(_STANDING, list(pool_ids)))
