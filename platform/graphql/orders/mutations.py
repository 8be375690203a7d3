"""The orders' part of Mutation."""

from __future__ import annotations

import strawberry

from stoa.domains import orders
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.orders.inputs import OrderPlaceInput
from stoa.graphql.orders.types import Order
from stoa.graphql.reading.declaring import fetched, root
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context


@root
class OrderPayload(Payload):
    """An order after a mutation."""

    order: Order | None = fetched("The order as it is now; null when there are errors.")


@shop_mutation(
    Scope.ORDERS_WRITE,
    "Take an order in, from any channel: priced, its stock held until it must be paid. The same order of a channel "
    "(by `channel` and `externalId`) sent twice is one order; with other content it is refused.",
)
async def order_place(ctx: Context, input: OrderPlaceInput) -> OrderPayload:
    placed = await orders.place_order(ctx, input.draft())
    return OrderPayload.of(order=placed.order_id)


@strawberry.type
class OrderMutations:
    """What can be done to orders."""

    order_place = order_place
