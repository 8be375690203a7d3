"""The assortment of a product: its variants, and what bundles are made of."""

from __future__ import annotations

from uuid import UUID

import strawberry

from stoa.domains import catalog
from stoa.graphql.catalog.inputs import VariantInput, each_of, optional
from stoa.graphql.catalog.mutations import ProductPayload
from stoa.graphql.mutations import shop_mutation
from stoa.graphql.scalars import read_id
from stoa.kit.errors import InvalidInput
from stoa.kit.ids import parse_type_id
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context

VERSION = "The product's version you read: refused when it has been changed since."


@strawberry.input(description="Variants to be added to a product.")
class VariantsAddInput:
    product_id: strawberry.ID = strawberry.field(description="Which product.")
    variants: list[VariantInput] = strawberry.field(description="They stand behind those there are.")
    expected_version: int | None = optional(VERSION)
    idempotency_key: str | None = optional("Any text of your own: a request with the same key is done once.")


@strawberry.input(description="Variants of one product.")
class VariantsRefInput:
    product_id: strawberry.ID = strawberry.field(description="Which product.")
    variant_ids: list[strawberry.ID] = strawberry.field(description="Which of its variants, in order.")
    expected_version: int | None = optional(VERSION)


@strawberry.input(description="So many of a variant.")
class BundlePartInput:
    variant_id: strawberry.ID = strawberry.field(description="Which variant; of a product that is no bundle itself.")
    quantity: int = strawberry.field(description="How many of it are in the bundle.")


@strawberry.input(description="What a variant is made of.")
class BundlePartsSetInput:
    variant_id: strawberry.ID = strawberry.field(description="The variant that is a bundle.")
    parts: list[BundlePartInput] = strawberry.field(description="All its parts; none, and it is no bundle any more.")
    expected_version: int | None = optional(VERSION)


@shop_mutation(Scope.CATALOG_WRITE, "Add variants to a product; each has a value of each of its options.")
async def variants_add(ctx: Context, input: VariantsAddInput) -> ProductPayload:
    product = await catalog.add_variants(
        ctx,
        read_id("product_id", input.product_id, "prod"),
        each_of("variants", input.variants, VariantInput.draft),
        expected_version=input.expected_version,
    )
    return ProductPayload.of(product=product.id)


@shop_mutation(
    Scope.CATALOG_WRITE,
    "Remove variants of a product for good. Refused, with what is in the way, when there is stock of one, on hand, "
    "reserved or incoming; when it is part of a bundle or stands on an order; and when none would be left.",
)
async def variants_remove(ctx: Context, input: VariantsRefInput) -> ProductPayload:
    product_id, ids = _read(input)
    product = await catalog.remove_variants(ctx, product_id, ids, expected_version=input.expected_version)
    return ProductPayload.of(product=product.id)


@shop_mutation(Scope.CATALOG_WRITE, "Put all the variants of a product in an order.")
async def variants_reorder(ctx: Context, input: VariantsRefInput) -> ProductPayload:
    product_id, ids = _read(input)
    product = await catalog.reorder_variants(ctx, product_id, ids, expected_version=input.expected_version)
    return ProductPayload.of(product=product.id)


@shop_mutation(
    Scope.CATALOG_WRITE,
    "Say what a variant is made of: it is a bundle then, which has no stock of its own. Refused when its product has "
    "stock or is part of a bundle itself, and when a part is a bundle.",
)
async def bundle_parts_set(ctx: Context, input: BundlePartsSetInput) -> ProductPayload:
    variant = read_id("variant_id", input.variant_id, "var")
    read = each_of("parts", input.parts, lambda each: (read_id("variant_id", each.variant_id, "var"), each.quantity))
    if len(dict(read)) < len(read):
        raise InvalidInput("A part is named twice.", path=["parts"])
    product = await catalog.set_parts(ctx, variant, dict(read), expected_version=input.expected_version)
    return ProductPayload.of(product=product.id)


def _read(input: VariantsRefInput) -> tuple[UUID, list[UUID]]:
    product_id = read_id("product_id", input.product_id, "prod")
    return product_id, each_of("variant_ids", input.variant_ids, lambda id: parse_type_id(id, "var"))


@strawberry.type
class VariantMutations:
    """What can be done to the variants of a product."""

    variants_add = variants_add
    variants_remove = variants_remove
    variants_reorder = variants_reorder
    bundle_parts_set = bundle_parts_set
