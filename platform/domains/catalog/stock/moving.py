"""Move stock: every change of a balance is a movement, written in the transaction of what caused it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import msgspec

from stoa.domains.catalog.models import MovementKind
from stoa.kit.clock import now
from stoa.kit.ids import new_id
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client

_WANTED = """
WITH wanted AS (
  SELECT w.*, coalesce(w.location_id, (SELECT id FROM location WHERE is_main)) AS place
  FROM jsonb_to_recordset($1::jsonb) AS w (variant_id uuid, location_id uuid, kind text, on_hand int, reserved int,
    damaged int, held int, incoming int, stock_id uuid, movement_id uuid))
"""
_MAKE = f"""{_WANTED}
INSERT INTO stock (id, variant_id, location_id)
SELECT DISTINCT ON (variant_id, place) stock_id, variant_id, place FROM wanted ORDER BY variant_id, place
ON CONFLICT (variant_id, location_id) DO NOTHING
"""
_LOCK = f"""{_WANTED}
SELECT id FROM stock WHERE (variant_id, location_id) IN (SELECT variant_id, place FROM wanted) ORDER BY id FOR UPDATE
"""
_MOVE = f"""{_WANTED}
INSERT INTO stock_movement (id, stock_id, kind, on_hand, reserved, damaged, held, incoming, reason, reference_kind,
  reference_id, actor_kind, actor_id, happened_at)
SELECT w.movement_id, s.id, w.kind, w.on_hand, w.reserved, w.damaged, w.held, w.incoming, $2, $3, $4, $5, $6, $7
FROM wanted w JOIN stock s ON s.variant_id = w.variant_id AND s.location_id = w.place
"""


@dataclass(frozen=True, slots=True)
class Move:
    """What is added to each balance of a variant at a location (none: the main one)."""

    variant_id: UUID
    location_id: UUID | None
    kind: MovementKind
    on_hand: int = 0
    reserved: int = 0
    damaged: int = 0
    held: int = 0
    incoming: int = 0


async def move(
    ctx: Context, moves: Sequence[Move], *, reason: str = "", reference: tuple[str, UUID] | None = None
) -> None:
    """Write the movements in the open transaction. Rows of stock are made where there are none, and locked in order."""
    rows = msgspec.json.encode([_row(each) for each in moves]).decode()
    for statement in (_MAKE, _LOCK):
        await shop_client().execute_query(statement, [rows])
    values = [reason, *(reference or (None, None)), ctx.actor.kind, ctx.actor.id, now()]
    await shop_client().execute_query(_MOVE, [rows, *values])


def _row(move: Move) -> dict[str, Any]:
    return asdict(move) | {"stock_id": new_id(), "movement_id": new_id()}
