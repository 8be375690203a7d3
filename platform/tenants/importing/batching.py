"""Take a file in, batch by batch: so many rows that a transaction holds what they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from stoa.kit.tabular.reading import Place, Row, RowReader
from stoa.kit.tabular.unpacking import MEBIBYTE
from stoa.tenants.importing.issues import Issue

MAX_LINES, MAX_BYTES = 10_000, 2 * MEBIBYTE


@dataclass(slots=True)
class Batch:
    """Some rows of the file, and what was odd about them; `place` is where the next batch begins."""

    place: Place
    issues: list[Issue] = field(default_factory=list)
    lines: int = 0
    bytes_read: int = 0
    is_last: bool = False


class Intake(Protocol):
    """What a subject makes of rows. It blocks: for a thread."""

    def empty(self, place: Place) -> Any:
        """A batch of the subject's own with nothing in it."""

    def take(self, row: Row, batch: Any) -> None:
        """Add what the row says to the batch; what is odd about it, to its issues."""

    def packed(self, batch: Any, run_id: UUID) -> str | None:
        """The batch as the subject stages it; None when there is nothing to stage."""


class Folder:
    """Rows of a file, put together in batches. It blocks: for a thread."""

    def __init__(self, reader: RowReader, intake: Intake, bytes_read: Callable[[], int]) -> None:
        self._reader, self._intake, self._bytes_read = reader, intake, bytes_read
        self._rows = iter(reader)

    def next_batch(self, run_id: UUID) -> tuple[Batch, str | None]:
        """The next rows, at most `MAX_LINES` of them and about `MAX_BYTES`, and the same ready to be staged."""
        reader, intake = self._reader, self._intake
        batch: Batch = intake.empty(reader.place)
        full_at = reader.block_at + MAX_BYTES
        for row in self._rows:
            batch.lines += 1
            intake.take(row, batch)
            if batch.lines == MAX_LINES or reader.block_at >= full_at:
                break
        else:
            batch.is_last = True
        batch.place, batch.bytes_read = reader.place, self._bytes_read()
        return batch, intake.packed(batch, run_id)
