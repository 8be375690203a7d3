"""Tests of one value: what an `eq`, a `contains`, a `gte` and so on say in SQL."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, Protocol

import strawberry

from stoa.graphql.reading.fragments import ROW, Fragment, Row, Value, all_of, column, template
from stoa.graphql.reading.rows import readable
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.ids import parse_type_id
from stoa.kit.money import parse_money
from stoa.kit.text import escape_like, searchable

MAX_TESTS = 100  # of one `where`


class Gathered:
    """What the arguments of one page come to, besides text: parameters, and rights with who needs them."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.scopes: dict[str, str] = {}
        self._tests = 0

    def add(self, value: Any) -> Value:
        self.values.append(value)
        return Value(len(self.values))

    def count_test(self) -> None:
        """Variables are not bound by the limits of a document."""
        self._tests += 1
        if self._tests > MAX_TESTS:
            raise InvalidInput("The filter tests more than {limit} things.", limit=MAX_TESTS)


class Test(Protocol):
    """Turns what a `where` says of one field into SQL. Raises `InvalidInput` that blames the operator."""

    def sql(self, row: Row, given: Mapping[str, Any], into: Gathered, depth: int) -> Fragment: ...


Compare = Callable[[Fragment, Any, Gathered], Fragment]


def _sign(sign: str) -> Compare:
    return lambda left, value, into: (*left, f" {sign} ", into.add(value))


def _like(operator: str, before: str = "", after: str = "%") -> Compare:
    return lambda left, value, into: (*left, f" {operator} ", into.add(before + escape_like(value) + after))


def _occurs(left: Fragment, value: str, into: Gathered) -> Fragment:
    """That it is a part of a `searchable` text. Two letters make no trigram, and no index would find them: with
    whatever letter comes after them (all are ASCII), or with the end, they make some."""
    if _PAIR.fullmatch(value):
        return (
            "(",
            *left,
            " ~ ",
            into.add(value + r"[\x01-\x7f]"),
            " OR ",
            *left,
            " LIKE ",
            into.add("%" + value),
            ")",
        )
    return _like("LIKE", before="%")(left, value, into)


_PAIR = re.compile("[a-z0-9]{2}")
COMPARE: dict[str, Compare] = {
    "eq": _sign("="),
    "gt": _sign(">"),
    "gte": _sign(">="),
    "lt": _sign("<"),
    "lte": _sign("<="),
    "in": lambda left, value, into: (*left, " = ANY(", into.add(list(value)), ")"),
    "startsWith": _like("LIKE"),
    "contains": _like("ILIKE", before="%"),
    "like": _occurs,
    "has": lambda left, value, into: (*left, " @> jsonb_build_array(", into.add(value), "::text)"),
    "isNull": lambda left, value, into: (*left, " IS NULL" if value else " IS NOT NULL"),
}


