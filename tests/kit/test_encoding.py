"""What statements take as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from stoa.kit.encoding import as_json

ROWS = "SELECT id, at, name, wanted FROM jsonb_to_recordset($1::jsonb) AS r (id uuid, at timestamptz, name text, wanted int)"


async def test_postgresql_reads_rows_as_they_were(owner: asyncpg.Connection) -> None:
    id, at = UUID(int=7), datetime(2026, 11, 26, 12, 30, 0, 250_000, tzinfo=UTC)
    rows = [
        {"id": id, "at": at, "name": '青花 "Cup" \'n\\n', "wanted": None},
        {"id": id, "at": at, "name": "", "wanted": 3},
    ]

    found = await owner.fetch(ROWS, as_json(rows))

    assert [dict(row) for row in found] == rows
