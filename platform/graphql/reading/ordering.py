"""The order of a list, and the rows behind and before a place in it (keyset paging)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from stoa.graphql.reading.cursors import Keys, not_a_cursor
from stoa.graphql.reading.declared import TYPES, Column, StoredType
from stoa.graphql.reading.fragments import FALSE, TRUE, Fragment, Row, Value, all_of, any_of, column
from stoa.graphql.reading.rows import KeyType, column_of, is_nullable, key_type_of

MAX_TERMS = 3
Wanted = tuple[tuple[str, bool], ...]  # model or stored field, whether it runs downwards


@dataclass(frozen=True, slots=True)
class Term:
    """One term of an order. Null stands above everything, as PostgreSQL has it."""

    column: str
    key_type: KeyType
    descending: bool
    nullable: bool

    def sql(self, row: Row, *, backward: bool) -> Fragment:
        return (*column(row, self.column), *((" DESC",) if self.descending != backward else ()))

    def read(self, key: str | None) -> Any:
        """The value behind a cursor's text. Raises `ValueError`."""
        if key is None:
            if self.nullable:
                return None
            raise ValueError("null")
        return self.key_type.read(key)


@dataclass(frozen=True, eq=False)
class Ordering:
    """A total order of a type's rows: it ends with the id. One object for each, so that it can be a key.

    `name` is what cursors carry; `scopes` maps the rights that it takes to know the order to who needs them.
    """

    name: str
    terms: tuple[Term, ...]
    scopes: dict[str, str] = field(default_factory=dict)

    def sql(self, row: Row, *, backward: bool) -> Fragment:
        parts = [term.sql(row, backward=backward) for term in self.terms]
        return (*parts[0], *(piece for part in parts[1:] for piece in (", ", *part)))

    def bound(self, row: Row, keys: Keys, add: Callable[[Any], Value], *, is_before: bool) -> Fragment:
        """The rows behind (or before) a cursor's place. Refuses keys that are not of this order's types."""
        try:
            values = [term.read(key) for term, key in zip(self.terms, keys, strict=True)]
        except ValueError:
            raise not_a_cursor() from None
        marks = [None if value is None else add(value) for value in values]
        if len({term.descending for term in self.terms}) == 1 and not any(term.nullable for term in self.terms):
            return self._one_comparison(row, marks, is_before=is_before)
        return self._by_cases(row, marks, is_before=is_before)

    def _one_comparison(self, row: Row, marks: Sequence[Value | None], *, is_before: bool) -> Fragment:
        """All terms run the same way: PostgreSQL compares rows, and an index finds the place at once."""
        sign = ") < (" if self.terms[0].descending != is_before else ") > ("
        left = [column(row, term.column) for term in self.terms]
        right = [_mark(term, mark) for term, mark in zip(self.terms, marks, strict=True)]
        return ("(", *_listed(left), sign, *_listed(right), ")")

    def _by_cases(self, row: Row, marks: Sequence[Value | None], *, is_before: bool) -> Fragment:
        """Behind by the first term; or equal there, and behind by the second; and so on."""
        cases, equal = [], list[Fragment]()
        for term, mark in zip(self.terms, marks, strict=True):
            upwards = term.descending == is_before
            cases.append(all_of([*equal, _beyond(row, term, mark, upwards=upwards)]))
            equal.append(_equal(row, term, mark))
        return all_of([self._start(row, marks[0], is_before=is_before), any_of(cases)])

    def _start(self, row: Row, mark: Value | None, *, is_before: bool) -> Fragment:
        """Said besides, for the sake of an index on the first term: an index cannot use cases."""
        term = self.terms[0]
        if mark is None or term.nullable:
            return TRUE
        sign = " >= " if term.descending == is_before else " <= "
        return (*column(row, term.column), sign, *_mark(term, mark))


def _mark(term: Term, mark: Value | None) -> Fragment:
    assert mark is not None
    return (mark, f"::{term.key_type.sql}")


def _listed(parts: Sequence[Fragment]) -> Fragment:
    return (*parts[0], *(piece for part in parts[1:] for piece in (", ", *part)))


def _equal(row: Row, term: Term, mark: Value | None) -> Fragment:
    left = column(row, term.column)
    return (*left, " IS NULL") if mark is None else (*left, " = ", *_mark(term, mark))


def _beyond(row: Row, term: Term, mark: Value | None, *, upwards: bool) -> Fragment:
    left = column(row, term.column)
    if mark is None:
        return FALSE if upwards else (*left, " IS NOT NULL")
    if not upwards:
        return (*left, " < ", *_mark(term, mark))
    above: Fragment = (*left, " > ", *_mark(term, mark))
    return any_of([above, (*left, " IS NULL")]) if term.nullable else above


@lru_cache(maxsize=4096)
def ordering_of(type_name: str, wanted: Wanted) -> Ordering:
    """The order that these terms state, each field once, ended by the id so that it is total."""
    stored = TYPES[type_name]
    terms: dict[str, Term] = {}
    for name, descending in wanted:
        terms.setdefault(name, _term(stored, name, descending))
    last_descends = bool(terms) and list(terms.values())[-1].descending
    terms.setdefault("id", _term(stored, "id", last_descends))
    scopes = {}
    for name in terms:
        if (declared := stored.fields.get(name)) and declared.scope:
            scopes[declared.scope] = f"Ordering {stored.name} by {name}"
    said = ",".join(f"{name}{'-' if term.descending else '+'}" for name, term in terms.items())
    return Ordering(f"{stored.name}:{said}", tuple(terms.values()), scopes)


def _term(stored: StoredType, name: str, descending: bool) -> Term:
    declared = stored.fields.get(name)
    model_field = declared.of or name if isinstance(declared, Column) else name
    return Term(
        column_of(stored.model, model_field),
        key_type_of(stored.model, model_field),
        descending,
        is_nullable(stored.model, model_field),
    )
