"""The statement that writes movements: rows of stock are made, locked, judged and moved by it alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from tortoise.exceptions import IntegrityError

from stoa.domains.catalog.errors import IsABundle, LocationClosed
from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.kit.ids import new_id
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client


class Mode(StrEnum):
    """What becomes of the others when one entry cannot be done."""

    ALL = "ALL"  # all or nothing
    EACH = "EACH"  # each row of stock by itself
    BLIND = "BLIND"  # nothing is judged here: the database's checks refuse, and end the transaction


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A movement to be. With `set_to`, on hand becomes that, whatever it is; `expected` is what it must be before."""

    n: int
    variant_id: UUID
    at: UUID | None
    kind: str
    on_hand: int = 0
    reserved: int = 0
    damaged: int = 0
    held: int = 0
    incoming: int = 0
    set_to: int | None = None
    expected: int | None = None
    id: UUID = msgspec.field(default_factory=new_id)
    stock_id: UUID = msgspec.field(default_factory=new_id)


class Row(msgspec.Struct, frozen=True, array_like=True):
    """A row of stock and what the entries `ns` made of it, or would make of it if there were no `verdict`."""

    stock_id: UUID
    variant_id: UUID
    location_id: UUID
    ns: list[int]
    verdict: str | None
    before: dict[str, int]
    after: dict[str, int]
    backorder_limit: int
    threshold: int | None
    was_low: bool
    has_moved: bool

    @property
    def available(self) -> int:
        return available_of(self.after)

    @property
    def is_low(self) -> bool:
        return self.threshold is not None and self.available <= self.threshold


def available_of(balances: dict[str, int]) -> int:
    return balances["on_hand"] - balances["reserved"] - balances["damaged"] - balances["held"]


ENTRY = "n int, variant_id uuid, at uuid, kind text, on_hand int, reserved int, damaged int, held int, incoming int, "
ENTRY += "set_to int, expected int, id uuid, stock_id uuid"
# What is named here and is in the shop gets its row, before any row is locked.
_MAKE = f"""
INSERT INTO stock (id, variant_id, location_id)
SELECT DISTINCT ON (v.id, l.id) e.stock_id, v.id, l.id FROM jsonb_to_recordset($1::jsonb) AS e ({ENTRY})
JOIN variant v ON v.id = e.variant_id JOIN location l ON CASE WHEN e.at IS NULL THEN l.is_main ELSE l.id = e.at END
WHERE NOT EXISTS (SELECT FROM stock s WHERE s.variant_id = v.id AND s.location_id = l.id)
ORDER BY v.id, l.id ON CONFLICT (variant_id, location_id) DO NOTHING
"""
_BALANCES = ("on_hand", "reserved", "damaged", "held", "incoming")


def _object(alias: str) -> str:
    return f"json_build_object({', '.join(f'{name!r}, {alias}.{name}' for name in _BALANCES)})"


