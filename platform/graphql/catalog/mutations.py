"""The catalog's part of Mutation."""

from __future__ import annotations

import strawberry

from stoa.domains import catalog
from stoa.graphql.catalog.inputs import (
    CategoryCreateInput,
    ProductCreateInput,
    ProductDeleteInput,
    ProductDuplicateInput,
    ProductUpdateInput,
    SlugRedirectRemoveInput,
)
from stoa.graphql.catalog.types import Category, Product
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.reading.declaring import fetched, root
from stoa.graphql.scalars import read_id
from stoa.kit.ids import type_id
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


@strawberry.type(description="After deleting a product.")
class ProductDeletePayload(Payload):
    deleted_id: strawberry.ID | None = strawberry.field(default=None, description="The id that it had.")


@shop_mutation(
    Scope.CATALOG_WRITE,
    "Make a draft like a product: texts, prices, options, pictures, parts, tags and attributes are the same; codes, "
    "stock and ids elsewhere are not taken along.",
)
async def product_duplicate(ctx: Context, input: ProductDuplicateInput) -> ProductPayload:
    product_id = await catalog.duplicate_product(ctx, read_id("id", input.id, "prod"), title=input.title)
    return ProductPayload.of(product=product_id)


@shop_mutation(
    Scope.CATALOG_WRITE,
    "Delete a draft that was never published. Refused, with what is in the way, when there is stock of it, or it is "
    "part of a bundle, or stands on an order. What has been on sale is archived instead.",
)
async def product_delete(ctx: Context, input: ProductDeleteInput) -> ProductDeletePayload:
    product_id = read_id("id", input.id, "prod")
    await catalog.delete_product(ctx, product_id, expected_version=input.expected_version)
    return ProductDeletePayload(deleted_id=strawberry.ID(type_id("prod", product_id)))


@shop_mutation(Scope.CATALOG_WRITE, "Let an old handle lead nowhere, so that another product may have it.")
async def slug_redirect_remove(ctx: Context, input: SlugRedirectRemoveInput) -> ProductPayload:
    return ProductPayload.of(product=await catalog.remove_redirect(ctx, input.handle))


@shop_mutation(Scope.CATALOG_WRITE, "Create a category.", once=True)
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
    product_duplicate = product_duplicate
    product_delete = product_delete
    slug_redirect_remove = slug_redirect_remove
