"""The arguments of one page, turned into SQL fragments and values: what varies from call to call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graphql import ListValueNode, ObjectValueNode, VariableNode
from graphql.execution.values import get_argument_values

from stoa.graphql.reading.declaring import DEFAULT_FIRST, MAX_FIRST, Column
from stoa.graphql.reading.decoding import decode_cursor
from stoa.graphql.reading.filtering import SORTS, Values, search_sql, where_sql
from stoa.graphql.reading.planning import PagePlan
from stoa.graphql.reading.rows import column_of, sql_type_of
from stoa.kit.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class PageShape:
    """Hashable: pages of one shape share their SQL text. `order` is the signature that cursors carry."""

    where: str
    bounds: str
    ordering: str
    keys: tuple[str, ...]
    limit: int
    backward: bool
    bounded: bool
    order: str


@dataclass(frozen=True, slots=True)
class Term:
    """One term of an order."""

    field: str
    column: str
    sql_type: str
    descending: bool


ROW = "{row}"  # where the fragments name the row; rendering puts its alias there


def shape_page(page: PagePlan, variables: Any) -> tuple[PageShape, list[Any]]:
    """Check and translate one page's arguments. Raises `InvalidInput`."""
    arguments = get_argument_values(page.definition, page.node, variables)
    limit, backward = _limit(arguments)
    values = Values(page.number)
    terms = _terms(page, arguments.get("orderBy"))
    order = ",".join(f"{term.field}{'-' if term.descending else '+'}" for term in terms)
    conditions = []
    if arguments.get("where"):
        conditions.append(where_sql(page.row.stored, ROW, arguments["where"], values))
    if arguments.get("search"):
        conditions.append(search_sql(page.row.stored, ROW, arguments["search"], values))
    bounds = [
        _bound(terms, decode_cursor(arguments[name], order, len(terms), argument=name), values, is_before=name == "before")
        for name in ("after", "before")
        if arguments.get(name) is not None
    ]
    shape = PageShape(
        where=" AND ".join(conditions),
        bounds=" AND ".join(bounds),
        ordering=", ".join(_by(t, backward) for t in terms),
        keys=tuple(f'{ROW}."{term.column}"' for term in terms),
        limit=limit,
        backward=backward,
        bounded=bool(arguments.get("before") if backward else arguments.get("after")),
        order=order,
    )
    return shape, values.items


def is_constant(page: PagePlan) -> bool:
    """Whether the page's arguments hold no variable, so that its shape is the same in every call."""
    return not any(_has_variable(argument.value) for argument in page.node.arguments or ())


def _has_variable(value: Any) -> bool:
    if isinstance(value, VariableNode):
        return True
    if isinstance(value, ListValueNode):
        return any(_has_variable(each) for each in value.values)
    if isinstance(value, ObjectValueNode):
        return any(_has_variable(each.value) for each in value.fields)
    return False


def _limit(arguments: dict[str, Any]) -> tuple[int, bool]:
    first, last = arguments.get("first"), arguments.get("last")
    if first is not None and last is not None:
        raise InvalidInput("Give first or last, not both.", path=["last"])
    name, wanted = ("last", last) if last is not None else ("first", first)
    if wanted is None:
        return DEFAULT_FIRST, False
    if not 0 <= wanted <= MAX_FIRST:
        raise InvalidInput(
            f"{name} is {wanted}; 0 to {MAX_FIRST} are allowed.", path=[name], params={"limit": MAX_FIRST}
        )
    return wanted, last is not None


def _terms(page: PagePlan, wanted: list[dict[str, Any]] | None) -> list[Term]:
    """The order, ended by the id so that it is total."""
    stored = page.row.stored
    if wanted:
        if len(wanted) > 3:
            raise InvalidInput("Order by three fields at the most.", path=["orderBy"])
        asked = [(SORTS[stored.name][_name(each["field"])], _name(each["direction"]) == "DESC") for each in wanted]
    else:
        asked = [(name.lstrip("-"), name.startswith("-")) for name in page.order]
    terms, used = [], set()
    for field, descending in [*asked, ("id", bool(asked) and asked[-1][1])]:
        if field not in used:
            used.add(field)
            declared = stored.fields.get(field)
            model_field = declared.of or field if isinstance(declared, Column) else field
            terms.append(Term(field, column_of(stored.model, model_field), sql_type_of(stored.model, model_field), descending))
    return terms


def _by(term: Term, backward: bool) -> str:
    return f'{ROW}."{term.column}"' + (" DESC" if term.descending != backward else "")


def _name(value: Any) -> str:
    return str(getattr(value, "name", value))


def _bound(terms: list[Term], keys: list[str], values: Values, *, is_before: bool) -> str:
    """Rows behind (or before) a cursor. One row comparison when all terms run the same way: an index serves it."""
    marks = [f"{values.add(key)}::text::{term.sql_type}" for term, key in zip(terms, keys, strict=True)]
    columns = [f'{ROW}."{term.column}"' for term in terms]
    if len({term.descending for term in terms}) == 1:
        sign = "<" if terms[0].descending != is_before else ">"
        return f"({', '.join(columns)}) {sign} ({', '.join(marks)})"
    cases = []
    for i, term in enumerate(terms):
        sign = "<" if term.descending != is_before else ">"
        equal = [f"{columns[j]} = {marks[j]}" for j in range(i)]
        cases.append(" AND ".join([*equal, f"{columns[i]} {sign} {marks[i]}"]))
    return "(" + " OR ".join(f"({case})" for case in cases) + ")"

