"""The orders' part of Subscription."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry.types import Info

from stoa.graphql.context import GraphContext
from stoa.graphql.orders.types import Order
from stoa.graphql.reading.declaring import streamed
from stoa.graphql.scalars import read_id
from stoa.tenants.access import Scope
from stoa.tenants.live import News, listen


@streamed(
    Scope.ORDERS_READ,
    "Orders as they come in and change: all, or the one named. Null: some news were missed, read the list anew.",
)
async def order_changed(
    info: Info[GraphContext, None],
    id: Annotated[strawberry.ID | None, strawberry.argument(description="Only this order.")] = None,
) -> AsyncGenerator[Order | None, None]:
    ctx = info.context.require(Scope.ORDERS_READ, "orderChanged")
    topic = "order" if id is None else f"order:{read_id('id', id, 'ord')}"
    async with listen(ctx.shop, topic) as stream:
        async for news in stream:
            order_id = news.topic.partition(":")[2] if isinstance(news, News) else None
            yield UUID(order_id) if order_id else None  # type: ignore[misc]  # the planner makes an Order of it


@streamed(
    Scope.ORDERS_READ, "Orders as they come in, from whatever channel. Null: some news were missed, read the list anew."
)
async def order_placed(info: Info[GraphContext, None]) -> AsyncGenerator[Order | None, None]:
    ctx = info.context.require(Scope.ORDERS_READ, "orderPlaced")
    async with listen(ctx.shop, "order") as stream:
        async for news in stream:
            if not isinstance(news, News):
                yield None
            elif news.body.get("event") == "OrderPlaced":
                yield UUID(news.body["order_id"])  # type: ignore[misc]  # the planner makes an Order of it


@strawberry.type
class OrderSubscriptions:
    """What can be watched of orders."""

    order_placed = order_placed
    order_changed = order_changed
