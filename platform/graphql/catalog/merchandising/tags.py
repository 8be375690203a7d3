"""Tags: on and off products, renamed, merged, undone, suggested."""

from __future__ import annotations

from typing import Annotated

import strawberry
from strawberry.types import Info

from stoa.domains.catalog import merchandising
from stoa.graphql.catalog.merchandising.rows import RowsPayload, answered, read_products
from stoa.graphql.catalog.merchandising.types import Tag
from stoa.graphql.context import GraphContext
from stoa.graphql.enums import shown_enum
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.reading.declaring import fetched, root
from stoa.graphql.scalars import read_id
from stoa.kit.errors import blaming
from stoa.kit.ids import type_id
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context

SuggestionReason = shown_enum(
    merchandising.Reason,
    "Why products are thought to be what was searched for.",
    name="TagSuggestionReason",
    DESCRIBED="Their description has the words, further down than search looks.",
    SPELLED_ALIKE="Words of theirs are spelled alike.",
)


@strawberry.input(description="Products, and what tags they are to get and to lose.")
class ProductTagsChangeInput:
    product_ids: list[strawberry.ID] = strawberry.field(description="The products; 250 at the most.")
    add: list[str] = strawberry.field(default_factory=list, description="Names of tags; new ones are made.")
    remove: list[str] = strawberry.field(default_factory=list, description="Names of tags to be taken off.")


@strawberry.input(description="A tag and its new name.")
class TagRenameInput:
    id: strawberry.ID = strawberry.field(description="Which tag.")
    name: str = strawberry.field(description="Its new name; one that another tag has is refused: merge the two.")


@strawberry.input(description="Tags that are to become one.")
class TagsMergeInput:
    into_id: strawberry.ID = strawberry.field(description="The tag that remains.")
    merged_ids: list[strawberry.ID] = strawberry.field(description="The tags that go into it; 50 at the most.")


@strawberry.input(description="Which renaming or merging is to be undone.")
class TagChangeUndoInput:
    id: strawberry.ID = strawberry.field(description="The `changeId` that renaming or merging gave.")


@strawberry.input(description="A suggestion that is taken.")
class TagSuggestionAcceptInput:
    tag: str = strawberry.field(description="The suggested tag.")
    product_ids: list[strawberry.ID] = strawberry.field(description="The products that are to get it.")


@root
class TagPayload(Payload):
    """A tag after a mutation."""

    tag: Tag | None = fetched("The tag as it is now; null when there are errors.")
    change_id: strawberry.ID | None = strawberry.field(
        default=None, description="For `tagChangeUndo`; null when nothing was changed."
    )


@shop_mutation(Scope.CATALOG_WRITE, "Put tags on products and take others off. Twice changes nothing.", once=True)
async def product_tags_change(ctx: Context, input: ProductTagsChangeInput) -> RowsPayload:
    products = read_products(input.product_ids)
    found = await merchandising.change_tags(ctx, products, add=input.add, remove=input.remove)
    return answered(found)  # type: ignore[no-any-return]


@shop_mutation(Scope.CATALOG_WRITE, "Rename a tag on all its products.", once=True)
async def tag_rename(ctx: Context, input: TagRenameInput) -> TagPayload:
    tag, change = await merchandising.rename_tag(ctx, read_id("id", input.id, "tag"), input.name)
    return TagPayload(tag=tag.id, change_id=None if change is None else _change(type_id("evt", change)))  # type: ignore[arg-type]


@shop_mutation(
    Scope.CATALOG_WRITE, "Make one tag of several: their products have the remaining one instead.", once=True
)
async def tags_merge(ctx: Context, input: TagsMergeInput) -> TagPayload:
    into = read_id("into_id", input.into_id, "tag")
    with blaming("merged_ids"):
        merged = [read_id(i, each, "tag") for i, each in enumerate(input.merged_ids)]
    tag, change = await merchandising.merge_tags(ctx, into, merged)
    return TagPayload(tag=tag.id, change_id=_change(type_id("evt", change)))  # type: ignore[arg-type]


@shop_mutation(
    Scope.CATALOG_WRITE,
    "Put back what renaming or merging tags did; refused when something has changed since.",
    once=True,
)
async def tag_change_undo(ctx: Context, input: TagChangeUndoInput) -> TagPayload:
    tag = await merchandising.undo_tag_change(ctx, read_id("id", input.id, "evt"))
    return TagPayload.of(tag=tag.id)


@shop_mutation(
    Scope.CATALOG_WRITE, "Give products a tag that `tagSuggestions` suggested. Twice changes nothing.", once=True
)
async def tag_suggestion_accept(ctx: Context, input: TagSuggestionAcceptInput) -> RowsPayload:
    products = read_products(input.product_ids)
    return answered(await merchandising.accept_suggestion(ctx, input.tag, products))  # type: ignore[no-any-return]


def _change(id: str) -> strawberry.ID:
    return strawberry.ID(id)


@strawberry.type(description="A tag that products could be found by, and why.")
class TagSuggestion:
    tag: str = strawberry.field(description="The words that were searched for in vain.")
    searches: int = strawberry.field(description="How often they were.")
    reason: SuggestionReason = strawberry.field(description="Why these products.")  # type: ignore[valid-type]
    product_ids: list[strawberry.ID] = strawberry.field(description="The products, likeliest first; 10 at the most.")


Days = Annotated[int, strawberry.argument(description="Of how many days, today among them.")]


@strawberry.type
class SuggestionQueries:
    """What the shop could do better."""

    @strawberry.field(
        description="Tags that products lack: words that buyers search for and do not find, although products answer "
        f"to them. Most searched first. Needs the scope `{Scope.CATALOG_READ}`."
    )
    async def tag_suggestions(
        self,
        info: Info[GraphContext, None],
        days: Days = 30,
        at_least: Annotated[int, strawberry.argument(description="How often they must have been searched for.")] = 3,
    ) -> list[TagSuggestion]:
        ctx = info.context.require(Scope.CATALOG_READ, "tagSuggestions")
        return [
            TagSuggestion(
                tag=each.tag,
                searches=each.searches,
                reason=each.reason,
                product_ids=[strawberry.ID(type_id("prod", id)) for id in each.product_ids],
            )
            for each in await merchandising.suggest_tags(ctx, days=days, at_least=at_least)
        ]
