"""`where`, `orderBy` and `search`: their GraphQL inputs, made from the declarations, and their SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import strawberry
from strawberry.utils.str_converters import to_camel_case
from tortoise import fields as orm
from tortoise.fields.data import CharEnumFieldInstance

from stoa.graphql.reading import inputs
from stoa.graphql.reading.declaring import NAMESPACE, TYPES, Amount, Column, Key, Many, StoredType, ToOne
from stoa.graphql.reading.rows import column_of, relation_of
from stoa.kit.errors import InvalidInput
from stoa.kit.ids import parse_type_id
from stoa.kit.money import parse_money

MAX_DEPTH = 6  # of a where inside a where: variables are not bound by the document's depth limit
MAX_WORDS = 8


class Values:
    """The parameters of a condition. Markers are ``$(page.n)`` until the whole statement numbers them."""

    def __init__(self, page: int) -> None:
        self.page = page
        self.items: list[Any] = []

    def add(self, value: Any) -> str:
        self.items.append(value)
        return f"$({self.page}.{len(self.items)})"


Compare = Callable[[str, Any, Values], str]


def _sql(operator: str) -> Compare:
    return lambda left, value, values: f"{left} {operator} {values.add(value)}"


def _like(pattern: str, operator: str) -> Compare:
    return lambda left, value, values: f"{left} {operator} {values.add(pattern.format(escape_like(value)))}"


COMPARE: dict[str, Compare] = {
    "eq": _sql("="),
    "gt": _sql(">"),
    "gte": _sql(">="),
    "lt": _sql("<"),
    "lte": _sql("<="),
    "in": lambda left, value, values: f"{left} = ANY({values.add(list(value))})",
    "startsWith": _like("{}%", "LIKE"),
    "contains": _like("%{}%", "ILIKE"),
    "isNull": lambda left, value, values: f"{left} IS {'' if value else 'NOT '}NULL",
}


def escape_like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


@dataclass(frozen=True, slots=True)
class Condition:
    """Turns one field of a `where` into SQL."""

    stored: StoredType
    python_name: str

    def sql(self, row: str, given: Mapping[str, Any], values: Values, depth: int) -> str:
        declared = self.stored.fields[self.python_name]
        match declared:
            case Key():
                return _ids(f"{row}.id", given, self.stored.prefix, values)
            case Column():
                left = f'{row}."{column_of(self.stored.model, declared.of or self.python_name)}"'
                return _all(COMPARE[name](left, _plain(value), values) for name, value in given.items() if _told(value))
            case Amount():
                return _amounts(row, declared, given, values)
            case ToOne() | Many():
                return self._related(row, declared, given, values, depth)
        raise TypeError(f"{self.stored.name}.{self.python_name} cannot be filtered")

    def _related(
        self, row: str, declared: ToOne | Many, given: Mapping[str, Any], values: Values, depth: int
    ) -> str:
        relation = relation_of(self.stored.model, declared.by or self.python_name)
        target = next(stored for stored in TYPES.values() if stored.model is relation.model)
        inner = f"w{depth}"
        reach = f'SELECT FROM "{relation.table}" {inner} WHERE {relation.join(row, inner)}'
        if isinstance(declared, ToOne):
            return f"EXISTS ({reach} AND {where_sql(target, inner, given, values, depth + 1)})"
        parts = []
        for quantifier, sign in (("some", ""), ("none", "NOT ")):
            if _told(given.get(quantifier)):
                parts.append(f"{sign}EXISTS ({reach} AND {where_sql(target, inner, given[quantifier], values, depth + 1)})")
        return _all(parts)


def where_sql(stored: StoredType, row: str, given: Mapping[str, Any], values: Values, depth: int = 0) -> str:
    """The condition a `where` states about `row`; TRUE for an empty one."""
    if depth > MAX_DEPTH:
        raise InvalidInput(f"The filter is nested more than {MAX_DEPTH} deep.", path=["where"])
    parts = []
    for name, value in given.items():
        if not _told(value):
            continue
        if name in ("and", "or"):
            joined = [where_sql(stored, row, each, values, depth + 1) for each in value]
            parts.append(f"({f' {name.upper()} '.join(joined)})" if joined else str(name == "and").upper())
        elif name == "not":
            parts.append(f"NOT ({where_sql(stored, row, value, values, depth + 1)})")
        else:
            parts.append(CONDITIONS[stored.name][name].sql(row, value, values, depth))
    return _all(parts)


def search_sql(stored: StoredType, row: str, text: str, values: Values) -> str:
    """Every word must occur. Chinese is written without spaces: there a "word" is what was typed between them."""
    words = text.casefold().split()[:MAX_WORDS]
    if not stored.search:
        raise InvalidInput(f"{stored.name} cannot be searched.", path=["search"])
    return _all(
        stored.search.format(row=row, word=values.add(f"%{escape_like(word)}%")) for word in words
    )


def _ids(left: str, given: Mapping[str, Any], prefix: str, values: Values) -> str:
    parts = []
    if _told(given.get("eq")):
        parts.append(f"{left} = {values.add(parse_type_id(given['eq'], prefix))}")
    if _told(given.get("in")):
        parts.append(f"{left} = ANY({values.add([parse_type_id(each, prefix) for each in given['in']])}::uuid[])")
    return _all(parts)


def _amounts(row: str, declared: Amount, given: Mapping[str, Any], values: Values) -> str:
    parts = []
    for name, value in given.items():
        if name == "isNull":
            parts.append(COMPARE[name](f'{row}."{declared.minor}"', value, values))
        elif _told(value):
            money = parse_money(value["amount"], value["currency"])
            parts.append(f'{row}."{declared.currency}" = {values.add(money.currency)}')
            parts.append(COMPARE[name](f'{row}."{declared.minor}"', money.minor, values))
    return _all(parts)


def _all(parts: Any) -> str:
    kept = [part for part in parts if part != "TRUE"]
    return f"({' AND '.join(kept)})" if len(kept) > 1 else (kept[0] if kept else "TRUE")


def _told(value: Any) -> bool:
    return value is not None and value is not strawberry.UNSET


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.value if isinstance(value, Enum) else value


# What each type's `where` knows: GraphQL name -> condition. Filled by make_inputs.
CONDITIONS: dict[str, dict[str, Condition]] = {}
# GraphQL enum value of a type's order -> python name of the field
SORTS: dict[str, dict[str, str]] = {}


def make_inputs() -> None:
    """Make `<Type>Where` and `<Type>Order` for every stored type; before the schema is built, after all are declared."""
    for stored in TYPES.values():
        if f"{stored.name}Where" not in NAMESPACE:
            _make_where(stored)
            _make_order(stored)


def _make_where(stored: StoredType) -> None:
    name = f"{stored.name}Where"
    annotations: dict[str, Any] = {}
    body: dict[str, Any] = {"__annotations__": annotations}
    CONDITIONS[stored.name] = {}
    for python_name, annotation in _filterable(stored):
        annotations[python_name] = f"{annotation} | None"
        body[python_name] = strawberry.field(default=strawberry.UNSET, description=f"Tests `{to_camel_case(python_name)}`.")
        CONDITIONS[stored.name][to_camel_case(python_name)] = Condition(stored, python_name)
    for word, annotation, says in (
        ("and", f"list[{name}]", "All of these hold."),
        ("or", f"list[{name}]", "At least one of these holds."),
        ("not", name, "This does not hold."),
    ):
        annotations[f"{word}_"] = f"{annotation} | None"
        body[f"{word}_"] = strawberry.field(default=strawberry.UNSET, name=word, description=says)
    _register(name, body, f"Conditions on {stored.name}; all that are given must hold.")


def _filterable(stored: StoredType) -> list[tuple[str, str]]:
    found = []
    for python_name, declared in stored.fields.items():
        match declared:
            case Key():
                found.append((python_name, "IdFilter"))
            case Column(filter=True):
                found.append((python_name, _filter_of(stored, declared.of or python_name)))
            case Amount(filter=True):
                found.append((python_name, "MoneyFilter"))
            case ToOne(filter=True):
                found.append((python_name, f"{_target(stored, declared.by or python_name)}Where"))
            case Many(filter=True):
                found.append((python_name, _quantified(_target(stored, declared.by or python_name))))
    return found


def _target(stored: StoredType, relation: str) -> str:
    model = relation_of(stored.model, relation).model
    return next(each.name for each in TYPES.values() if each.model is model)


def _quantified(element: str) -> str:
    name = f"{element}ListWhere"
    if name not in NAMESPACE:
        annotations = {"some": f"{element}Where | None", "none": f"{element}Where | None"}
        body = {
            "__annotations__": annotations,
            "some": strawberry.field(default=strawberry.UNSET, description="At least one meets this."),
            "none": strawberry.field(default=strawberry.UNSET, description="Not one meets this."),
        }
        _register(name, body, f"Conditions on a list of {element}.")
    return name


def _filter_of(stored: StoredType, field: str) -> str:
    kind = stored.model._meta.fields_map[field]
    if isinstance(kind, CharEnumFieldInstance):
        return _enum_filter(kind.enum_type)
    if isinstance(kind, orm.CharField | orm.TextField):
        return "TextFilter"
    if isinstance(kind, orm.IntField | orm.BigIntField):
        return "IntFilter"
    if isinstance(kind, orm.DatetimeField):
        return "DateTimeFilter"
    raise TypeError(f"{stored.name}.{field}: no filter for {type(kind).__name__}")


def _enum_filter(enum: type[Enum]) -> str:
    name = f"{enum.__name__}Filter"
    if name not in NAMESPACE:
        NAMESPACE[enum.__name__] = enum
        annotations = {"eq": f"{enum.__name__} | None", "in_": f"list[{enum.__name__}] | None"}
        body = {
            "__annotations__": annotations,
            "eq": strawberry.field(default=strawberry.UNSET, description="Is this."),
            "in_": strawberry.field(default=strawberry.UNSET, name="in", description="Is one of these."),
        }
        _register(name, body, f"A test of {enum.__name__}.")
    return name


def _make_order(stored: StoredType) -> None:
    sortable = [name for name, declared in stored.fields.items() if isinstance(declared, Column) and declared.sort]
    names = {name.upper(): name for name in ["id", *sortable]}
    SORTS[stored.name] = names
    members = {upper: strawberry.enum_value(upper, description=f"By `{to_camel_case(name)}`.") for upper, name in names.items()}
    make_enum: Any = Enum  # mypy knows it with literal names alone
    made = make_enum(f"{stored.name}OrderField", members)
    field_enum = strawberry.enum(
        made,
        description=f"What a list of {stored.name} can be ordered by: fields that an index supports.",
    )
    NAMESPACE[f"{stored.name}OrderField"] = field_enum
    body = {
        "__annotations__": {"field": f"{stored.name}OrderField", "direction": "Direction"},
        "field": strawberry.field(description="By what."),
        "direction": strawberry.field(default=inputs.Direction.ASC, description="Which way."),
    }
    _register(f"{stored.name}Order", body, f"An order of {stored.name}.")


def _register(name: str, body: dict[str, Any], description: str) -> None:
    body["__module__"] = inputs.__name__
    NAMESPACE[name] = strawberry.input(type(name, (), body), name=name, description=description)

