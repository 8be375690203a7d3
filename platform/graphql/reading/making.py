"""Finish the declarations once all types are known: `<Type>Where`, `<Type>Order`, and what hangs on other types."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

import strawberry
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case
from tortoise import fields as orm
from tortoise.fields.data import CharEnumFieldInstance

from stoa.graphql.reading import inputs
from stoa.graphql.reading.declared import (
    TYPES,
    Amount,
    Column,
    Computed,
    Declared,
    Key,
    Many,
    StoredType,
    ToOne,
    type_of_model,
)
from stoa.graphql.reading.declaring import MADE, NAMESPACE
from stoa.graphql.reading.filtering import TESTS, Condition, ManyTest, OneTest
from stoa.graphql.reading.operators import (
    AmountTest,
    BooleanTest,
    ColumnTest,
    SqlIdTest,
    SqlTest,
    Test,
    read_as_is,
    read_decimal,
    read_enum,
    read_id,
    read_text,
)
from stoa.graphql.reading.rows import column_of, key_type_of, relation_of

SORTS: dict[str, dict[str, str]] = {}  # type -> value of its OrderField enum -> python name of the field


def make_inputs() -> None:
    """Before the schema is built, after everything has been declared; twice changes nothing."""
    for stored in TYPES.values():
        if f"{stored.name}Where" not in NAMESPACE:
            _make_where(stored)
            _make_order(stored)
    while MADE:
        _finish(*MADE.pop())


def _finish(owner: type, made: StrawberryField, declared: Declared, target_name: str | None) -> None:
    """Say which right the field needs beyond its type's, and take no `search` where nothing can be searched."""
    target = TYPES.get(target_name or "")
    scopes = [scope for scope in (declared.scope, target and target.scope) if scope]
    own = TYPES[owner.__name__].scope if owner.__name__ in TYPES else None
    for scope in dict.fromkeys(scopes):
        if scope != own:
            made.description = f"{made.description} Needs the scope `{scope}`."
    if target and not target.search and made.arguments:
        made.arguments = [each for each in made.arguments if each.python_name != "search"]


def _make_where(stored: StoredType) -> None:
    name = f"{stored.name}Where"
    body: dict[str, Any] = {"__annotations__": {}}
    TESTS[stored.name] = {}
    for python_name, annotation, test in _filterable(stored):
        shown = to_camel_case(python_name)
        scope = stored.fields[python_name].scope
        says = f"Tests `{shown}`." + (f" Needs the scope `{scope}`." if scope else "")
        _add(body, python_name, annotation, says)
        TESTS[stored.name][shown] = Condition(test, scope, f"{name}.{shown}")
    for word, annotation, says in (
        ("and", f"list[{name}]", "All of these hold."),
        ("or", f"list[{name}]", "At least one of these holds."),
        ("not", name, "This does not hold."),
    ):
        _add(body, f"{word}_", annotation, says, name=word)
    _register(name, body, f"Conditions on {stored.name}; all that are given must hold. None may be null: leave it out.")


def _add(body: dict[str, Any], python_name: str, annotation: str, says: str, *, name: str | None = None) -> None:
    body["__annotations__"][python_name] = f"{annotation} | None"
    body[python_name] = strawberry.field(default=strawberry.UNSET, name=name, description=says)


def _filterable(stored: StoredType) -> Iterator[tuple[str, str, Test]]:
    """Python name, name of the filter's input type, and the test."""
    for name, declared in stored.fields.items():
        match declared:
            case Key():
                yield name, "IdFilter", ColumnTest("id", read_id(stored.prefix))
            case Column(filter=True):
                yield name, *_column_filter(stored, declared.of or name, searched=declared.searched)
            case Amount(filter=True):
                minor, currency = column_of(stored.model, declared.minor), column_of(stored.model, declared.currency)
                yield name, "MoneyFilter", AmountTest(minor, currency)
            case Computed(filter=str(condition), filter_by=None):
                yield name, "BooleanFilter", SqlTest(condition)
            case Computed(filter=str(condition), filter_by=str(prefix)):
                yield name, "IdFilter", SqlIdTest(condition, prefix)
            case ToOne(filter=True):
                relation = relation_of(stored.model, declared.by or name)
                target = type_of_model(relation.model)
                yield name, f"{target.name}Where", OneTest(relation, target)
            case Many(filter=True):
                relation = relation_of(stored.model, declared.by or name)
                target = type_of_model(relation.model)
                yield name, _quantified(target.name), ManyTest(relation, target)


