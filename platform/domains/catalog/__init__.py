"""The catalog: what the shop offers, at what price, and how much of it there is."""

from stoa.domains.catalog import belonging, exporting, measuring, media, merchandising, offering, stock, supplying
from stoa.domains.catalog.assorting import add_variants, remove_variants, reorder_variants
from stoa.domains.catalog.bundling import set_parts
from stoa.domains.catalog.changing import SAME, ProductChanges, Same, VariantChanges
from stoa.domains.catalog.creating import create_category, create_product
from stoa.domains.catalog.deleting import delete_product
from stoa.domains.catalog.drafting import ImageDraft, ProductDraft, VariantDraft
from stoa.domains.catalog.duplicating import duplicate_product
from stoa.domains.catalog.editing import update_product
from stoa.domains.catalog.editing_many import BulkPolicy, ProductEdit, update_products
from stoa.domains.catalog.models import ProductStatus
from stoa.domains.catalog.optioning import OptionChange, OptionDraft
from stoa.domains.catalog.publishing import (
    ChannelDraft,
    ListingWish,
    create_channel,
    publish_product,
    set_listings,
    unpublish_product,
    update_channel,
)
from stoa.domains.catalog.redirecting import product_by_handle, remove_redirect
from stoa.domains.catalog.results import RowResult
from stoa.domains.catalog.translating import Translation

__all__ = [
    "SAME",
    "BulkPolicy",
    "ChannelDraft",
    "ImageDraft",
    "ListingWish",
    "OptionChange",
    "OptionDraft",
    "ProductChanges",
    "ProductDraft",
    "ProductEdit",
    "ProductStatus",
    "RowResult",
    "Same",
    "Translation",
    "VariantChanges",
    "VariantDraft",
    "add_variants",
    "belonging",
    "create_category",
    "create_channel",
    "create_product",
    "delete_product",
    "duplicate_product",
    "exporting",
    "measuring",
    "media",
    "merchandising",
    "offering",
    "product_by_handle",
    "publish_product",
    "remove_redirect",
    "remove_variants",
    "reorder_variants",
    "set_listings",
    "set_parts",
    "stock",
    "supplying",
    "unpublish_product",
    "update_channel",
    "update_product",
    "update_products",
]
