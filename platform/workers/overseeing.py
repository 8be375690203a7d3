"""The operator's view of all jobs: what there is, dead letters, and having them done after all (`stoa jobs`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

MOST = 1_000
# By the index of what is open or dead; what is done is counted for the last day alone.
SUMMARY = """
SELECT kind, count(*) FILTER (WHERE state = 'QUEUED' AND run_at <= now()) AS waiting,
  count(*) FILTER (WHERE state = 'QUEUED' AND run_at > now()) AS later,
  count(*) FILTER (WHERE state IN ('SENT', 'RUNNING')) AS under_way,
  count(*) FILTER (WHERE state = 'DEAD') AS dead,
  count(*) FILTER (WHERE state = 'DONE' AND finished_at > now() - interval '1 day') AS done_today,
  extract(epoch FROM now() - min(run_at) FILTER (WHERE state = 'QUEUED' AND run_at <= now()))::int AS oldest_seconds
FROM platform.job WHERE state IN ('QUEUED', 'SENT', 'RUNNING', 'DEAD') OR finished_at > now() - interval '1 day'
GROUP BY kind ORDER BY kind
"""
LIST = """
SELECT j.id, j.shop_schema, s.name AS shop_name, j.kind, j.name, j.state, j.priority, j.attempts, j.failures,
  j.max_attempts, j.progress_done, j.progress_total, j.created_at, j.run_at, j.finished_at, j.last_error, j.request_id
FROM platform.job j LEFT JOIN platform.shop s ON s.schema_name = j.shop_schema
WHERE ($1::text[] IS NULL OR j.state = ANY($1)) AND ($2::text IS NULL OR j.shop_schema = $2)
  AND ($3::text IS NULL OR j.kind = $3) AND ($4::text IS NULL OR j.name = $4)
ORDER BY j.id DESC LIMIT $5
"""
REPLAY = """
WITH chosen AS (
  SELECT id FROM platform.job j
  WHERE j.state IN ('DEAD', 'CANCELLED') AND (j.state = 'DEAD' OR $1::uuid[] IS NOT NULL)
    AND ($1::uuid[] IS NULL OR j.id = ANY($1)) AND ($2::text IS NULL OR j.shop_schema = $2)
    AND ($3::text IS NULL OR j.kind = $3) AND ($4::text IS NULL OR j.name = $4)
  FOR UPDATE),
replayed AS (
  UPDATE platform.job j SET state = 'QUEUED', failures = 0, run_at = clock_timestamp(), is_ready = true,
    finished_at = NULL, progress_done = NULL, progress_total = NULL
  FROM chosen WHERE j.id = chosen.id RETURNING j.id)
SELECT count(*) AS number, pg_notify('stoa_jobs', '') FROM replayed
"""
CANCEL = """
WITH chosen AS (
  SELECT id FROM platform.job WHERE id = ANY($1::uuid[]) AND state IN ('QUEUED', 'SENT', 'RUNNING') FOR UPDATE),
cancelled AS (
  UPDATE platform.job j SET state = 'CANCELLED', lease_until = NULL FROM chosen WHERE j.id = chosen.id RETURNING j.id)
SELECT count(*) AS number, pg_notify('stoa_jobs', '') FROM cancelled
"""


@dataclass(frozen=True, slots=True)
class Which:
    """Of all jobs those; None leaves a thing open."""

    states: Sequence[str] | None = None
    shop: str | None = None
    kind: str | None = None
    name: str | None = None


async def summary(connection: Any) -> list[Any]:
    """A row a kind: how much waits and for how long, is under way, dead, and was done within a day."""
    return list(await connection.fetch(SUMMARY))


async def listed(connection: Any, which: Which, limit: int = 50) -> list[Any]:
    """The newest of them, of all shops and of the platform itself."""
    states = None if which.states is None else list(which.states)
    return list(await connection.fetch(LIST, states, which.shop, which.kind, which.name, min(limit, MOST)))


async def replay(connection: Any, which: Which, ids: Sequence[UUID] | None = None) -> int:
    """Have dead ones done again, and cancelled ones too where `ids` names them; how many."""
    row = await connection.fetchrow(REPLAY, None if ids is None else list(ids), which.shop, which.kind, which.name)
    return int(row["number"])


async def cancel(connection: Any, ids: Sequence[UUID]) -> int:
    """Cancel those of them that have not ended; how many."""
    return int((await connection.fetchrow(CANCEL, list(ids)))["number"])
