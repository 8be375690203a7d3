"""Exporting products: the types, inputs, payloads, queries, mutations and the subscription."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry.types import Info

from stoa.domains.catalog import exporting, models
from stoa.domains.catalog.choosing import Chosen
from stoa.graphql.catalog.choosing import plain
from stoa.graphql.catalog.types import ProductStatus
from stoa.graphql.context import GraphContext
from stoa.graphql.enums import shown_enum
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.paging import Connection, Node
from stoa.graphql.reading.declaring import column, derived, fetched, one_of, page_of, root, stored, streamed
from stoa.graphql.saying import said_now
from stoa.graphql.scalars import BigInt, read_id
from stoa.kit.errors import blaming
from stoa.kit.ids import parse_type_id
from stoa.tenants.access import Scope
from stoa.tenants.context import Context
from stoa.tenants.live import listen

ProductFileFormat = shown_enum(
    models.FileFormat,
    "A form of product files that is known: its columns need not be explained.",
    name="ProductFileFormat",
    SHOPIFY="Shopify's product CSV, as it exports and imports it.",
    GENERIC="Our own: the same rows, with columns for all that we keep.",
)
ExportState = shown_enum(
    models.ExportState,
    "How far an export is.",
    name="ProductExportState",
    QUEUED="Waiting for its turn.",
    RUNNING="At work.",
    DONE="The file can be fetched.",
    FAILED="Given up; there is no file.",
    EXPIRED="The file has been deleted.",
)


# Made when all types are known (reading/making.py).
Where = Annotated["ProductWhere", strawberry.lazy("stoa.graphql.reading.inputs")]  # type: ignore[name-defined]  # noqa: F821


@stored(models.ExportRun, prefix="exp", scope=Scope.CATALOG_READ)
class ProductExport(Node):
    """Products on their way into a file: how far it is. The file's address is what `productExportLink` gives."""

    format: ProductFileFormat = column("The form of the file.")  # type: ignore[valid-type]
    state: ExportState = column("How far it is.", filter=True)  # type: ignore[valid-type]
    percent: int = derived(
        ("state", "products_done", "products_total"), models.percent_exported, "Of the work, 0 to 100."
    )
    failure: str | None = derived(("failure",), said_now, "Why it failed, in the reader's language.")
    file_name: str = column("What the file is called.")
    size: BigInt | None = column("Bytes of the file; known once it is written.")
    with_bom: bool = column("Whether the file begins with the mark by which Excel knows UTF-8.")
    with_costs: bool = column("Whether the file tells what the shop pays: it did if who ordered it may see that.")
    products_total: int = column("Products to be written.")
    products_done: int = column("Products written so far.")
    lines_written: BigInt = column("Lines written so far, the header not counted.")
    created_at: datetime = column("When it was asked for.")
    started_at: datetime | None = column("When it began.")
    finished_at: datetime | None = column("When it ended.")
    expires_at: datetime | None = column("When the file is deleted.")


@strawberry.type(description="Where the file of an export can be fetched for a while, by whoever has the address.")
class ProductExportLink:
    url: str = strawberry.field(description="GET it; no header needed. It is a credential: hand it to nobody.")
    expires_at: datetime = strawberry.field(description="Until when it is good; ask for another one then.")


@strawberry.input(description="Which products are to be written, and how.")
class ProductExportStartInput:
    format: ProductFileFormat = strawberry.field(description="The form of the file.")  # type: ignore[valid-type]
    status: ProductStatus | None = strawberry.field(
        default=None, description="Only products of this status; all when left out."
    )
    ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Only these products, 1,000 at the most; all when left out."
    )
    where: Where | None = strawberry.field(
        default=None, description="Only products that meet this when the file is written, as `products` takes it."
    )
    search: str | None = strawberry.field(
        default=None, description="Only products that `products(search:)` would find when the file is written."
    )
    with_bom: bool = strawberry.field(
        default=False, description="Begin the file with the mark by which Excel knows UTF-8."
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="Any text of your own: a request with the same key is done once."
    )

    def chosen(self) -> Chosen:
        return Chosen(
            where=None if self.where is None else plain(self.where),
            search=self.search,
            status=None if self.status is None else models.ProductStatus(self.status),
            product_ids=None if self.ids is None else [_product_id(i, each) for i, each in enumerate(self.ids)],
        )


def _product_id(i: int, text: str) -> UUID:
    with blaming("ids", i):
        return parse_type_id(text, "prod")


@root
class ProductExportPayload(Payload):
    """An export after a mutation."""

    product_export: ProductExport | None = fetched("The export as it is now; null when there are errors.")


@shop_mutation(
    Scope.CATALOG_READ,
    "Write products into a file; it runs in the background. Costs are in it if the caller has `catalog:cost`.",
)
async def product_export_start(ctx: Context, input: ProductExportStartInput) -> ProductExportPayload:
    run = await exporting.start_export(ctx, models.FileFormat(input.format), input.chosen(), with_bom=input.with_bom)
    return ProductExportPayload.of(product_export=run.id)


@root
class ExportLists:
    """What can be asked of exports."""

    product_export: ProductExport | None = one_of("One export by its id.")
    product_exports: Connection[ProductExport] = page_of("The shop's exports, newest first.", order=("-id",))


@strawberry.type
class ExportQueries(ExportLists):
    """What can be asked of exports, and where their files are."""

    @strawberry.field(
        description="A fresh address of an export's file, good for 15 minutes. With costs in the file, `catalog:cost` "
        f"is needed too. Needs the scope `{Scope.CATALOG_READ}`."
    )
    async def product_export_link(
        self,
        info: Info[GraphContext, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="The export's id.")],
    ) -> ProductExportLink:
        ctx = info.context.require(Scope.CATALOG_READ, "productExportLink")
        link = await exporting.export_link(ctx, read_id("id", id, "exp"))
        return ProductExportLink(url=link.url, expires_at=link.expires_at)


@strawberry.type
class ExportMutations:
    """What can be done with exports."""

    product_export_start = product_export_start


@streamed(
    Scope.CATALOG_READ, "How an export gets on: at once, at every step, and when it has ended; then it completes."
)
async def product_export_progress(
    info: Info[GraphContext, None], id: Annotated[strawberry.ID, strawberry.argument(description="The export's id.")]
) -> AsyncGenerator[ProductExport | None, None]:
    ctx = info.context.require(Scope.CATALOG_READ, "productExportProgress")
    run_id = read_id("id", id, "exp")
    async with listen(ctx.shop, f"export:{run_id}") as stream:
        is_over = False
        while not is_over:
            is_over = await exporting.has_ended(run_id)  # before it is read: so the end itself is always told
            yield run_id  # type: ignore[misc]  # the planner makes a ProductExport of it
            if not is_over and await anext(stream, None) is None:
                return  # the process ends; the client will ask again elsewhere


@strawberry.type
class ExportSubscriptions:
    """What can be watched of exports."""

    product_export_progress = product_export_progress
