"""The catalog: what the shop offers, at what price, and how much of it there is."""

from stoa.domains.catalog import stock
from stoa.domains.catalog.changing import SAME, ProductChanges, VariantChanges
from stoa.domains.catalog.creating import create_category, create_product
from stoa.domains.catalog.drafting import ImageDraft, ProductDraft, VariantDraft
from stoa.domains.catalog.editing import update_product
from stoa.domains.catalog.models import ProductStatus

__all__ = [
    "SAME",
    "ImageDraft",
    "ProductChanges",
    "ProductDraft",
    "ProductStatus",
    "VariantChanges",
    "VariantDraft",
    "create_category",
    "create_product",
    "stock",
    "update_product",
]
