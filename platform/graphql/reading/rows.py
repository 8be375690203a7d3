"""Tables, columns and relations, taken from the Tortoise models."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from tortoise.fields.relational import BackwardFKRelation, ForeignKeyFieldInstance
from tortoise.models import Model


@dataclass(frozen=True, slots=True)
class Relation:
    """How to get from a row to related rows: ``related.far = row.near``."""

    model: type[Model]
    table: str
    near: str
    far: str

    def join(self, row: str, related: str) -> str:
        return f'{related}."{self.far}" = {row}."{self.near}"'


def table_of(model: type[Model]) -> str:
    return str(model._meta.db_table)


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


def sql_type_of(model: type[Model], field: str) -> str:
    """The PostgreSQL type of a column, as a cursor's text is cast to it."""
    kind = model._meta.fields_map[field]
    sql_type = str(kind.get_for_dialect("postgres", "SQL_TYPE"))
    return sql_type.split("(")[0]
