"""The catalog as GraphQL shows it."""

from __future__ import annotations

from datetime import datetime

from stoa.domains.catalog import models
from stoa.domains.catalog.bundling import AVAILABLE as BUNDLES_AVAILABLE
from stoa.domains.catalog.completeness import FACTS
from stoa.domains.catalog.describing import TAGS, is_html
from stoa.domains.catalog.pricing import LOWEST_BEFORE
from stoa.domains.catalog.publishing.listing import VISIBLE_IN
from stoa.domains.catalog.supplying import learning
from stoa.graphql.catalog.facts import (
    Advice,
    Completeness,
    KeywordCoverage,
    MetadataEntry,
    ProductOption,
    ProductTranslation,
    advice_of,
    completeness_of,
    coverage_of,
    metadata_of,
    options_of,
    translations_of,
)
from stoa.graphql.catalog.media.shapes import FocalPoint, ImageProblem, ImageSize, ImageTranslation, absolute_url
from stoa.graphql.catalog.naming import CategoryStep, NameTranslation, name_translations, steps
from stoa.graphql.catalog.pricing import PriceChange, amount_of
from stoa.graphql.catalog.recalling import HistoryEntry
from stoa.graphql.catalog.saying import said_now
from stoa.graphql.catalog.stock.types import StockLevel
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
from stoa.tenants.access.scopes import Scope
from stoa.tenants.shop_models import EventRow

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


# The planner's rows know no way up; a circle there can never be (merchandising/shelving.py), nor more than 12 steps.
ANCESTORS = (
    "WITH RECURSIVE up AS (SELECT c.id, c.name, c.parent_id, 1 AS depth FROM category c WHERE c.id = {row}.parent_id "
    "UNION ALL SELECT c.id, c.name, c.parent_id, depth + 1 FROM up JOIN category c ON c.id = up.parent_id "
    "WHERE depth < 20) SELECT json_agg(json_build_array(id, name) ORDER BY depth DESC) FROM up"
)


OLD_HANDLES = (
    "SELECT coalesce(json_agg(r.handle ORDER BY r.created_at DESC), '[]'::json) FROM (SELECT handle, created_at "
    "FROM slug_redirect WHERE product_id = {row}.id ORDER BY created_at DESC LIMIT 50) r"
)
SEO_OF = ("title", "description", "seo_title", "seo_description", "handle", "keywords")
ON_HAND = "(SELECT coalesce(sum(s.on_hand), 0) FROM stock s WHERE s.variant_id = {row}.id)"
AVAILABLE = (
    "(SELECT coalesce(sum(s.on_hand - s.reserved - s.damaged - s.held), 0) FROM stock s WHERE s.variant_id = {row}.id)"
)
RESERVED = "(SELECT coalesce(sum(s.reserved), 0) FROM stock s WHERE s.variant_id = {row}.id)"
INCOMING = "(SELECT coalesce(sum(s.incoming), 0) FROM stock s WHERE s.variant_id = {row}.id)"
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
    description: str = column("Text for buyers.")
    position: int = column("Its place among the categories beside it; equal ones stand by name.")
    translations: list[NameTranslation] = column(
        "Its name and description in other languages.", convert=name_translations
    )
    ancestors: list[CategoryStep] = computed(
        ANCESTORS, "The shelves that it stands in, the outermost first.", convert=steps
    )
    version: int = column("Goes up with every change; send it back as `expectedVersion`.")


@stored(models.Product, prefix="prod", scope=Scope.CATALOG_READ, search="search_text")
class Product(Node):
    """What the shop offers; what is bought is one of its variants."""

    title: str = column("As shown to buyers.", filter=True, sort=True, searched=True)
    handle: str = column("Its name in addresses; unique in the shop.", filter=True, searched=True)
    description: str = column(
        "Text for buyers: plain, or HTML when `descriptionIsHtml` says so. HTML is sanitised; these tags stay: "
        f"{', '.join(sorted(TAGS))}."
    )
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
    vendor: str = column("Who makes it.", filter=True)
    description_is_html: bool = derived(("description",), is_html, "Whether the description is HTML, or plain text.")
    options: list[ProductOption] = column("What its variants differ in.", convert=options_of)
    seo_title: str = column("Its title for search engines; empty: the product's own is used.")
    seo_description: str = column("Its description for search engines.")
    keywords: list[str] = column("The words that it is meant to be found by.")
    seo_coverage: list[KeywordCoverage] = derived(SEO_OF, coverage_of, "Where its keywords occur.")
    seo_advice: list[Advice] = derived(
        ("seo_title", "seo_description"), advice_of, "What to do better in the texts for search engines."
    )
    completeness: Completeness = computed(
        FACTS, "How complete it is, and what it lacks; an import or a creation may leave much.", convert=completeness_of
    )
    translations: list[ProductTranslation] = column("Its texts in other languages.", convert=translations_of)
    metadata: list[MetadataEntry] = column("What is known of it besides, by key.", convert=metadata_of)
    is_bundle: bool = column("Whether its variants are made of others: then it has no stock of its own.", filter=True)
    publish_at: datetime | None = column("When it goes on sale by itself.", filter=True)
    unpublish_at: datetime | None = column("When it goes off sale by itself.", filter=True)
    listings: Connection[Listing] = many("How it stands in channels; see `Channel`.", filter=True)
    visible_in: list[str] = computed(
        VISIBLE_IN,
        "Codes of the channels in which it is seen now: it is on sale, the channel is active, and either its listing "
        "there shows it at this moment, or it has none and the channel shows everything.",
    )
    old_handles: list[str] = computed(
        OLD_HANDLES,
        "Handles that it had, the newest first, 50 at most: addresses with them still lead to it, and no other product "
        "may have one until `slugRedirectRemove` frees it.",
    )
    history: Connection[HistoryEntry] = many(
        "What happened to it, the newest first.", order=("-id",), across=(EventRow, "subject_id")
    )
    tags: Connection[ProductTag] = many("The words it is found by.", filter=True)
    attributes: Connection[AttributeValue] = many("Its values of the shop's attributes.", filter=True)
    collections: Connection[CollectionProduct] = many("The collections it stands in.", filter=True)


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
    option_values: list[str] = column("Its value of each of the product's options, in their order.")
    weight_grams: int | None = column("What it weighs, with its wrapping.")
    requires_shipping: bool = column("Whether it is a thing that is sent.")
    taxable: bool = column("Whether tax is due on it.")
    price_history: Connection[PriceChange] = many(
        "All its prices, the newest first: when each began.", by="price_changes", order=("-since",)
    )
    lowest_price_30d: Money | None = computed(
        LOWEST_BEFORE,
        "The lowest sale price that was in force at any moment of the 30 days before the present one began, as "
        "article 6a of directive 98/6/EC (the Omnibus rule) wants it shown beside a reduced price. Null when there "
        "was none, or there is none now.",
        convert=amount_of,
    )
    parts: Connection[BundlePart] = many("What it is made of, when it is a bundle.")
    part_of: Connection[BundlePart] = many("The bundles that it is in.")
    bundle_available: int | None = computed(
        BUNDLES_AVAILABLE,
        "How many of this bundle there are: at each active location as many as its scarcest part makes there, since "
        "the parts are sent together, and of all locations the sum. Null when it is no bundle.",
    )
    available: int = computed(AVAILABLE, "How many can still be sold, at all locations.")
    reserved: int = computed(RESERVED, "How many are promised to carts and orders, at all locations.")
    incoming: int = computed(INCOMING, "How many are ordered or on the way, to all locations.")
    stock: Connection[StockLevel] = many("How many there are where.")
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


