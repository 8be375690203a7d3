"""The answer of a mutation as JSON, and back: ids of rows, and the plain types that a payload is made of besides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any
from uuid import UUID

from strawberry.types.base import StrawberryContainer, StrawberryObjectDefinition, get_object_definition
from strawberry.types.enum import StrawberryEnumDefinition

from stoa.graphql.errors import ERROR_TYPES
from stoa.graphql.reading.declared import TYPES


def kept(value: Any) -> Any:
    """As JSON. The id of a row is a plain text, and is shown as the row is when the answer is given again."""
    match value:
        case None | bool() | int() | float():
            return value
        case UUID():
            return str(value)
        case Enum():
            return {"enum": type(value).__name__, "name": value.name}
        case str():
            return {"text": value}
        case datetime():
            return {"moment": value.isoformat()}
        case list() | tuple():
            return [kept(each) for each in value]
    given = {each.name: kept(getattr(value, each.name)) for each in fields(value)}
    return {"type": type(value).__name__, "fields": given}


def remembered(value: Any, payload: type) -> Any:
    """What was kept, as it was. `payload` is the type of the whole answer, which knows the types of its parts."""
    match value:
        case str():
            return UUID(value)
        case list():
            return [remembered(each, payload) for each in value]
        case {"text": text}:
            return text
        case {"moment": moment}:
            return datetime.fromisoformat(moment)
        case {"enum": name, "name": member}:
            return parts_of(payload)[name][member]  # type: ignore[index]
        case {"type": name, "fields": given}:
            return parts_of(payload)[name](**{key: remembered(each, payload) for key, each in given.items()})
    return value


@lru_cache(maxsize=256)
def parts_of(payload: type) -> dict[str, type]:
    """All types of which the payload is made, by name; of stored rows it holds nothing but the id."""
    found: dict[str, type] = {each.__name__: each for each in (*ERROR_TYPES, payload)}
    waiting = [payload]
    while waiting:
        for part in _types_within(waiting.pop()):
            if part.__name__ not in found:
                found[part.__name__] = part
                waiting.append(part)
    return found


def _types_within(kind: type) -> Iterator[type]:
    definition = get_object_definition(kind)
    for each in definition.fields if definition else ():
        inner: Any = each.type
        while isinstance(inner, StrawberryContainer):
            inner = inner.of_type
        if isinstance(inner, StrawberryEnumDefinition):
            yield inner.wrapped_cls
        inner = inner if isinstance(inner, StrawberryObjectDefinition) else get_object_definition(inner)
        if inner is not None and inner.name not in TYPES:
            yield inner.origin
