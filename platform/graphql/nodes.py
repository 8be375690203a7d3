"""`node` and `nodes`: anything by its id, of whatever type the id says it is."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any
from uuid import UUID

from graphql import GraphQLResolveInfo, GraphQLSchema

from stoa.graphql.reading.declared import TYPES, StoredType
from stoa.graphql.reading.fetching import fetch_many
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.ids import parse_type_id, prefix_of

MAX_NODES = 50


async def find_nodes(info: GraphQLResolveInfo[Any], wanted: list[tuple[StoredType, UUID]]) -> list[Any]:
    """These things, in this order, None for what the open shop does not have: one statement a type."""
    by_type: dict[str, set[UUID]] = defaultdict(set)
    for stored, row_id in wanted:
        by_type[stored.name].add(row_id)
    found = await asyncio.gather(*(fetch_many(info, TYPES[name], list(ids)) for name, ids in by_type.items()))
    rows = dict(zip(by_type, found, strict=True))
    return [rows[stored.name].get(row_id) for stored, row_id in wanted]


def read_id(id: str) -> tuple[StoredType, UUID]:
    """The type and the row that an id names. Refuses what is no id, or of nothing that `node` finds."""
    prefix = prefix_of(id)
    for stored in TYPES.values():
        if stored.prefix == prefix:
            return stored, parse_type_id(id, prefix)
    raise InvalidInput("{id!r} is not the id of a thing that can be found by its id alone.", id=id[:60])


def bind_nodes(schema: GraphQLSchema) -> None:
    """Give Query.node and Query.nodes their resolvers: they need the raw selection, which Strawberry hides."""

    async def node(source: Any, info: GraphQLResolveInfo[Any], id: str) -> Any:
        info.context.in_shop()  # first who asks, then what
        with blaming("id"):
            wanted = read_id(id)
        return (await find_nodes(info, [wanted]))[0]

    async def nodes(source: Any, info: GraphQLResolveInfo[Any], ids: list[str]) -> Any:
        info.context.in_shop()
        if len(ids) > MAX_NODES:
            raise InvalidInput("{count} ids; {limit} are allowed.", path=["ids"], limit=MAX_NODES, count=len(ids))
        return await find_nodes(info, [_read_item(position, id) for position, id in enumerate(ids)])

    assert schema.query_type is not None
    schema.query_type.fields["node"].resolve = node
    schema.query_type.fields["nodes"].resolve = nodes


def _read_item(position: int, id: str) -> tuple[StoredType, UUID]:
    with blaming("ids", position):
        return read_id(id)
