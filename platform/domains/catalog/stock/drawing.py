"""Take over a part of what is set aside for a flash sale: who held it changes, and the row of stock does not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from stoa.domains.catalog.stock.demands import SET_ASIDE, Holder, Short, Wanted
from stoa.domains.catalog.stock.refusing import names_of, not_enough
from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.kit.errors import Refusal, Refusals
from stoa.kit.ids import new_id
from stoa.kit.languages import Sentence
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client

LEFT = Sentence("left in this sale")
_NEW_ID = "(left($4::text, 18) || substr(gen_random_uuid()::text, 19))::uuid"  # of the time of $4, the rest random
# Of the sale's own reservations the oldest go first, and of the last one perhaps a part; of bundles whole ones. Nothing
# is done when a line is short. Each takeover is two movements that cancel each other out: the ledger tells both.
_DRAW = f"""
WITH lines AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset($1::jsonb) AS w (n int, variant_id uuid, pool_id uuid, quantity int)),
demand AS MATERIALIZED (SELECT variant_id, pool_id, sum(quantity) AS wanted FROM lines GROUP BY variant_id, pool_id),
found AS MATERIALIZED (
  SELECT r.*, coalesce(r.bundle_id, s.variant_id) AS sold, coalesce(r.batch_id, r.id) AS batch,
    r.quantity / r.per_bundle AS units
  FROM reservation r JOIN stock s ON s.id = r.stock_id
  WHERE r.state = 'HELD' AND r.holder_kind = '{SET_ASIDE}' AND coalesce(r.expires_at > $5::timestamptz, true)
    AND (r.holder_id, coalesce(r.bundle_id, s.variant_id)) IN (SELECT pool_id, variant_id FROM demand)
  ORDER BY s.id, r.id FOR UPDATE OF s, r),
batches AS (
  SELECT holder_id, sold, batch, max(units) AS units, min(created_at) AS created_at FROM found
  GROUP BY holder_id, sold, batch),
ranked AS (
  SELECT b.*, d.wanted, sum(b.units) OVER (PARTITION BY d.variant_id, d.pool_id ORDER BY b.created_at, b.batch
    ROWS UNBOUNDED PRECEDING) - b.units AS before
  FROM batches b JOIN demand d ON d.variant_id = b.sold AND d.pool_id = b.holder_id),
taken AS MATERIALIZED (
  SELECT sold, holder_id, batch, least(units, wanted - before) AS units, gen_random_uuid() AS new_batch
  FROM ranked WHERE wanted > before),
supply AS (
  SELECT d.*, coalesce((SELECT sum(units) FROM taken t WHERE t.sold = d.variant_id AND t.holder_id = d.pool_id), 0)
    AS there FROM demand d),
short AS MATERIALIZED (SELECT variant_id, pool_id AS at, wanted, there FROM supply WHERE wanted > there),
granted AS MATERIALIZED (
  SELECT f.*, (t.units * f.per_bundle)::int AS part, t.new_batch
  FROM found f JOIN taken t ON t.sold = f.sold AND t.holder_id = f.holder_id AND t.batch = f.batch
  WHERE NOT EXISTS (SELECT FROM short)),
drained AS (
  UPDATE reservation r SET state = 'RELEASED', ended_at = $5 FROM granted g WHERE r.id = g.id AND g.part = g.quantity),
shrunk AS (
  UPDATE reservation r SET quantity = r.quantity - g.part FROM granted g WHERE r.id = g.id AND g.part < g.quantity),
made AS (
  INSERT INTO reservation (id, stock_id, quantity, state, holder_kind, holder_id, expires_at, created_at, bundle_id,
    per_bundle, batch_id, pool_id, pool_until)
  SELECT {_NEW_ID}, stock_id, part, 'HELD', $2::text, $3::uuid, $6::timestamptz, $5, bundle_id, per_bundle,
    CASE WHEN bundle_id IS NOT NULL THEN new_batch END, holder_id, expires_at
  FROM granted RETURNING id),
moved AS (
  INSERT INTO stock_movement (id, stock_id, kind, reserved, reference_kind, reference_id, actor_kind, actor_id,
    happened_at)
  SELECT {_NEW_ID}, stock_id, 'RELEASE', -part, holder_kind, holder_id, $7::text, $8::uuid, $5 FROM granted
  UNION ALL
  SELECT {_NEW_ID}, stock_id, 'RESERVATION', part, $2, $3, $7, $8, $5 FROM granted)
SELECT json_build_object(
  'short', (SELECT coalesce(json_agg(short), '[]') FROM short),
  'made', (SELECT coalesce(json_agg(id), '[]') FROM made))::text
"""


class _Drawn(msgspec.Struct, frozen=True):
    short: list[Short]  # `at`: in which pool
    made: list[UUID]


_decode = msgspec.json.Decoder(_Drawn).decode


async def draw(ctx: Context, holder: Holder, lines: Sequence[Wanted], expires_at: datetime | None) -> Sequence[UUID]:
    """All of the lines out of their pools, or nothing; in a transaction that has locked the stock of all of them.

    Raises `NotEnoughStock` for each line that is short, with what is left in the sale: nothing, when it is over.
    """
    given = as_json(lines)
    values = [given, holder.kind, holder.id, str(new_id()), now(), expires_at, ctx.actor.kind, ctx.actor.id]
    async with shop_client().acquire_connection() as connection:
        drawn = _decode(await connection.fetchval(_DRAW, *values))
    if drawn.short:
        raise Refusals(await _refusals(drawn.short, lines))
    return drawn.made


async def _refusals(short: Sequence[Short], lines: Sequence[Wanted]) -> list[Refusal]:
    names = await names_of(lines)
    lacking = {(each.variant_id, each.at): each for each in short}
    return [
        not_enough(names.variants[line.variant_id], line.variant_id, None, found.there, found.wanted, line.n, LEFT)
        if line.variant_id in names.variants
        else names.unknown(line)
        for line in lines
        if (found := lacking.get((line.variant_id, line.pool_id))) is not None
    ]
