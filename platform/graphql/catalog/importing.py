"""Importing products: the inputs, payloads and mutations."""

from __future__ import annotations

from typing import Annotated

import strawberry
from strawberry.types import Info

from stoa.domains.catalog import importing
from stoa.graphql.catalog.exporting import ProductFileFormat
from stoa.graphql.catalog.types import ProductImport, ProductStatus
from stoa.graphql.context import GraphContext
from stoa.graphql.enums import shown_enum
from stoa.graphql.importing import FileSeen, NotationInput
from stoa.graphql.mapping import columns_by_field
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.reading.declaring import fetched, root
from stoa.graphql.scalars import read_id
from stoa.tenants.access import Scope
from stoa.tenants.context import Context

ImportField = shown_enum(
    importing.Field,
    "What a column may hold.",
    name="ProductImportField",
    PRODUCT="What groups variants: rows with the same value are one product. In the same column as HANDLE: products "
    "are found by their handle too, wherever they came from.",
    SKU="The variant's code.",
    TITLE="The product's title.",
    DESCRIPTION="The product's text for buyers.",
    HANDLE="The product's name in addresses.",
    CATEGORY="The name of its category, or its path (Home > Light > Lamps); made when there is none.",
    VARIANT_TITLE="What tells the variant from the product's others.",
    PRICE="What it is sold for.",
    LIST_PRICE="What it is said to be worth.",
    COST="What the shop pays for it.",
    STOCK="How many there are.",
    BARCODE="EAN, UPC or the like.",
    IMAGE="The address of a picture.",
    IMAGE_POSITION="The picture's place among the product's, from 1.",
    IMAGE_ALT="What the picture shows, in words.",
    VARIANT_IMAGE="The address of a picture of the variant.",
    VENDOR="Who makes it.",
    TYPE="The name of its category, where CATEGORY says nothing.",
    TAGS="Its tags, apart by commas: it has these and no others then.",
    SEO_TITLE="Its title for search engines.",
    SEO_DESCRIPTION="Its text for search engines.",
    STATUS="active, draft or archived. What could not be published by hand does not become active, and is told of.",
    PUBLISHED="Whether it may be seen; what may not, or lacks what `productPublish` asks for, is a draft.",
    OPTION1_NAME="The name of what its variants differ in first; the column's header where no column says.",
    OPTION1="The variant's value of that.",
    OPTION2_NAME="The name of what they differ in second.",
    OPTION2="The variant's value of that.",
    OPTION3_NAME="The name of what they differ in third.",
    OPTION3="The variant's value of that.",
    WEIGHT="What it weighs, in grams.",
    REQUIRES_SHIPPING="Whether it is sent to the buyer.",
    TAXABLE="Whether there is tax on it.",
    KEYWORDS='The words it is meant to be found by, as JSON: ["lamp", "brass"].',
    TRANSLATIONS='Its texts in other languages, as JSON: {"zh": {"title": "台灯"}}; it has these and no others then.',
    METADATA='Values of the shop\'s attributes that are no facets, as JSON: {"watts": "40"}; those not named stay.',
)


@strawberry.input(description="In which column of the file something stands.")
class ColumnMappingInput:
    field: ImportField = strawberry.field(description="What it is.")  # type: ignore[valid-type]
    column: str = strawberry.field(description="The column's header, as written in the file.")


@strawberry.input(description="How a file is to be read; what is left out is found out, or asked back as issues.")
class ImportOptionsInput(NotationInput):
    status: ProductStatus | None = strawberry.field(
        default=None,
        description="Of the products it creates from rows that do not say it themselves; ACTIVE when left out. "
        "It is your word for them, and not checked: ACTIVE puts them on sale whatever they lack. Rows that ask for it "
        "themselves come in as drafts, with the issue NOT_READY, when they lack what publishing takes.",
    )
    take_zero_prices: bool = strawberry.field(
        default=False, description="Whether a price of zero is one; otherwise it is reported and set aside."
    )

    def read(self) -> importing.Options:
        return importing.read_options(
            **self.notation(),
            status=self.status,
            zero_price="take" if self.take_zero_prices else "report",
        )


