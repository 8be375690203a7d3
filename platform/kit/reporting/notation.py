"""How values are written for people: with thousands apart, in the reader's language.

English and Chinese write digits alike (12,345.60); days and the sizes of round numbers are what they differ in.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel.core import Locale as BabelLocale
from babel.dates import format_date, format_skeleton
from babel.numbers import get_currency_symbol

from stoa.kit.languages import Locale
from stoa.kit.money import decimal_string
from stoa.kit.reporting.documents import Kind

BABEL = {"en": BabelLocale.parse("en_GB"), "zh": BabelLocale.parse("zh_CN")}  # parsed once: that takes milliseconds
MINUS = "\u2212"  # as wide as a digit, so that columns stand
NOTHING = "–"


def cell(value: Any, kind: Kind, locale: Locale, currency: str) -> str:
    """A value of a table: money without its sign, for the head (or the row) says the currency."""
    if value is None:
        return NOTHING if kind in (Kind.COUNT, Kind.MONEY, Kind.SHARE) else ""
    match kind:
        case Kind.MONEY:
            return amount(value, currency)
        case Kind.COUNT:
            return f"{value:,}".replace("-", MINUS)
        case Kind.SHARE:
            return share(value)
        case Kind.DAY:
            return day(value, locale)
        case Kind.MOMENT:
            return str(value) if locale == "zh" else f"{day(value[:10], locale)} {value[11:16]}"
        case _:
            return str(value)


def figure(value: float | None, kind: Kind, locale: Locale, currency: str) -> str:
    """A number that stands alone: money with its sign."""
    if value is None:
        return NOTHING
    if kind is not Kind.MONEY:
        return cell(value, kind, locale, currency)
    written = amount(abs(int(value)), currency)
    return (MINUS if value < 0 else "") + str(get_currency_symbol(currency, locale=BABEL[locale])) + written


def amount(minor: int, currency: str) -> str:
    whole, dot, rest = decimal_string(abs(minor), currency).partition(".")
    return (MINUS if minor < 0 else "") + f"{int(whole):,}" + dot + rest


def share(value: float, *, signed: bool = False) -> str:
    """Of 1, with one decimal; with its sign for what is a change."""
    text = f"{abs(value) * 100:,.1f}%"
    if text == "0.0%":
        return text
    return (MINUS if value < 0 else "+" if signed else "") + text


@lru_cache(maxsize=4000)
def day(value: str, locale: Locale) -> str:
    """``2026-10-01`` as "1 Oct 2026" or 2026年10月1日."""
    return str(format_date(date.fromisoformat(value), "medium", locale=BABEL[locale]))


def long_day(value: date, locale: Locale) -> str:
    return str(format_date(value, "long", locale=BABEL[locale]))


def days_said(since: date, until: date, locale: Locale) -> str:
    """A span as a title has it: a year, a month, a day, or from day to day."""
    ends_month = (until + timedelta(days=1)).day == 1
    if since.day == 1 and ends_month and since.year == until.year:
        if (since.month, until.month) == (1, 12):
            return str(format_skeleton("y", since, locale=BABEL[locale]))
        if since.month == until.month:
            return str(format_skeleton("yMMMM", since, locale=BABEL[locale]))
    if since == until:
        return long_day(since, locale)
    return f"{long_day(since, locale)} – {long_day(until, locale)}"


@lru_cache(maxsize=4000)
def short_day(value: str, locale: Locale) -> str:
    """Without its year, for the axis of a chart."""
    return str(format_skeleton("MMMd", date.fromisoformat(value), locale=BABEL[locale]))


def short_number(value: float, locale: Locale) -> str:
    """A round number for an axis: 1.2k and 3m, or 1.2万 and 3亿."""
    steps = ((1e8, "亿"), (1e4, "万")) if locale == "zh" else ((1e9, "bn"), (1e6, "m"), (1e3, "k"))
    for size, word in steps:
        if abs(value) >= size:
            return f"{value / size:,.1f}".removesuffix(".0").replace("-", MINUS) + word
    return (f"{value:,.2f}".rstrip("0").rstrip(".") if value % 1 else f"{value:,.0f}").replace("-", MINUS)


def as_number(minor: int, currency: str) -> Decimal:
    """Money as spreadsheets have it."""
    return Decimal(decimal_string(minor, currency))
