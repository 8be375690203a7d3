"""The catalog as GraphQL shows it."""

from __future__ import annotations

from datetime import datetime

from stoa.domains.catalog import models
from stoa.domains.catalog.supplying import learning
from stoa.graphql.catalog.supplying import shapes as supplied
from stoa.graphql.catalog.supplying.shapes import LeadTime, SupplierLeadTime
from stoa.graphql.enums import shown_enum
from stoa.graphql.paging import Connection, Node
from stoa.graphql.reading.declaring import (
    amount,
    column,
    computed,
    derived,
    first_of,
    many,
    resolved_elsewhere,
    stored,
    to_one,
)
from stoa.graphql.scalars import BigInt, Money
from stoa.settings import settings
from stoa.tenants.access.scopes import Scope

ProductStatus = shown_enum(
    models.ProductStatus,
    "Whether a product is on sale.",
    DRAFT="Being prepared.",
    ACTIVE="On sale.",
    ARCHIVED="Kept for the record.",
)
ImportState = shown_enum(
    models.ImportState,
    "How far an import is.",
    name="ProductImportState",
    QUEUED="Waiting for its turn.",
    RUNNING="At work.",
    UNDOING="Putting back what it changed.",
    DONE="Ended well.",
    FAILED="Given up; nothing it did was left behind.",
    CANCELLED="Ended by somebody; nothing it did was left behind.",
    UNDONE="Put back after it had ended.",
)
ImportPhase = shown_enum(
    models.ImportPhase,
    "What an import does.",
    name="ProductImportPhase",
    READING="Reads the file; no product is touched.",
    WRITING="Writes the products.",
)
PERCENT_OF = ("state", "phase", "bytes_read", "bytes_total", "products_done", "products_total")


def absolute_url(url: str) -> str:
    """Uploaded pictures are kept by their path; browsers elsewhere need the whole address."""
    return settings().public_url + url if url.startswith("/") else url


ON_HAND = "(SELECT coalesce(sum(s.on_hand), 0) FROM stock s WHERE s.variant_id = {row}.id)"
TOTAL_ON_HAND = (
    "SELECT coalesce(sum(s.on_hand), 0) FROM variant v "
    "JOIN stock s ON s.variant_id = v.id WHERE v.product_id = {row}.id"
)


@stored(models.Category, prefix="cat", scope=Scope.CATALOG_READ)
class Category(Node):
    """A shelf of the shop; shelves may stand inside shelves."""

    name: str = column("As shown to buyers; unique in the shop.", filter=True)
    parent: Category | None = to_one("The shelf it stands in.", filter=True)
    children: Connection[Category] = many("The shelves inside it.")
    products: Connection[Product] = many("What stands on it.")
    created_at: datetime = column("When it was made.")


@stored(models.Product, prefix="prod", scope=Scope.CATALOG_READ, search="search_text")
class Product(Node):
    """What the shop offers; what is bought is one of its variants."""

    title: str = column("As shown to buyers.", filter=True, sort=True, searched=True)
    handle: str = column("Its name in addresses; unique in the shop.", filter=True, searched=True)
    description: str = column("Text for buyers.")
    status: ProductStatus = column("Whether it is on sale.", filter=True)  # type: ignore[valid-type]
    category: Category | None = to_one("The shelf it stands on.", filter=True)
    variants: Connection[Variant] = many("The forms it can be bought in.", order=("position",), filter=True)
    images: Connection[Image] = many("Its pictures, in order.", order=("position",))
    first_image: Image | None = first_of("images", "The picture that stands for it.", order=("position", "id"))
    on_hand: BigInt = computed(TOTAL_ON_HAND, "How many there are of all its variants.")
    source: str | None = column("Where it was imported from.", filter=True)
    external_id: str | None = column("Its id there.", filter=True)
    version: int = column("Goes up with every change; send it back as `expectedVersion`.")
    created_at: datetime = column("When it was made.", filter=True, sort=True)
    updated_at: datetime = column("When it was changed last.", filter=True, sort=True)


