"""The ledger: every statement on `platform.job`, and so every way that leads from one state to another.

    QUEUED -> SENT      picked by the dispatcher; `attempts` rises and is from then on the fence
    SENT -> RUNNING     claimed by a worker that was handed this very attempt
    RUNNING -> DONE     in the transaction of the effect (tenants/jobs.py, platform.finish_job)
    RUNNING -> QUEUED   failed, to be tried again after a pause; or given back unfinished
    RUNNING -> DEAD     refused, or failed once too often
    SENT -> QUEUED      lost between here and the worker: nobody's fault, so not counted as a failure

Each asks for the state and the attempt it comes from, so that whoever is late changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from stoa.tenants.context import Context, ShopRef
from stoa.tenants.database import platform_client
from stoa.tenants.jobs import Job, JobFunction, Kind
from stoa.workers.settings import Lane

KEEP_FOR = "30 days"  # a job that is done, and with it the memory of its dedupe_key
LONGEST_ERROR = 2000  # characters

Delivery = tuple[UUID, int]

# Round robin: the k-th ready job of every shop goes before the (k+1)-th of any, counting those already on their way.
# Shops with something queued are found by one probe of the index each, however long their queues are.
PICK = """
WITH RECURSIVE under_way AS (
  SELECT shop_schema, count(*) AS number FROM platform.job
  WHERE kind = $1 AND state IN ('SENT', 'RUNNING') GROUP BY shop_schema),
room AS (SELECT $3::int - coalesce(sum(number), 0)::int AS number FROM under_way),
waiting AS (
  (SELECT shop_schema FROM platform.job WHERE kind = $1 AND state = 'QUEUED' ORDER BY shop_schema LIMIT 1)
  UNION ALL
  SELECT (SELECT j.shop_schema FROM platform.job j WHERE j.kind = $1 AND j.state = 'QUEUED'
          AND j.shop_schema > waiting.shop_schema ORDER BY j.shop_schema LIMIT 1)
  FROM waiting WHERE waiting.shop_schema IS NOT NULL),
shops AS (
  SELECT s.schema_name, coalesce(u.number, 0)::int AS number
  FROM waiting JOIN platform.shop s ON s.schema_name = waiting.shop_schema AND s.state = 'ACTIVE'
  LEFT JOIN under_way u ON u.shop_schema = s.schema_name),
candidates AS (
  SELECT ready.id, ready.run_at, shops.number + row_number() OVER (
    PARTITION BY shops.schema_name ORDER BY ready.run_at, ready.id) AS turn
  FROM shops CROSS JOIN LATERAL (
    SELECT j.id, j.run_at FROM platform.job j
    WHERE j.kind = $1 AND j.shop_schema = shops.schema_name AND j.state = 'QUEUED' AND j.run_at <= clock_timestamp()
    ORDER BY j.run_at, j.id
    LIMIT greatest(0, least($2::int - shops.number, 1 + (SELECT number FROM room) / (SELECT count(*) FROM shops)))
  ) ready),
picked AS (
  SELECT j.id, c.turn, c.run_at FROM candidates c JOIN platform.job j USING (id)
  WHERE j.state = 'QUEUED' ORDER BY c.turn, c.run_at
  LIMIT (SELECT greatest(0, number) FROM room) FOR UPDATE OF j SKIP LOCKED),
sent AS (
  UPDATE platform.job j SET state = 'SENT', attempts = attempts + 1, lease_until = clock_timestamp() + $4::interval
  FROM picked WHERE j.id = picked.id RETURNING j.id, j.attempts, picked.turn, picked.run_at)
