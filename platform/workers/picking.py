"""Whose turn it is: what of `platform.job` is handed out next, fairly between shops.

QUEUED -> SENT      picked by the dispatcher; `attempts` rises and is from then on the fence (ledger.py)
"""

from __future__ import annotations

import random
from typing import Any

from stoa.kit.ids import ALPHABET
from stoa.tenants.jobs import PLATFORM_ITSELF, Kind
from stoa.workers.ledger import Delivery
from stoa.workers.settings import Lane, Lanes

# Round robin: the k-th ready job of every shop goes before the (k+1)-th of any, counting those already on their way;
# a shop of weight 2 has two such turns where others have one. Within a shop the priorities go one after the other.
# Shops with something ready are found by one probe of the index each, however long their queues are; what waits for
# its time is not in that index at all. Of very many shops a pick sees some, going round from a place that is drawn
# anew each time: more than can have anything under way, so that it never comes back empty while there is room.
SEEN = 256
# What has left a wide window is replaced some at a time: a pick costs a millisecond or more, and one for each job that
# ends may cost more than the job. Narrow windows are those of long jobs, which may fill them for hours: there whatever
# place is free is filled at once.
WIDE = 40
REFILL = 8
PICK = f"""
WITH RECURSIVE under_way AS (
  SELECT shop_schema, count(*) AS number FROM platform.job
  WHERE kind = $1 AND state IN ('SENT', 'RUNNING') GROUP BY shop_schema),
room AS (SELECT $3::int - coalesce(sum(number), 0)::int AS number FROM under_way),
waiting AS (
  SELECT $5::text AS shop_schema, 0 AS wraps, 0 AS place WHERE (SELECT number FROM room) > $6::int
  UNION ALL
  SELECT n.shop_schema, n.wraps, n.place FROM waiting w CROSS JOIN LATERAL (
    (SELECT j.shop_schema::text, w.wraps, w.place + 1 AS place FROM platform.job j
     WHERE j.kind = $1 AND j.state = 'QUEUED' AND j.is_ready AND j.shop_schema > w.shop_schema
     ORDER BY j.shop_schema LIMIT 1)
    UNION ALL
    (SELECT j.shop_schema::text, 1, w.place + 1 FROM platform.job j
     WHERE j.kind = $1 AND j.state = 'QUEUED' AND j.is_ready AND w.wraps = 0 ORDER BY j.shop_schema LIMIT 1)
    LIMIT 1) n
  WHERE n.wraps = 0 OR n.shop_schema <= $5),
seen AS (SELECT shop_schema FROM waiting WHERE place > 0 LIMIT {SEEN}),
shops AS (
  SELECT w.shop_schema, coalesce(s.weight, 1) AS weight, coalesce(u.number, 0)::int AS number
  FROM seen w LEFT JOIN platform.shop s ON s.schema_name = w.shop_schema
  LEFT JOIN under_way u ON u.shop_schema = w.shop_schema
  WHERE s.state = 'ACTIVE' OR w.shop_schema = '{PLATFORM_ITSELF}'),
shares AS (
  SELECT shop_schema, weight, number, greatest(0, least($2::int - number,
    1 + weight * (SELECT number FROM room) / (SELECT sum(weight) FROM shops))) AS most
  FROM shops),
candidates AS (
  SELECT ready.id, ready.run_at, (s.number + row_number() OVER (
    PARTITION BY s.shop_schema ORDER BY ready.priority, ready.run_at, ready.id))::float8 / s.weight AS turn
  FROM shares s CROSS JOIN LATERAL (
    SELECT j.id, j.priority, j.run_at FROM platform.job j
    WHERE j.kind = $1 AND j.shop_schema = s.shop_schema AND j.state = 'QUEUED' AND j.is_ready
    ORDER BY j.priority, j.run_at, j.id LIMIT s.most) ready),
chosen AS MATERIALIZED (
  SELECT * FROM candidates ORDER BY turn, run_at LIMIT (SELECT greatest(0, number) FROM room)),
picked AS (
  SELECT j.id, c.turn, c.run_at FROM chosen c JOIN platform.job j USING (id)
  WHERE j.state = 'QUEUED' FOR UPDATE OF j SKIP LOCKED),
sent AS (
  UPDATE platform.job j SET state = 'SENT', attempts = attempts + 1, lease_until = clock_timestamp() + $4::interval
  FROM picked WHERE j.id = picked.id RETURNING j.id, j.attempts, picked.turn, picked.run_at)
SELECT id, attempts FROM sent ORDER BY turn, run_at
"""
# Of which kinds something is ready and enough of the window is free; and whether the time of something else has come.
# One look for all lanes, for most looks find nothing to hand out.
LOOK = """
SELECT array(
  SELECT l.kind FROM unnest($1::text[], $2::int[]) WITH ORDINALITY AS l (kind, enough, place)
  WHERE EXISTS (SELECT FROM platform.job j WHERE j.kind = l.kind AND j.state = 'QUEUED' AND j.is_ready)
    AND l.enough > (
      SELECT count(*) FROM platform.job j WHERE j.kind = l.kind AND j.state IN ('SENT', 'RUNNING'))
  ORDER BY l.place) AS kinds,
  EXISTS (SELECT FROM platform.job WHERE state = 'QUEUED' AND NOT is_ready AND run_at <= now()) AS has_come
"""
READY_AT_ONCE = 1_000
MAKE_READY = f"""
UPDATE platform.job SET is_ready = true WHERE id IN (
  SELECT id FROM platform.job WHERE state = 'QUEUED' AND NOT is_ready AND run_at <= now()
  ORDER BY run_at LIMIT {READY_AT_ONCE} FOR UPDATE SKIP LOCKED)
"""


async def look(connection: Any, lanes: Lanes) -> list[Kind]:
    """The kinds of which something may be picked; what waited for its time is put in line before."""
    enough = [lane.window - _spare(lane) for lane in lanes.values()]
    row = await connection.fetchrow(LOOK, list(lanes), enough)
    if row["has_come"]:
        await make_ready(connection)
        row = await connection.fetchrow(LOOK, list(lanes), enough)
    return list(row["kinds"])


async def pick(connection: Any, kind: Kind, lane: Lane) -> list[Delivery]:
    """Mark the jobs whose turn it is as sent, in the order of their turns."""
    start = "shop_" + random.choice(ALPHABET) + random.choice(ALPHABET)  # noqa: S311  # no secret
    rows = await connection.fetch(PICK, kind, lane.per_shop, lane.window, lane.delivery, start, _spare(lane))
    return [(row["id"], row["attempts"]) for row in rows]


def _spare(lane: Lane) -> int:
    """Places of the window that may be free without being filled."""
    return lane.window // REFILL if lane.window >= WIDE else 0


async def make_ready(connection: Any) -> None:
    """Put in line what waited for its time."""
    while await connection.execute(MAKE_READY) == f"UPDATE {READY_AT_ONCE}":
        pass
