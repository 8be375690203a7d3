"""Write a document as CSV (RFC 4180, UTF-8 with the mark by which Excel knows it): its main table, for programs.

Amounts are decimals with a point and no thousands, days ISO 8601. No cell is a formula to a spreadsheet.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence
from typing import IO, Any

from stoa.kit.money import decimal_string
from stoa.kit.reporting.documents import Block, Head, Kind, Rows, Table
from stoa.kit.tabular.cells import harmless, harmless_code


class Lines:
    """Takes blocks and writes what belongs into the file; nothing is kept."""

    def __init__(self, out: IO[bytes]) -> None:
        out.write(codecs.BOM_UTF8)
        self._text = io.TextIOWrapper(out, "utf-8", newline="", write_through=True)
        self._csv = csv.writer(self._text)
        self._head: Head | None = None
        self._main: Table | None = None
        self._is_open = False

    def add(self, block: Block) -> None:
        match block:
            case Head():
                self._head = block
            case Table():
                self._open(block)
            case Rows() if self._is_open:
                self._csv.writerows(self._row(row) for row in block.rows)

    def finish(self) -> None:
        self._text.flush()
        self._text.detach()

    def _open(self, table: Table) -> None:
        """The header is written once, also when the table goes on in another part."""
        self._is_open = table.is_main
        if table.is_main and self._main is None:
            self._main = table
            self._csv.writerow([harmless(each.title) for each in table.columns])

    def _row(self, row: Sequence[Any]) -> list[str]:
        assert self._main is not None
        assert self._head is not None
        columns = self._main.columns
        currency = next(
            (str(row[i]) for i, each in enumerate(columns) if each.kind is Kind.CURRENCY), self._head.currency
        )
        return [_cell(value, each.kind, currency) for value, each in zip(row, columns, strict=True)]


def _cell(value: Any, kind: Kind, currency: str) -> str:
    if value is None:
        return ""
    if kind is Kind.MONEY:
        return decimal_string(value, currency)
    if kind is Kind.SHARE:
        return f"{value:.6f}".rstrip("0").rstrip(".")
    if kind is Kind.COUNT:
        return str(value)
    return harmless_code(str(value)) if kind is Kind.CODE else harmless(str(value))
