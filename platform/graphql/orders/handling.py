"""What is done with an order on its way: confirm, reject, cancel, hold, resume, complete."""

from __future__ import annotations

import strawberry

from stoa.domains import orders
from stoa.graphql.errors import user_error
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.orders.inputs import OfOneThing, optional
from stoa.graphql.orders.mutations import OrderPayload
from stoa.graphql.orders.types import Order
from stoa.graphql.reading.declaring import fetched_many, root
from stoa.graphql.scalars import read_id
from stoa.kit.errors import blaming
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context


@strawberry.input(description="So many pieces of an order's line.")
class OrderPiecesInput:
    line_id: strawberry.ID = strawberry.field(description="The line.")
    quantity: int = strawberry.field(description="How many pieces of it.")

    def read(self) -> orders.Pieces:
        return orders.Pieces(read_id("line_id", self.line_id, "line"), self.quantity)


def read_pieces(given: list[OrderPiecesInput]) -> list[orders.Pieces]:
    found = []
    for i, each in enumerate(given):
        with blaming("lines", i):
            found.append(each.read())
    return found


@strawberry.input(description="An order to go on with.")
class OrderStepInput(OfOneThing):
    pass


@strawberry.input(description="An order to be rejected.")
class OrderRejectInput(OfOneThing):
    reason: str = strawberry.field(description="Why, for the buyer and for the books.")


@strawberry.input(description="An order to be kept from going on.")
class OrderHoldInput(OfOneThing):
    reason: str = optional("Why.", "")


@strawberry.input(description="An order to be called off, or some of it.")
class OrderCancelInput(OfOneThing):
    lines: list[OrderPiecesInput] | None = optional("Only these pieces; null: all of it.")
    reason: str = optional("Why.", "")


@strawberry.input(description="Several orders to be confirmed.")
class OrdersConfirmInput:
    ids: list[strawberry.ID] = strawberry.field(description="The orders; 100 at the most.")


@root
class OrdersPayload(Payload):
    """Orders after a mutation of several."""

    orders: list[Order | None] | None = fetched_many(
        "As they are now, one for each id and in that order; null where one was refused, which `userErrors` explain."
    )


@shop_mutation(
    Scope.ORDERS_WRITE,
    "Accept an order: its stock is its own from now on, and it may be shipped. Refused with the quantity left when its "
    "hold has run out and others were first. Twice changes nothing.",
    once=True,
)
async def order_confirm(ctx: Context, input: OrderStepInput) -> OrderPayload:
    order = await orders.confirm_order(ctx, read_id("id", input.id, "ord"), expected_version=input.expected_version)
    return OrderPayload.of(order=order.id)


@shop_mutation(Scope.ORDERS_WRITE, "Accept several orders, each by itself: see `orderConfirm`. Twice changes nothing.")
async def orders_confirm(ctx: Context, input: OrdersConfirmInput) -> OrdersPayload:
    ids = []
    for i, each in enumerate(input.ids):
        with blaming("ids"):
            ids.append(read_id(str(i), each, "ord"))
    results = await orders.confirm_orders(ctx, ids)
    return OrdersPayload(
        orders=[each.order_id for each in results],  # type: ignore[misc]  # the planner makes orders of them
        user_errors=[user_error(refusal) for each in results for refusal in each.refusals],
    )


@shop_mutation(
    Scope.ORDERS_WRITE,
    "Do not accept an order: its stock goes back, and what was paid goes out as a refund. Twice changes nothing.",
    once=True,
)
async def order_reject(ctx: Context, input: OrderRejectInput) -> OrderPayload:
    order = await orders.reject_order(
        ctx, read_id("id", input.id, "ord"), reason=input.reason, expected_version=input.expected_version
    )
    return OrderPayload.of(order=order.id)


@shop_mutation(
    Scope.ORDERS_WRITE,
    "Call an order off before anything of it is shipped, or some pieces of it: stock goes back, what was paid for them "
    "goes out as a pending refund, what was not paid yet need not be. All of it twice changes nothing.",
    once=True,
)
async def order_cancel(ctx: Context, input: OrderCancelInput) -> OrderPayload:
    order = await orders.cancel_order(
        ctx,
        read_id("id", input.id, "ord"),
        lines=None if input.lines is None else read_pieces(input.lines),
        reason=input.reason,
        expected_version=input.expected_version,
    )
    return OrderPayload.of(order=order.id)


@shop_mutation(Scope.ORDERS_WRITE, "Keep an order from being confirmed or shipped until it is resumed.")
async def order_hold(ctx: Context, input: OrderHoldInput) -> OrderPayload:
    order = await orders.hold_order(
        ctx, read_id("id", input.id, "ord"), reason=input.reason, expected_version=input.expected_version
    )
    return OrderPayload.of(order=order.id)


@shop_mutation(Scope.ORDERS_WRITE, "Let an order go on that was held.", once=True)
async def order_resume(ctx: Context, input: OrderStepInput) -> OrderPayload:
    order = await orders.resume_order(ctx, read_id("id", input.id, "ord"), expected_version=input.expected_version)
    return OrderPayload.of(order=order.id)


@shop_mutation(
    Scope.ORDERS_WRITE,
    "Settle an order that is paid and has arrived; after-sale cases can still be opened. Twice changes nothing.",
    once=True,
)
async def order_complete(ctx: Context, input: OrderStepInput) -> OrderPayload:
    order = await orders.complete_order(ctx, read_id("id", input.id, "ord"), expected_version=input.expected_version)
    return OrderPayload.of(order=order.id)


@strawberry.type
class OrderHandlingMutations:
    """What can be done with an order on its way."""

    order_confirm = order_confirm
    orders_confirm = orders_confirm
    order_reject = order_reject
    order_cancel = order_cancel
    order_hold = order_hold
    order_resume = order_resume
    order_complete = order_complete
