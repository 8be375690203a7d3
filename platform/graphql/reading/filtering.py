"""`where` and `search` in SQL. What each type's `where` knows is put into `TESTS` by `making.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stoa.graphql.reading.declared import StoredType
from stoa.graphql.reading.declaring import MAX_SEARCH
from stoa.graphql.reading.fragments import ROW, Fragment, Row, all_of, any_of, column
from stoa.graphql.reading.operators import COMPARE, ColumnTest, Gathered, Test, read_id, said
from stoa.graphql.reading.rows import Relation, column_of
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.text import searchable

MAX_DEPTH = 6  # of a where inside a where: variables are not bound by the document's depth limit
MAX_WORDS = 8


@dataclass(frozen=True, slots=True)
class Condition:
    """A test, and the right that it takes to learn its outcome."""

    test: Test
    scope: str | None
    needed_by: str


TESTS: dict[str, dict[str, Condition]] = {}  # type -> GraphQL name of the field -> its condition


def where_sql(stored: StoredType, row: Row, given: Mapping[str, Any], into: Gathered, depth: int = 0) -> Fragment:
    """The condition a `where` states about `row`. Raises `InvalidInput` that blames the part in the way."""
    if depth > MAX_DEPTH:
        raise InvalidInput("The filter is nested more than {limit} deep.", limit=MAX_DEPTH)
    into.scopes.setdefault(stored.scope, stored.name)
    return all_of(_one(stored, row, name, value, into, depth) for name, value in said(given))


def _one(stored: StoredType, row: Row, name: str, value: Any, into: Gathered, depth: int) -> Fragment:
    with blaming(name):
        match name:
            case "and":
                return all_of(_each(stored, row, value, into, depth))
            case "or":
                return any_of(_each(stored, row, value, into, depth))
            case "not":
                # what is unknown does not hold: null is no third answer here
                return ("((", *where_sql(stored, row, value, into, depth + 1), ") IS NOT TRUE)")
        condition = TESTS[stored.name][name]
        if condition.scope:
            into.scopes.setdefault(condition.scope, condition.needed_by)
        return condition.test.sql(row, value, into, depth)


def _each(stored: StoredType, row: Row, wheres: list[Any], into: Gathered, depth: int) -> Iterator[Fragment]:
    for position, each in enumerate(wheres):
        with blaming(position):
            yield where_sql(stored, row, each, into, depth + 1)


@dataclass(frozen=True, slots=True)
class OneTest:
    """Of the row that a relation points at: there is one, and it meets this."""

    relation: Relation
    target: StoredType

    def sql(self, row: Row, given: Mapping[str, Any], into: Gathered, depth: int) -> Fragment:
        into.count_test()
        if self.relation.far == "id" and given.keys() == {"id"} and given["id"]:
            return self._by_key(row, given, into, depth)
        return exists(self.relation, row, self.target, given, into, depth)

    def _by_key(self, row: Row, given: Mapping[str, Any], into: Gathered, depth: int) -> Fragment:
        """Which row it is, the foreign key tells by itself; and behind it stands an index."""
        into.scopes.setdefault(self.target.scope, self.target.name)
        test = ColumnTest(self.relation.near, read_id(self.target.prefix))
        with blaming("id"):
            return test.sql(row, given["id"], into, depth)


@dataclass(frozen=True, slots=True)
class ManyTest:
    """Of the rows behind a relation: `some` meet this, `none` meets that."""

    relation: Relation
    target: StoredType

    def sql(self, row: Row, given: Mapping[str, Any], into: Gathered, depth: int) -> Fragment:
        return all_of(self._one(row, name, value, into, depth) for name, value in said(given))

    def _one(self, row: Row, name: str, value: Any, into: Gathered, depth: int) -> Fragment:
        into.count_test()
        with blaming(name):
            found = exists(self.relation, row, self.target, value, into, depth)
        return found if name == "some" else ("NOT ", *found)


def exists(
    relation: Relation, row: Row, target: StoredType, given: Mapping[str, Any], into: Gathered, depth: int
) -> Fragment:
    inner = f"w{depth}"
    met = all_of([relation.join(row, inner), where_sql(target, inner, given, into, depth + 1)])
    return (f"EXISTS (SELECT FROM {relation.table} {inner} WHERE ", *met, ")")


def search_sql(stored: StoredType, text: str, into: Gathered) -> Fragment:
    """Every word must occur. Chinese is written without spaces: there a "word" is what was typed between them."""
    if not stored.search:
        raise InvalidInput("{name} cannot be searched.", name=stored.name)
    if len(text) > MAX_SEARCH:
        raise InvalidInput(
            "The search is {count} characters long; {limit} are allowed.", limit=MAX_SEARCH, count=len(text)
        )
    words = searchable(text).split()
    if len(words) > MAX_WORDS:
        raise InvalidInput("The search has {count} words; {limit} are allowed.", limit=MAX_WORDS, count=len(words))
    searched = column(ROW, column_of(stored.model, stored.search))
    return all_of(COMPARE["like"](searched, word, into) for word in words)
