"""Read a bulk query to its end: page by page, each node a line, and behind it the lines of the lists inside of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from stoa.graphql.bulk.checking import BulkQuery
from stoa.graphql.bulk.form import AFTER, ID, List
from stoa.graphql.documents import Document
from stoa.graphql.within import asked_of, inner_context
from stoa.tenants.bulk import Page
from stoa.tenants.context import Context

PARENT, PLACE = "__parentId", "__field"
CHUNK = 256 * 1024  # bytes that are collected of the lines of one page before they are handed on
Asker = Callable[[], Awaitable[Context]]


@dataclass(frozen=True, slots=True)
class _Rest:
    """A list that is longer than what came of it with the thing it belongs to."""

    owner: List
    wanted: List
    parent_id: str


@dataclass(slots=True)
class Reading:
    """A query on its way into lines. `asker` gives whoever asked, with the rights of the moment.

    A page is of one moment, with all that stands in it; the next is of a later one. As pages go by the ids, nothing
    comes twice, and nothing is left out that was there all the time.
    """

    query: BulkQuery
    asker: Asker
    documents: dict[Any, Document] = field(default_factory=dict)

    async def total(self) -> int | None:
        """How many the root list has; None when that is more than is counted."""
        root = self.query.form.root
        answer = (await self._ask("count", self.query.form.count))[root.path[0]]["count"]
        return int(answer["value"]) if answer["precision"] == "EXACT" else None

    async def pages(self, after: str | None = None) -> AsyncIterator[Page]:
        """All that is behind the cursor."""
        root, has_more = self.query.form.root, True
        while has_more:
            page = (await self._ask("pages", self.query.form.pages, {AFTER: after}))[root.path[0]]
            has_more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"] or after
            texts, size, lines = [], 0, 0
            async for line in self._all(self._lines(root, page["nodes"])):
                texts.append(line)
                size, lines = size + len(line), lines + 1
                if size >= CHUNK:
                    yield Page(b"".join(texts), lines, 0, None)
                    texts, size, lines = [], 0, 0
            yield Page(b"".join(texts), lines, len(page["nodes"]), after, is_last=not has_more)

    def _lines(self, wanted: List, nodes: Iterable[dict[str, Any]]) -> Iterator[bytes | _Rest]:
        inside, dumps, newline = wanted.inside, orjson.dumps, orjson.OPT_APPEND_NEWLINE
        for node in nodes:
            if not inside:
                yield dumps(node, option=newline)
                continue
            taken = [(each, _taken(node, each.path)) for each in inside]
            yield dumps(node, option=newline)
            for each, below in taken:
                if len(below) < each.size:
                    yield from self._lines(each, _told(below, node["id"], each))
                else:
                    yield _Rest(wanted, each, node["id"])

    async def _all(self, lines: Iterator[bytes | _Rest]) -> AsyncIterator[bytes]:
        for line in lines:
            if isinstance(line, bytes):
                yield line
                continue
            async for page in self._pages_of(line):
                async for below in self._all(self._lines(line.wanted, page)):
                    yield below

    async def _pages_of(self, rest: _Rest) -> AsyncIterator[list[dict[str, Any]]]:
        """A long list from its beginning."""
        owner, wanted, after, has_more = rest.owner, rest.wanted, None, True
        while has_more:
            found = await self._ask(
                (owner.place, wanted.place),
                lambda: self.query.form.rest(owner, wanted),
                {ID: rest.parent_id, AFTER: after},
            )
            page = found["node"]
            for key in wanted.path:
                page = page and page[key]
            if page is None:
                return  # the thing is gone by now
            has_more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
            yield _told(page["nodes"], rest.parent_id, wanted)

    async def _ask(self, key: Any, make: Callable[[], Document], ours: dict[str, Any] | None = None) -> dict[str, Any]:
        document = self.documents.get(key)
        if document is None:
            document = self.documents[key] = make()
        context = inner_context(await self.asker(), document, in_order_of_ids=True)
        return await asked_of(context, self.query.variables | (ours or {}))


def _taken(node: dict[str, Any], path: tuple[str, ...]) -> list[dict[str, Any]]:
    """Take a list out of the node it belongs to, and what was there for its sake alone."""
    *way, last = path
    place: Any = node
    for key in way:
        place = place[key]
        if place is None:
            return []
    nodes: list[dict[str, Any]] = place.pop(last)["nodes"]
    for depth in range(len(way), 0, -1):
        holder = node
        for key in way[: depth - 1]:
            holder = holder[key]
        if not holder[way[depth - 1]]:
            del holder[way[depth - 1]]
    return nodes


def _told(nodes: list[dict[str, Any]], parent_id: str, wanted: List) -> list[dict[str, Any]]:
    """The nodes, each with what it belongs to."""
    for node in nodes:
        node[PARENT], node[PLACE] = parent_id, wanted.place
    return nodes
