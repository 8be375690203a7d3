"""The ledger: statements on `platform.job`, and so the ways that lead from one state to another (the first of them,
whose turn it is, is in picking.py).

    QUEUED -> SENT      picked by the dispatcher; `attempts` rises and is from then on the fence
    SENT -> RUNNING     claimed by a worker that was handed this very attempt
    RUNNING -> DONE     in the transaction of the effect (tenants/jobs.py, platform.finish_job)
    RUNNING -> QUEUED   failed, to be tried again after a pause; or given back unfinished
    RUNNING -> DEAD     refused, or failed once too often
    SENT -> QUEUED      lost between here and the worker: nobody's fault, so not counted as a failure
    any of these three -> CANCELLED   by who asked for it (platform.cancel_job); the attempt under way can end nothing
    DEAD, CANCELLED -> QUEUED         replayed (platform.replay_job), with all its attempts before it

Each asks for the state and the attempt it comes from, so that whoever is late changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from stoa.kit.encoding import as_json
from stoa.kit.ids import NEW_ID
from stoa.tenants.context import Context, ShopRef
from stoa.tenants.database import platform_client
from stoa.tenants.jobs import PLATFORM_ITSELF, AnyJobFunction, Job, JobFunction, Kind, LeaseLost
from stoa.tenants.notifying.dying import TELL_OF_DEATH
from stoa.workers.settings import Lane

KEEP_FOR = "30 days"  # a job that is done or cancelled, and with it the memory of its dedupe_key
KEEP_DEAD_FOR = "180 days"  # a dead letter, for whoever wants to replay it
LONGEST_ERROR = 2000  # characters

Delivery = tuple[UUID, int]

# Of which kinds something was lost on its way, or was cancelled and is not buried yet.
LOOK_FOR_LOST = """
SELECT l.kind FROM unnest($1::text[]) WITH ORDINALITY AS l (kind, place)
WHERE EXISTS (SELECT FROM platform.job j WHERE j.kind = l.kind AND j.state IN ('SENT', 'RUNNING')
                AND j.lease_until < clock_timestamp())
  OR EXISTS (SELECT FROM platform.job j WHERE j.kind = l.kind AND j.state = 'CANCELLED' AND j.finished_at IS NULL)
ORDER BY l.place
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
  (SELECT id FROM platform.job WHERE state IN ('DONE', 'CANCELLED') AND finished_at < now() - interval '{KEEP_FOR}'
   LIMIT 5000)
  UNION ALL
  (SELECT id FROM platform.job WHERE state = 'DEAD' AND finished_at < now() - interval '{KEEP_DEAD_FOR}' LIMIT 5000))
"""
CLAIM = """
UPDATE platform.job j
SET state = 'RUNNING', started_at = clock_timestamp(), lease_until = clock_timestamp() + $3::interval
FROM platform.job k LEFT JOIN platform.shop s ON s.schema_name = k.shop_schema
WHERE k.id = $1 AND j.id = $1 AND j.attempts = $2 AND j.state = 'SENT'
RETURNING j.shop_schema, j.name AS job_name, j.payload, j.failures, j.max_attempts, j.request_id,
          s.id AS shop_id, s.schema_name, s.name AS shop_name, s.currency, s.time_zone, s.locale
"""
PROLONG = """
UPDATE platform.job j SET lease_until = clock_timestamp() + $3::interval
FROM unnest($1::uuid[], $2::int[]) AS held (id, attempt)
WHERE j.id = held.id AND j.attempts = held.attempt AND j.state = 'RUNNING' RETURNING j.id, j.attempts
"""
CANCELLED = """
SELECT j.id, j.attempts FROM platform.job j JOIN unnest($1::uuid[], $2::int[]) AS held (id, attempt)
  ON j.id = held.id AND j.attempts = held.attempt WHERE j.state = 'CANCELLED'
