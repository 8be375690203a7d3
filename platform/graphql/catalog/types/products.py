"""Products, their variants and bundles as GraphQL shows them."""

from __future__ import annotations

from datetime import datetime

from stoa.domains.catalog import models
from stoa.domains.catalog.bundling import AVAILABLE as BUNDLES_AVAILABLE
from stoa.domains.catalog.completeness import COMPLETE, FACTS
from stoa.domains.catalog.describing import TAGS, is_html
from stoa.domains.catalog.pricing import LOWEST_BEFORE
from stoa.domains.catalog.publishing.listing import SEEN_IN, VISIBLE_IN
from stoa.domains.catalog.supplying import learning
from stoa.graphql.catalog.facts import (
    Advice,
    Completeness,
    KeywordCoverage,
    MetadataEntry,
    ProductOption,
    ProductTranslation,
    VariantTranslation,
    advice_of,
    completeness_of,
    coverage_of,
    metadata_of,
    options_of,
    translations_of,
    variant_translations,
)
from stoa.graphql.catalog.pricing import PriceChange, amount_of
from stoa.graphql.catalog.recalling import HistoryEntry
from stoa.graphql.catalog.stock.types import StockLevel
from stoa.graphql.catalog.supplying import shapes as supplied
from stoa.graphql.catalog.supplying.shapes import LeadTime, SupplierLeadTime
from stoa.graphql.catalog.types.pictures import Image
from stoa.graphql.catalog.types.places import Category, Listing
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
    is_complete: bool = computed(
        COMPLETE, "Whether it lacks nothing that is required before it can go on sale.", filter=COMPLETE
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
        "there shows it at this moment, or it has none and the channel shows everything. Lists are filtered by the ids "
        "of channels.",
        filter=SEEN_IN,
        filter_by="chan",
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
    translations: list[VariantTranslation] = column("Its title in other languages.", convert=variant_translations)
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


# Last: they refer to the types above, which refer to them by name.
from stoa.graphql.catalog.merchandising.types import AttributeValue, CollectionProduct, ProductTag  # noqa: E402
from stoa.graphql.catalog.supplying.types import PurchaseLine, SupplierPrice  # noqa: E402
