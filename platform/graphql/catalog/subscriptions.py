"""The catalog's part of Subscription: each event is answered with the thing as it is at that moment."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry.types import Info

from stoa.domains.catalog import importing
from stoa.graphql.catalog.types import Product, ProductImport
from stoa.graphql.context import GraphContext
from stoa.graphql.reading.declaring import streamed
from stoa.graphql.scalars import read_id
from stoa.tenants.access import Scope
from stoa.tenants.live import News, listen


@streamed(
    Scope.CATALOG_READ, "How an import gets on: at once, at every step, and when it has ended; then it completes."
)
async def product_import_progress(
    info: Info[GraphContext, None], id: Annotated[strawberry.ID, strawberry.argument(description="The import's id.")]
) -> AsyncGenerator[ProductImport | None, None]:
    ctx = info.context.require(Scope.CATALOG_READ, "productImportProgress")
    run_id = read_id("id", id, "imp")
    async with listen(ctx.shop, f"import:{run_id}") as stream:
        yield run_id  # type: ignore[misc]  # the planner makes a ProductImport of it
        while not await importing.has_ended(run_id):
            if await anext(stream, None) is None:
                return  # the process ends; the client will ask again elsewhere
            yield run_id  # type: ignore[misc]


@streamed(
    Scope.CATALOG_READ, "Products as they are created or changed. Null: some news were missed, read the list anew."
)
async def product_changed(info: Info[GraphContext, None]) -> AsyncGenerator[Product | None, None]:
    ctx = info.context.require(Scope.CATALOG_READ, "productChanged")
    async with listen(ctx.shop, "product") as stream:
        async for news in stream:
            product_id = news.topic.partition(":")[2] if isinstance(news, News) else None
            yield UUID(product_id) if product_id else None  # type: ignore[misc]  # the planner makes a Product of it


@strawberry.type
class CatalogSubscriptions:
    """What can be watched in the catalog."""

    product_import_progress = product_import_progress
    product_changed = product_changed
