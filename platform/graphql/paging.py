"""Relay connections: pages, edges, cursors, counts as GraphQL shows them."""

from __future__ import annotations

from enum import Enum
from typing import Generic, TypeVar

import strawberry

T = TypeVar("T")


@strawberry.interface(description="A thing with an id of its own, which `node(id:)` finds.")
class Node:
    id: strawberry.ID = strawberry.field(description="Sortable, unique, and tells its type.")


@strawberry.type(description="Where a page stands in the whole list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="More follow behind this page.")
    has_previous_page: bool = strawberry.field(description="Something stands before this page.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first; for `before`.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last; for `after`.")


@strawberry.enum(description="How far a count can be trusted.")
class CountPrecision(Enum):
    EXACT = strawberry.enum_value("EXACT", description="It is this many.")
    AT_LEAST = strawberry.enum_value("AT_LEAST", description="There are more; counting stopped here.")


@strawberry.type(description="How many a list has in all; counted only when asked for, and only so far.")
class Count:
    value: int = strawberry.field(description="The number.")
    precision: CountPrecision = strawberry.field(description="How far it can be trusted.")


@strawberry.type(description="An item and where it stands.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="Its place in this order; opaque.")
    node: T = strawberry.field(description="The item.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    nodes: list[T] = strawberry.field(description="The items.")
    edges: list[Edge[T]] = strawberry.field(description="The items with their cursors.")
    page_info: PageInfo = strawberry.field(description="Where this page stands.")
    count: Count = strawberry.field(description="How many there are in all, with everything filtered as here.")
