"""Find out how a table is written: its encoding, its delimiter, its columns, and where its rows begin."""

from __future__ import annotations

import csv
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping
from itertools import islice
from typing import BinaryIO

import msgspec

from stoa.kit.tabular.decoding import UTF8, AsUtf8, Encoded, find_encoding
from stoa.kit.tabular.errors import DoubleColumn, EmptyFile, MissingColumn
from stoa.kit.tabular.notation import Notation
from stoa.kit.tabular.reading import Place, RowReader
from stoa.kit.tabular.unpacking import CHUNK, Source, Unpacked, unpack

DELIMITERS = (",", ";", "\t")
SAMPLE_ROWS = 100


class Layout(msgspec.Struct, frozen=True):
    """How a table is written; kept in the checkpoint, so that every attempt reads alike."""

    packing: str
    codec: str
    mark: int
    delimiter: str
    columns: list[str]
    rows_at: Place


class Table:
    """A file, seen as a table."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._size = file, size

    def layout(self, options: Notation, headers: Collection[str] = ()) -> Layout:
        """Find out the layout; `headers` that must be there help to tell the delimiter."""
        encoded = find_encoding(self._text, options.encoding)
        delimiter = options.delimiter or self._find_delimiter(encoded, headers)
        start = _start(encoded)
        reader = RowReader(self._source(encoded, start.position), delimiter, start)
        header = next(iter(reader), None)
        if header is None:
            raise EmptyFile("The file is empty: there is not even a header.")
        columns = [_clean_header(cell) for cell in header.cells]
        return Layout(self._text().packing, *encoded, delimiter, columns, reader.place)

    def rows(self, layout: Layout, place: Place | None = None) -> RowReader:
        """The rows from `place` on; all when it is not said."""
        place = place or layout.rows_at
        source = self._source(Encoded(layout.codec, layout.mark), place.position)
        return RowReader(source, layout.delimiter, place, layout.columns)

    @property
    def bytes_read(self) -> int:
        """Of the file as it came, packed or not."""
        return self._file.tell()

    def _text(self) -> Unpacked:
        return unpack(self._file, self._size)

    def _source(self, encoded: Encoded, position: int) -> Source:
        """The text as UTF-8 from `position` on; for other encodings that is a position in what becomes of it."""
        text = self._text()
        if encoded.codec == UTF8:
            text.skip_to(position)
            return text
        text.skip_to(encoded.mark)
        recoded = AsUtf8(text, encoded.codec)
        recoded.skip_to(position)
        return recoded

    def _find_delimiter(self, encoded: Encoded, headers: Collection[str]) -> str:
        sample = self._source(encoded, _start(encoded).position).read(CHUNK)
        lines = sample.decode(UTF8, "replace").splitlines(keepends=True)[: 2 * SAMPLE_ROWS]
        return max(DELIMITERS, key=lambda delimiter: _likelihood(lines, delimiter, headers))


def find_columns(columns: list[str], mapping: Mapping[str, str]) -> dict[str, int]:
    """Which column each field of the mapping stands in. Raises `MissingColumn`, `DoubleColumn`, naming them all."""
    found = ", ".join(column or "(no name)" for column in columns)
    times = Counter(columns)
    wanted = {field: _clean_header(header) for field, header in mapping.items()}
    for header in wanted.values():
        if not times[header]:
            raise MissingColumn("There is no column {column!r}; the file has: {found}.", column=header, found=found)
        if times[header] > 1:
            raise DoubleColumn(
                "There are {times} columns {column!r}: {found}.", column=header, times=times[header], found=found
            )
    return {field: columns.index(header) for field, header in wanted.items()}


def _start(encoded: Encoded) -> Place:
    return Place(1, encoded.mark if encoded.codec == UTF8 else 0)


def _likelihood(lines: list[str], delimiter: str, headers: Collection[str]) -> tuple[int, float, int]:
    """More headers found; then more rows of the header's width; then more columns."""
    try:
        rows = [row for row in islice(csv.reader(lines, delimiter=delimiter), SAMPLE_ROWS) if row]
    except csv.Error:
        return (0, 0.0, 0)
    if not rows or len(rows[0]) < 2:
        return (sum(_clean_header(cell) in headers for row in rows[:1] for cell in row), 0.0, 1)
    alike = sum(len(row) == len(rows[0]) for row in rows)
    return sum(_clean_header(cell) in headers for cell in rows[0]), alike / len(rows), len(rows[0])


def _clean_header(cell: str) -> str:
    return unicodedata.normalize("NFC", cell).strip().strip("\ufeff")
