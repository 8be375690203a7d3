"""Prove that the books are right: every balance against the movements and reservations that made it."""

from __future__ import annotations

from uuid import UUID

import msgspec

from stoa.tenants.context import Context
from stoa.tenants.database import shop_client

MOST_SHOWN = 100
_BALANCES = ("on_hand", "reserved", "damaged", "held", "incoming")

# LEDGER: a balance is not the sum of its movements. RESERVATIONS: what is reserved is not what the open reservations
# hold. IDENTITY: on hand is not available + reserved + damaged + held with nothing below what it may be. ALARM: the
# row is said to be low and is not, or the other way round.
_PROVE = f"""
WITH ledger AS (
  SELECT stock_id, count(*) AS movements, {", ".join(f"sum({name}) AS {name}" for name in _BALANCES)}
  FROM stock_movement GROUP BY stock_id),
promised AS (SELECT stock_id, sum(quantity) AS reserved FROM reservation WHERE state = 'HELD' GROUP BY stock_id),
breach AS (
  SELECT s.id, s.variant_id, s.location_id, b.rule, b.balance, b.found, b.should
  FROM stock s LEFT JOIN ledger m ON m.stock_id = s.id LEFT JOIN promised p ON p.stock_id = s.id,
  LATERAL (VALUES
    {", ".join(f"('LEDGER', {name!r}, s.{name}::bigint, coalesce(m.{name}, 0))" for name in _BALANCES)},
    ('RESERVATIONS', 'reserved', s.reserved, coalesce(p.reserved, 0)),
    ('IDENTITY', 'available', s.on_hand - s.reserved - s.damaged - s.held,
      greatest(s.on_hand - s.reserved - s.damaged - s.held, -s.backorder_limit)),
    {", ".join(f"('IDENTITY', {name!r}, s.{name}, greatest(s.{name}, 0))" for name in _BALANCES)},
    ('ALARM', 'is_low', s.is_low::int,
      coalesce(s.on_hand - s.reserved - s.damaged - s.held <= s.threshold, false)::int)
  ) AS b (rule, balance, found, should)
  WHERE b.found <> b.should)
SELECT json_build_object(
  'rows', (SELECT count(*) FROM stock), 'movements', (SELECT coalesce(sum(movements), 0) FROM ledger),
  'breaches_total', (SELECT count(*) FROM breach),
  'breaches', (
    SELECT coalesce(json_agg(json_build_array(id, variant_id, location_id, rule, balance, found, should)), '[]')
    FROM (SELECT * FROM breach ORDER BY id, rule, balance LIMIT {MOST_SHOWN}) shown))::text AS report
"""


class Breach(msgspec.Struct, frozen=True, array_like=True):
    """A balance that is not what it should be."""

    stock_id: UUID
    variant_id: UUID
    location_id: UUID
    rule: str
    balance: str
    found: int
    should_be: int


class Report(msgspec.Struct, frozen=True):
    """What was looked at, and all that is wrong; the first 100 of it are listed."""

    rows: int
    movements: int
    breaches_total: int
    breaches: list[Breach]

    @property
    def is_sound(self) -> bool:
        return self.breaches_total == 0


_decode = msgspec.json.Decoder(Report).decode


async def integrity_report(ctx: Context) -> Report:
    """Check every row of stock of the open shop, in one statement and so at one moment."""
    [row] = await shop_client().execute_query_dict(_PROVE)
    return _decode(row["report"])
