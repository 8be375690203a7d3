"""Read rows of cells from a text, and know for each where it stands."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import msgspec

from stoa.kit.tabular.decoding import MAX_ROW, UTF8, TooLong, blocks, line_ends, wrong_encoding
from stoa.kit.tabular.errors import CellTooLong, RowTooLong, UnclosedQuote
from stoa.kit.tabular.unpacking import Source

MAX_CELL = 64 * 1024
# Python's own limit is for the whole process, in letters, and breaks off without a place. Ours (MAX_ROW, in `_lines`)
# comes first; this one must only not come before it.
csv.field_size_limit(max(csv.field_size_limit(), 2 * MAX_ROW))


class Place(msgspec.Struct, frozen=True):
    """Where a row begins: its line (from 1) and the bytes of UTF-8 before it."""

    line: int
    position: int


class Row(NamedTuple):
    """A row of the file; `problem` names why its cells cannot be trusted."""

    line: int
    cells: list[str]
    problem: str | None = None


class RowReader:
    """Reads rows from `place` on; in memory stands one piece of the text, never more.

    Cells may hold line ends, quotes are doubled inside quotes, as RFC 4180 has it. `columns`, when known, serve the
    messages. Raises `Unreadable` for what ends the reading.
    """

    def __init__(self, source: Source, delimiter: str, place: Place, columns: list[str] | None = None) -> None:
        self._source, self._delimiter, self._columns = source, delimiter, columns or []
        self._line, self._base = place.line, place.line
        self._block, self.block_at, self._taken = b"", place.position, 0
        self._open = 0  # letters of the row that is being read
        self._has_nul = False  # a byte that PostgreSQL cannot keep is near
        self._records = csv.reader(self._lines(), delimiter=delimiter, strict=True)

    @property
    def place(self) -> Place:
        """Where the next row begins."""
        lines = islice(self._block.splitlines(keepends=True), self._taken)
        return Place(self._line, self.block_at + sum(map(len, lines)))

    def __iter__(self) -> Iterator[Row]:
        while True:
            try:
                for cells in self._records:
                    row = self._row(cells)
                    if cells:
                        yield row
                return
            except csv.Error as error:
                if "unexpected end" in str(error):
                    raise UnclosedQuote(
                        "A quote that is opened in the row of line {line} is not closed.", line=self._line
                    ) from None
                yield self._row([], "BAD_QUOTES")

    def _row(self, cells: list[str], problem: str | None = None) -> Row:
        if self._open > MAX_CELL:
            self._check_cells(cells)
        if self._has_nul and any("\0" in cell for cell in cells):
            problem = "NUL_BYTE"
        row = Row(self._line, cells, problem)
        self._open, self._line = 0, self._base + self._records.line_num
        return row

    def _lines(self) -> Iterator[str]:
        """Lines as csv wants them. A `\\r` alone ends one too, as it did on old Macs; inside quotes csv mends that."""
        at = self.block_at
        try:
            for block in blocks(self._source):
                text = self._decode(block, at)
                self._block, self.block_at, self._taken = block, at, 0
                self._has_nul = b"\0" in block or (self._has_nul and self._open > 0)
                at += len(block)
                yield from self._counted(text)
        except TooLong as error:
            raise self._too_long(error.start) from None

    def _counted(self, text: str) -> Iterator[str]:
        for line in io.StringIO(text, newline=""):
            self._taken += 1
            self._open += len(line)
            if self._open > MAX_ROW:
                raise self._too_long(b"")
            yield line

    def _decode(self, block: bytes, at: int) -> str:
        try:
            return block.decode(UTF8)
        except UnicodeDecodeError as error:
            line = self._base + self._records.line_num + line_ends(block[: error.start])
            raise wrong_encoding(UTF8, error, line, at + error.start) from None

    def _check_cells(self, cells: list[str]) -> None:
        for i, cell in enumerate(cells):
            if len(cell) > MAX_CELL:
                raise self._cell_too_long(i)

    def _too_long(self, start: bytes) -> CellTooLong | RowTooLong:
        """For a row that goes on and on: one cell's fault if its beginning says so."""
        beginning = [] if self._open else [start.decode(UTF8, "replace")]
        cells = next(csv.reader(beginning, delimiter=self._delimiter), [])
        if cells and len(cells[-1]) > MAX_CELL:
            return self._cell_too_long(len(cells) - 1)
        return RowTooLong(
            "The row that begins in line {line} is longer than {limit:,} bytes. Is a closing quote missing?",
            line=self._line,
            limit=MAX_ROW,
        )

    def _cell_too_long(self, i: int) -> CellTooLong:
        name = self._columns[i] if i < len(self._columns) else str(i + 1)
        return CellTooLong(
            "Line {line}, column {column}: the cell is longer than {limit:,} letters.",
            line=self._line,
            column=name,
            limit=MAX_CELL,
        )
