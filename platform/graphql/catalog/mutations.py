"""The catalog's part of Mutation."""

from __future__ import annotations

import strawberry

from stoa.domains import catalog
from stoa.graphql.catalog.inputs import CategoryCreateInput, ProductCreateInput, ProductUpdateInput
from stoa.graphql.catalog.types import Category, Product
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.reading.declaring import fetched, root
from stoa.graphql.scalars import read_id
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context


@root
class ProductPayload(Payload):
    """A product after a mutation."""

    product: Product | None = fetched("The product as it is now; null when there are errors.")


@root
class CategoryPayload(Payload):
    """A category after a mutation."""

    category: Category | None = fetched("The category as it is now; null when there are errors.")


@shop_mutation(Scope.CATALOG_WRITE, "Create a product with its variants, whole or not at all.")
async def product_create(ctx: Context, input: ProductCreateInput) -> ProductPayload:
    product = await catalog.create_product(ctx, input.draft())
    return ProductPayload.of(product=product.id)


@shop_mutation(Scope.CATALOG_WRITE, "Change a product and its variants; what is left out stays.")
async def product_update(ctx: Context, input: ProductUpdateInput) -> ProductPayload:
    product = await catalog.update_product(
        ctx, read_id("id", input.id, "prod"), input.changes(), expected_version=input.expected_version
    )
    return ProductPayload.of(product=product.id)


@shop_mutation(Scope.CATALOG_WRITE, "Create a category.")
async def category_create(ctx: Context, input: CategoryCreateInput) -> CategoryPayload:
    parent = None if input.parent_id is None else read_id("parent_id", input.parent_id, "cat")
    category = await catalog.create_category(ctx, input.name, parent_id=parent)
    return CategoryPayload.of(category=category.id)


@strawberry.type
class CatalogMutations:
    """What can be done to the catalog."""

    product_create = product_create
    product_update = product_update
    category_create = category_create