"""
FINISH = """
UPDATE platform.job SET state = 'DONE', finished_at = clock_timestamp(), lease_until = NULL, last_error = NULL
WHERE id = $1 AND attempts = $2 AND state = 'RUNNING' AND shop_schema = $3
RETURNING pg_notify('stoa_jobs', '')
"""
GIVE_BACK = """
WITH given_back AS (
  UPDATE platform.job SET state = 'QUEUED', lease_until = NULL
  WHERE id = $1 AND attempts = $2 AND state = 'RUNNING' RETURNING id)
SELECT pg_notify('stoa_jobs', '') FROM given_back
"""
# One more failure for the jobs that `which` names: a pause and another attempt, or the end, of which the job named
# by `on_dead` is told. The pauses are spread so that what failed together does not come back together.
# The heir's key names the attempt: a job that dies, is replayed and dies again has it told twice.
_TOLD = """
told AS (
  INSERT INTO platform.job (id, shop_schema, kind, name, payload, dedupe_key, state, run_at, attempts, failures,
                            max_attempts, priority, is_ready, created_at, request_id)
  SELECT {id}, f.shop_schema, o.kind, o.name,
         f.payload || jsonb_build_object('job_id', f.id, 'error', {error}), f.id::text || ':' || f.attempts, 'QUEUED',
         clock_timestamp(), 0, 0, o.max_attempts, f.priority, true, clock_timestamp(), f.request_id
  FROM failed f JOIN jsonb_to_recordset({heirs}::jsonb) AS o (dead text, name text, kind text, max_attempts int)
    ON o.dead = f.name
  WHERE {is_dead}
  ON CONFLICT DO NOTHING)
