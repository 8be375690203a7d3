"""Stock's part of Subscription."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Iterator
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.types import Info

from stoa.domains.catalog import stock
from stoa.graphql.catalog.stock.types import StockLevel
from stoa.graphql.context import GraphContext
from stoa.graphql.reading.declaring import streamed
from stoa.graphql.scalars import read_id
from stoa.kit.errors import InvalidInput, blaming
from stoa.tenants.access import Scope
from stoa.tenants.live import News, Resync, listen

MAX_VARIANTS = 250
MOST_AT_ONCE = 50  # rows of one batch that are told one by one; of more, one reads the list anew


@streamed(
    Scope.CATALOG_READ,
    "Stock levels as they change. Null: some news were missed, or very many came at once; read the list anew.",
)
async def stock_changed(
    info: Info[GraphContext, None],
    variant_ids: Annotated[
        list[strawberry.ID] | None, strawberry.argument(description=f"Only of these; {MAX_VARIANTS} at the most.")
    ] = None,
    location_id: Annotated[strawberry.ID | None, strawberry.argument(description="Only there.")] = None,
) -> AsyncGenerator[StockLevel | None, None]:
    ctx = info.context.require(Scope.CATALOG_READ, "stockChanged")
    variants = None if variant_ids is None else _read_ids(variant_ids)
    location = None if location_id is None else str(read_id("location_id", location_id, "loc"))
    async with listen(ctx.shop, stock.TOPIC) as stream:
        async for news in stream:
            for stock_id in _wanted(news, variants, location):
                yield stock_id  # type: ignore[misc]  # the planner makes a StockLevel of it


def _read_ids(ids: list[strawberry.ID]) -> set[str]:
    if len(ids) > MAX_VARIANTS:
        raise InvalidInput(
            "{count} variants; {limit} are allowed.", path=["variant_ids"], count=len(ids), limit=MAX_VARIANTS
        )
    with blaming("variant_ids"):
        return {str(read_id(str(i), id, "var")) for i, id in enumerate(ids)}


def _wanted(news: News | Resync, variants: Collection[str] | None, location: str | None) -> Iterator[UUID | None]:
    if isinstance(news, News) and "rows" not in news.body:
        return  # news of an alarm: the movement behind it is told by itself
    rows: list[Any] | None = news.body["rows"] if isinstance(news, News) else None
    if rows is not None:
        rows = [id for id, of, at in rows if (variants is None or of in variants) and location in (None, at)]
    if rows is None or len(rows) > MOST_AT_ONCE:
        yield None
    else:
        yield from map(UUID, rows)


@strawberry.type
class StockSubscriptions:
    """What can be watched of stock."""

    stock_changed = stock_changed
