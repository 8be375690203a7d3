"""Write a document as XLSX: a sheet that sums it up with charts of Excel's own, and one for each table.

A row is written and forgotten (constant memory). Numbers are numbers with formats, totals are formulas with their
result; what people have written is text and never a formula.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

from stoa.kit.money import exponent_of
from stoa.kit.reporting.charts import COLOURS, width_of
from stoa.kit.reporting.documents import (
    NUMBERS,
    Block,
    Chart,
    Column,
    Figures,
    Head,
    Kind,
    Rows,
    Series,
    Shape,
    Table,
)
from stoa.kit.reporting.notation import as_number
from stoa.kit.reporting.summing import Sums

LOOKED_AT = 200  # rows, for the width of a column
ACCENT, TINT = "#2F5D8A", "#F3F6F9"
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\']")
_FONT = {"font_name": "Arial", "font_size": 10}


@dataclass(slots=True)
class _Sheet:
    """A sheet as it fills; `next` is its next row."""

    table: Table
    sheet: Any
    sums: Sums
    next: int = 1
    widths: list[float] = field(default_factory=list)


class Book:
    """Takes blocks and writes them; `finish` closes the file."""

    def __init__(self, path: Path) -> None:
        self._book = Workbook(
            str(path),
            {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "in_memory": False},
        )
        self._book.set_calc_mode("auto")
        self._formats: dict[Any, Any] = {}
        self._sheets: dict[str, _Sheet] = {}
        self._names: set[str] = set()
        self._head: Head | None = None
        self._summary: list[Figures | Chart] = []
        self._first: Any = None
        self._open: _Sheet | None = None

    def add(self, block: Block) -> None:
        match block:
            case Head():
                self._head = block
                self._first = self._book.add_worksheet(self._name(block.words["summary"]))
            case Figures() | Chart():
                self._summary.append(block)
            case Table():
                self._open = self._sheets.get(block.key) or self._begin(block)
            case Rows():
                self._write(block.rows)

    def finish(self) -> None:
        for each in self._sheets.values():
            self._end(each)
        self._sum_up()
        self._book.close()

    @property
    def _top(self) -> Head:
        assert self._head is not None, "the head comes first"
        return self._head

    # Tables -----------------------------------------------------------------------------------------------------------

    def _begin(self, table: Table) -> _Sheet:
        sheet = self._book.add_worksheet(self._name(table.title or self._top.title))
        header = self._format(bold=True, font_color="#FFFFFF", bg_color=ACCENT, valign="vcenter", text_wrap=False)
        sheet.set_row(0, 20)
        for i, each in enumerate(table.columns):
            sheet.write_string(0, i, each.title, header)
        sheet.freeze_panes(1, 0)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        begun = _Sheet(table, sheet, Sums(table, self._top.currency), widths=[_wide(c.title) for c in table.columns])
        self._sheets[table.key] = begun
        return begun

    def _write(self, rows: Sequence[Sequence[Any]]) -> None:
        assert self._open is not None, "rows follow their table"
        open, columns = self._open, self._open.table.columns
        for row in rows:
            currency = open.sums.add(row)
            for i, (value, column) in enumerate(zip(row, columns, strict=True)):
                self._cell(open.sheet, open.next, i, value, column, currency)
                if open.next < LOOKED_AT:
                    open.widths[i] = max(open.widths[i], _wide(_shown(value, column.kind)))
            open.next += 1

    def _end(self, each: _Sheet) -> None:
        """Totals as formulas, the widths, a filter."""
        last, columns = each.next, each.table.columns
        if last > 1:
            each.sheet.autofilter(0, 0, last - 1, len(columns) - 1)
        totals = each.sums.totals()
        for currency, sums in totals if last > 1 else ():
            self._total(each, currency, sums, last, is_one_of_several=len(totals) > 1)
        for i, width in enumerate(each.widths):
            each.sheet.set_column(i, i, min(max(width + 2, 9), 48))

    def _total(self, each: _Sheet, currency: str, sums: dict[int, int], last: int, *, is_one_of_several: bool) -> None:
        columns, row = each.table.columns, each.next
        currency_at = next((i for i, c in enumerate(columns) if c.kind is Kind.CURRENCY), None)
        each.sheet.write_string(row, 0, self._top.words["total"], self._format(bold=True, top=1))
        for i, column in enumerate(columns):
            style = self._format(bold=True, top=1, **_number_format(column.kind, currency))
            if i in sums:
                letter = xl_col_to_name(i)
                formula = f"=SUM({letter}2:{letter}{last})"
                if is_one_of_several and currency_at is not None:
                    at = xl_col_to_name(currency_at)
                    formula = f'=SUMIF({at}2:{at}{last},"{currency}",{letter}2:{letter}{last})'
                result = as_number(sums[i], currency) if column.kind is Kind.MONEY else sums[i]
                each.sheet.write_formula(row, i, formula, style, result)
            elif column.kind is Kind.CURRENCY:
                each.sheet.write_string(row, i, currency, style)
            elif i:
                each.sheet.write_blank(row, i, None, style)
        each.next += 1

    def _cell(self, sheet: Any, row: int, i: int, value: Any, column: Column, currency: str) -> None:
        if value is None or value == "":
            return
        style = self._format(**_number_format(column.kind, currency))
        match column.kind:
            case Kind.MONEY:
                sheet.write_number(row, i, as_number(value, currency), style)
            case Kind.COUNT | Kind.SHARE:
                sheet.write_number(row, i, value, style)
            case Kind.DAY | Kind.MOMENT:
                sheet.write_datetime(row, i, datetime.fromisoformat(value), style)
            case _:
                sheet.write_string(row, i, str(value)[:32_000], style)

    # The first sheet --------------------------------------------------------------------------------------------------

    def _sum_up(self) -> None:
        head, sheet = self._top, self._first
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 3, 20)
        sheet.write_string(0, 0, head.title, self._format(bold=True, size=18, font_color=ACCENT))
        sheet.write_string(1, 0, head.subtitle, self._format(size=12))
        row = 3
        for fact in head.facts:
            sheet.write_string(row, 0, fact.title, self._format(font_color="#6B7785"))
            sheet.write_string(row, 1, fact.value, self._format())
            row += 1
        sheet.write_string(row, 0, head.words["made"], self._format(font_color="#6B7785", size=8))
        row = self._figures(sheet, row + 2)
        charts = [each for each in self._summary if isinstance(each, Chart)]
        if not charts:
            return
        data = self._book.add_worksheet(self._name(head.words["chart_data"]))
        at = 0
        for i, chart in enumerate(charts):
            drawn, at = self._chart(data, chart, at)
            sheet.insert_chart(row + i * 16, 0, drawn, {"object_position": 2})

    def _figures(self, sheet: Any, row: int) -> int:
        head = self._top
        for block in (each for each in self._summary if isinstance(each, Figures)):
            titles = (block.title, head.words["value"], head.words["before"])
            for i, text in enumerate(titles):
                sheet.write_string(row, i, text, self._format(bold=True, font_color="#FFFFFF", bg_color=ACCENT))
            for each in block.figures:
                row += 1
                sheet.write_string(row, 0, each.title, self._format())
                for i, value in ((1, each.value), (2, each.before)):
                    self._cell(sheet, row, i, value, Column(each.title, each.kind), head.currency)
            if block.note:
                row += 1
                sheet.write_string(row, 0, block.note, self._format(font_color="#6B7785", size=8))
            row += 2
        return row

    def _chart(self, data: Any, chart: Chart, at: int) -> tuple[Any, int]:
        """A chart of Excel's own over numbers that stand in the sheet `data` from the row `at` on; and the next row."""
        head = self._top
        kind = {Shape.COLUMNS: "column", Shape.LINE: "line", Shape.BARS: "bar"}[chart.shape]
        drawn: Any = self._book.add_chart({"type": kind})
        data.write_string(at, 0, chart.title, self._format(bold=True))
        for i, series in enumerate(chart.series):
            data.write_string(at, i + 1, series.title, self._format(bold=True))
        for n, label in enumerate(chart.labels):
            self._cell(data, at + 1 + n, 0, label, Column("", chart.label_kind), head.currency)
            for i, series in enumerate(each for each in chart.series if n < len(each.values)):
                self._cell(data, at + 1 + n, i + 1, series.values[n], Column("", series.kind), head.currency)
        last = at + max(1, len(chart.labels))
        lines: Any = self._book.add_chart({"type": "line"}) if chart.shape is Shape.COLUMNS else None
        for i, series in enumerate(chart.series):
            told = _series(data.get_name(), series, chart, at, i, last)
            (lines if lines is not None and i else drawn).add_series(told)
        if lines is not None and len(chart.series) > 1:
            drawn.combine(lines)
        drawn.set_title({"name": chart.title, "name_font": {"size": 12, "bold": True, "color": "#33414E"}})
        drawn.set_legend({"none": True} if len(chart.series) == 1 else {"position": "bottom"})
        money = _number_format(chart.series[0].kind, head.currency) if chart.series else {}
        drawn.set_y_axis(
            {"num_format": money.get("num_format", "General"), "major_gridlines": _GRID}
            if kind != "bar"
            else {"reverse": True}
        )
        drawn.set_x_axis(
            {
                "num_format": "d mmm",
                "text_axis": chart.label_kind is not Kind.DAY,
                "date_axis": chart.label_kind is Kind.DAY,
            }
            if kind != "bar"
            else {"num_format": money.get("num_format", "General"), "major_gridlines": _GRID}
        )
        drawn.set_size({"width": 760, "height": 300})
        return drawn, last + 3

    def _name(self, wanted: str) -> str:
        """A name for a sheet: 31 letters at the most, none twice."""
        base = _NOT_IN_NAMES.sub(" ", wanted).strip()[:28] or "Sheet"
        name, number = base, 2
        while name.casefold() in self._names:
            name, number = f"{base} {number}", number + 1
        self._names.add(name.casefold())
        return name

    def _format(self, *, size: int = 10, **properties: Any) -> Any:
        key = (size, *sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format({**_FONT, "font_size": size, **properties})
        return self._formats[key]


_GRID = {"visible": True, "line": {"color": "#E3E8ED", "width": 0.75}}


def _series(sheet: str, series: Series, chart: Chart, at: int, i: int, last: int) -> dict[str, Any]:
    colour = COLOURS[i % len(COLOURS)]
    told: dict[str, Any] = {
        "name": [sheet, at, i + 1],
        "categories": [sheet, at + 1, 0, last, 0],
        "values": [sheet, at + 1, i + 1, last, i + 1],
    }
    if chart.shape is Shape.LINE or i:
        return told | {"line": {"color": colour, "width": 1.75, "dash_type": "dash" if i else "solid"}}
    return told | {"fill": {"color": colour}, "border": {"none": True}, "gap": 45}


def _number_format(kind: Kind, currency: str) -> dict[str, Any]:
    match kind:
        case Kind.MONEY:
            places = exponent_of(currency)
            return {"num_format": "#,##0" + ("." + "0" * places if places else "")}
        case Kind.COUNT:
            return {"num_format": "#,##0"}
        case Kind.SHARE:
            return {"num_format": "0.0%"}
        case Kind.DAY:
            return {"num_format": "yyyy-mm-dd", "align": "left"}
        case Kind.MOMENT:
            return {"num_format": "yyyy-mm-dd hh:mm", "align": "left"}
        case Kind.CODE:
            return {"num_format": "@"}
        case _:
            return {}


def _shown(value: Any, kind: Kind) -> str:
    return f"{value:,}.00" if kind in NUMBERS and isinstance(value, int) else str(value or "")


def _wide(text: str) -> float:
    return width_of(text, 1.0) * 1.9
