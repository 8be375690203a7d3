"""The arguments of one page, turned into SQL fragments and values: what varies from call to call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql.execution.values import VariableValues, get_argument_values

from stoa.graphql.reading.cursors import decode_cursor
from stoa.graphql.reading.declaring import DEFAULT_FIRST, MAX_FIRST
from stoa.graphql.reading.filtering import search_sql, where_sql
from stoa.graphql.reading.fragments import ROW, Fragment, all_of
from stoa.graphql.reading.making import SORTS
from stoa.graphql.reading.operators import Gathered
from stoa.graphql.reading.ordering import MAX_TERMS, Ordering, ordering_of
from stoa.graphql.reading.planning import PagePlan
from stoa.kit.errors import InvalidInput, blaming


@dataclass(frozen=True, slots=True)
class PageShape:
    """Hashable: pages of one shape share their SQL text. `bounded` tells whether something stands beyond the page's
    beginning, `values` how many parameters it has."""

    where: Fragment
    bounds: Fragment
    ordering: Ordering
    limit: int
    backward: bool
    bounded: bool
    values: int


@dataclass(frozen=True, slots=True)
class Shaped:
    """A page's shape, its parameters, and the rights that it takes, with who needs them."""

    shape: PageShape
    values: list[Any]
    scopes: dict[str, str]


def shape_page(page: PagePlan, variables: VariableValues) -> Shaped:
    """Check and translate one page's arguments. Raises `InvalidInput` that blames the argument."""
    with blaming(*page.path):
        return _shape(page, get_argument_values(page.definition, page.node, variables))


def _shape(page: PagePlan, arguments: dict[str, Any]) -> Shaped:
    limit, backward = _limit(arguments)
    into = Gathered()
    ordering = _ordering(page, arguments.get("orderBy"))
    where = all_of(_conditions(page, arguments, into))
    bounds = all_of(_bounds(ordering, arguments, into))
    into.scopes.update(ordering.scopes)
    bounded = arguments.get("before" if backward else "after") is not None
    shape = PageShape(where, bounds, ordering, limit, backward, bounded, len(into.values))
    return Shaped(shape, into.values, into.scopes)


def _limit(arguments: dict[str, Any]) -> tuple[int, bool]:
    """How many rows, and whether from the end."""
    first, last = arguments.get("first"), arguments.get("last")
    if first is not None and last is not None:
        raise InvalidInput("Give first or last, not both.", path=["last"])
    name, wanted = ("last", last) if last is not None else ("first", first)
    if wanted is None:
        return DEFAULT_FIRST, False
    if not 0 <= wanted <= MAX_FIRST:
        raise InvalidInput(
            "{name} is {wanted}; 0 to {limit} are allowed.", path=[name], limit=MAX_FIRST, name=name, wanted=wanted
        )
    return wanted, last is not None


def _ordering(page: PagePlan, wanted: list[dict[str, Any]] | None) -> Ordering:
    if not wanted:
        return ordering_of(page.target.name, tuple((name.lstrip("-"), name.startswith("-")) for name in page.order))
    if len(wanted) > MAX_TERMS:
        raise InvalidInput("{count} terms; {limit} are allowed.", path=["orderBy"], limit=MAX_TERMS, count=len(wanted))
    sorts = SORTS[page.target.name]
    return ordering_of(
        page.target.name, tuple((sorts[_name(each["field"])], _name(each["direction"]) == "DESC") for each in wanted)
    )


def _conditions(page: PagePlan, arguments: dict[str, Any], into: Gathered) -> Iterator[Fragment]:
    if arguments.get("where") is not None:
        with blaming("where"):
            yield where_sql(page.target, ROW, arguments["where"], into)
    if arguments.get("search") is not None:
        with blaming("search"):
            yield search_sql(page.target, arguments["search"], into)


def _bounds(ordering: Ordering, arguments: dict[str, Any], into: Gathered) -> Iterator[Fragment]:
    for name in ("after", "before"):
        if arguments.get(name) is not None:
            with blaming(name):
                keys = decode_cursor(arguments[name], ordering.name, len(ordering.terms))
                yield ordering.bound(ROW, keys, into.add, is_before=name == "before")


def _name(value: Any) -> str:
    return str(getattr(value, "name", value))
