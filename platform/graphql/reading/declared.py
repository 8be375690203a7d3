"""What can be declared of a GraphQL type, and all that has been: plain descriptions, nothing here does anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tortoise.models import Model


@dataclass(frozen=True, kw_only=True)
class Declared:
    """A stored field, as declared. `scope` is a right beyond the one its type needs; `instead` why it is deprecated."""

    description: str
    scope: str | None = None
    instead: str | None = None


@dataclass(frozen=True, kw_only=True)
class Column(Declared):
    """One column; `of` is the model field when it has another name. `searched`: the type's search text has it in it."""

    of: str | None = None
    convert: Callable[[Any], Any] | None = None
    filter: bool = False
    sort: bool = False
    searched: bool = False


@dataclass(frozen=True, kw_only=True)
class Key(Declared):
    """The primary key, shown as a TypeID."""


@dataclass(frozen=True, kw_only=True)
class Amount(Declared):
    """Money: a column of minor units and the one of its currency. Null when the minor units are."""

    minor: str
    currency: str
    filter: bool = False


@dataclass(frozen=True, kw_only=True)
class Computed(Declared):
    """An SQL expression over the row; `{row}` in it stands for the row's alias.

    `filter` is a condition in SQL by which lists are filtered: of a yes or no, or of what has to do with the row of the
    type with the prefix `filter_by`, whose ids are `{ids}`.
    """

    sql: str
    convert: Callable[[Any], Any] | None = None
    filter: str | None = None
    filter_by: str | None = None


@dataclass(frozen=True, kw_only=True)
class Derived(Declared):
    """A value made in Python of some of the row's columns: the operation's own rule, not a second one in SQL."""

    of: Sequence[str]
    rule: Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class ToOne(Declared):
    """The row that a relation of the model points at, from either side of a one-to-one."""

    by: str | None = None
    filter: bool = False


@dataclass(frozen=True, kw_only=True)
class FirstOf(Declared):
    """The first of the many rows behind a reverse relation."""

    by: str
    order: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Many(Declared):
    """A connection over the rows behind a reverse relation, or those of a model that hold the row's id in a field: all
    of them, or those that meet the SQL condition `only`."""

    by: str | None = None
    order: Sequence[str] = ()
    only: str = "TRUE"
    filter: bool = False
    across: tuple[type[Model], str] | None = None


@dataclass(frozen=True, kw_only=True)
class RootPage(Declared):
    """A connection over a whole table, or those of its rows that meet the SQL condition `only`: a field of Query."""

    order: Sequence[str] = ()
    only: str = "TRUE"


@dataclass(frozen=True, kw_only=True)
class RootOne(Declared):
    """One row by its id: a field of Query."""


@dataclass(frozen=True, kw_only=True)
class Fetched(Declared):
    """One row whose UUID the source holds under the field's own name: for the payloads of mutations."""


@dataclass(frozen=True, kw_only=True)
class FetchedMany(Declared):
    """Rows whose UUIDs the source holds under the field's own name, in that order.

    None stays None where the list may hold null, and is left out where it may not; so is what is not there any more.
    """


@dataclass(frozen=True, kw_only=True)
class Streamed(Declared):
    """A subscription whose events are UUIDs: each is answered with the row as it is then."""


@dataclass(frozen=True)
class StoredType:
    """All that was declared of one GraphQL type. `search` is the model field that holds its `searchable` text; `only` a
    condition in SQL that its rows meet, where a table has rows of several types."""

    name: str
    cls: type
    model: type[Model]
    prefix: str
    scope: str
    fields: dict[str, Declared]
    search: str | None
    order: Sequence[str]
    encode_id: Callable[[str], str] = field(repr=False)
    only: str = "TRUE"


TYPES: dict[str, StoredType] = {}
ROOTS: dict[tuple[str, str], Declared] = {}  # (GraphQL type, python name of the field)


def type_of_model(model: type[Model]) -> StoredType:
    """The GraphQL type that shows all of this model's rows."""
    for stored in TYPES.values():
        if stored.model is model and stored.only == "TRUE":
            return stored
    raise TypeError(f"No GraphQL type shows every {model.__name__}.")
