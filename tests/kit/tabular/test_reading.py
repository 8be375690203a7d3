"""Whatever is written comes back cell by cell, in any encoding and packing, from any row on; or it is said why not."""

from __future__ import annotations

import csv
import io
from itertools import islice
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoa.kit.tabular import reading
from stoa.kit.tabular.decoding import MAX_ROW
from stoa.kit.tabular.errors import CellTooLong, RowTooLong, UnclosedQuote, WrongEncoding
from stoa.kit.tabular.notation import Delimiter, Notation
from stoa.kit.tabular.reading import MAX_CELL, Row
from stoa.kit.tabular.sniffing import Table
from tests.domains.catalog.importing.tables import gzipped, zipped

PACKINGS = {"plain": lambda content: content, "gzip": gzipped, "zip": lambda content: zipped(("table.csv", content))}
MARKS = {"utf-8-sig": "utf-8", "utf-16": "utf-16"}


class Slow(io.BytesIO):
    """A file that gives a few bytes at a time, as a network may."""

    def __init__(self, content: bytes, at_most: int) -> None:
        super().__init__(content)
        self.at_most = at_most

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(self.at_most if size is None or size < 0 else min(size, self.at_most))


def read(content: bytes, **options: object) -> list[Row]:
    opened = Table(io.BytesIO(content), len(content))
    return list(opened.rows(opened.layout(Notation(**options))))  # type: ignore[arg-type]


def cells(rows: list[Row]) -> list[list[str]]:
    return [row.cells for row in rows]


letters = st.characters(codec="gb18030", exclude_characters="\0\ufeff", exclude_categories=["Cs"])
texts = st.text(st.one_of(letters, st.sampled_from(list("\r\n,;\t\"' é价格😀"))), max_size=12)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """A header of names, and rows of its width of which none is all blank."""
    width = draw(st.integers(2, 5))
    rows = draw(st.lists(st.lists(texts, min_size=width, max_size=width), min_size=1, max_size=12))
    return [[f"column {i}" for i in range(width)], *rows]


@settings(max_examples=200, deadline=None)
@given(
    tables(),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"]),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from([("\r\n", csv.QUOTE_MINIMAL), ("\n", csv.QUOTE_ALL)]),
    st.sampled_from(list(PACKINGS)),
    st.sampled_from([1, 2, 3, 7, 64, 100_000]),
    st.data(),
)
def test_what_csv_wrote_comes_back_equal(
    rows: list[list[str]],
    encoding: str,
    delimiter: Delimiter,
    style: tuple[str, Literal[0, 1]],
    packing: str,
    size: int,
    data: st.DataObject,
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=style[0], quoting=style[1]).writerows(rows)
    mark = {"utf-16-le": "\ufeff", "utf-16-be": "\ufeff"}.get(encoding, "")
    content = PACKINGS[packing]((mark + text.getvalue()).encode(encoding))
    said = "gb18030" if encoding == "gb18030" else None  # a few rare letters alone are no evidence
    file = Slow(content, size) if packing == "plain" else io.BytesIO(content)

    table = Table(file, len(content))
    layout = table.layout(Notation(encoding=said, delimiter=delimiter))  # type: ignore[arg-type]
    assert layout.columns == rows[0]
    assert cells(list(table.rows(layout))) == rows[1:]

    first = data.draw(st.integers(0, len(rows) - 1))
    reader = table.rows(layout)
    before = list(islice(reader, first))
    after = list(table.rows(layout, reader.place))
    assert cells(before + after) == rows[1:]
    assert [row.line for row in before + after] == [row.line for row in table.rows(layout)]


def test_a_row_knows_the_line_it_begins_in() -> None:
    rows = read(b'a,b\r\n1,"x\r\ny"\r\n\r\n2,z\r\n')

    assert rows == [Row(2, ["1", "x\r\ny"]), Row(5, ["2", "z"])]


def test_old_line_ends_are_line_ends() -> None:
    assert read(b"a,b\r1,2\r3,4") == [Row(2, ["1", "2"]), Row(3, ["3", "4"])]


def test_quotes_that_do_not_pair_up_spoil_their_row_only() -> None:
    rows = read(b'a,b\n1,"x"y\n2,z\n')

    assert [(row.line, row.problem) for row in rows] == [(2, "BAD_QUOTES"), (3, None)]
    assert rows[1].cells == ["2", "z"]


def test_an_inch_sign_inside_a_cell_is_no_quote() -> None:
    assert cells(read(b'a,b\n1,ruler 12" long\n')) == [["1", 'ruler 12" long']]


def test_a_quote_that_is_never_closed_ends_the_reading() -> None:
    with pytest.raises(UnclosedQuote, match="row of line 3"):
        read(b'a,b\n1,2\n2,"z\n3,4\n')


def test_a_zero_byte_spoils_its_row_only() -> None:
    rows = read(b"a,b\n1,x\0y\n2,z\n")

    assert [(row.line, row.problem) for row in rows] == [(2, "NUL_BYTE"), (3, None)]


def test_a_cell_of_ten_megabytes_is_refused_by_name() -> None:
    content = b"code,name,price\nA,lamp,1\nB," + b"x" * 10_000_000 + b",2\n"

    with pytest.raises(CellTooLong, match=r"Line 3, column name: the cell is longer than 65,536 letters\."):
        read(content)


@pytest.mark.parametrize("quote", [b"", b'"'])
def test_the_longest_cell_is_64_kibibytes(quote: bytes) -> None:
    def content(size: int) -> bytes:
        return b"a,b\n1," + quote + b"x" * size + quote + b"\n2,z\n"

    assert len(cells(read(content(MAX_CELL)))[0][1]) == MAX_CELL
    with pytest.raises(CellTooLong, match="Line 2, column b"):
        read(content(MAX_CELL + 1))


def test_a_row_that_goes_on_and_on_is_refused_before_it_is_read() -> None:
    content = b'a,b\n1,"x\n' + b"2,some goods\n" * 1_000_000

    with pytest.raises(RowTooLong, match=f"begins in line 2 is longer than {MAX_ROW:,} bytes"):
        read(content)


def test_many_cells_of_one_row_are_limited_together() -> None:
    with pytest.raises(RowTooLong, match="begins in line 2"):
        read(b"a,b\n" + b",".join([b"x" * 1000] * 3000) + b"\n")


def test_wrong_bytes_are_named_by_line_and_byte() -> None:
    content = b"a,b\n" + b"1,x\n" * 100_000 + "1,é".encode() + b"\n1,caf\xe9\n"

    with pytest.raises(WrongEncoding, match=r"Line 100003, byte 400,014: e9 0a is not UTF-8\.") as refused:
        read(content, encoding="utf-8")

    assert refused.value.params.items() >= {"line": 100003, "byte": 400014}.items()


def test_utf_16_that_breaks_off_is_named_by_line_and_byte() -> None:
    content = "\ufeffa,b\n1,x\n2,😀".encode("utf-16-le")

    with pytest.raises(WrongEncoding, match="Line 3, byte 22"):
        read(content[:-2] + b"\x41\x00")


def test_pythons_own_limit_of_a_field_does_not_come_first() -> None:
    assert csv.field_size_limit() > MAX_ROW >= reading.MAX_CELL
