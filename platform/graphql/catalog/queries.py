"""The catalog's part of Query."""

from __future__ import annotations

from typing import Annotated

import strawberry
from strawberry.types import Info

from stoa.domains import catalog
from stoa.graphql.catalog.types import Category, Product, ProductImport, Variant
from stoa.graphql.context import GraphContext
from stoa.graphql.paging import Connection
from stoa.graphql.reading.declaring import fetched, one_of, page_of, root
from stoa.tenants.access.scopes import Scope


@root
class ProductMatch:
    """A product found by its handle."""

    product: Product | None = fetched("The product.")
    redirected_from: str | None = strawberry.field(
        default=None, description="The handle that was asked for, when the product has another one by now."
    )


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

    @strawberry.field(
        description="The product with this handle, or else the one that had it last; null when none had. "
        f"Needs the scope `{Scope.CATALOG_READ}`."
    )
    async def product_by_handle(
        self,
        info: Info[GraphContext, None],
        handle: Annotated[str, strawberry.argument(description="The product's name in addresses.")],
    ) -> ProductMatch | None:
        info.context.require(Scope.CATALOG_READ, "productByHandle")
        found = await catalog.product_by_handle(handle)
        if found is None:
            return None
        return ProductMatch(product=found.product_id, redirected_from=found.redirected_from)  # type: ignore[arg-type]
