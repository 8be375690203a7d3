"""Going on sale and off, and the channels in which products may be seen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from stoa.domains import catalog
from stoa.graphql.catalog.bulk import BulkPayload, Policy, bulk_payload
from stoa.graphql.catalog.inputs import each_of, optional
from stoa.graphql.catalog.mutations import ProductPayload
from stoa.graphql.catalog.naming import NameTranslationInput
from stoa.graphql.catalog.types import Channel
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.paging import Connection
from stoa.graphql.reading.declaring import fetched, one_of, page_of, root
from stoa.graphql.scalars import read_id
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context


@strawberry.input(description="A product to be put on sale.")
class ProductPublishInput:
    id: strawberry.ID = strawberry.field(description="Which product.")
    at: datetime | None = optional("When; now if it is left out or past.")
    until: datetime | None = optional("When it goes off sale again by itself.")
    expected_version: int | None = optional("The version you read: refused when it has been changed since.")


@strawberry.input(description="A product to be taken off sale.")
class ProductUnpublishInput:
    id: strawberry.ID = strawberry.field(description="Which product.")
    at: datetime | None = optional("When; now if it is left out or past.")
    expected_version: int | None = optional("The version you read: refused when it has been changed since.")


@strawberry.input(description="A channel to be made.")
class ChannelCreateInput:
    code: str = strawberry.field(description="Its code in addresses and filters; unique in the shop.")
    name: str = strawberry.field(description="As shown to people.")
    translations: list[NameTranslationInput] | None = optional("Its name in other languages.")
    shows_everything: bool = optional("Whether it shows whatever is on sale, unless a listing says otherwise.", False)

    def draft(self) -> catalog.ChannelDraft:
        return catalog.ChannelDraft(
            self.code, self.name, _names(self.translations), shows_everything=self.shows_everything
        )


@strawberry.input(description="Changes to a channel; what is left out stays.")
class ChannelUpdateInput:
    id: strawberry.ID = strawberry.field(description="Which channel.")
    expected_version: int | None = optional("The version you read: refused when it has been changed since.")
    name: str | None = optional("As shown to people.")
    translations: list[NameTranslationInput] | None = optional("Its name in other languages: all of them.")
    is_active: bool | None = optional("Whether anything is seen there.")
    shows_everything: bool | None = optional("Whether it shows whatever is on sale.")

    def draft(self) -> catalog.ChannelDraft:
        names = _names(self.translations)
        return catalog.ChannelDraft(None, self.name, names, self.is_active, self.shows_everything)


@strawberry.input(description="How a product is to stand in a channel.")
class ListingInput:
    product_id: strawberry.ID = strawberry.field(description="Which product.")
    publish_at: datetime | None = optional("From when it is seen there; always if left out.")
    unpublish_at: datetime | None = optional("Until when it is seen there.")
    is_hidden: bool = optional("It is not seen there, whatever the channel shows.", False)
    is_removed: bool = optional("It has no listing there any more: the channel's own rule counts again.", False)

    def wish(self) -> catalog.ListingWish:
        return catalog.ListingWish(
            read_id("product_id", self.product_id, "prod"),
            self.publish_at,
            self.unpublish_at,
            self.is_hidden,
            self.is_removed,
        )


@strawberry.input(description="Products to be listed in a channel, each its own way.")
class ProductListingsSetInput:
    channel_id: strawberry.ID = strawberry.field(description="Which channel.")
    products: list[ListingInput] = strawberry.field(description="Up to 250.")
    policy: Policy = optional("What becomes of the others when some are refused.", catalog.BulkPolicy.IGNORE_FAILED)


@root
class ChannelPayload(Payload):
    """A channel after a mutation."""

    channel: Channel | None = fetched("The channel as it is now; null when there are errors.")


@shop_mutation(
    Scope.CATALOG_WRITE,
    "Put a product on sale, now or at a time. It needs a title, a price for every variant, a category and a picture; "
    "whether it has them is asked when it is planned, and again when the time has come.",
)
async def product_publish(ctx: Context, input: ProductPublishInput) -> ProductPayload:
    product = await catalog.publish_product(
        ctx,
        read_id("id", input.id, "prod"),
        at=input.at,
        until=input.until,
        expected_version=input.expected_version,
    )
    return ProductPayload.of(product=product.id)


@shop_mutation(Scope.CATALOG_WRITE, "Take a product off sale, now or at a time: it is a draft again.")
async def product_unpublish(ctx: Context, input: ProductUnpublishInput) -> ProductPayload:
    product = await catalog.unpublish_product(
        ctx, read_id("id", input.id, "prod"), at=input.at, expected_version=input.expected_version
    )
    return ProductPayload.of(product=product.id)


@shop_mutation(Scope.CATALOG_WRITE, "Create a channel.", once=True)
async def channel_create(ctx: Context, input: ChannelCreateInput) -> ChannelPayload:
    return ChannelPayload.of(channel=(await catalog.create_channel(ctx, input.draft())).id)


@shop_mutation(Scope.CATALOG_WRITE, "Change a channel; what is left out stays.")
async def channel_update(ctx: Context, input: ChannelUpdateInput) -> ChannelPayload:
    channel_id = read_id("id", input.id, "chan")
    channel = await catalog.update_channel(ctx, channel_id, input.draft(), expected_version=input.expected_version)
    return ChannelPayload.of(channel=channel.id)


@shop_mutation(
    Scope.CATALOG_WRITE, "Say how products stand in a channel: in which time they are seen there, or not.", once=True
)
async def product_listings_set(ctx: Context, input: ProductListingsSetInput) -> BulkPayload:
    channel = read_id("channel_id", input.channel_id, "chan")
    wishes = each_of("products", input.products, ListingInput.wish)
    strict = input.policy is catalog.BulkPolicy.REJECT_EVERYTHING
    results = await catalog.set_listings(ctx, channel, wishes, all_or_nothing=strict)
    return bulk_payload(results, strict=strict)


def _names(given: list[NameTranslationInput] | None) -> dict[str, Any] | None:
    return None if given is None else {each.locale: each.name or "" for each in given}


@root
class PublishingQueries:
    """What can be asked of channels."""

    channel: Channel | None = one_of("One channel by its id.")
    channels: Connection[Channel] = page_of("The shop's channels.")


@strawberry.type
class PublishingMutations:
    """What can be done about being seen."""

    product_publish = product_publish
    product_unpublish = product_unpublish
    channel_create = channel_create
    channel_update = channel_update
    product_listings_set = product_listings_set
