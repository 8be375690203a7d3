"""Gather what a report says: its query, sent through the schema with the rights of whoever asked, into a spool."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

from stoa.graphql.reporting.defining import Definition, Wish
from stoa.graphql.reporting.words import CHROME
from stoa.graphql.within import asked_of, document_of, inner_context
from stoa.kit.languages import reading
from stoa.kit.reporting import Block, Spool
from stoa.tenants.context import Context
from stoa.tenants.reporting.errors import ReportTooLarge

Progress = Callable[[int], Awaitable[None]]


async def gather(ctx: Context, definition: Definition, wish: Wish, spool: Spool, most: int, progress: Progress) -> None:
    """Fill the spool. Raises `ReportTooLarge` as soon as there are more rows than `most`, and whatever the API
    refuses to whoever asks."""
    layout = definition.layout(wish)
    spool.add(definition.head(wish, layout, CHROME))
    variables, after, is_first = definition.variables(wish), None, True
    while is_first or after is not None:
        data = await _ask(ctx, definition.query, variables | ({"after": after} if definition.pages else {}))
        if is_first:
            _put(spool, layout.opening(data), most)
        after, is_first = None, False
        if definition.pages is not None:
            page = data[definition.pages]
            async for nodes in _whole(ctx, definition, page["nodes"]):
                _put(spool, layout.page(nodes), most)
            after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
        if after is not None:
            await progress(spool.rows)


async def _whole(ctx: Context, definition: Definition, nodes: list[dict[str, Any]]) -> AsyncIterator[list[Any]]:
    """The things of a page; those that have a list of their own one by one, each when its list is there to the end."""
    if definition.inside is None:
        yield nodes
        return
    for node in nodes:
        inside = node[definition.inside]
        page = inside["pageInfo"]
        while page["hasNextPage"]:
            data = await _ask(ctx, definition.rest, {"id": node["id"], "after": page["endCursor"]})
            more = (data["node"] or {}).get(definition.inside)
            if more is None:
                break  # the thing is gone by now
            inside["nodes"] += more["nodes"]
            page = more["pageInfo"]
        yield [node]


def _put(spool: Spool, blocks: Iterable[Block], most: int) -> None:
    for block in blocks:
        spool.add(block)
    if spool.rows > most:
        raise ReportTooLarge(
            "The report has more than {limit} rows, which is what this format takes. Ask for fewer days, or for "
            "another format.",
            limit=most,
        )


async def _ask(ctx: Context, query: str, variables: dict[str, Any]) -> Any:
    with reading(ctx.locale):
        data = await asked_of(inner_context(ctx, document_of(query)), variables)
    await asyncio.sleep(0)  # others have their turn between pages
    return data
