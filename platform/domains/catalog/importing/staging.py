"""Stage what was read: pieces go to the table `import_row`, issues to `import_issue`, and no product is touched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from stoa.domains.catalog.drafting import MAX_IMAGES
from stoa.domains.catalog.importing.folding import Batch, Piece, of_two_products
from stoa.domains.catalog.importing.issues import MAX_KEPT, Issue
from stoa.domains.catalog.models import ImportRun
from stoa.kit.ids import new_id
from stoa.tenants.database import shop_client

# Cells of later batches go over those of earlier ones, each by itself: a blank says nothing and takes nothing away.
# One picture more than allowed is kept, so that the excess can be told.
STAGE = f"""
INSERT INTO import_row AS kept (id, run_id, line, product_key, item_key, cells, images)
SELECT id, $1::uuid, line, product_key, item_key, cells, images
FROM jsonb_to_recordset($2::jsonb) AS piece (
  id uuid, line bigint, product_key text, item_key text, cells jsonb, images jsonb)
ON CONFLICT (id) DO UPDATE SET
  cells = kept.cells || excluded.cells,
  images = CASE
    WHEN excluded.images IS NULL OR kept.images @> excluded.images OR jsonb_array_length(kept.images) > {MAX_IMAGES}
    THEN kept.images ELSE coalesce(kept.images, '[]') || excluded.images END
WHERE kept.product_key = excluded.product_key
RETURNING id
"""
KEEP_ISSUES = """
INSERT INTO import_issue (id, run_id, line, column_name, code, message, value, refused)
SELECT id, $1::uuid, line, column_name, code, message, value, refused
FROM jsonb_to_recordset($2::jsonb) AS issue (
  id uuid, line bigint, column_name text, code text, message jsonb, value text, refused bool)
"""
FORGET = """
DELETE FROM import_row WHERE id IN (SELECT id FROM import_row WHERE run_id = $1 LIMIT 20000) RETURNING 1 AS one
"""


def packed(batch: Batch, run_id: UUID) -> str | None:
    """The batch's pieces as `stage` takes them. It takes a while: for a thread."""
    return as_json([_row(piece, run_id) for piece in batch.pieces.values()]) if batch.pieces else None


async def stage(run: ImportRun, batch: Batch, pieces: str | None) -> None:
    """Keep the batch's pieces and issues, and count them in `run` (which the caller saves in the same transaction)."""
    if pieces:
        staged = await shop_client().execute_query_dict(STAGE, [run.id, pieces])
        if len(staged) < len(batch.pieces):
            batch.issues += _lost(batch, run.id, {row["id"] for row in staged})
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


async def forget_pieces(run_id: UUID) -> bool:
    """Delete a part of what was staged; True when there may be more."""
    return bool(await shop_client().execute_query_dict(FORGET, [run_id]))


def as_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _row(piece: Piece, run_id: UUID) -> dict[str, Any]:
    return {
        "id": piece.id_in(run_id),
        "line": piece.line,
        "product_key": piece.product_key,
        "item_key": piece.item_key,
        "cells": piece.cells,
        "images": list(dict.fromkeys(piece.images))[: MAX_IMAGES + 1] or None,
    }


def _lost(batch: Batch, run_id: UUID, staged: set[UUID]) -> list[Issue]:
    """The issues of pieces that were not staged, because an earlier batch gave their code to another product."""
    lost = [piece for piece in batch.pieces.values() if piece.id_in(run_id) not in staged]
    return [of_two_products(piece.item_key, piece.line) for piece in lost]


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
