"""Tables, columns and relations, taken from the Tortoise models."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from tortoise import fields as orm
from tortoise.fields.relational import BackwardFKRelation, ForeignKeyFieldInstance
from tortoise.models import Model

from stoa.graphql.reading.fragments import Fragment, Row

_UNREADABLE = re.compile("[\\x00\\ud800-\\udfff]")


@dataclass(frozen=True, slots=True)
class Relation:
    """How to get from a row to related rows: ``related.far = row.near``."""

    model: type[Model]
    table: str
    near: str
    far: str

    def join(self, row: Row, related: Row) -> Fragment:
        return (related, f'."{self.far}" = ', row, f'."{self.near}"')


@dataclass(frozen=True, slots=True)
class KeyType:
    """What a list may be ordered by: its PostgreSQL type, and how a cursor's text is read. Raises `ValueError`."""

    sql: str
    read: Callable[[str], Any]


def table_of(model: type[Model]) -> str:
    """As SQL names it: the shop's own tables by their name alone, others by their schema too."""
    schema, table = model._meta.schema, f'"{model._meta.db_table}"'
    return f'"{schema}".{table}' if schema else table


def columns_of(model: type[Model]) -> str:
    """What a list takes of a row: all of it, or what `SHOWN` names where a shop's role may not read all."""
    shown: Sequence[str] | None = getattr(model, "SHOWN", None)
    return ", ".join(f'"{name}"' for name in shown) if shown else "*"


@cache
def column_of(model: type[Model], field: str) -> str:
    """The database column of a model's field."""
    columns = model._meta.fields_db_projection
    if field not in columns:
        raise TypeError(f"{model.__name__} has no stored field {field!r}")
    return columns[field]


@cache
def relation_of(model: type[Model], field: str) -> Relation:
    """The relation behind a model's field, forward or backward. The models must have been initialised."""
    far: Any
    found = model._meta.fields_map.get(field)
    if isinstance(found, BackwardFKRelation):
        far = found.related_model
        return Relation(far, table_of(far), "id", column_of(far, found.relation_source_field or found.relation_field))
    if isinstance(found, ForeignKeyFieldInstance):
        far = found.related_model
        assert found.source_field is not None
        return Relation(far, table_of(far), column_of(model, found.source_field), column_of(far, "id"))
    raise TypeError(f"{model.__name__}.{field} is not a relation")


@cache
def relation_across(model: type[Model], field: str) -> Relation:
    """To the rows of a model that hold a row's id in a field which is no foreign key."""
    return Relation(model, table_of(model), "id", column_of(model, field))


@cache
def key_type_of(model: type[Model], field: str) -> KeyType:
    kind = model._meta.fields_map[field]
    for python_type, key_type in KEY_TYPES:
        if isinstance(kind, python_type):
            return key_type
    raise TypeError(f"{model.__name__}.{field}: no list can be ordered by {type(kind).__name__}")


def is_nullable(model: type[Model], field: str) -> bool:
    return bool(model._meta.fields_map[field].null)


def readable(text: str) -> str:
    """Text that PostgreSQL can take for a value. Raises `ValueError`."""
    if _UNREADABLE.search(text):
        raise ValueError("It holds a character that no text has (NUL, or half of one).")
    return text


def _whole(text: str) -> int:
    number = int(text)
    if not -(2**63) <= number < 2**63:
        raise ValueError(text)
    return number


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


KEY_TYPES: tuple[tuple[type[Any], KeyType], ...] = (
    (orm.UUIDField, KeyType("uuid", UUID)),
    (orm.CharField, KeyType("text", readable)),
    (orm.TextField, KeyType("text", readable)),
    (orm.IntField, KeyType("bigint", _whole)),
    (orm.BigIntField, KeyType("bigint", _whole)),
    (orm.DatetimeField, KeyType("timestamptz", _moment)),
)