SELECT id, attempts FROM sent ORDER BY turn, run_at
"""
UNSEND = """
UPDATE platform.job j SET state = 'QUEUED', lease_until = NULL
FROM unnest($1::uuid[], $2::int[]) AS unsent (id, attempt)
WHERE j.id = unsent.id AND j.attempts = unsent.attempt AND j.state = 'SENT'
"""
SEND_ALL_AGAIN = "UPDATE platform.job SET state = 'QUEUED', lease_until = NULL WHERE kind = ANY($1) AND state = 'SENT'"
SEND_LATE_AGAIN = """
UPDATE platform.job SET state = 'QUEUED', lease_until = NULL
WHERE kind = $1 AND state = 'SENT' AND lease_until < clock_timestamp() RETURNING id, attempts
"""
SWEEP = f"""
DELETE FROM platform.job WHERE id IN (
  SELECT id FROM platform.job WHERE state = 'DONE' AND finished_at < clock_timestamp() - interval '{KEEP_FOR}'
  LIMIT 5000)
"""
CLAIM = """
UPDATE platform.job j
SET state = 'RUNNING', started_at = clock_timestamp(), lease_until = clock_timestamp() + $3::interval
FROM platform.shop s
WHERE j.id = $1 AND j.attempts = $2 AND j.state = 'SENT' AND s.schema_name = j.shop_schema
RETURNING j.name AS job_name, j.payload, j.failures, j.max_attempts, j.request_id,
          s.id AS shop_id, s.schema_name, s.name AS shop_name, s.currency, s.time_zone, s.locale
"""
PROLONG = """
UPDATE platform.job j SET lease_until = clock_timestamp() + $3::interval
FROM unnest($1::uuid[], $2::int[]) AS held (id, attempt)
WHERE j.id = held.id AND j.attempts = held.attempt AND j.state = 'RUNNING' RETURNING j.id, j.attempts
"""
GIVE_BACK = """
WITH given_back AS (
  UPDATE platform.job SET state = 'QUEUED', lease_until = NULL
  WHERE id = $1 AND attempts = $2 AND state = 'RUNNING' RETURNING id)
SELECT pg_notify('stoa_jobs', '') FROM given_back
"""
# One more failure for the jobs that `which` names: a pause and another attempt, or the end, of which the job named
# by `on_dead` is told. The pauses are spread so that what failed together does not come back together.
_FAIL = """
WITH failed AS (
  UPDATE platform.job SET
    failures = failures + 1,
    state = CASE WHEN {is_dead} THEN 'DEAD' ELSE 'QUEUED' END,
    finished_at = CASE WHEN {is_dead} THEN clock_timestamp() END,
    run_at = clock_timestamp() + least($1::interval * 2 ^ least(failures, 30), $2::interval) * (0.75 + random() / 2),
    lease_until = NULL,
    last_error = $3::text
  WHERE {which} AND state = 'RUNNING'
  RETURNING *),
told AS (
  INSERT INTO platform.job (id, shop_schema, kind, name, payload, dedupe_key, state, run_at, attempts, failures,
                            max_attempts, created_at, request_id)
  SELECT gen_random_uuid(), f.shop_schema, o.kind, o.name,
         f.payload || jsonb_build_object('job_id', f.id, 'error', f.last_error), f.id::text, 'QUEUED',
         clock_timestamp(), 0, 0, o.max_attempts, clock_timestamp(), f.request_id
  FROM failed f JOIN jsonb_to_recordset($4::jsonb) AS o (dead text, name text, kind text, max_attempts int)
    ON o.dead = f.name
  WHERE f.state = 'DEAD'
  ON CONFLICT DO NOTHING)
