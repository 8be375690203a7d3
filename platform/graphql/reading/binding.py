"""Tie the declarations to the finished schema: stored fields read their struct, planned fields run their plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
)

from stoa.graphql.compiled import READ, PlainRead, plain_resolver
from stoa.graphql.reading.declared import (
    ROOTS,
    TYPES,
    Column,
    Computed,
    Declared,
    Derived,
    Fetched,
    FetchedMany,
    FirstOf,
    Key,
    Many,
    RootOne,
    RootPage,
    StoredType,
    Streamed,
    ToOne,
)
from stoa.graphql.reading.fetching import FETCHED, fetch_many, fetch_one, fetch_page, fetch_written
from stoa.graphql.reading.planning import REQUIRES, stored_type_of
from stoa.graphql.shortcut import DIRECT
from stoa.kit.errors import blaming
from stoa.kit.ids import parse_type_id


def bind(schema: GraphQLSchema) -> None:
    """Once, after the schema has been built."""
    for stored in TYPES.values():
        if isinstance(kind := schema.type_map.get(stored.name), GraphQLObjectType):
            _bind_stored(kind, stored)
        for name in (f"{stored.name}Connection", f"{stored.name}Edge"):
            if isinstance(kind := schema.type_map.get(name), GraphQLObjectType):
                _bind_views(kind)
    for (type_name, python_name), declared in ROOTS.items():
        for kind in _carriers(schema, type_name):
            field = _field(kind, python_name)
            field.resolve = _resolver(field, declared, python_name)
            if not isinstance(declared, Streamed):
                field.extensions[DIRECT] = True
            if isinstance(declared, Fetched | FetchedMany):
                field.extensions[FETCHED] = stored_type_of(field)
    node = schema.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    node.resolve_type = lambda source, info, kind: source.graphql_type


def _bind_stored(kind: GraphQLObjectType, stored: StoredType) -> None:
    # its rows are structs, not instances of the Strawberry class: the planner vouches for their type
    kind.is_type_of = None
    for field in kind.fields.values():
        definition = field.extensions.get("strawberry-definition")
        declared = stored.fields.get(definition.python_name) if definition else None
        if definition is not None and REQUIRES in definition.metadata:
            field.extensions[REQUIRES] = definition.metadata[REQUIRES]
        if declared is not None and definition is not None:
            _bind_read(field, _read_of(definition.python_name, declared, stored))


def _bind_views(kind: GraphQLObjectType) -> None:
    """Each place that shows the rows of a page has rows of its own, under its response key (see decoding.py)."""
    for name in kind.fields.keys() & {"nodes", "edges", "node"}:
        _bind_read(kind.fields[name], PlainRead(name, keyed=True))


def _bind_read(field: GraphQLField, read: PlainRead) -> None:
    field.extensions[READ] = read
    field.resolve = plain_resolver(read)


def _read_of(name: str, declared: Declared, stored: StoredType) -> PlainRead:
    if isinstance(declared, Key):
        return PlainRead(name, convert=stored.encode_id)
    if isinstance(declared, Column | Computed):
        return PlainRead(name, convert=declared.convert)
    if isinstance(declared, Derived):
        rule = declared.rule
        return PlainRead(name, convert=lambda values: rule(*values))
    return PlainRead(name, keyed=isinstance(declared, ToOne | FirstOf | Many))


def _item_of(field: GraphQLField) -> Any:
    listed = get_nullable_type(field.type)
    assert is_list_type(listed)
    return listed.of_type


def _fetched_many(stored: StoredType, python_name: str, *, keeps_gaps: bool) -> Callable[..., Any]:
    async def fetched_many(source: Any, info: GraphQLResolveInfo[Any]) -> Any:
        ids = getattr(source, python_name)
        if ids is None:
            return None
        rows = await fetch_many(info, stored, list({id for id in ids if id is not None}))
        return [rows.get(id) for id in ids if keeps_gaps or id in rows]

    return fetched_many


def _carriers(schema: GraphQLSchema, type_name: str) -> list[GraphQLObjectType]:
    """The type itself, or the root type that Strawberry merged it into."""
    own = schema.type_map.get(type_name)
    if isinstance(own, GraphQLObjectType):
        return [own]
    return [schema.query_type] if schema.query_type else []


def _field(kind: GraphQLObjectType, python_name: str) -> GraphQLField:
    field: GraphQLField
    for field in kind.fields.values():
        if field.extensions["strawberry-definition"].python_name == python_name:
            return field
    raise TypeError(f"{kind.name} has no field {python_name}")


def _resolver(field: GraphQLField, declared: Declared, python_name: str) -> Callable[..., Any]:
    stored = stored_type_of(field)
    if isinstance(declared, RootPage):

        async def page(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
            return await fetch_page(info, stored, declared)

        return page
    if isinstance(declared, RootOne):

        async def one(source: Any, info: GraphQLResolveInfo[Any], id: str) -> Any:
            info.context.require(stored.scope, stored.name)  # first who asks, then what
            with blaming("id"):
                row_id = parse_type_id(id, stored.prefix)
            return await fetch_one(info, stored, row_id)

        return one
    if isinstance(declared, Streamed):

        async def streamed(event: UUID | None, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
            return None if event is None else await fetch_one(info, stored, event)

        return streamed
    if isinstance(declared, FetchedMany):
        return _fetched_many(stored, python_name, keeps_gaps=not is_non_null_type(_item_of(field)))
    assert isinstance(declared, Fetched)

    async def fetched(source: Any, info: GraphQLResolveInfo[Any]) -> Any:
        row_id = getattr(source, python_name)
        return None if row_id is None else await fetch_written(info, stored, row_id)

    return fetched
