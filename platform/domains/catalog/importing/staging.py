"""Stage what was read: pieces go to the table `import_row`, issues to `import_issue`, and no product is touched."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from stoa.domains.catalog.drafting import MAX_IMAGES
from stoa.domains.catalog.importing.folding import Folded, Piece, of_two_products
from stoa.kit.encoding import as_json
from stoa.tenants.database import shop_client
from stoa.tenants.importing.issues import Issue
from stoa.tenants.importing.models import ImportRun
from stoa.tenants.importing.staging import count_batch

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


def packed(batch: Folded, run_id: UUID) -> str | None:
    """The batch's pieces as `stage` takes them. It takes a while: for a thread."""
    return as_json([_row(piece, run_id) for piece in batch.pieces.values()]) if batch.pieces else None


async def stage(run: ImportRun, batch: Folded, pieces: str | None) -> None:
    """Keep the batch's pieces and issues, and count them in `run` (which the caller saves in the same transaction)."""
    if pieces:
        staged = await shop_client().execute_query_dict(STAGE, [run.id, pieces])
        if len(staged) < len(batch.pieces):
            batch.issues += _lost(batch, run.id, {row["id"] for row in staged})
    await count_batch(run, batch)


def _row(piece: Piece, run_id: UUID) -> dict[str, Any]:
    return {
        "id": piece.id_in(run_id),
        "line": piece.line,
        "product_key": piece.product_key,
        "item_key": piece.item_key,
        "cells": piece.cells,
        "images": list(dict.fromkeys(piece.images))[: MAX_IMAGES + 1] or None,
    }


def _lost(batch: Folded, run_id: UUID, staged: set[UUID]) -> list[Issue]:
    """The issues of pieces that were not staged, because an earlier batch gave their code to another product."""
    lost = [piece for piece in batch.pieces.values() if piece.id_in(run_id) not in staged]
    return [of_two_products(piece.item_key, piece.line) for piece in lost]
