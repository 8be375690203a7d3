"""What stands in the files: exact figures, harmless words, in the reader's notation."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from stoa.kit.reporting import (
    Balance,
    Block,
    Chart,
    Column,
    Figure,
    Figures,
    Format,
    Kind,
    Part,
    Rows,
    Series,
    Shape,
    Table,
    Text,
)
from stoa.kit.reporting.charts import Scale, shortened, svg, width_of
from stoa.kit.reporting.notation import amount, cell, days_said, figure, share, short_number
from stoa.kit.reporting.press import write
from tests.kit.reporting.papers import HEAD, spooled

COLUMNS = [
    Column("Code", Kind.CODE),
    Column("What"),
    Column("Day", Kind.DAY),
    Column("At", Kind.MOMENT),
    Column("Pieces", Kind.COUNT, is_summed=True),
    Column("Share", Kind.SHARE),
    Column("Amount", Kind.MONEY, is_summed=True),
    Column("Hidden", on_paper=False),
]
ROW = ["00123", "Cup", "2026-10-01", "2026-10-01 09:30", 1200, 0.125, 123456, "x"]
FORMULA = '=HYPERLINK("http://evil.example","x")'


def written(folder: Path, format: Format, *blocks: Block) -> Path:
    out = folder / f"out.{format.lower()}"
    write(spooled(folder, HEAD, *blocks), out, format)
    return out


def table(*rows: list[Any], columns: list[Column] = COLUMNS, **more: Any) -> tuple[Table, Rows]:
    return Table("t", "Things", columns, is_main=True, **more), Rows(list(rows))


def lines(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def words(path: Path) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(path).pages)


def test_csv_is_the_main_table_for_programs(tmp_path: Path) -> None:
    other = (Table("o", "Other", [Column("No")]), Rows([["no"]]))
    again = (Part("Second", "", []), *table(ROW))
    path = written(tmp_path, Format.CSV, *other, *table(ROW), *again)

    header, *found = lines(path)
    assert header == [each.title for each in COLUMNS]
    assert found == [["00123", "Cup", "2026-10-01", "2026-10-01 09:30", "1200", "0.125", "1234.56", "x"]] * 2


@pytest.mark.parametrize("text", [FORMULA, "+1+1", "-1+1", "@SUM(A1)", "\t=1"])
def test_no_cell_is_a_formula(tmp_path: Path, text: str) -> None:
    columns = [Column("Code", Kind.CODE), Column("=What")]
    blocks = table([text, text], columns=columns)
    header, row = lines(written(tmp_path, Format.CSV, *blocks))
    assert (header[1], row) == ("'=What", ["'" + text] * 2)

    sheet = load_workbook(written(tmp_path, Format.XLSX, *blocks))["Things"]
    assert {each.data_type for line in sheet.iter_rows(max_row=2) for each in line} == {"s"}
    assert [each.value for each in sheet[2]] == [text, text]


def test_a_workbook_has_numbers_with_formats_and_sums_that_calculate(tmp_path: Path) -> None:
    path = written(tmp_path, Format.XLSX, *table(ROW, [*ROW[:4], 5, None, -1, ""]))

    formulas, values = load_workbook(path)["Things"], load_workbook(path, data_only=True)["Things"]
    assert [each.value for each in values[2]] == [
        "00123",
        "Cup",
        datetime(2026, 10, 1),
        datetime(2026, 10, 1, 9, 30),
        1200,
        0.125,
        1234.56,
        "x",
    ]
    assert formulas["G2"].number_format == "#,##0.00"
    assert (formulas["E4"].value, values["E4"].value) == ("=SUM(E2:E3)", 1205)
    assert (formulas["G4"].value, values["G4"].value) == ("=SUM(G2:G3)", 1234.55)
    assert formulas.freeze_panes == "A2"
    assert formulas.auto_filter.ref == "A1:H3"


def test_sums_of_several_currencies_stand_apart(tmp_path: Path) -> None:
    columns = [Column("Code"), Column("Currency", Kind.CURRENCY), Column("Amount", Kind.MONEY, is_summed=True)]
    blocks = table(["a", "EUR", 150], ["b", "JPY", 700], ["c", "EUR", 50], columns=columns)

    values = load_workbook(written(tmp_path, Format.XLSX, *blocks), data_only=True)["Things"]
    assert [[each.value for each in values[i]] for i in (5, 6)] == [["Total", "EUR", 2], ["Total", "JPY", 700]]
    text = words(written(tmp_path, Format.PDF, *blocks))
    assert "2.00" in text
    assert "700" in text
    assert [row[2] for row in lines(written(tmp_path, Format.CSV, *blocks))] == ["Amount", "1.50", "700", "0.50"]


def test_paper_shows_all_blocks_and_numbers_its_pages(tmp_path: Path) -> None:
    blocks: list[Block] = [
        Figures("At a glance", [Figure("Total", Kind.MONEY, 123456, 100000), Figure("New", Kind.COUNT, 3, 0)]),
        Chart("By day", Shape.COLUMNS, ["2026-10-01"], [Series("Now", Kind.MONEY, [100])], Kind.DAY),
        *table(*[ROW] * 120),
        Balance([Figure("Subtotal", Kind.MONEY, 100), Figure("Due", Kind.MONEY, 100)], [1], "EUR"),
        Text("Mind the gap.", "Note"),
    ]
    path = written(tmp_path, Format.PDF, *blocks)
    text = words(path)

    for told in ("Report", "October 2026", "Stoa Poikile", "€1,234.56", "+23.5%", "new", "EUR 1.00", "Mind the gap."):
        assert told in text, told
    assert "144,000" in text  # the sum of the pieces
    assert "148,147.20" in text  # and of the amounts
    pages = PdfReader(path).pages
    assert len(pages) > 2
    for i, page in enumerate(pages, 1):
        assert f"Page {i} of {len(pages)}" in page.extract_text()
    assert all("Amount" in page.extract_text() for page in list(pages)[:-1])  # headers are repeated
    assert "Hidden" not in text


def test_nothing_in_a_document_is_taken_for_markup(tmp_path: Path) -> None:
    nasty = '#panic("x") *b* $x$ <svg> & \\ "quoted" [a] 茶'
    blocks: list[Block] = [
        Chart("By " + nasty, Shape.BARS, [nasty], [Series(nasty, Kind.COUNT, [1])]),
        *table([nasty, nasty, "2026-10-01", "2026-10-01 09:30", 1, None, None, ""]),
        Text(nasty, nasty),
    ]
    text = words(written(tmp_path, Format.PDF, *blocks))

    assert '#panic("x") *b* $x$' in text
    written(tmp_path, Format.XLSX, *blocks)


def test_an_empty_table_says_so(tmp_path: Path) -> None:
    assert "Nothing to show." in words(written(tmp_path, Format.PDF, *table()))
    assert lines(written(tmp_path, Format.CSV, *table())) == [[each.title for each in COLUMNS]]
    assert load_workbook(written(tmp_path, Format.XLSX, *table()))["Things"].max_row == 1


def test_values_are_written_as_people_write_them() -> None:
    assert amount(-123456789, "EUR") == "−1,234,567.89"
    assert amount(1500, "JPY") == "1,500"
    assert figure(1999, Kind.MONEY, "zh", "CNY") == "¥19.99"
    assert figure(-1999, Kind.MONEY, "en", "GBP") == "−£19.99"
    assert cell("2026-10-01", Kind.DAY, "en", "EUR") == "1 Oct 2026"
    assert cell("2026-10-01", Kind.DAY, "zh", "EUR") == "2026年10月1日"
    assert cell(None, Kind.MONEY, "en", "EUR") == "–"
    assert (share(0.0004), share(-0.5, signed=True), share(0.1234, signed=True)) == ("0.0%", "−50.0%", "+12.3%")
    assert [short_number(each, "en") for each in (1500, 2_000_000, 0.25, 0)] == ["1.5k", "2m", "0.25", "0"]
    assert [short_number(each, "zh") for each in (1500, 20_000, 300_000_000)] == ["1,500", "2万", "3亿"]


@pytest.mark.parametrize(
    ("since", "until", "en", "zh"),
    [
        ("2026-10-01", "2026-10-31", "October 2026", "2026年10月"),
        ("2026-01-01", "2026-12-31", "2026", "2026年"),
        ("2026-10-05", "2026-10-05", "5 October 2026", "2026年10月5日"),
        ("2026-02-01", "2026-03-31", "1 February 2026 – 31 March 2026", "2026年2月1日 – 2026年3月31日"),
    ],
)
def test_spans_are_called_what_they_are(since: str, until: str, en: str, zh: str) -> None:
    days = date.fromisoformat(since), date.fromisoformat(until)
    assert (days_said(*days, "en"), days_said(*days, "zh")) == (en, zh)


@pytest.mark.parametrize("values", [[0], [0, 0], [5], [-3, 8], [-7], [0.001], [1e12, 3], [999.99]])
def test_an_axis_has_round_steps_and_all_values_on_it(values: list[float]) -> None:
    scale = Scale.of(values)
    assert scale.low <= min(*values, 0) <= max(*values, 0) <= scale.high
    assert 0 in [round(each, 9) for each in scale.ticks]
    assert 2 <= len(scale.ticks) <= 8


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("count", [0, 1, 31, 400])
def test_a_chart_is_well_formed_whatever_it_shows(shape: Shape, count: int) -> None:
    labels = [f"2026-{1 + i % 12:02}-{1 + i % 28:02}" for i in range(count)]
    series = [Series("a < b & c", Kind.MONEY, [(-1) ** i * i * 1000 for i in range(count)])]
    series += [] if shape is Shape.BARS else [Series("before", Kind.MONEY, list(range(count)))]

    drawn = svg(Chart("x", shape, labels, series, Kind.DAY), "zh", "CNY")

    root = ET.fromstring(drawn)
    assert root.tag.endswith("svg")
    assert "nan" not in drawn.lower()


def test_what_is_too_long_is_shortened_but_what_tells_it_from_its_like_stays() -> None:
    room = 100.0
    short = shortened("Glass Star Frosted Lantern – Large", room, 9.5)
    assert short.startswith("Glass")
    assert short.endswith("… – Large")
    assert width_of(short, 9.5) <= room + 9.5
    assert shortened("Cup", room, 9.5) == "Cup"
