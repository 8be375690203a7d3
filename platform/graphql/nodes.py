"""`node` and `nodes`: anything by its id, of whatever type the id says it is."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any
from uuid import UUID

from graphql import GraphQLResolveInfo, GraphQLSchema

from stoa.graphql.reading.declaring import TYPES, StoredType
from stoa.graphql.reading.fetching import fetch_many
from stoa.kit.errors import InvalidInput
from stoa.kit.ids import parse_type_id, prefix_of

MAX_NODES = 50


async def find_nodes(info: GraphQLResolveInfo[Any], ids: list[str]) -> list[Any]:
    """The things of these ids, in this order, None for what the open shop does not have: one statement a type."""
    if len(ids) > MAX_NODES:
        raise InvalidInput(f"{len(ids)} ids; {MAX_NODES} are allowed.", path=["ids"])
    wanted = [_split(id) for id in ids]
    by_type: dict[str, set[UUID]] = defaultdict(set)
    for stored, row_id in wanted:
        by_type[stored.name].add(row_id)
    names = list(by_type)
    found = dict(
        zip(names, await asyncio.gather(*(fetch_many(info, TYPES[n], list(by_type[n])) for n in names)), strict=True)
    )
    return [found[stored.name].get(row_id) for stored, row_id in wanted]


def _split(id: str) -> tuple[StoredType, UUID]:
    prefix = prefix_of(id)
    for stored in TYPES.values():
        if stored.prefix == prefix:
            return stored, parse_type_id(id, prefix)
    raise InvalidInput(f"{id[:60]!r} is not an id of this API.", path=["id"])


def bind_nodes(schema: GraphQLSchema) -> None:
    """Give Query.node and Query.nodes their resolvers: they need the raw selection, which Strawberry hides."""

    async def node(source: Any, info: GraphQLResolveInfo[Any], id: str) -> Any:
        return (await find_nodes(info, [id]))[0]

    async def nodes(source: Any, info: GraphQLResolveInfo[Any], ids: list[str]) -> Any:
        return await find_nodes(info, ids)

    assert schema.query_type is not None
    schema.query_type.fields["node"].resolve = node
    schema.query_type.fields["nodes"].resolve = nodes
