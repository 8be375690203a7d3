"""Cells of orders are read exactly, or it is said why not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from stoa.domains.orders.importing.countries import country_code
from stoa.domains.orders.importing.options import Field, Options
from stoa.domains.orders.importing.values import Bad, readers, rounded

LONDON = ZoneInfo("Europe/London")


def read(field: Field, cell: str, currency: str = "GBP", **options: Any) -> Any:
    value = readers(Options(**options), currency, LONDON)[field](cell)
    return value.code if isinstance(value, Bad) else value


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("cell", "options", "moment"),
    [
        ("2010-12-01 08:26", {}, utc(2010, 12, 1, 8, 26)),
        ("2011-07-01 08:26:31", {}, utc(2011, 7, 1, 7, 26, 31)),
        ("2024-03-05 10:12:31 -0500", {}, utc(2024, 3, 5, 15, 12, 31)),
        ("2024-03-05T10:12:31+08:00", {}, utc(2024, 3, 5, 2, 12, 31)),
        ("2024-03-05T10:12:31.5Z", {}, utc(2024, 3, 5, 10, 12, 31)),
        ("2024/3/5", {}, utc(2024, 3, 5)),
        ("2024年3月5日 9:05", {}, utc(2024, 3, 5, 9, 5)),
        ("03/04/2024 10:00", {"date_order": "day"}, utc(2024, 4, 3, 9)),
        ("03/04/2024 10:00", {"date_order": "month"}, utc(2024, 3, 4, 10)),
        ("31.12.2023", {"date_order": "day"}, utc(2023, 12, 31)),
        ("2024-10-27 01:30", {}, utc(2024, 10, 27, 0, 30)),  # the clock has it twice: the first
        ("2024-03-31 01:30", {}, utc(2024, 3, 31, 1, 30)),  # the clock leaves it out
        ("03/04/2024", {}, "AMBIGUOUS_DATE"),
        ("yesterday", {}, "NOT_A_TIME"),
        ("2024-13-01", {}, "NOT_A_TIME"),
        (" ", {}, None),
    ],
)
def test_times_are_read_in_the_zone_of_the_file(cell: str, options: dict[str, str], moment: object) -> None:
    assert read(Field.TIME, cell, **options) == moment


@pytest.mark.parametrize(
    ("cell", "currency", "fine"),
    [
        ("2.55", "GBP", 2_550_000),
        ("£2.55", "GBP", 2_550_000),
        ("0.001", "GBP", 1_000),
        ("0.12345", "GBP", 123_450),
        ("12.345", "KWD", 123_450_000),
        ("1200", "JPY", 12_000_000),
        ("-1.00", "GBP", "NEGATIVE"),
        ("$2.55", "GBP", "WRONG_CURRENCY"),
        ("1,25", "GBP", "AMBIGUOUS_NUMBER"),
        ("cheap", "GBP", "NOT_A_NUMBER"),
    ],
)
def test_prices_are_read_finer_than_the_currency(cell: str, currency: str, fine: object) -> None:
    assert read(Field.PRICE, cell, currency) == fine


@pytest.mark.parametrize(
    ("cell", "count"),
    [("6", 6), ("-12", -12), ("0", "NO_QUANTITY"), ("1.5", "TOO_FINE"), ("1000001", "TOO_LARGE"), ("'3", 3)],
)
def test_pieces_are_whole_and_may_have_come_back(cell: str, count: object) -> None:
    assert read(Field.QUANTITY, cell) == count


@pytest.mark.parametrize(("fine", "minor"), [(0, 0), (4_999, 0), (5_000, 1), (14_999, 1), (15_000, 2), (10_000, 1)])
def test_half_a_penny_is_rounded_up(fine: int, minor: int) -> None:
    assert rounded(fine) == minor


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *(
            ("United Kingdom", "GB"),
            ("EIRE", "IE"),
            ("USA", "US"),
            ("RSA", "ZA"),
            ("Czech Republic", "CZ"),
            ("de", "DE"),
        ),
        *(("法国", "FR"), ("香港", "HK"), ("European Community", None), ("Unspecified", None), ("XX", None)),
    ],
)
def test_countries_are_known_by_their_names(name: str, code: str | None) -> None:
    assert country_code(name) == code
