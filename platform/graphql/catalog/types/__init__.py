"""The catalog as GraphQL shows it, by area."""

from stoa.graphql.catalog.types.imports import ImportIssue, ImportPhase, ImportState, ProductImport
from stoa.graphql.catalog.types.pictures import Image
from stoa.graphql.catalog.types.places import Category, Channel, Listing
from stoa.graphql.catalog.types.products import BundlePart, Product, ProductStatus, Variant

__all__ = [
    "BundlePart",
    "Category",
    "Channel",
    "Image",
    "ImportIssue",
    "ImportPhase",
    "ImportState",
    "Listing",
    "Product",
    "ProductImport",
    "ProductStatus",
    "Variant",
]
