"""Lead times, learned from receipts: how long suppliers took, not how long they say.

A delivery took the days from the placing of its order to its receipt, and weighs as much as pieces came with it. Of
these the weighted median and 90th percentile are told: half of the pieces (nine of ten) were here by then. Looked at
are the last orders alone: suppliers change, and the work stays the same however long the shop has been there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from uuid import UUID

from stoa.tenants.database import shop_client

LAST = 100  # orders of a supplier, or lines of a variant, that are looked at
_DAYS = "extract(epoch FROM r.received_at - p.ordered_at) / 86400.0"
# Each observation with the pieces that had come by then, and those that came in all.
_SUMS = "sum(pieces) OVER ({by} ORDER BY days) AS by_then, sum(pieces) OVER ({all}) AS in_all"
_MEDIAN = "round(min(days) FILTER (WHERE by_then >= 0.5 * in_all), 1)"
_P90 = "round(min(days) FILTER (WHERE by_then >= 0.9 * in_all), 1)"
# `{row}` is the supplier: [days, p90, observations], or null when nothing has been received yet
OF_SUPPLIER = f"""
SELECT json_build_array({_MEDIAN}, {_P90}, count(*)) FROM (
  SELECT days, {_SUMS.format(by="", all="")} FROM (
    SELECT {_DAYS} AS days, r.quantity AS pieces
    FROM (SELECT id, ordered_at FROM purchase_order WHERE supplier_id = {{row}}.id AND ordered_at IS NOT NULL
          ORDER BY id DESC LIMIT {LAST}) p
    JOIN receipt r ON r.purchase_id = p.id) seen) summed
HAVING count(*) > 0
"""
# `{row}` is the variant: [[supplier id, days, p90, observations], ...], by supplier
OF_VARIANT = f"""
SELECT coalesce(json_agg(json_build_array(supplier_id, days, p90, observations) ORDER BY supplier_id), '[]'::json)
FROM (
  SELECT supplier_id, {_MEDIAN} AS days, {_P90} AS p90, count(*) AS observations FROM (
    SELECT supplier_id, days, {_SUMS.format(by="PARTITION BY supplier_id", all="PARTITION BY supplier_id")} FROM (
      SELECT p.supplier_id, {_DAYS} AS days, came.quantity AS pieces
      FROM (SELECT id, purchase_id FROM purchase_line WHERE variant_id = {{row}}.id ORDER BY id DESC LIMIT {LAST}) l
      JOIN purchase_order p ON p.id = l.purchase_id JOIN receipt r ON r.purchase_id = p.id,
      jsonb_to_recordset(r.lines) AS came (line_id uuid, quantity int)
      WHERE came.line_id = l.id) seen) summed
  GROUP BY supplier_id) by_supplier
"""
_USUAL = f"SELECT ({OF_SUPPLIER.replace('{row}', 's')})->>0 AS days FROM supplier s WHERE s.id = $1"


@dataclass(frozen=True, slots=True)
class LeadTime:
    """Median and 90th percentile in days, over so many deliveries."""

    days: float
    p90: float
    observations: int


async def usual_days(supplier_id: UUID) -> int | None:
    """After how many whole days the half of what is ordered there has come; None when nothing has come yet."""
    [row] = await shop_client().execute_query_dict(_USUAL, [supplier_id])
    return None if row["days"] is None else math.ceil(float(row["days"]))
