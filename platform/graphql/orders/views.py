"""Views of orders that are saved: a filter, an order and a search, checked against what `orders` takes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import msgspec
import strawberry
from graphql import GraphQLError, GraphQLInputType, GraphQLList, GraphQLNonNull, GraphQLSchema
from graphql.utilities import coerce_input_value
from strawberry.types import Info

from stoa.domains.orders import models, viewing
from stoa.graphql.catalog.choosing import plain
from stoa.graphql.catalog.inputs import changed, given, optional
from stoa.graphql.catalog.merchandising.categories import DeletePayload
from stoa.graphql.context import GraphContext
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.reading.declared import TYPES
from stoa.graphql.reading.filtering import search_sql, where_sql
from stoa.graphql.reading.fragments import ROW
from stoa.graphql.reading.operators import Gathered
from stoa.graphql.reading.ordering import MAX_TERMS
from stoa.graphql.scalars import read_id
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.ids import type_id
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context

# Made when all types are known (reading/making.py).
Where = Annotated["OrderWhere", strawberry.lazy("stoa.graphql.reading.inputs")]  # type: ignore[name-defined]  # noqa: F821
Term = Annotated["OrderOrder", strawberry.lazy("stoa.graphql.reading.inputs")]  # type: ignore[name-defined]  # noqa: F821


@strawberry.type(description="A list of orders as somebody wants to see it again.")
class OrderView:
    id: strawberry.ID = strawberry.field(description="Sortable, unique.")
    name: str = strawberry.field(description="What people call it.")
    is_shared: bool = strawberry.field(description="Whether everybody in the shop has it; else it is your own.")
    position: int = strawberry.field(description="Its place in the list of views.")
    query: str = strawberry.field(
        description="JSON of what it says, `where`, `orderBy` and `search`: send them as variables of `orders`."
    )
    version: int = strawberry.field(description="Goes up with every change; send it back as `expectedVersion`.")
    created_at: datetime = strawberry.field(description="When it was saved.")


def _shown(row: models.SavedView) -> OrderView:
    return OrderView(
        id=strawberry.ID(type_id("view", row.id)),
        name=row.name,
        is_shared=row.owner_id is None,
        position=row.position,
        query=msgspec.json.encode(row.query, order="sorted").decode(),
        version=row.version,
        created_at=row.created_at,
    )


@strawberry.input(description="What a view shows: the arguments of `orders`.")
class OrderViewQueryInput:
    where: Where | None = strawberry.field(default=None, description="Only those that meet this.")
    order_by: list[Term] | None = strawberry.field(default=None, description="In this order; three terms at the most.")
    search: str | None = optional("Only those in which every word occurs.")

    def read(self) -> dict[str, Any]:
        said = {"where": plain(self.where), "orderBy": plain(self.order_by), "search": self.search}
        return {name: value for name, value in said.items() if value is not None}


@strawberry.input(description="A view to be saved.")
class OrderViewCreateInput:
    name: str = strawberry.field(description="What people call it.")
    query: OrderViewQueryInput = strawberry.field(description="What it shows.")
    is_shared: bool = optional("Whether everybody in the shop has it; else it is your own.", False)
    position: int = optional("Its place in the list of views.", 0)


@strawberry.input(description="Changes to a view; what is left out stays.")
class OrderViewUpdateInput:
    id: strawberry.ID = strawberry.field(description="Which view.")
    expected_version: int | None = optional("The version you read: refused when it has been changed since.")
    name: str | None = given("What people call it.")
    query: OrderViewQueryInput | None = given("What it shows, all of it.")
    is_shared: bool | None = given("Whether everybody in the shop has it, or you alone.")
    position: int | None = given("Its place in the list of views.")

    def changes(self) -> viewing.ViewChanges:
        query = changed(self, "query")
        return viewing.ViewChanges(
            name=changed(self, "name"),
            query=query.read() if isinstance(query, OrderViewQueryInput) else query,
            is_shared=changed(self, "is_shared"),
            position=changed(self, "position"),
        )


@strawberry.input(description="Which view is meant.")
class OrderViewRefInput:
    id: strawberry.ID = strawberry.field(description="The view's id.")


@strawberry.type(description="A view after a mutation.")
class OrderViewPayload(Payload):
    view: OrderView | None = strawberry.field(default=None, description="As it is now; null when there are errors.")


@shop_mutation(
    Scope.ORDERS_READ,
    "Save a view of orders, as your own or for everybody; the latter needs `orders:write`.",
    once=True,
)
async def order_view_create(ctx: Context, input: OrderViewCreateInput) -> OrderViewPayload:
    with blaming("query"):
        query = input.query.read()
    draft = viewing.ViewDraft(input.name, query, input.is_shared, input.position)
    return OrderViewPayload(view=_shown(await viewing.create_view(ctx, draft)))


@shop_mutation(
    Scope.ORDERS_READ, "Change a view of your own, or with `orders:write` one of everybody's; what is left out stays."
)
async def order_view_update(ctx: Context, input: OrderViewUpdateInput) -> OrderViewPayload:
    view_id = read_id("id", input.id, "view")
    row = await viewing.update_view(ctx, view_id, input.changes(), expected_version=input.expected_version)
    return OrderViewPayload(view=_shown(row))


@shop_mutation(Scope.ORDERS_READ, "Take a view away, your own, or with `orders:write` one of everybody's.")
async def order_view_delete(ctx: Context, input: OrderViewRefInput) -> DeletePayload:
    await viewing.delete_view(ctx, read_id("id", input.id, "view"))
    return DeletePayload(deleted_id=input.id)


@strawberry.type
class OrderViewQueries:
    """What can be asked of views."""

    @strawberry.field(
        description="The views of orders that you see: your own, and everybody's. "
        f"Needs the scope `{Scope.ORDERS_READ}`."
    )
    async def order_views(self, info: Info[GraphContext, None]) -> list[OrderView]:
        ctx = info.context.require(Scope.ORDERS_READ, "orderViews")
        return [_shown(row) for row in await viewing.views(ctx)]


@strawberry.type
class OrderViewMutations:
    """What can be done to views."""

    order_view_create = order_view_create
    order_view_update = order_view_update
    order_view_delete = order_view_delete


def bind_views(schema: GraphQLSchema) -> None:
    """Let the orders check views by the finished schema."""
    where, term = schema.type_map["OrderWhere"], schema.type_map["OrderOrder"]
    terms = GraphQLList(GraphQLNonNull(term))  # type: ignore[type-var]
    viewing.check_views_with(partial(_check, where, terms))  # type: ignore[arg-type]


def _check(where: GraphQLInputType, terms: GraphQLInputType, query: Mapping[str, Any]) -> None:
    stored, into = TYPES["Order"], Gathered()
    if "where" in query:
        with blaming("query", "where"):
            where_sql(stored, ROW, _coerced(where, query["where"]), into)
    if "orderBy" in query:
        with blaming("query", "order_by"):
            if len(_coerced(terms, query["orderBy"])) > MAX_TERMS:
                raise InvalidInput("A list is ordered by {limit} terms at the most.", limit=MAX_TERMS)
    if "search" in query:
        with blaming("query", "search"):
            search_sql(stored, query["search"], into)


def _coerced(kind: GraphQLInputType, given: Any) -> Any:
    try:
        return coerce_input_value(given, kind)
    except GraphQLError as error:
        raise InvalidInput("The filter is not understood: {reason}", reason=error.message[:200]) from None
