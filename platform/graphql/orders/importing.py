"""Importing orders: the types, inputs, payloads, queries, mutations and the subscription."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry.types import Info

from stoa.domains.orders import importing
from stoa.graphql.catalog.types import ImportPhase, ImportState
from stoa.graphql.context import GraphContext
from stoa.graphql.importing import FileSeen, NotationInput
from stoa.graphql.mapping import columns_by_field
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.orders.import_fields import OrderImportField
from stoa.graphql.paging import Connection, Node
from stoa.graphql.reading.declaring import column, derived, fetched, many, one_of, page_of, root, stored, streamed
from stoa.graphql.saying import said_now
from stoa.graphql.scalars import BigInt, read_id
from stoa.tenants.access import Scope
from stoa.tenants.context import Context
from stoa.tenants.importing import models
from stoa.tenants.live import listen

PERCENT_OF = ("state", "phase", "bytes_read", "bytes_total", "products_done", "products_total")
OF_ORDERS = "(SELECT r.subject FROM import_run r WHERE r.id = {row}.run_id) = 'orders'"


@stored(models.ImportIssue, prefix="oiss", scope=Scope.ORDERS_READ, only=OF_ORDERS)
class OrderImportIssue(Node):
    """A row of an imported file of orders that was not taken as it stood."""

    line: BigInt = column("The line of the file, from 1.")
    code: str = column("What is wrong, for programs.", filter=True)
    message: str = derived(("message",), said_now, "What is wrong, in words, in the reader's language.")
    value: str = column("What the file says there, shortened.", scope=Scope.CUSTOMERS_READ)
    refused: bool = column("Whether it was not taken at all.")
    column: str = column("The column's header.", of="column_name")  # last: it hides the function in this body


def _made(name: str) -> Callable[[dict[str, int]], int]:
    return lambda made: made.get(name, 0)


@stored(models.ImportRun, prefix="oimp", scope=Scope.ORDERS_READ, only="{row}.subject = 'orders'")
class OrderImport(Node):
    """A file of orders on its way into the shop: how far it is, and what came of it."""

    file_name: str = column("The name of the file.")
    source: str = column("Where its orders come from: their channel; with their number there they are found again.")
    dry_run: bool = column("Whether it only reports what it would do.")
    state: ImportState = column("How far it is.", filter=True)
    phase: ImportPhase = column("Reading the file, or writing the orders.")
    percent: int = derived(PERCENT_OF, models.percent_done, "Of the work in hand, 0 to 100.")
    failure: str | None = derived(
        ("failure",), said_now, "Why it failed, in the reader's language; nothing it did was left behind."
    )
    bytes_total: BigInt = column("Size of the file.")
    bytes_read: BigInt = column("How much of it has been read.")
    lines_read: BigInt = column("Lines read, the header not counted.")
    lines_refused: BigInt = column("Lines, and orders, that were not taken at all.")
    issues_total: int = derived(("issue_counts",), models.total_of, "Oddities met; the first 10,000 can be read.")
    orders_total: int = column("Orders in the file; known once it has been read.", of="products_total")
    orders_done: int = column("Orders written, compared or taken away so far.", of="products_done")
    orders_created: int = column("Orders made (or that would be, in a dry run).", of="products_created")
    orders_removed: int = column("Orders taken away by undoing.", of="products_restored")
    returns_created: int = derived(("made",), _made("returns"), "Of those made: returns whose order is not known.")
    lines_created: int = derived(("made",), _made("lines"), "Lines of orders made (or that would be, in a dry run).")
    customers_created: int = derived(("made",), _made("customers"), "Customers made; not known in a dry run.")
    guests: int = derived(("made",), _made("guests"), "Orders of buyers who are known by nothing.")
    issues: Connection[OrderImportIssue] = many("What was not taken as it stood.", order=("line",))
    created_at: datetime = column("When it was asked for.")
    started_at: datetime | None = column("When it began.")
    finished_at: datetime | None = column("When it ended.")


@strawberry.input(description="In which column of the file something stands.")
class OrderColumnInput:
    field: OrderImportField = strawberry.field(description="What it is.")
    column: str = strawberry.field(description="The column's header, as written in the file.")


@strawberry.input(description="How a file of orders is to be read; what is left out is found out, or asked back.")
class OrderImportOptionsInput(NotationInput):
    time_zone: str | None = strawberry.field(
        default=None, description="Of times that name none, as Europe/London; the shop's own when left out."
    )
    date_order: str | None = strawberry.field(
        default=None, description="Whether 03/04/2024 begins with the `day` or the `month`; never guessed."
    )

    def read(self) -> importing.Options:
        return importing.read_options(
            **self.notation(),
            time_zone=self.time_zone,
            date_order=self.date_order,
        )


@strawberry.input(description="A file of orders to be imported.")
class OrderImportStartInput:
    upload_id: strawberry.ID = strawberry.field(description="The file: what `uploadStage` gave.")
    source: str = strawberry.field(
        description="A name for where the file comes from: the channel of its orders, by which they are found again."
    )
    mapping: list[OrderColumnInput] = strawberry.field(
        description="Which column holds what; TIME, QUANTITY, PRICE, and SKU or TITLE at least."
    )
    options: OrderImportOptionsInput | None = strawberry.field(default=None, description="How the file is to be read.")
    dry_run: bool = strawberry.field(default=False, description="Only report what would be done.")
    idempotency_key: str | None = strawberry.field(
        default=None, description="Any text of your own: a request with the same key is done once."
    )

    def columns(self) -> dict[str, str]:
        return columns_by_field((importing.Field(each.field).value, each.column) for each in self.mapping)


@strawberry.input(description="Which import of orders is meant.")
class OrderImportRefInput:
    id: strawberry.ID = strawberry.field(description="The import's id.")


@root
class OrderImportPayload(Payload):
    """An import of orders after a mutation."""

    order_import: OrderImport | None = fetched("The import as it is now; null when there are errors.")


@shop_mutation(
    Scope.ORDERS_WRITE,
    "Import orders from an uploaded CSV file, as history: no stock moves and nothing is set in motion. Runs in the "
    "background.",
)
async def order_import_start(ctx: Context, input: OrderImportStartInput) -> OrderImportPayload:
    run = await importing.start_import(
        ctx,
        read_id("upload_id", input.upload_id, "upl"),
        source=input.source,
        mapping=input.columns(),
        options=input.options.read() if input.options else None,
        dry_run=input.dry_run,
    )
    return OrderImportPayload.of(order_import=run.id)


@shop_mutation(Scope.ORDERS_WRITE, "End an import before its end; nothing of it stays. Twice changes nothing.")
async def order_import_cancel(ctx: Context, input: OrderImportRefInput) -> OrderImportPayload:
    run = await importing.cancel_import(ctx, read_id("id", input.id, "oimp"))
    return OrderImportPayload.of(order_import=run.id)


@shop_mutation(
    Scope.ORDERS_WRITE,
    "Take away the orders and customers that an import made; what something was done with since stays. "
    "Twice changes nothing.",
)
async def order_import_undo(ctx: Context, input: OrderImportRefInput) -> OrderImportPayload:
    run = await importing.undo_import(ctx, read_id("id", input.id, "oimp"))
    return OrderImportPayload.of(order_import=run.id)


@strawberry.type(description="A suggestion: this column probably holds that.")
class OrderColumn:
    field: OrderImportField = strawberry.field(description="What it is.")
    column: str = strawberry.field(description="The column's header.")


@strawberry.type(description="What a look at an uploaded file of orders tells.")
class OrderImportInspection(FileSeen):
    mapping: list[OrderColumn] = strawberry.field(description="Which column probably holds what.")
    is_shopify: bool = strawberry.field(description="Whether it is Shopify's export; then the mapping is certain.")


@root
class OrderImportQueries:
    """What can be asked of imports of orders."""

    order_import: OrderImport | None = one_of("One import of orders by its id.")
    order_imports: Connection[OrderImport] = page_of("The shop's imports of orders, newest first.", order=("-id",))

    @strawberry.field(
        description="Look at an uploaded file of orders: its columns, first rows, and which column probably holds "
        f"what. Needs the scope `{Scope.ORDERS_WRITE}`."
    )
    async def order_import_inspect(
        self,
        info: Info[GraphContext, None],
        upload_id: Annotated[strawberry.ID, strawberry.argument(description="The file: what `uploadStage` gave.")],
    ) -> OrderImportInspection:
        ctx = info.context.require(Scope.ORDERS_WRITE, "orderImportInspect")
        seen = await importing.inspect_file(ctx, read_id("upload_id", upload_id, "upl"))
        return OrderImportInspection(
            encoding=seen.encoding,
            delimiter=seen.delimiter,
            columns=seen.columns,
            rows=seen.rows,
            mapping=[OrderColumn(field=importing.Field(f), column=c) for f, c in seen.mapping.items()],
            is_shopify=seen.is_shopify,
        )


@strawberry.type
class OrderImportMutations:
    """What can be done with imports of orders."""

    order_import_start = order_import_start
    order_import_cancel = order_import_cancel
    order_import_undo = order_import_undo


@streamed(
    Scope.ORDERS_READ, "How an import of orders gets on: at once, at every step, and at its end; then it completes."
)
async def order_import_progress(
    info: Info[GraphContext, None], id: Annotated[strawberry.ID, strawberry.argument(description="The import's id.")]
) -> AsyncGenerator[OrderImport | None, None]:
    ctx = info.context.require(Scope.ORDERS_READ, "orderImportProgress")
    run_id: UUID = read_id("id", id, "oimp")
    async with listen(ctx.shop, f"import:{run_id}") as stream:
        yield run_id  # type: ignore[misc]  # the planner makes an OrderImport of it
        while not await importing.has_ended(run_id):
            if await anext(stream, None) is None:
                return  # the process ends; the client will ask again elsewhere
            yield run_id  # type: ignore[misc]


@strawberry.type
class OrderImportSubscriptions:
    """What can be watched of imports of orders."""

    order_import_progress = order_import_progress