def said(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What a part of a filter says. Null is refused: taken for "anything" it would surprise one, for "none" another."""
    for name, value in given.items():
        if value is strawberry.UNSET:
            continue
        if value is None:
            raise InvalidInput("{name} is null: leave it out, or ask with isNull.", path=[name], name=name)
        yield name, value


@dataclass(frozen=True, slots=True)
class ColumnTest:
    """Of one column. `read` makes the parameter of what was given. `searched` is the column with the searchable text
    that has this one's in it, behind which an index stands."""

    column: str
    read: Callable[[Any], Any]
    searched: str | None = None

    def sql(self, row: Row, given: Mapping[str, Any], into: Gathered, depth: int) -> Fragment:
        return all_of(self._one(row, name, value, into) for name, value in said(given))

    def _one(self, row: Row, name: str, value: Any, into: Gathered) -> Fragment:
        into.count_test()
        with blaming(name):
            found = COMPARE[name](column(row, self.column), self._read(name, value), into)
        if name == "contains" and self.searched:
            return all_of([found, COMPARE["like"](column(row, self.searched), searchable(value), into)])
        return found

    def _read(self, name: str, value: Any) -> Any:
        if name == "isNull":
            return value
        return [_read_item(self.read, i, each) for i, each in enumerate(value)] if name == "in" else self.read(value)


@dataclass(frozen=True, slots=True)
class AmountTest:
    """Of a money: the same currency, and the minor units compared."""

    minor: str
    currency: str

    def sql(self, row: Row, given: Mapping[str, Any], into: Gathered, depth: int) -> Fragment:
        return all_of(part for name, value in said(given) for part in self._one(row, name, value, into))

    def _one(self, row: Row, name: str, value: Any, into: Gathered) -> Iterator[Fragment]:
        into.count_test()
        if name == "isNull":
            yield COMPARE[name](column(row, self.minor), value, into)
            return
        with blaming(name):
            money = parse_money(value["amount"], value["currency"])
        yield COMPARE["eq"](column(row, self.currency), money.currency, into)
        yield COMPARE[name](column(row, self.minor), money.minor, into)


@dataclass(frozen=True, slots=True)
class BooleanTest:
    """Of a yes or no. No parameter takes part: an index over those that are so is found by the text alone."""

    column: str

    def sql(self, row: Row, given: Mapping[str, Any], into: Gathered, depth: int) -> Fragment:
        return all_of(self._one(row, value, into) for _, value in said(given))

    def _one(self, row: Row, value: bool, into: Gathered) -> Fragment:
        into.count_test()
        return column(row, self.column) if value else ("NOT ", *column(row, self.column))


@dataclass(frozen=True, slots=True)
class SqlTest:
    """Of a condition that is written in SQL: it holds or it does not; what is unknown does not hold."""

    condition: str

    def sql(self, row: Row, given: Mapping[str, Any], into: Gathered, depth: int) -> Fragment:
        return all_of(self._one(row, value, into) for _, value in said(given))

    def _one(self, row: Row, value: bool, into: Gathered) -> Fragment:
        into.count_test()
        if value:  # in a WHERE the unknown does not hold anyway; said outright, an index is found by it
            return ("(", *about(row, self.condition), ")")
        return ("((", *about(row, self.condition), ") IS NOT TRUE)")


@dataclass(frozen=True, slots=True)
class SqlIdTest:
    """Of a condition in SQL about the row and those with the ids that are given, which it calls `{ids}`."""

    condition: str
    prefix: str

    def sql(self, row: Row, given: Mapping[str, Any], into: Gathered, depth: int) -> Fragment:
        return all_of(self._one(row, name, value, into) for name, value in said(given))

    def _one(self, row: Row, name: str, value: Any, into: Gathered) -> Fragment:
        into.count_test()
        read = read_id(self.prefix)
        with blaming(name):
            ids = [_read_item(read, i, each) for i, each in enumerate(value)] if name == "in" else [read(value)]
        before, *after = self.condition.split("{ids}")
        parameter = into.add(ids)
        return ("(", *about(row, before), *(part for each in after for part in (parameter, *about(row, each))), ")")


def about(row: Row, sql: str) -> Fragment:
    """Declared SQL about the row of this alias."""
    return tuple(row if part is ROW else part for part in template(sql))


def read_text(value: str) -> str:
    """Texts are kept in one normal form, so they are sought in it."""
    try:
        return unicodedata.normalize("NFC", readable(value))
    except ValueError:
        raise InvalidInput(
            "This text cannot be sought: it holds a character that no text has (NUL, or half of one)."
        ) from None


def read_id(prefix: str) -> Callable[[Any], Any]:
    return lambda value: parse_type_id(value, prefix)


def read_enum(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def read_as_is(value: Any) -> Any:
    return value


def read_decimal(value: Any) -> Decimal:
    """The decimal number that was written: 0.1 means a tenth and not the float next to it."""
    return Decimal(str(value))


def _read_item(read: Callable[[Any], Any], position: int, value: Any) -> Any:
    with blaming(position):
        return read(value)