@stored(models.Variant, prefix="var", scope=Scope.CATALOG_READ, order=("product_id", "position"))
class Variant(Node):
    """One form of a product that can be bought: it has the code, the prices and the stock."""

    title: str = column("What tells it from the product's other variants.", filter=True)
    sku: str | None = column("The shop's code for it; unique in the shop.", filter=True)
    barcode: str | None = column("EAN, UPC or the like.")
    price: Money | None = amount("price_minor", "What it is sold for.", filter=True)
    list_price: Money | None = amount("list_price_minor", "What it is said to be worth.")
    cost: Money | None = amount("cost_minor", "What the shop pays for it.", filter=True, scope=Scope.CATALOG_COST)
    on_hand: int = computed(ON_HAND, "How many there are, at all locations.")
    position: int = column("Its place among the product's variants, from 0.")
    product: Product = to_one("The product it is a form of.", filter=True)
    version: int = column("Goes up with every change.")
    created_at: datetime = column("When it was made.")
    supplier_prices: Connection[SupplierPrice] = many(
        "What each supplier asks for it now.", order=("-since",), only=supplied.NEWEST_PRICE
    )
    supplier_price_history: Connection[SupplierPrice] = many(
        "What suppliers ask and have asked for it, newest first.", by="supplier_prices", order=("-since",)
    )
    purchase_lines: Connection[PurchaseLine] = many("Where it was ordered, newest first.", order=("-id",))
    lead_times: list[SupplierLeadTime] = computed(
        learning.OF_VARIANT, "How long suppliers have taken to bring it.", convert=supplied.supplier_lead_times
    )
    lead_time: LeadTime | None = resolved_elsewhere(
        "How long a supplier has taken to bring it; null when they never did.", supplier_id="strawberry.ID"
    )


@stored(models.Image, prefix="img", scope=Scope.CATALOG_READ)
class Image(Node):
    """A picture of a product."""

    url: str = column("Where it can be fetched.", convert=absolute_url)
    alt: str = column("What it shows, in words.")
    position: int = column("Its place among the product's pictures, from 0.")


@stored(models.ImportIssue, prefix="iss", scope=Scope.CATALOG_READ)
class ImportIssue(Node):
    """A row of an imported file that was not taken as it stood."""

    line: BigInt = column("The line of the file, from 1.")
    code: str = column("What is wrong, for programs.", filter=True)
    message: str = column("What is wrong, in words.")
    value: str = column("What the file says there, shortened.")
    refused: bool = column("Whether the row was not taken at all.")
    column: str = column("The column's header.", of="column_name")  # last: it hides the function in this body


@stored(models.ImportRun, prefix="imp", scope=Scope.CATALOG_READ)
class ProductImport(Node):
    """A file on its way into the catalog: how far it is, and what came of it."""

    file_name: str = column("The name of the file.")
    source: str = column("Where its products come from; with their key there it finds them again.")
    dry_run: bool = column("Whether it only reports what it would do.")
    state: ImportState = column("How far it is.", filter=True)  # type: ignore[valid-type]
    phase: ImportPhase = column("Reading the file, or writing the products.")  # type: ignore[valid-type]
    percent: int = derived(PERCENT_OF, models.percent_done, "Of the work in hand, 0 to 100.")
    failure: str | None = column("Why it failed; nothing it did was left behind.")
    bytes_total: BigInt = column("Size of the file.")
    bytes_read: BigInt = column("How much of it has been read.")
    lines_read: BigInt = column("Lines read, the header not counted.")
    lines_refused: BigInt = column("Lines that were not taken at all.")
    issues_total: int = derived(("issue_counts",), models.total_of, "Oddities met; the first 10,000 can be read.")
    products_total: int = column("Products in the file; known once it has been read.")
    products_done: int = column("Products written, compared or put back so far.")
    products_created: int = column("Products made (or that would be, in a dry run).")
    products_updated: int = column("Products changed (or that would be, in a dry run).")
    products_restored: int = column("Products put back by undoing.")
    issues: Connection[ImportIssue] = many("What was not taken as it stood.", order=("line",))
    created_at: datetime = column("When it was asked for.")
    started_at: datetime | None = column("When it began.")
    finished_at: datetime | None = column("When it ended.")


# Last: they refer to the types above, which refer to them by name.
from stoa.graphql.catalog.supplying.types import PurchaseLine, SupplierPrice  # noqa: E402