def _column_filter(stored: StoredType, field: str, *, searched: bool) -> tuple[str, Test]:
    kind, column = stored.model._meta.fields_map[field], column_of(stored.model, field)
    if isinstance(kind, CharEnumFieldInstance):
        return _enum_filter(kind.enum_type), ColumnTest(column, read_enum)
    if isinstance(kind, orm.CharField | orm.TextField):
        return "TextFilter", ColumnTest(column, read_text, stored.search if searched else None)
    if isinstance(kind, orm.JSONField):  # a list of texts: a GIN index of `jsonb_path_ops` must name it
        return "TextsFilter", ColumnTest(column, read_text)
    if isinstance(kind, orm.BooleanField):
        return "BooleanFilter", BooleanTest(column)
    if isinstance(kind, orm.IntField | orm.BigIntField):
        return "IntFilter", ColumnTest(column, read_as_is)
    if isinstance(kind, orm.BooleanField):
        return "BooleanFilter", ColumnTest(column, read_as_is)
    if isinstance(kind, orm.DatetimeField):
        return "DateTimeFilter", ColumnTest(column, read_as_is)
    if isinstance(kind, orm.DecimalField):
        return "NumberFilter", ColumnTest(column, read_decimal)
    raise TypeError(f"{stored.name}.{field}: no filter for {type(kind).__name__}")


def _quantified(element: str) -> str:
    name = f"{element}ListWhere"
    if name not in NAMESPACE:
        body: dict[str, Any] = {"__annotations__": {}}
        _add(body, "some", f"{element}Where", "At least one meets this.")
        _add(body, "none", f"{element}Where", "Not one meets this.")
        _register(name, body, f"Conditions on a list of {element}; all that are given must hold.")
    return name


def _enum_filter(enum: type[Enum]) -> str:
    """Of an enum that `strawberry.enum` has made one of the schema's."""
    shown: str = enum.__strawberry_definition__.name  # type: ignore[attr-defined]
    name = f"{shown}Filter"
    if name not in NAMESPACE:
        NAMESPACE[enum.__name__] = enum
        body: dict[str, Any] = {"__annotations__": {}}
        _add(body, "eq", enum.__name__, "Is this.")
        _add(body, "in_", f"list[{enum.__name__}]", "Is one of these.", name="in")
        _register(name, body, f"A test of a {shown}.")
    return name


def _make_order(stored: StoredType) -> None:
    sortable = [name for name, declared in stored.fields.items() if isinstance(declared, Column) and declared.sort]
    SORTS[stored.name] = names = {name.upper(): name for name in ["id", *sortable]}
    _make_order_field(stored, names)
    body = {
        "__annotations__": {"field": f"{stored.name}OrderField", "direction": "Direction"},
        "field": strawberry.field(description="By what."),
        "direction": strawberry.field(default=inputs.Direction.ASC, description="Which way."),
    }
    _register(f"{stored.name}Order", body, f"An order of {stored.name}.")


def _make_order_field(stored: StoredType, names: dict[str, str]) -> None:
    members = {}
    for upper, name in names.items():
        declared = stored.fields[name]
        key_type_of(stored.model, declared.of or name if isinstance(declared, Column) else name)  # or it cannot be
        says = f"By `{to_camel_case(name)}`." + (f" Needs the scope `{declared.scope}`." if declared.scope else "")
        members[upper] = strawberry.enum_value(upper, description=says)
    make_enum: Any = Enum  # mypy knows it with literal names alone
    NAMESPACE[f"{stored.name}OrderField"] = strawberry.enum(
        make_enum(f"{stored.name}OrderField", members),
        description=f"What a list of {stored.name} can be ordered by: fields that an index supports.",
    )


def _register(name: str, body: dict[str, Any], description: str) -> None:
    body["__module__"] = inputs.__name__
    NAMESPACE[name] = strawberry.input(type(name, (), body), name=name, description=description)