@stored(models.BundlePart, prefix="part", scope=Scope.CATALOG_READ)
class BundlePart(Node):
    """So many of a variant are in a bundle."""

    bundle: Variant = to_one("The bundle.")
    part: Variant = to_one("What is in it.")
    quantity: int = column("How many of it.")


@stored(models.Channel, prefix="chan", scope=Scope.CATALOG_READ)
class Channel(Node):
    """A place where the shop sells. What it shows of the products on sale: all that has a listing there, within its
    times; and if it shows everything, also what has none."""

    code: str = column("Its code; unique in the shop.", filter=True)
    name: str = column("As shown to people.")
    translations: list[NameTranslation] = column("Its name in other languages.", convert=name_translations)
    is_active: bool = column("Whether anything is seen there.")
    shows_everything: bool = column("Whether it shows whatever is on sale, unless a listing says otherwise.")
    listings: Connection[Listing] = many("How products stand in it.")
    created_at: datetime = column("When it was made.")


@stored(models.Listing, prefix="list", scope=Scope.CATALOG_READ)
class Listing(Node):
    """How a product stands in a channel."""

    product: Product = to_one("The product.")
    channel: Channel = to_one("The channel.", filter=True)
    publish_at: datetime | None = column("From when it is seen there; always if null.", filter=True)
    unpublish_at: datetime | None = column("Until when it is seen there.", filter=True)
    is_hidden: bool = column("Whether it is not seen there, whatever the channel shows.", filter=True)


@stored(models.Image, prefix="img", scope=Scope.CATALOG_READ)
class Image(Node):
    """A picture of a product."""

    url: str = column("Where it can be fetched.", convert=absolute_url)
    alt: str = column("What it shows, in words.")
    position: int = column("Its place among the product's pictures, from 0.")
    width: int | None = column("In pixels, upright; null until it has been processed, and for pictures elsewhere.")
    height: int | None = column("In pixels, upright; null as `width` is.")
    content_type: str | None = column("What was uploaded; shown are always its sizes.")
    focal_point: FocalPoint = derived(("focal_x", "focal_y"), FocalPoint.of, "What must be seen however it is cut.")
    translations: list[ImageTranslation] = derived(
        ("translations",), ImageTranslation.of, "What it shows, in other languages than the shop's own."
    )
    sizes: list[ImageSize] = derived(
        ("sizes",), ImageSize.of, "The sizes made of an upload, the largest first; none is larger than the upload."
    )
    warnings: list[ImageProblem] = derived(
        ("warnings", "alt"), ImageProblem.warnings, "What is not good about it, though it can be shown."
    )
    failure: ImageProblem | None = derived(
        ("failure",), ImageProblem.failure, "Why an upload cannot be shown; nothing of it is to be had then."
    )
    processed_at: datetime | None = column("When an upload was made fit to be shown, or refused; null before.")


@stored(models.ImportIssue, prefix="iss", scope=Scope.CATALOG_READ)
class ImportIssue(Node):
    """A row of an imported file that was not taken as it stood."""

    line: BigInt = column("The line of the file, from 1.")
    code: str = column("What is wrong, for programs.", filter=True)
    message: str = derived(("message",), said_now, "What is wrong, in words, in the reader's language.")
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
    failure: str | None = derived(
        ("failure",), said_now, "Why it failed, in the reader's language; nothing it did was left behind."
    )
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


# last: their classes stand on those above
from stoa.graphql.catalog.merchandising.types import (  # noqa: E402
    AttributeValue,
    CollectionProduct,
    ProductTag,
)

# Last: they refer to the types above, which refer to them by name.
from stoa.graphql.catalog.supplying.types import PurchaseLine, SupplierPrice  # noqa: E402