SELECT id, name, shop_schema, state, failures, pg_notify('stoa_jobs', '') FROM failed
"""
FAIL = _FAIL.format(is_dead="($5::bool OR failures + 1 >= max_attempts)", which="id = $6 AND attempts = $7")
# FOR UPDATE steps aside for an attempt that is inside one of its steps: platform.hold_job has its row.
FAIL_LOST = _FAIL.format(
    is_dead="failures + 1 >= max_attempts",
    which="id IN (SELECT id FROM platform.job WHERE kind = $5 AND state = 'RUNNING' "
    "AND lease_until < clock_timestamp() FOR UPDATE SKIP LOCKED)",
)
LOST = "The worker was lost: it was killed, or did not answer within the lease."


@dataclass(frozen=True, slots=True)
class Claimed:
    """An attempt that is ours, and in whose name it is made."""

    ctx: Context
    job: Job


# -- what the dispatcher does, on the connection that holds its lock


async def pick(connection: Any, kind: Kind, lane: Lane) -> list[Delivery]:
    """Mark the jobs whose turn it is as sent, in the order of their turns."""
    rows = await connection.fetch(PICK, kind, lane.per_shop, lane.window, lane.delivery)
    return [(row["id"], row["attempts"]) for row in rows]


async def unsend(connection: Any, deliveries: Sequence[Delivery]) -> None:
    """They did not leave the house."""
    await connection.execute(UNSEND, [id for id, _ in deliveries], [attempt for _, attempt in deliveries])


async def send_all_again(connection: Any, kinds: Sequence[Kind]) -> None:
    """The queues have been emptied under us."""
    await connection.execute(SEND_ALL_AGAIN, list(kinds))


async def send_late_again(connection: Any, kind: Kind) -> list[Delivery]:
    """Queue again what was sent and not begun in time; gives the deliveries that are void thereby."""
    return [(row["id"], row["attempts"]) for row in await connection.fetch(SEND_LATE_AGAIN, kind)]


async def fail_lost(connection: Any, kind: Kind, lane: Lane, jobs: Mapping[str, JobFunction]) -> list[Any]:
    """Hold a failure against the running jobs whose worker is gone; gives their rows."""
    told = _told(jobs)
    return list(await connection.fetch(FAIL_LOST, lane.first_retry, lane.last_retry, LOST, told, kind))


async def sweep(connection: Any) -> None:
    """Forget some of what was done long ago."""
    await connection.execute(SWEEP)


# -- what workers do, on the platform pool


async def claim(job_id: UUID, attempt: int, lane: Lane) -> Claimed | None:
    """Begin this attempt. None when it is void: begun already, or another has taken its place."""
    rows = await platform_client().execute_query_dict(CLAIM, [job_id, attempt, lane.lease])
    return _claimed(job_id, attempt, rows[0]) if rows else None


def _claimed(job_id: UUID, attempt: int, row: Mapping[str, Any]) -> Claimed:
    shop = ShopRef(row["shop_id"], row["schema_name"], row["shop_name"], row["currency"], row["time_zone"])
    ctx = Context(shop, locale=row["locale"], request_id=row["request_id"] or job_id.hex)
    payload = msgspec.json.decode(row["payload"])
    return Claimed(ctx, Job(job_id, row["job_name"], payload, attempt, row["failures"], row["max_attempts"]))


async def prolong(held: Sequence[Delivery], lane: Lane) -> set[Delivery]:
    """Extend the leases of these attempts; gives those that still owned their job."""
    ids, attempts = [id for id, _ in held], [attempt for _, attempt in held]
    rows = await platform_client().execute_query_dict(PROLONG, [ids, attempts, lane.lease])
    return {(row["id"], row["attempts"]) for row in rows}


async def give_back(job: Job) -> None:
    """The attempt was stopped through no fault of the job: somebody else shall go on at once."""
    await platform_client().execute_query_dict(GIVE_BACK, [job.id, job.attempt])


async def fail(job: Job, error: str, lane: Lane, jobs: Mapping[str, JobFunction], *, for_good: bool) -> bool:
    """Hold a failure against the job; true when it is dead by that."""
    pauses = [lane.first_retry, lane.last_retry]
    values = [*pauses, error[:LONGEST_ERROR], _told(jobs), for_good, job.id, job.attempt]
    rows = await platform_client().execute_query_dict(FAIL, values)
    return bool(rows) and rows[0]["state"] == "DEAD"


def _told(jobs: Mapping[str, JobFunction]) -> str:
    """Whom to tell of whose death, for the statement."""
    heirs = [(each.name, jobs[each.on_dead]) for each in jobs.values() if each.on_dead]
    told = [{"dead": dead, "name": to.name, "kind": to.kind, "max_attempts": to.max_attempts} for dead, to in heirs]
    return msgspec.json.encode(told).decode()
