"""Collections: made by hand or by rules, put in order, previewed, refreshed."""

from __future__ import annotations

from typing import Annotated

import strawberry
from strawberry.types import Info

from stoa.domains.catalog import merchandising
from stoa.domains.catalog.changing import SAME
from stoa.domains.catalog.merchandising.refreshing import PREVIEW_LIMIT
from stoa.graphql.catalog.inputs import changed, given, optional
from stoa.graphql.catalog.merchandising.categories import DeletePayload
from stoa.graphql.catalog.merchandising.rows import RowsPayload, answered, read_products
from stoa.graphql.catalog.merchandising.types import Collection
from stoa.graphql.catalog.naming import NameTranslationInput, given_translations
from stoa.graphql.catalog.types import Product
from stoa.graphql.context import GraphContext
from stoa.graphql.enums import shown_enum
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.paging import Count, CountPrecision
from stoa.graphql.reading.declared import TYPES
from stoa.graphql.reading.declaring import fetched, root
from stoa.graphql.reading.fetching import fetch_many
from stoa.graphql.scalars import read_id
from stoa.kit.errors import InvalidInput
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context

RulesMatch = shown_enum(
    merchandising.Match,
    "How many of the conditions must hold.",
    name="CollectionMatch",
    ALL="All of them.",
    ANY="At least one.",
)
ConditionAbout = shown_enum(
    merchandising.About,
    "What of a product a rule is about.",
    name="CollectionConditionAbout",
    TITLE="Its title; IS, IS_NOT, CONTAINS, STARTS_WITH, upper and lower case alike.",
    VENDOR="Its vendor; IS, IS_NOT, CONTAINS, STARTS_WITH, upper and lower case alike.",
    PRICE="The price of a variant in the shop's currency, such as 19.90; AT_LEAST, AT_MOST.",
    CATEGORY="The id of a category, with all those inside it; IS, IS_NOT.",
    TAG="The name of a tag; IS, IS_NOT.",
    ATTRIBUTE="A value of the attribute with that key; IS, IS_NOT, and of numbers and dates AT_LEAST, AT_MOST.",
    STOCK="How many are available of all its variants at all locations; AT_LEAST, AT_MOST.",
    CREATED="The moment when it was made, such as 2026-11-22T00:00:00Z; AT_LEAST, AT_MOST.",
)
ConditionRelation = shown_enum(
    merchandising.Relation,
    "How what a rule is about must be to its value.",
    name="CollectionConditionRelation",
    IS="The same.",
    IS_NOT="Not the same.",
    CONTAINS="Has it in it.",
    STARTS_WITH="Begins with it.",
    AT_LEAST="It or more.",
    AT_MOST="It or less.",
)


@strawberry.input(description="One rule of a collection.")
class CollectionConditionInput:
    about: ConditionAbout = strawberry.field(description="What of a product.")  # type: ignore[valid-type]
    relation: ConditionRelation = strawberry.field(description="How it must be to the value.")  # type: ignore[valid-type]
    value: str = strawberry.field(description="The value, as `about` says.")
    key: str | None = optional("The attribute's key, where the rule is about one.")


@strawberry.input(description="What a product must be like to stand in a collection.")
class CollectionRulesInput:
    match: RulesMatch = strawberry.field(description="Whether all conditions must hold, or one.")  # type: ignore[valid-type]
    conditions: list[CollectionConditionInput] = strawberry.field(description="1 to 20 conditions.")

    def read(self) -> merchandising.Rules:
        conditions = [
            merchandising.Condition(
                merchandising.About(c.about), merchandising.Relation(c.relation), c.value, c.key or ""
            )
            for c in self.conditions
        ]
        return merchandising.Rules(merchandising.Match(self.match), conditions)


@strawberry.input(description="A collection to be made.")
class CollectionCreateInput:
    title: str = strawberry.field(description="As shown to buyers.")
    handle: str | None = optional("Its name in addresses; made from the title when left out.")
    description: str = optional("Text for buyers.", "")
    translations: list[NameTranslationInput] = strawberry.field(
        default_factory=list, description="Its title (as name) and description in other languages."
    )
    rules: CollectionRulesInput | None = optional("What is in it; left out, it is put together by hand.")
    idempotency_key: str | None = optional("Any text of your own: a request with the same key is done once.")

    def draft(self) -> merchandising.CollectionDraft:
        return merchandising.CollectionDraft(
            title=self.title,
            handle=self.handle,
            description=self.description,
            translations=given_translations(self.translations),
            rules=self.rules.read() if self.rules else None,
        )


@strawberry.input(description="Changes to a collection; what is left out stays.")
class CollectionUpdateInput:
    id: strawberry.ID = strawberry.field(description="Which collection.")
    expected_version: int | None = optional("The version you read: refused when it has been changed since.")
    title: str | None = given("As shown to buyers.")
    handle: str | None = given("Its name in addresses.")
    description: str | None = given("Text for buyers.")
    translations: list[NameTranslationInput] | None = given(
        "Its title and description in other languages, all of them."
    )
    rules: CollectionRulesInput | None = given("Other rules, which take effect at once.")
    idempotency_key: str | None = optional("Any text of your own: a request with the same key is done once.")

    def changes(self) -> merchandising.CollectionChanges:
        translations, rules = changed(self, "translations"), changed(self, "rules")
        return merchandising.CollectionChanges(
            title=changed(self, "title"),
            handle=changed(self, "handle"),
            description=changed(self, "description"),
            translations=SAME if translations is SAME else given_translations(translations),
            rules=SAME if rules is SAME else rules.read(),
        )


