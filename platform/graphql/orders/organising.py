"""Arrange many orders at once: tags and queues, with what came of each."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import strawberry

from stoa.domains.catalog import RowResult
from stoa.domains.orders import organising
from stoa.graphql.catalog.inputs import optional
from stoa.graphql.errors import UserError, user_error
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.scalars import read_id
from stoa.kit.errors import blaming
from stoa.kit.ids import type_id
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context


@strawberry.type(description="What became of one order of a mutation of several.")
class OrderRow:
    order_id: strawberry.ID = strawberry.field(description="The order.")
    changed: bool = strawberry.field(description="Whether it was changed; false too when it was so already.")
    version: int | None = strawberry.field(description="Its version now; null when it was refused.")
    user_errors: list[UserError] = strawberry.field(description="Why it was not changed; empty when that is no error.")


@strawberry.type(description="What a mutation of several orders answers. `userErrors` has those of all rows.")
class OrderRowsPayload(Payload):
    rows: list[OrderRow] | None = strawberry.field(
        default=None, description="What became of each order, in the order asked for; null when all was refused."
    )

    @property
    def was_refused(self) -> bool:
        return bool(self.rows) and all(row.user_errors for row in self.rows or ())


@strawberry.input(description="Orders, and tags for them.")
class OrdersTagsChangeInput:
    ids: list[strawberry.ID] = strawberry.field(description="The orders; 250 at the most.")
    add: list[str] = strawberry.field(default_factory=list, description="Tags that they get.")
    remove: list[str] = strawberry.field(default_factory=list, description="Tags that they lose.")


@strawberry.input(description="Orders, and the queue they are to wait in.")
class OrdersQueueSetInput:
    ids: list[strawberry.ID] = strawberry.field(description="The orders; 250 at the most.")
    queue: str | None = optional("The queue; null: none.")


def _read(ids: Sequence[str]) -> list[UUID]:
    with blaming("ids"):
        return [read_id(i, each, "ord") for i, each in enumerate(ids)]


def _answered(results: Sequence[RowResult]) -> OrderRowsPayload:
    rows = [
        OrderRow(
            order_id=strawberry.ID(type_id("ord", str(each.id))),
            changed=each.changed,
            version=each.version,
            user_errors=[user_error(refusal) for refusal in each.refusals],
        )
        for each in results
    ]
    return OrderRowsPayload(rows=rows, user_errors=[error for row in rows for error in row.user_errors])


@shop_mutation(
    Scope.ORDERS_WRITE,
    "Put tags on orders and take others off, with a result for each. Twice changes nothing.",
    once=True,
)
async def orders_tags_change(ctx: Context, input: OrdersTagsChangeInput) -> OrderRowsPayload:
    return _answered(await organising.tag_orders(ctx, _read(input.ids), add=input.add, remove=input.remove))


@shop_mutation(
    Scope.ORDERS_WRITE, "Let orders wait in a queue, with a result for each. Twice changes nothing.", once=True
)
async def orders_queue_set(ctx: Context, input: OrdersQueueSetInput) -> OrderRowsPayload:
    return _answered(await organising.queue_orders(ctx, _read(input.ids), input.queue))


@strawberry.type
class OrderArrangingMutations:
    """What can be done to many orders at once."""

    orders_tags_change = orders_tags_change
    orders_queue_set = orders_queue_set
