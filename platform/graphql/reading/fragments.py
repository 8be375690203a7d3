"""SQL out of trusted pieces: a value from a request can take a parameter's place here, and never that of text.

A fragment is a tuple. Its text comes from declarations and models only; `ROW` stands for the alias of the row it is
about, a `Value` for a parameter, an `Asker` for one that says who asks. Nothing is formatted or replaced, so there is
nothing that could be smuggled in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias


class _Row:
    """The alias of the row that a fragment is about."""

    def __repr__(self) -> str:
        return "ROW"


@dataclass(frozen=True, slots=True)
class Asker:
    """Something of whoever asks: a parameter behind all others of the statement, of this PostgreSQL type."""

    name: str
    sql: str

    def __repr__(self) -> str:
        return self.name.upper()


class Value(int):
    """The nth parameter of a page, from 1; which one of the statement that is, `written` finds out."""

    def __repr__(self) -> str:
        return f"Value({int(self)})"


ROW: Final = _Row()
VIEWER: Final = Asker("viewer", "uuid")  # their account
SCOPES: Final = Asker("scopes", "text[]")  # what their credential may do
Row: TypeAlias = _Row | str  # the row that is meant, or the alias of another one
Part: TypeAlias = str | Value | _Row | Asker
Fragment: TypeAlias = tuple[Part, ...]

_NAMED: Final[dict[str, Part]] = {"{row}": ROW, "{viewer}": VIEWER, "{scopes}": SCOPES}
NOBODY: Final[Mapping[Asker, int]] = {}
TRUE: Final[Fragment] = ("TRUE",)
FALSE: Final[Fragment] = ("FALSE",)


def template(sql: str) -> Fragment:
    """A declared expression: `{row}` in it becomes `ROW`, `{viewer}` and `{scopes}` their `Asker`s, every other brace
    is SQL's own."""
    return tuple(_NAMED.get(part, part) for part in re.split(r"(\{row\}|\{viewer\}|\{scopes\})", sql))


def column(row: Row, name: str) -> Fragment:
    return (row, f'."{name}"')


def all_of(conditions: Iterable[Fragment]) -> Fragment:
    """What holds when all of them do; of none, always."""
    return _joined([each for each in conditions if each != TRUE], " AND ") or TRUE


def any_of(conditions: Iterable[Fragment]) -> Fragment:
    """What holds when one of them does; of none, never."""
    return _joined(list(conditions), " OR ") or FALSE


def _joined(conditions: list[Fragment], word: str) -> Fragment:
    if len(conditions) <= 1:
        return conditions[0] if conditions else ()
    parts: list[Part] = ["("]
    for condition in conditions:
        parts += [*condition, word]
    return (*parts[:-1], ")")


def written(fragment: Fragment, row: str, values_before: int, asked: Mapping[Asker, int] = NOBODY) -> str:
    """The fragment as text, for the row of this alias, in a statement with so many parameters before the page's own;
    `asked` are the numbers of those that say who asks."""
    return "".join([_part(part, row, values_before, asked) for part in fragment])


def _part(part: Part, row: str, values_before: int, asked: Mapping[Asker, int]) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Asker):  # a KeyError says: only the condition on a stored type may look at who asks
        return f"${asked[part]}::{part.sql}"
    return f"${values_before + part}" if isinstance(part, Value) else row