@strawberry.input(description="Which collection is meant.")
class CollectionRefInput:
    id: strawberry.ID = strawberry.field(description="The collection's id.")


@strawberry.input(description="A collection, and products.")
class CollectionProductsInput:
    id: strawberry.ID = strawberry.field(description="Which collection.")
    product_ids: list[strawberry.ID] = strawberry.field(description="The products, in order; 250 at the most.")


@root
class CollectionPayload(Payload):
    """A collection after a mutation."""

    collection: Collection | None = fetched("The collection as it is now; null when there are errors.")


@root
class CollectionRefreshPayload(Payload):
    """A collection after its rules were applied."""

    collection: Collection | None = fetched("The collection as it is now; null when there are errors.")
    come: int = strawberry.field(default=0, description="How many products came into it.")
    gone: int = strawberry.field(default=0, description="How many left it.")


@shop_mutation(Scope.CATALOG_WRITE, "Create a collection; one with rules has its products at once.")
async def collection_create(ctx: Context, input: CollectionCreateInput) -> CollectionPayload:
    row = await merchandising.create_collection(ctx, input.draft())
    return CollectionPayload.of(collection=row.id)


@shop_mutation(Scope.CATALOG_WRITE, "Change a collection; what is left out stays.")
async def collection_update(ctx: Context, input: CollectionUpdateInput) -> CollectionPayload:
    row = await merchandising.update_collection(
        ctx, read_id("id", input.id, "coll"), input.changes(), expected_version=input.expected_version
    )
    return CollectionPayload.of(collection=row.id)


@shop_mutation(Scope.CATALOG_WRITE, "Take a collection away; its products stay.")
async def collection_delete(ctx: Context, input: CollectionRefInput) -> DeletePayload:
    await merchandising.delete_collection(ctx, read_id("id", input.id, "coll"))
    return DeletePayload(deleted_id=input.id)


@shop_mutation(Scope.CATALOG_WRITE, "Put products at the end of a collection. Twice changes nothing.", once=True)
async def collection_products_add(ctx: Context, input: CollectionProductsInput) -> RowsPayload:
    collection, products = read_id("id", input.id, "coll"), read_products(input.product_ids)
    return answered(await merchandising.put_into_collection(ctx, collection, products))  # type: ignore[no-any-return]


@shop_mutation(Scope.CATALOG_WRITE, "Take products out of a collection. Twice changes nothing.", once=True)
async def collection_products_remove(ctx: Context, input: CollectionProductsInput) -> RowsPayload:
    collection, products = read_id("id", input.id, "coll"), read_products(input.product_ids)
    return answered(await merchandising.take_from_collection(ctx, collection, products))  # type: ignore[no-any-return]


@shop_mutation(
    Scope.CATALOG_WRITE, "Let these products come first in a collection; the others follow as they were.", once=True
)
async def collection_reorder(ctx: Context, input: CollectionProductsInput) -> RowsPayload:
    collection, products = read_id("id", input.id, "coll"), read_products(input.product_ids)
    return answered(await merchandising.reorder_collection(ctx, collection, products))  # type: ignore[no-any-return]


@shop_mutation(
    Scope.CATALOG_WRITE,
    "Apply a collection's rules to all products now. Changes of products are followed without it, within seconds; "
    "movements of stock are not.",
)
async def collection_refresh(ctx: Context, input: CollectionRefInput) -> CollectionRefreshPayload:
    collection_id = read_id("id", input.id, "coll")
    done = await merchandising.refresh_collection(ctx, collection_id)
    return CollectionRefreshPayload(collection=collection_id, come=done.come, gone=done.gone)  # type: ignore[arg-type]


@strawberry.type(description="What rules would find.")
class CollectionPreview:
    found: strawberry.Private[merchandising.Preview]

    @strawberry.field(description=f"How many products; counted up to {PREVIEW_LIMIT:,}.")
    def count(self) -> Count:
        exact = self.found.count <= PREVIEW_LIMIT
        precision = CountPrecision.EXACT if exact else CountPrecision.AT_LEAST
        return Count(value=min(self.found.count, PREVIEW_LIMIT), precision=precision)

    @strawberry.field(description="The newest of them.")
    async def nodes(self, info: Info[GraphContext, None]) -> list[Product]:
        rows = await fetch_many(info._raw_info, TYPES["Product"], self.found.product_ids)
        return [rows[id] for id in self.found.product_ids if id in rows]


@strawberry.type
class CollectionQueries:
    """What can be asked before a collection is made."""

    @strawberry.field(description=f"What rules would find; nothing is saved. Needs the scope `{Scope.CATALOG_READ}`.")
    async def collection_preview(
        self,
        info: Info[GraphContext, None],
        rules: Annotated[CollectionRulesInput, strawberry.argument(description="The rules.")],
        first: Annotated[int, strawberry.argument(description="How many products to show; 100 at the most.")] = 20,
    ) -> CollectionPreview:
        ctx = info.context.require(Scope.CATALOG_READ, "collectionPreview")
        if not 0 <= first <= 100:
            raise InvalidInput("first is {first}; 0 to 100 are allowed.", path=["first"], limit=100, first=first)
        return CollectionPreview(found=await merchandising.preview_rules(ctx, rules.read(), first=first))
