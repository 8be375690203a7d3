"""Filters of products outside of lists: kept as JSON with what is to be done, and read again when it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLInputType, GraphQLSchema
from graphql.utilities import coerce_input_value
from strawberry.utils.str_converters import to_camel_case

from stoa.domains.catalog.choosing import Condition, read_filters_with
from stoa.graphql.reading.declared import TYPES
from stoa.graphql.reading.filtering import search_sql, where_sql
from stoa.graphql.reading.fragments import ROW, all_of, written
from stoa.graphql.reading.operators import Gathered
from stoa.kit.errors import InvalidInput, blaming


def bind_choosing(schema: GraphQLSchema) -> None:
    """Let the catalog read filters by the finished schema."""
    kind = schema.type_map["ProductWhere"]
    read_filters_with(partial(_condition, kind))  # type: ignore[arg-type]


def _condition(kind: GraphQLInputType, where: Mapping[str, Any] | None, search: str | None, before: int) -> Condition:
    stored, into, parts = TYPES["Product"], Gathered(), []
    if where is not None:
        with blaming("where"):
            parts.append(where_sql(stored, ROW, _coerced(kind, where), into))
    if search is not None:
        with blaming("search"):
            parts.append(search_sql(stored, search, into))
    return Condition(written(all_of(parts), "p", before), into.values, into.scopes)


def _coerced(kind: GraphQLInputType, where: Mapping[str, Any]) -> Any:
    try:
        return coerce_input_value(dict(where), kind)
    except GraphQLError as error:
        raise InvalidInput("The filter is not understood: {reason}", reason=error.message[:200]) from None


def plain(given: Any) -> Any:
    """An input object as the JSON that it came from; what was left out is left out."""
    if is_dataclass(given) and not isinstance(given, type):
        fields: list[Any] = given.__strawberry_definition__.fields  # type: ignore[attr-defined]
        said = {
            each.graphql_name or to_camel_case(each.python_name): getattr(given, each.python_name) for each in fields
        }
        return {name: plain(value) for name, value in said.items() if value is not strawberry.UNSET}
    match given:
        case list():
            return [plain(each) for each in given]
        case Enum():
            return given.name
        case datetime():
            return given.isoformat()
    return given
