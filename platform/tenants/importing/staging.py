"""Keep what was found odd about a file, and let go of what was staged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from stoa.kit.encoding import as_json
from stoa.kit.ids import new_id
from stoa.tenants.database import shop_client
from stoa.tenants.importing.batching import Batch
from stoa.tenants.importing.issues import MAX_KEPT, Issue
from stoa.tenants.importing.models import ImportRun

KEEP_ISSUES = """
INSERT INTO import_issue (id, run_id, line, column_name, code, message, value, refused)
SELECT id, $1::uuid, line, column_name, code, message, value, refused
FROM jsonb_to_recordset($2::jsonb) AS issue (
  id uuid, line bigint, column_name text, code text, message jsonb, value text, refused bool)
"""
FORGET = """
DELETE FROM import_row WHERE id IN (SELECT id FROM import_row WHERE run_id = $1 LIMIT 20000) RETURNING 1 AS one
"""
FORGET_WRITTEN = "DELETE FROM import_row WHERE run_id = $1 AND product_key = ANY($2)"


async def count_batch(run: ImportRun, batch: Batch) -> None:
    """Count a batch that was staged, and keep its issues."""
    run.lines_read += batch.lines
    run.bytes_read = batch.bytes_read
    await keep_issues(run, batch.issues)


async def keep_issues(run: ImportRun, issues: list[Issue]) -> None:
    """Count the issues in `run`, and keep them as long as there are not too many."""
    if not issues:
        return
    room = max(0, MAX_KEPT - run.issues_total)
    rows = [_issue_row(issue, run.mapping) for issue in sorted(issues, key=lambda issue: issue.line)[:room]]
    if rows:
        await shop_client().execute_query(KEEP_ISSUES, [run.id, as_json(rows)])
    counts = dict(run.issue_counts)
    for issue in issues:
        counts[issue.code] = counts.get(issue.code, 0) + 1
    run.issue_counts = counts
    run.lines_refused += sum(issue.refused for issue in issues)


async def forget_written(run_id: UUID, keys: list[str]) -> None:
    """Let go of what was staged of these things."""
    await shop_client().execute_query(FORGET_WRITTEN, [run_id, keys])


async def forget_pieces(run_id: UUID) -> bool:
    """Delete a part of what was staged; True when there may be more."""
    return bool(await shop_client().execute_query_dict(FORGET, [run_id]))


def _issue_row(issue: Issue, mapping: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": new_id(),
        "line": issue.line,
        "column_name": (issue.column or mapping.get(issue.field, ""))[:120],
        "code": issue.code,
        "message": issue.message.kept(),
        "value": issue.shown_value,
        "refused": issue.refused,
    }