# Locked in the order of their ids: two who move several rows never wait for each other. The numbers are those of the
# locked rows, which nobody else can change any more.
_MOVE = f"""
WITH moves AS MATERIALIZED (
  SELECT e.*, l.id AS location_id FROM jsonb_to_recordset($1::jsonb) AS e ({ENTRY})
  JOIN location l ON CASE WHEN e.at IS NULL THEN l.is_main ELSE l.id = e.at END),
locked AS MATERIALIZED (
  SELECT s.*, l.is_active, p.is_bundle FROM stock s JOIN location l ON l.id = s.location_id
  JOIN variant v ON v.id = s.variant_id JOIN product p ON p.id = v.product_id
  WHERE (s.variant_id, s.location_id) IN (SELECT variant_id, location_id FROM moves)
  ORDER BY s.id FOR UPDATE OF s),
deltas AS (
  SELECT m.n, m.id, m.kind, m.expected, l.id AS stock_id, m.on_hand + coalesce(m.set_to - l.on_hand, 0) AS on_hand,
    m.reserved, m.damaged, m.held, m.incoming
  FROM moves m JOIN locked l ON l.variant_id = m.variant_id AND l.location_id = m.location_id),
summed AS (
  SELECT stock_id, array_agg(n) AS ns, min(expected) AS expected,
    {", ".join(f"sum({name}) AS {name}" for name in _BALANCES)}
  FROM deltas GROUP BY stock_id),
after AS (
  SELECT l.id, s.ns, s.expected, l.is_active, l.is_bundle, l.backorder_limit,
    {", ".join(f"l.{name} + s.{name} AS {name}" for name in _BALANCES)}
  FROM locked l JOIN summed s ON s.stock_id = l.id),
judged AS MATERIALIZED (
  SELECT a.*, CASE
    WHEN NOT a.is_active THEN 'closed'
    WHEN a.is_bundle THEN 'bundle'
    WHEN a.expected <> l.on_hand THEN 'stale'
    {" ".join(f"WHEN a.{name} < 0 THEN '{name}'" for name in _BALANCES)}
    WHEN a.reserved + a.damaged + a.held > a.on_hand + a.backorder_limit THEN 'available'
    WHEN greatest({", ".join(f"a.{name}" for name in _BALANCES)}) > 2147483647 THEN 'much'
    END AS verdict
  FROM after a JOIN locked l USING (id)),
written AS (
  INSERT INTO stock_movement (id, stock_id, kind, on_hand, reserved, damaged, held, incoming, reason, reference_kind,
    reference_id, actor_kind, actor_id, happened_at)
  SELECT d.id, d.stock_id, d.kind, d.on_hand, d.reserved, d.damaged, d.held, d.incoming, $3, $4, $5, $6, $7, $8
  FROM deltas d JOIN judged j ON j.id = d.stock_id
  WHERE (d.on_hand, d.reserved, d.damaged, d.held, d.incoming) <> (0, 0, 0, 0, 0)
    AND CASE $2::text WHEN 'EACH' THEN j.verdict IS NULL WHEN 'BLIND' THEN true
      ELSE (SELECT count(*) FROM deltas) = jsonb_array_length($1::jsonb)
        AND NOT EXISTS (SELECT FROM judged WHERE verdict IS NOT NULL) END
  RETURNING stock_id)
SELECT coalesce(json_agg(json_build_array(l.id, l.variant_id, l.location_id, j.ns, j.verdict, {_object("l")},
  {_object("j")}, l.backorder_limit, l.threshold, l.is_low, l.id IN (SELECT stock_id FROM written)) ORDER BY l.id),
  '[]')::text AS rows
FROM locked l JOIN judged j USING (id)
"""


_decode = msgspec.json.Decoder(list[Row]).decode


@contextmanager
def unless_just_changed() -> Iterator[None]:
    """What is closed or becomes a bundle while a movement waits for its stock: the movements' trigger sees that."""
    try:
        yield
    except (IntegrityError, asyncpg.RestrictViolationError) as error:
        cause = error.args[0] if isinstance(error, IntegrityError) else error
        if not isinstance(cause, asyncpg.RestrictViolationError):
            raise
        if cause.constraint_name == "bundle_has_no_stock":
            raise IsABundle("A bundle has no stock of its own: move that of its parts.", path=["lines"]) from None
        raise LocationClosed("A location has just been closed: nothing moves there.", path=["lines"]) from None


async def record(
    ctx: Context, entries: Sequence[Entry], mode: Mode, *, reason: str, reference: tuple[str, UUID] | None
) -> list[Row]:
    """Write what can be written in the open transaction, and tell how every row of stock that is named came off.

    Entries whose variant or location the shop does not have are in no row. Reservations go by a statement of their own
    (`reserving.py`, `ending.py`), and so does the first stock of a new product (`inserting.py`).
    """
    if not entries:
        return []
    given = as_json(entries)
    await shop_client().execute_query(_MAKE, [given])
    values: list[Any] = [given, mode.value, reason, *(reference or (None, None))]
    with unless_just_changed():
        [answer] = await shop_client().execute_query_dict(_MOVE, [*values, ctx.actor.kind, ctx.actor.id, now()])
    return _decode(answer["rows"])
