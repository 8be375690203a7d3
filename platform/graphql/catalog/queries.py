"""The catalog's part of Query."""

from __future__ import annotations

from stoa.graphql.catalog.types import Category, Product, ProductImport, Variant
from stoa.graphql.paging import Connection
from stoa.graphql.reading.declaring import one_of, page_of, root


@root
class CatalogQueries:
    """What can be asked of the catalog."""

    product: Product | None = one_of("One product by its id.")
    products: Connection[Product] = page_of("The shop's products, oldest first unless ordered otherwise.")
    variant: Variant | None = one_of("One variant by its id.")
    variants: Connection[Variant] = page_of("The shop's variants, product by product.")
    category: Category | None = one_of("One category by its id.")
    categories: Connection[Category] = page_of("The shop's categories, by name.", order=("name_key",))
    product_import: ProductImport | None = one_of("One import by its id.")
    product_imports: Connection[ProductImport] = page_of("The shop's imports, newest first.", order=("-id",))
