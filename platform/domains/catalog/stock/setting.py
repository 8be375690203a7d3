"""Set how many are on hand at the main location: for those who know the number and not the movement."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import msgspec

from stoa.domains.catalog.models import MovementKind
from stoa.kit.clock import now
from stoa.kit.ids import new_id
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client

# Rows of stock are made where there are none, and locked in the order of their ids: two who set several never wait
# for each other. What is there already does not move.
_SET = """
WITH wanted AS (
  SELECT * FROM jsonb_to_recordset($1::jsonb) AS w (variant_id uuid, on_hand int, stock_id uuid, movement_id uuid)),
main AS (SELECT id FROM location WHERE is_main),
made AS (
  INSERT INTO stock (id, variant_id, location_id) SELECT w.stock_id, w.variant_id, main.id FROM wanted w, main
  ORDER BY w.variant_id ON CONFLICT (variant_id, location_id) DO NOTHING RETURNING id, variant_id, on_hand),
locked AS (
  SELECT id, variant_id, on_hand FROM stock
  WHERE location_id = (SELECT id FROM main) AND variant_id IN (SELECT variant_id FROM wanted)
  ORDER BY id FOR UPDATE)
INSERT INTO stock_movement (id, stock_id, kind, on_hand, reason, reference_kind, reference_id, actor_kind, actor_id,
  happened_at)
SELECT w.movement_id, s.id, $2, w.on_hand - s.on_hand, $3, $4, $5, $6, $7, $8
FROM wanted w JOIN (SELECT * FROM made UNION ALL SELECT * FROM locked) s USING (variant_id)
WHERE w.on_hand <> s.on_hand
"""


async def set_on_hand(
    ctx: Context,
    wanted: Mapping[UUID, int],
    *,
    kind: MovementKind = MovementKind.ADJUSTMENT,
    reason: str = "",
    reference: tuple[str, UUID] | None = None,
) -> None:
    """Bring each variant's stock at the main location to a number, by movements, in the open transaction.

    A number below what is reserved there is refused by the database (`asyncpg.CheckViolationError`).
    """
    if not wanted:
        return
    rows = [
        {"variant_id": variant_id, "on_hand": on_hand, "stock_id": new_id(), "movement_id": new_id()}
        for variant_id, on_hand in wanted.items()
    ]
    values = [msgspec.json.encode(rows).decode(), kind.value, reason, *(reference or (None, None))]
    await shop_client().execute_query(_SET, [*values, ctx.actor.kind, ctx.actor.id, now()])
