"""Pictures of products: the payloads and mutations."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import strawberry

from stoa.domains.catalog import media
from stoa.domains.catalog.results import RowResult
from stoa.graphql.catalog.media.inputs import (
    ProductImageAddInput,
    ProductImageRemoveInput,
    ProductImagesReorderInput,
    ProductImageUpdateInput,
)
from stoa.graphql.catalog.mutations import ProductPayload
from stoa.graphql.catalog.types import Image, Product
from stoa.graphql.errors import UserError, user_error
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.reading.declaring import fetched, root
from stoa.graphql.scalars import read_id
from stoa.kit.ids import type_id
from stoa.tenants.access import Scope
from stoa.tenants.context import Context


@strawberry.type(description="What became of one of several pictures.")
class ProductImageResult:
    index: int = strawberry.field(description="Its place in the input's list, from 0.")
    image_id: strawberry.ID | None = strawberry.field(description="The picture; null when nothing was done with it.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was done with it.")


@root
class ProductImagesPayload(Payload):
    """A product's pictures after a mutation of several: `userErrors` gathers those of all `results`."""

    product: Product | None = fetched("The product as it is now; null when nothing could be done at all.")
    results: list[ProductImageResult] | None = strawberry.field(
        default=None, description="What became of each, in the order of the input; null when all was refused."
    )

    @classmethod
    def told(cls, product_id: UUID, list_name: str, outcomes: Sequence[RowResult]) -> ProductImagesPayload:
        payload = cls.of(product=product_id)
        payload.results = []
        for i, each in enumerate(outcomes):
            errors = [user_error(refusal.under(list_name, i)) for refusal in each.refusals]
            shown = None if each.id is None else strawberry.ID(type_id("img", each.id))
            payload.results.append(ProductImageResult(index=i, image_id=shown, user_errors=errors))
            payload.user_errors.extend(errors)
        return payload


@root
class ProductImagePayload(Payload):
    """A picture after a mutation."""

    image: Image | None = fetched("The picture as it is now; null when there are errors.")


@shop_mutation(
    Scope.CATALOG_WRITE, "Add pictures to a product; each that cannot be added is reported by itself.", once=True
)
async def product_image_add(ctx: Context, input: ProductImageAddInput) -> ProductImagesPayload:
    product_id = read_id("product_id", input.product_id, "prod")
    outcomes = await media.add_images(ctx, product_id, input.read(), expected_version=input.expected_version)
    return ProductImagesPayload.told(product_id, "images", outcomes)


@shop_mutation(Scope.CATALOG_WRITE, "Change what is said of a picture; what is left out stays.", once=True)
async def product_image_update(ctx: Context, input: ProductImageUpdateInput) -> ProductImagePayload:
    image = await media.update_image(
        ctx, read_id("id", input.id, "img"), input.changes(), expected_version=input.expected_version
    )
    return ProductImagePayload.of(image=image.id)


@shop_mutation(
    Scope.CATALOG_WRITE, "Put a product's pictures in another order; the first stands for the product.", once=True
)
async def product_images_reorder(ctx: Context, input: ProductImagesReorderInput) -> ProductPayload:
    product = await media.reorder_images(
        ctx,
        read_id("product_id", input.product_id, "prod"),
        input.image_ids(),
        expected_version=input.expected_version,
    )
    return ProductPayload.of(product=product.id)


@shop_mutation(
    Scope.CATALOG_WRITE,
    "Remove pictures of a product and their files; each that is not there is reported by itself.",
    once=True,
)
async def product_image_remove(ctx: Context, input: ProductImageRemoveInput) -> ProductImagesPayload:
    product_id = read_id("product_id", input.product_id, "prod")
    outcomes = await media.remove_images(ctx, product_id, input.image_ids(), expected_version=input.expected_version)
    return ProductImagesPayload.told(product_id, "ids", outcomes)


@strawberry.type
class MediaMutations:
    """What can be done with pictures."""

    product_image_add = product_image_add
    product_image_update = product_image_update
    product_images_reorder = product_images_reorder
    product_image_remove = product_image_remove
