"""`productFacets`: what a list of products could be narrowed by."""

from __future__ import annotations

from typing import Any

import msgspec
import strawberry
from graphql import GraphQLResolveInfo, GraphQLSchema

from stoa.graphql.catalog.merchandising import counting, facets
from stoa.graphql.catalog.merchandising.types import AttributeType
from stoa.graphql.catalog.naming import said_in
from stoa.graphql.catalog.types import ProductStatus
from stoa.graphql.context import GraphContext
from stoa.graphql.reading.declaring import resolved_elsewhere
from stoa.graphql.scalars import Money
from stoa.kit.ids import type_id
from stoa.kit.money import decimal_string
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context

RULE = (
    "What a list of products could be narrowed by, with the number of products that would be left: of those that meet "
    "`where` and `search`. Each facet counts with the filters of the other facets and not with its own, so that one "
    "sees what choosing another value of it would give. A filter belongs to a facet when it is about nothing else: "
    "a condition (of those that must all hold) on `status`, on `category`, on `tags`, on `variants` by their price, or "
    "on `attributes` of one `attribute: {key: {eq}}`. All others hold for every facet. Counts are as of the last "
    "change of a product. "
    f"Needs the scope `{Scope.CATALOG_READ}`."
)


@strawberry.type(description="A value of an attribute, and how many products have it.")
class AttributeValueCount:
    value: str = strawberry.field(description="The value, for `where: {attributes: {some: {text: {eq}}}}`.")
    label: str = strawberry.field(description="What it is called in the caller's language.")
    count: int = strawberry.field(description="How many products.")


@strawberry.type(description="An attribute, and the values of it that there are.")
class AttributeFacet:
    key: str = strawberry.field(description="The attribute's key.")
    label: str = strawberry.field(description="What it is called in the caller's language.")
    type: AttributeType = strawberry.field(description="What kind of values it has.")
    unit: str = strawberry.field(description="What its numbers count; empty when nothing.")
    values: list[AttributeValueCount] = strawberry.field(
        description=f"Most frequent first; {facets.MOST_VALUES} at the most."
    )


@strawberry.type(description="A category or a tag, and how many products have it.")
class ProductFacetCount:
    id: strawberry.ID = strawberry.field(description="The category's or the tag's id.")
    label: str = strawberry.field(description="What it is called in the caller's language.")
    count: int = strawberry.field(description="How many products; of a category those on that very shelf.")


@strawberry.type(description="A status, and how many products have it.")
class StatusCount:
    status: ProductStatus = strawberry.field(description="The status.")
    count: int = strawberry.field(description="How many products.")


@strawberry.type(description="A range of prices, and how many products have a variant in it.")
class PriceCount:
    at_least: Money = strawberry.field(description="The lowest price of the range.")
    below: Money = strawberry.field(description="The lowest price above the range.")
    count: int = strawberry.field(description="How many products; one with variants in two ranges counts in both.")


@strawberry.type(description="What a list of products could be narrowed by; only what is asked for is counted.")
class ProductFacets:
    ctx: strawberry.Private[Context]
    narrowed: strawberry.Private[facets.Narrowed]

    @strawberry.field(description="How many products meet all the filters.")
    async def total(self) -> int:
        return await facets.count_total(self.ctx, self.narrowed)

    @strawberry.field(description="By attribute, in the attributes' order: those that are facets and have values here.")
    async def attributes(self) -> list[AttributeFacet]:
        counted = await facets.count_attributes(self.ctx, self.narrowed)
        return [_attribute(self.ctx.locale, attribute, values) for attribute, values in counted]

    @strawberry.field(description="By category, most frequent first; 50 at the most.")
    async def categories(self) -> list[ProductFacetCount]:
        rows = await facets.count_categories(self.ctx, self.narrowed)
        return [_counted("cat", self.ctx.locale, row) for row in rows]

    @strawberry.field(description="By tag, most frequent first; 50 at the most.")
    async def tags(self) -> list[ProductFacetCount]:
        return [_counted("tag", self.ctx.locale, row) for row in await facets.count_tags(self.ctx, self.narrowed)]

    @strawberry.field(description="By status.")
    async def statuses(self) -> list[StatusCount]:
        rows = await facets.count_statuses(self.ctx, self.narrowed)
        return [StatusCount(status=ProductStatus(row["key"]), count=row["products"]) for row in rows]

    @strawberry.field(description="By price in the shop's currency, lowest first, in steps of 1, 2, 5, 10 and so on.")
    async def prices(self) -> list[PriceCount]:
        rows = await facets.count_prices(self.ctx, self.narrowed)
        return [_price(self.ctx.shop.currency, row["step"], row["products"]) for row in rows]


@strawberry.type
class FacetQueries:
    """What products can be narrowed by."""

    product_facets: ProductFacets = resolved_elsewhere(RULE, where="ProductWhere | None", search="str | None")


def bind_facets(schema: GraphQLSchema) -> None:
    """Give `productFacets` its resolver: it reads its `where` as the planner does, and not as Strawberry would."""

    async def product_facets(
        source: Any, info: GraphQLResolveInfo[Any], where: dict[str, Any] | None = None, search: str | None = None
    ) -> ProductFacets:
        context: GraphContext = info.context
        ctx = context.require(Scope.CATALOG_READ, "productFacets")
        narrowed = facets.Narrowed(where, search)
        for scope, needed_by in narrowed.scopes.items():
            context.require(scope, needed_by)
        await facets.note_revision(narrowed)
        return ProductFacets(ctx=ctx, narrowed=narrowed)

    assert schema.query_type is not None
    schema.query_type.fields["productFacets"].resolve = product_facets


def _attribute(locale: str, attribute: Any, values: list[Any]) -> AttributeFacet:
    names = {each["value"]: each["translations"] for each in msgspec.json.decode(attribute["choices"])}
    return AttributeFacet(
        key=attribute["key"],
        label=said_in(locale, attribute["name"], msgspec.json.decode(attribute["translations"])),
        type=AttributeType(attribute["type"]),
        unit=attribute["unit"],
        values=[
            AttributeValueCount(
                value=row["value"],
                label=said_in(locale, row["value"], names.get(row["value"], {})),
                count=row["products"],
            )
            for row in values
        ],
    )


def _counted(prefix: str, locale: str, row: Any) -> ProductFacetCount:
    label = said_in(locale, row["name"], msgspec.json.decode(row["translations"]))
    return ProductFacetCount(id=strawberry.ID(type_id(prefix, row["key"])), label=label, count=row["products"])


def _price(currency: str, step: int, count: int) -> PriceCount:
    steps = [*counting.STEPS, counting.STEPS[-1] * 2]
    return PriceCount(at_least=_money(steps[step - 1], currency), below=_money(steps[step], currency), count=count)


def _money(minor: int, currency: str) -> Money:
    return Money(amount=decimal_string(minor, currency), currency=currency, minor=minor)  # type: ignore[arg-type]