@strawberry.input(description="A file to be imported.")
class ProductImportStartInput:
    upload_id: strawberry.ID = strawberry.field(description="The file: what `uploadStage` gave.")
    source: str = strawberry.field(
        description="A name for where the file comes from: with it products are found again."
    )
    mapping: list[ColumnMappingInput] = strawberry.field(
        description="Which column holds what; SKU or PRODUCT at least."
    )
    options: ImportOptionsInput | None = strawberry.field(default=None, description="How the file is to be read.")
    dry_run: bool = strawberry.field(default=False, description="Only report what would be done.")
    idempotency_key: str | None = strawberry.field(
        default=None, description="Any text of your own: a request with the same key is done once."
    )

    def columns(self) -> dict[str, str]:
        return columns_by_field((importing.Field(each.field).value, each.column) for each in self.mapping)


@strawberry.input(description="Which import is meant.")
class ProductImportRefInput:
    id: strawberry.ID = strawberry.field(description="The import's id.")


@root
class ProductImportPayload(Payload):
    """An import after a mutation."""

    product_import: ProductImport | None = fetched("The import as it is now; null when there are errors.")


@shop_mutation(Scope.CATALOG_WRITE, "Import products from an uploaded CSV file; it runs in the background.")
async def product_import_start(ctx: Context, input: ProductImportStartInput) -> ProductImportPayload:
    run = await importing.start_import(
        ctx,
        read_id("upload_id", input.upload_id, "upl"),
        source=input.source,
        mapping=input.columns(),
        options=input.options.read() if input.options else None,
        dry_run=input.dry_run,
    )
    return ProductImportPayload.of(product_import=run.id)


@shop_mutation(Scope.CATALOG_WRITE, "End an import before its end; nothing of it stays. Twice changes nothing.")
async def product_import_cancel(ctx: Context, input: ProductImportRefInput) -> ProductImportPayload:
    run = await importing.cancel_import(ctx, read_id("id", input.id, "imp"))
    return ProductImportPayload.of(product_import=run.id)


@shop_mutation(Scope.CATALOG_WRITE, "Put back what an import changed. Twice changes nothing.")
async def product_import_undo(ctx: Context, input: ProductImportRefInput) -> ProductImportPayload:
    run = await importing.undo_import(ctx, read_id("id", input.id, "imp"))
    return ProductImportPayload.of(product_import=run.id)


@strawberry.type(description="A suggestion: this column probably holds that.")
class ColumnMapping:
    field: ImportField = strawberry.field(description="What it is.")  # type: ignore[valid-type]
    column: str = strawberry.field(description="The column's header.")


@strawberry.type(description="What a look at an uploaded file tells; suggestions are for people to confirm.")
class ImportInspection(FileSeen):
    mapping: list[ColumnMapping] = strawberry.field(description="Which column probably holds what.")
    decimal: str | None = strawberry.field(description="The decimal sign it seems to use.")
    format: ProductFileFormat | None = strawberry.field(
        default=None, description="The known form that its header has; then the mapping is certain."
    )


@strawberry.type
class ImportQueries:
    """What can be asked before an import."""

    @strawberry.field(
        description="Look at an uploaded file: its columns, first rows, and which column probably holds what. "
        f"Needs the scope `{Scope.CATALOG_WRITE}`."
    )
    async def product_import_inspect(
        self,
        info: Info[GraphContext, None],
        upload_id: Annotated[strawberry.ID, strawberry.argument(description="The file: what `uploadStage` gave.")],
    ) -> ImportInspection:
        ctx = info.context.require(Scope.CATALOG_WRITE, "productImportInspect")
        seen = await importing.inspect_file(ctx, read_id("upload_id", upload_id, "upl"))
        return ImportInspection(
            encoding=seen.encoding,
            delimiter=seen.delimiter,
            columns=seen.columns,
            rows=seen.rows,
            mapping=[ColumnMapping(field=importing.Field(f), column=c) for f, c in seen.mapping.items()],
            decimal=seen.decimal,
            format=seen.format,
        )


@strawberry.type
class ImportMutations:
    """What can be done with imports."""

    product_import_start = product_import_start
    product_import_cancel = product_import_cancel
    product_import_undo = product_import_undo
