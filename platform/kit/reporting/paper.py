"""Write a document as PDF: data for the template, typeset by typst."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import typst

from stoa.kit.reporting import charts
from stoa.kit.reporting.documents import (
    NUMBERS,
    Balance,
    Block,
    Chart,
    Column,
    Figure,
    Figures,
    Head,
    Kind,
    Part,
    Rows,
    Shape,
    Table,
    Text,
)
from stoa.kit.reporting.notation import NOTHING, cell, figure, share
from stoa.kit.reporting.summing import Sums

TEMPLATE = Path(__file__).parent / "report.typ"


@dataclass(slots=True)
class _Sheet:
    """A table as it fills."""

    table: Table
    columns: list[tuple[int, Column]]
    told: dict[str, Any]
    sums: Sums


@dataclass(slots=True)
class Paper:
    """Takes blocks, and is then typeset. Paper is for reading: of a document it shows the columns that have room."""

    head: Head | None = None
    told: list[dict[str, Any]] = field(default_factory=list)
    sheet: _Sheet | None = None

    def add(self, block: Block) -> None:
        match block:
            case Head():
                self.head = block
            case Rows():
                self._rows(block.rows)
            case _:
                self._close()
                self.told.append(self._told(block))

    def typeset(self) -> bytes:
        return bytes(self.pictured("pdf"))

    def pictured(self, format: str, ppi: float = 110.0) -> Any:
        """As pictures ("png"), one for each page; by which one looks at it."""
        self._close()
        return typeset(self._head, self.told, format=format, ppi=ppi)

    def _told(self, block: Any) -> dict[str, Any]:
        match block:
            case Figures():
                figures = [self._figure(each) for each in block.figures]
                return {"is": "figures", "title": block.title, "figures": figures, "note": block.note}
            case Chart():
                drawn = charts.svg(block, self._head.locale, self._head.currency)
                return {"is": "chart", "title": block.title, "svg": drawn, "half": block.shape is Shape.BARS}
            case Balance():
                rows = [
                    [each.title, cell(each.value, each.kind, self._head.locale, block.currency), i in block.strong]
                    for i, each in enumerate(block.figures)
                ]
                return {"is": "balance", "rows": rows, "currency": block.currency}
            case Table():
                return self._open(block)
            case Part():
                facts = [[each.title, each.value] for each in block.facts]
                return {
                    "is": "part",
                    "title": block.title,
                    "subtitle": block.subtitle,
                    "facts": facts,
                    "columns": block.columns,
                }
            case Text():
                return {"is": "text", "title": block.title, "text": block.text}
        raise TypeError(f"no block of paper: {block!r}")

    @property
    def _head(self) -> Head:
        assert self.head is not None, "the head comes first"
        return self.head

    def _figure(self, each: Figure) -> dict[str, Any]:
        head = self._head
        told = {"title": each.title, "value": figure(each.value, each.kind, head.locale, head.currency)}
        if each.before is None or each.value is None:
            return told | {"change": "", "good": True}
        if each.before == 0:
            return told | {"change": head.words["new"] if each.value else "", "good": True}
        change = (each.value - each.before) / abs(each.before)
        return told | {"change": share(change, signed=True), "good": (change >= 0) == each.is_better_high}

    def _open(self, table: Table) -> dict[str, Any]:
        columns = [(i, each) for i, each in enumerate(table.columns) if each.on_paper]
        told: dict[str, Any] = {
            "is": "table",
            "title": table.title,
            "note": table.note,
            "columns": [
                {
                    "title": each.title,
                    "width": each.width,
                    "right": each.kind in NUMBERS,
                    "code": each.kind is Kind.CODE,
                }
                for _, each in columns
            ],
            "rows": [],
            "totals": [],
        }
        self.sheet = _Sheet(table, columns, told, Sums(table, self._head.currency))
        return told

    def _rows(self, rows: Sequence[Sequence[Any]]) -> None:
        """Nothing is a dash: figures that are none do not stand in the way of those that are some."""
        assert self.sheet is not None, "rows follow their table"
        sheet, locale = self.sheet, self._head.locale
        for row in rows:
            currency = sheet.sums.add(row)
            shown = [
                NOTHING if each.kind is Kind.MONEY and row[i] == 0 else cell(row[i], each.kind, locale, currency)
                for i, each in sheet.columns
            ]
            sheet.told["rows"].append(shown)

    def _close(self) -> None:
        """The totals below a table that is full."""
        if self.sheet is None:
            return
        sheet, locale = self.sheet, self._head.locale
        for currency, sums in sheet.sums.totals():
            sheet.told["totals"].append(list(self._total(sheet, sums, locale, currency)))
        self.sheet = None

    def _total(self, sheet: _Sheet, sums: dict[int, int], locale: Any, currency: str) -> Iterator[str]:
        for place, (i, each) in enumerate(sheet.columns):
            if i in sums:
                yield cell(sums[i], each.kind, locale, currency)
            elif each.kind is Kind.CURRENCY:
                yield currency
            else:
                yield self._head.words["total"] if place == 0 else ""


def typeset(head: Head, told: Sequence[dict[str, Any]], *, format: str = "pdf", ppi: float = 110.0) -> Any:
    """The PDF; as pictures ("png"), one for each page."""
    data = {
        "title": head.title,
        "subtitle": head.subtitle,
        "shop": head.shop,
        "locale": head.locale,
        "facts": [[each.title, each.value] for each in head.facts],
        "words": head.words,
        "note": head.note,
        "blocks": list(told),
    }
    return _compiler().compile(
        input=_template(),
        format=format,
        ppi=ppi,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
    )


@cache
def _template() -> bytes:
    return TEMPLATE.read_bytes()


@cache
def _compiler() -> Any:
    """One for the process: it keeps the font, which takes longer to read than a report to set."""
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(files("noto_cjk_sans_otc"))]
    )
    return typst.Compiler(font_paths=fonts)
