"""What a report is made of: a head, figures, charts, tables and their rows, one block after the other."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from stoa.kit.languages import Locale


class Format(StrEnum):
    """What a report is written as."""

    PDF = "PDF"
    XLSX = "XLSX"
    CSV = "CSV"


# What a document may have: paper is typeset as a whole, the others are streams. The numbers are not with the writers,
# so that who asks for a report need not load what writes it.
MOST_ROWS = {Format.PDF: 5_000, Format.XLSX: 500_000, Format.CSV: 1_000_000}


class Kind(StrEnum):
    """What a value is, and so how it is written.

    Money is minor units of the document's currency, or of the one in the row's CURRENCY column; a SHARE is of 1; a DAY
    is ``2026-11-26``, a MOMENT ``2026-11-26 14:05`` in the shop's zone.
    """

    TEXT = "TEXT"
    CODE = "CODE"
    COUNT = "COUNT"
    MONEY = "MONEY"
    CURRENCY = "CURRENCY"
    SHARE = "SHARE"
    DAY = "DAY"
    MOMENT = "MOMENT"


NUMBERS = frozenset({Kind.COUNT, Kind.MONEY, Kind.SHARE})


class Shape(StrEnum):
    """How a chart shows its series: COLUMNS and LINE over days, BARS lying, one for each label."""

    COLUMNS = "COLUMNS"
    LINE = "LINE"
    BARS = "BARS"


class Fact(msgspec.Struct, frozen=True):
    """Something that is true of the whole: "Channel: web"."""

    title: str
    value: str


class Head(msgspec.Struct, frozen=True, tag=True):
    """What the document is. `words` are what the writers say themselves, by its name, in the language of `locale`."""

    title: str
    subtitle: str
    shop: str
    locale: Locale
    currency: str
    facts: list[Fact]
    words: dict[str, str]
    note: str = ""


class Figure(msgspec.Struct, frozen=True):
    """A number that matters, and what it was in the period before."""

    title: str
    kind: Kind
    value: int | float | None
    before: int | float | None = None
    is_better_high: bool = True


class Figures(msgspec.Struct, frozen=True, tag=True):
    title: str
    figures: list[Figure]
    note: str = ""


class Balance(msgspec.Struct, frozen=True, tag=True):
    """Figures below a table that add up to what is owed; those in `strong` are what it comes to. For paper alone."""

    figures: list[Figure]
    strong: list[int]
    currency: str


class Series(msgspec.Struct, frozen=True):
    title: str
    kind: Kind
    values: list[int | float]


class Chart(msgspec.Struct, frozen=True, tag=True):
    """`labels` are what the values stand above (or beside); of days, as ``2026-11-26``. A series after the first may be
    shorter."""

    title: str
    shape: Shape
    labels: list[str]
    series: list[Series]
    label_kind: Kind = Kind.TEXT


class Column(msgspec.Struct, frozen=True):
    """`width` is its share of the paper beside the others; what is not `on_paper` is in files for programs alone."""

    title: str
    kind: Kind = Kind.TEXT
    width: float = 1.0
    is_summed: bool = False
    on_paper: bool = True


class Table(msgspec.Struct, frozen=True, tag=True):
    """Rows follow it. Tables of one `key` are one in a workbook; `is_main` is the one that a CSV file is made of."""

    key: str
    title: str
    columns: list[Column]
    is_main: bool = False
    note: str = ""


class Rows(msgspec.Struct, frozen=True, tag=True):
    """Some more rows of the table before; a value for every column of it."""

    rows: list[list[Any]]


class Text(msgspec.Struct, frozen=True, tag=True):
    """Words between."""

    text: str
    title: str = ""


class Part(msgspec.Struct, frozen=True, tag=True):
    """A paper of its own within the document, on a new page: one invoice, one packing slip."""

    title: str
    subtitle: str
    facts: list[Fact]
    columns: list[list[str]] = msgspec.field(default_factory=list)  # paragraphs beside each other: addresses


Block = Head | Figures | Balance | Chart | Table | Rows | Text | Part
