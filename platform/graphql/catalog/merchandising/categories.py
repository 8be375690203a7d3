"""Categories: renaming, moving, taking away."""

from __future__ import annotations

import strawberry

from stoa.domains.catalog import merchandising
from stoa.domains.catalog.changing import SAME
from stoa.graphql.catalog.inputs import changed, given, optional
from stoa.graphql.catalog.mutations import CategoryPayload
from stoa.graphql.catalog.naming import NameTranslationInput, given_translations
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.scalars import read_id
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context


@strawberry.input(description="Changes to a category; what is left out stays.")
class CategoryUpdateInput:
    id: strawberry.ID = strawberry.field(description="Which category.")
    expected_version: int | None = optional("The version you read: refused when it has been changed since.")
    name: str | None = given("As shown to buyers; unique in the shop.")
    parent_id: strawberry.ID | None = given("The shelf it stands in; null puts it at the top.")
    description: str | None = given("Text for buyers.")
    position: int | None = given("Its place among the categories beside it.")
    translations: list[NameTranslationInput] | None = given("Its name and description in other languages, all of them.")
    idempotency_key: str | None = optional("Any text of your own: a request with the same key is done once.")

    def changes(self) -> merchandising.CategoryChanges:
        parent = changed(self, "parent_id", nullable=True)
        translations = changed(self, "translations")
        return merchandising.CategoryChanges(
            name=changed(self, "name"),
            parent_id=read_id("parent_id", parent, "cat") if isinstance(parent, str) else parent,
            description=changed(self, "description"),
            position=changed(self, "position"),
            translations=SAME if translations is SAME else given_translations(translations),
        )


@strawberry.input(description="Which category is meant.")
class CategoryDeleteInput:
    id: strawberry.ID = strawberry.field(description="The category's id.")


@strawberry.type(description="What became of a thing that was to be taken away.")
class DeletePayload(Payload):
    deleted_id: strawberry.ID | None = strawberry.field(
        default=None, description="The id of what is gone; null when there are errors."
    )


@shop_mutation(Scope.CATALOG_WRITE, "Change a category, or move it in the tree; what is left out stays.")
async def category_update(ctx: Context, input: CategoryUpdateInput) -> CategoryPayload:
    category = await merchandising.update_category(
        ctx, read_id("id", input.id, "cat"), input.changes(), expected_version=input.expected_version
    )
    return CategoryPayload.of(category=category.id)


@shop_mutation(Scope.CATALOG_WRITE, "Take away a category that nothing stands on.")
async def category_delete(ctx: Context, input: CategoryDeleteInput) -> DeletePayload:
    await merchandising.delete_category(ctx, read_id("id", input.id, "cat"))
    return DeletePayload(deleted_id=input.id)
