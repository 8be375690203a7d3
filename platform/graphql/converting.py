"""From graphql-core's coerced arguments to input objects: a reader for each input type, made once.

Strawberry converts arguments by looking every type up again for every value: a millisecond for a product with three
variants, more than writing it. Mutations therefore take the coerced dict (validated, defaults filled in) and read it
with these. `tests/graphql/test_converting.py` holds them against Strawberry's own conversion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
)

Reader = Callable[[Any], Any]


class Readers:
    """The readers of one schema's input types."""

    def __init__(self) -> None:
        self._objects: dict[str, Reader] = {}

    def reader_of(self, kind: GraphQLInputType) -> Reader | None:
        """What turns a coerced value of this type into the operation's; None when it is that already."""
        if isinstance(kind, GraphQLNonNull):
            return self.reader_of(kind.of_type)
        if isinstance(kind, GraphQLList):
            return _list_reader(self.reader_of(kind.of_type))
        if isinstance(kind, GraphQLInputObjectType):
            return self._object_reader(kind)
        if isinstance(kind, GraphQLEnumType):
            return _enum_reader(kind.extensions["strawberry-definition"].wrapped_cls)
        return None

    def _object_reader(self, kind: GraphQLInputObjectType) -> Reader:
        if kind.name not in self._objects:
            fields: dict[str, tuple[str, Reader | None]] = {}
            definition = kind.extensions["strawberry-definition"]
            # known before its fields are read: an input may hold itself
            self._objects[kind.name] = lambda given: _build(definition.origin, fields, given)
            for name, field in kind.fields.items():
                python_name = field.extensions["strawberry-definition"].python_name
                fields[name] = (python_name, self.reader_of(field.type))
        return self._objects[kind.name]


def _build(cls: type, fields: Mapping[str, tuple[str, Reader | None]], given: Mapping[str, Any] | None) -> Any:
    if given is None:
        return None
    values = {}
    for name, value in given.items():
        python_name, read = fields[name]
        values[python_name] = value if read is None or value is None else read(value)
    return cls(**values)


def _list_reader(read: Reader | None) -> Reader:
    # a copy in any case: graphql-core hands out the same default to everybody
    return list if read is None else lambda items: [None if item is None else read(item) for item in items]


def _enum_reader(enum: type[Enum]) -> Reader:
    return lambda value: value if isinstance(value, enum) else enum(value)
