"""Ways of delivery compared by what really happened: cost, days, punctuality, loss, reach. One statement."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import msgspec

from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client

MAX_DAYS, FEW = 1100, 30

# A parcel counts on the day it left, in the shop's time zone; so are days on the way: between two days of the calendar
# there. Whether it was on time is asked of those that arrived and of those whose promised day is over.
_COMPARED = """
WITH sent AS MATERIALIZED (
  SELECT s.method_id, s.currency, s.cost_minor, s.state, s.promised_at, s.delivered_at,
    (s.delivered_at AT TIME ZONE $3)::date - (s.shipped_at AT TIME ZONE $3)::date AS days,
    CASE WHEN s.delivered_at IS NOT NULL THEN nullif(concat_ws(' ', o.shipping_address ->> 'country',
      o.shipping_address ->> 'province'), '') END AS region
  FROM shipment s JOIN sales_order o ON o.id = s.order_id
  WHERE s.shipped_at >= ($1::date)::timestamp AT TIME ZONE $3
    AND s.shipped_at < ($2::date + 1)::timestamp AT TIME ZONE $3 AND s.method_id IS NOT NULL),
compared AS (
  SELECT method_id, count(*) AS parcels,
    count(*) FILTER (WHERE state = 'DELIVERED') AS delivered,
    count(*) FILTER (WHERE state = 'LOST') AS lost,
    count(*) FILTER (WHERE state = 'RETURNED') AS returned,
    count(cost_minor) AS priced, round(avg(cost_minor))::bigint AS cost,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY days) FILTER (WHERE state = 'DELIVERED') AS median,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY days) FILTER (WHERE state = 'DELIVERED') AS p90,
    count(*) FILTER (WHERE promised_at IS NOT NULL AND (delivered_at IS NOT NULL OR promised_at <= $4)) AS promised,
    count(*) FILTER (WHERE delivered_at <= promised_at) AS on_time,
    count(DISTINCT region) AS regions
  FROM sent GROUP BY method_id)
SELECT coalesce(json_agg(json_build_array(m.id, m.code, m.name, m.translations, coalesce(c.parcels, 0),
  coalesce(c.delivered, 0), coalesce(c.lost, 0), coalesce(c.returned, 0), coalesce(c.priced, 0), c.cost, c.median,
  c.p90, coalesce(c.promised, 0), coalesce(c.on_time, 0), coalesce(c.regions, 0))
  ORDER BY m.position, m.id), '[]')::text
FROM shipping_method m LEFT JOIN compared c ON c.method_id = m.id WHERE m.is_active OR c.parcels > 0
"""


class Compared(msgspec.Struct, frozen=True, array_like=True):
    """One method, measured. Counts are what a figure stands on: `priced` for the cost, `promised` for punctuality."""

    method_id: UUID
    code: str
    name: str
    translations: dict[str, dict[str, str]]
    parcels: int
    delivered: int
    lost: int
    returned: int
    priced: int
    cost_minor: int | None
    median_days: float | None
    p90_days: float | None
    promised: int
    on_time: int
    regions: int

    @property
    def on_time_share(self) -> float | None:
        return self.on_time / self.promised if self.promised else None

    @property
    def loss_rate(self) -> float | None:
        return self.lost / self.parcels if self.parcels else None

    @property
    def is_too_few(self) -> bool:
        """Too few have arrived for the days to tell much."""
        return self.delivered < FEW


_decode = msgspec.json.Decoder(list[Compared]).decode


async def compare_methods(ctx: Context, since: date, until: date) -> list[Compared]:
    """All active methods, and those that sent something from `since` to `until`, both days of the shop's included."""
    if until < since or (until - since).days > MAX_DAYS:
        sentence = "From {since} to {until} cannot be compared: {limit} days at the most, the first one first."
        raise InvalidInput(sentence, path=["until"], since=str(since), until=str(until), limit=MAX_DAYS)
    async with shop_client().acquire_connection() as connection:
        return _decode(await connection.fetchval(_COMPARED, since, until, ctx.shop.time_zone, now()))