"""
_FAIL = """
WITH failed AS (
  UPDATE platform.job SET
    failures = failures + 1,
    state = CASE WHEN {is_dead} THEN 'DEAD' ELSE 'QUEUED' END,
    finished_at = CASE WHEN {is_dead} THEN clock_timestamp() END,
    run_at = clock_timestamp() + least($1::interval * 2 ^ least(failures, 30), $2::interval) * (0.75 + random() / 2),
    is_ready = false,
    lease_until = NULL,
    last_error = $3::text
  WHERE {which} AND state = 'RUNNING'
  RETURNING *),
{told}SELECT id, name, shop_schema, state, failures, pg_notify('stoa_jobs', '') FROM failed
"""
_TOLD_OF_DEATH = _TOLD.format(id=NEW_ID, error="f.last_error", heirs="$4", is_dead="f.state = 'DEAD'")
FAIL = _FAIL.format(
    is_dead="($5::bool OR failures + 1 >= max_attempts)", which="id = $6 AND attempts = $7", told=_TOLD_OF_DEATH
)
# What was cancelled has ended when its heir knows of it.
BURY = f"""
WITH failed AS (
  UPDATE platform.job SET finished_at = clock_timestamp()
  WHERE kind = $1 AND state = 'CANCELLED' AND finished_at IS NULL RETURNING *),
{_TOLD.format(id=NEW_ID, error="'It was cancelled.'::text", heirs="$2", is_dead="true")}
SELECT id, name, shop_schema, state FROM failed
"""
# FOR UPDATE steps aside for an attempt that is inside one of its steps: platform.hold_job has its row.
FAIL_LOST = _FAIL.format(
    is_dead="failures + 1 >= max_attempts",
    which="id IN (SELECT id FROM platform.job WHERE kind = $5 AND state = 'RUNNING' "
    "AND lease_until < clock_timestamp() FOR UPDATE SKIP LOCKED)",
    told=_TOLD_OF_DEATH,
)
LOST = "The worker was lost: it was killed, or did not answer within the lease."


@dataclass(frozen=True, slots=True)
class Claimed:
    """An attempt that is ours, and in whose name it is made: None stands for the platform itself."""

    ctx: Context | None
    job: Job


# -- what the dispatcher does, on the connection that holds its lock


async def look_for_lost(connection: Any, kinds: Sequence[Kind]) -> list[Kind]:
    """The kinds of which something needs looking after."""
    return [row["kind"] for row in await connection.fetch(LOOK_FOR_LOST, list(kinds))]


async def unsend(connection: Any, deliveries: Sequence[Delivery]) -> None:
    """They did not leave the house."""
    await connection.execute(UNSEND, [id for id, _ in deliveries], [attempt for _, attempt in deliveries])


async def send_all_again(connection: Any, kinds: Sequence[Kind]) -> None:
    """The queues have been emptied under us."""
    await connection.execute(SEND_ALL_AGAIN, list(kinds))


async def send_late_again(connection: Any, kind: Kind) -> list[Delivery]:
    """Queue again what was sent and not begun in time; gives the deliveries that are void thereby."""
    return [(row["id"], row["attempts"]) for row in await connection.fetch(SEND_LATE_AGAIN, kind)]


async def bury_cancelled(connection: Any, kind: Kind, jobs: Mapping[str, AnyJobFunction]) -> list[Any]:
    """Tell the heirs of what was cancelled; gives the rows."""
    return list(await connection.fetch(BURY, kind, _told(jobs)))


async def fail_lost(connection: Any, kind: Kind, lane: Lane, jobs: Mapping[str, AnyJobFunction]) -> list[Any]:
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
    payload, schema = msgspec.json.decode(row["payload"]), row["shop_schema"]
    job = Job(job_id, row["job_name"], payload, attempt, row["failures"], row["max_attempts"], schema)
    if schema == PLATFORM_ITSELF:
        return Claimed(None, job)
    shop = ShopRef(row["shop_id"], row["schema_name"], row["shop_name"], row["currency"], row["time_zone"])
    return Claimed(Context(shop, locale=row["locale"], request_id=row["request_id"] or job_id.hex), job)


async def finish(job: Job) -> None:
    """End a job of the platform itself, in the open platform transaction. Raises `LeaseLost`."""
    if not await platform_client().execute_query_dict(FINISH, [job.id, job.attempt, PLATFORM_ITSELF]):
        raise LeaseLost(f"Attempt {job.attempt} no longer owns the job {job.name} ({job.id}).")
    job.is_finished = True


async def prolong(held: Sequence[Delivery], lane: Lane) -> set[Delivery]:
    """Extend the leases of these attempts; gives those that still owned their job."""
    ids, attempts = [id for id, _ in held], [attempt for _, attempt in held]
    rows = await platform_client().execute_query_dict(PROLONG, [ids, attempts, lane.lease])
    return {(row["id"], row["attempts"]) for row in rows}


async def cancelled(missed: Sequence[Delivery]) -> set[Delivery]:
    """Those of the attempts whose job has been cancelled."""
    ids, attempts = [id for id, _ in missed], [attempt for _, attempt in missed]
    rows = await platform_client().execute_query_dict(CANCELLED, [ids, attempts])
    return {(row["id"], row["attempts"]) for row in rows}


async def give_back(job: Job) -> None:
    """The attempt was stopped through no fault of the job: somebody else shall go on at once."""
    await platform_client().execute_query_dict(GIVE_BACK, [job.id, job.attempt])


async def fail(job: Job, error: str, lane: Lane, jobs: Mapping[str, AnyJobFunction], *, for_good: bool) -> bool:
    """Hold a failure against the job; true when it is dead by that."""
    pauses = [lane.first_retry, lane.last_retry]
    values = [*pauses, error[:LONGEST_ERROR], _told(jobs), for_good, job.id, job.attempt]
    rows = await platform_client().execute_query_dict(FAIL, values)
    return bool(rows) and rows[0]["state"] == "DEAD"


def _told(jobs: Mapping[str, AnyJobFunction]) -> str:
    """Whom to tell of whose death, for the statement: who is named by the job, and the one that makes news of it."""
    heirs = [(each.name, jobs[each.on_dead]) for each in jobs.values() if each.on_dead]
    news = jobs.get(TELL_OF_DEATH)
    if news is not None:  # of its own kind alone it makes none: that would be told by what cannot be told
        heirs += [
            (each.name, news) for each in jobs.values() if isinstance(each, JobFunction) and each.kind != news.kind
        ]
    told = [{"dead": dead, "name": to.name, "kind": to.kind, "max_attempts": to.max_attempts} for dead, to in heirs]
    return as_json(told)
