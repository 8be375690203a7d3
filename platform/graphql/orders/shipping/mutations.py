"""Delivery's part of Mutation."""

from __future__ import annotations

import strawberry

from stoa.domains.catalog import BulkPolicy
from stoa.domains.orders import shipping
from stoa.graphql.errors import UserError, user_error
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.orders.inputs import money
from stoa.graphql.orders.shipping.inputs import (
    DigitalDeliverInput,
    PickupHandOverInput,
    ShipmentCancelInput,
    ShipmentDeliverInput,
    ShipmentLostInput,
    ShipmentPackInput,
    ShipmentRefInput,
    ShipmentReturnedInput,
    ShipmentShipInput,
    ShipmentsShipInput,
    ShippingMethodCreateInput,
    ShippingMethodUpdateInput,
    each_of,
)
from stoa.graphql.orders.shipping.types import Shipment, ShippingMethod
from stoa.graphql.reading.declaring import fetched, fetched_many, root
from stoa.graphql.scalars import read_id
from stoa.kit.ids import type_id
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context


@root
class ShippingMethodPayload(Payload):
    """A way of delivery after a mutation."""

    shipping_method: ShippingMethod | None = fetched("It as it is now; null when there are errors.")


@root
class ShipmentPayload(Payload):
    """A parcel after a mutation."""

    shipment: Shipment | None = fetched("The parcel as it is now; null when there are errors.")


@root
class ShipmentsPayload(Payload):
    """Parcels after a mutation."""

    shipments: list[Shipment] | None = fetched_many(
        "Those that were packed, one for each place that the pieces lie at; null when there are errors."
    )


@strawberry.type(description="What came of one row.")
class ShipmentsShipRow:
    index: int = strawberry.field(description="Its place in the input, from 0.")
    shipment_id: strawberry.ID | None = strawberry.field(description="The parcel that left; null when it was refused.")
    user_errors: list[UserError] = strawberry.field(description="Why it was refused; empty when it was not.")


@strawberry.type(description="After shipping many. `userErrors` has those of all rows.")
class ShipmentsShipPayload(Payload):
    results: list[ShipmentsShipRow] | None = strawberry.field(
        default=None, description="One for each row, in their order."
    )
    succeeded: int = strawberry.field(default=0, description="How many parcels left.")


@shop_mutation(Scope.ORDERS_WRITE, "Make a way of delivery.")
async def shipping_method_create(ctx: Context, input: ShippingMethodCreateInput) -> ShippingMethodPayload:
    return ShippingMethodPayload.of(shipping_method=(await shipping.create_method(ctx, input.draft())).id)


@shop_mutation(Scope.ORDERS_WRITE, "Change a way of delivery, or take it out of use; what is left out stays.")
async def shipping_method_update(ctx: Context, input: ShippingMethodUpdateInput) -> ShippingMethodPayload:
    method = await shipping.update_method(
        ctx, read_id("id", input.id, "smet"), input.draft(), expected_version=input.expected_version
    )
    return ShippingMethodPayload.of(shipping_method=method.id)


@shop_mutation(
    Scope.ORDERS_WRITE,
    "Pack parcels of an order that may be shipped: one for each place that the pieces lie at. With a pickup they wait "
    "there for the buyer, with a code.",
)
async def shipment_pack(ctx: Context, input: ShipmentPackInput) -> ShipmentsPayload:
    order_id, draft = read_id("order_id", input.order_id, "ord"), input.draft()
    ids = await shipping.pack_order(ctx, order_id, draft, expected_version=input.expected_version)
    return ShipmentsPayload(shipments=ids)  # type: ignore[arg-type]


@shop_mutation(Scope.ORDERS_WRITE, "A parcel leaves, and the stock with it. Twice, under the same number, is once.")
async def shipment_ship(ctx: Context, input: ShipmentShipInput) -> ShipmentPayload:
    draft = shipping.ShipDraft(input.tracking_number, input.carrier, money("cost", input.cost), input.shipped_at)
    id = read_id("id", input.id, "shp")
    return ShipmentPayload.of(
        shipment=await shipping.ship_parcel(ctx, id, draft, expected_version=input.expected_version)
    )


@shop_mutation(
    Scope.ORDERS_WRITE,
    "Up to 100 parcels leave, each by itself, with a result for each: numbers for many orders at once. An order with "
    "no parcel is packed for it.",
)
async def shipments_ship(ctx: Context, input: ShipmentsShipInput) -> ShipmentsShipPayload:
    strict = input.policy is BulkPolicy.REJECT_EVERYTHING
    results = await shipping.ship_many(ctx, each_of("rows", input.rows), input.policy)
    errors = [[user_error(refusal) for refusal in each.refusals] for each in results]
    nothing_done = strict and any(errors)
    return ShipmentsShipPayload(
        user_errors=[each for row in errors for each in row],
        results=[
            ShipmentsShipRow(index=each.index, shipment_id=None if nothing_done else _id(each), user_errors=wrong)
            for each, wrong in zip(results, errors, strict=True)
        ],
        succeeded=0 if nothing_done else sum(not wrong for wrong in errors),
    )


def _id(result: shipping.ShipResult) -> strawberry.ID | None:
    return None if result.shipment_id is None else strawberry.ID(type_id("shp", result.shipment_id))


@shop_mutation(Scope.ORDERS_WRITE, "A parcel has arrived. Twice changes nothing.")
async def shipment_deliver(ctx: Context, input: ShipmentDeliverInput) -> ShipmentPayload:
    id = read_id("id", input.id, "shp")
    done = await shipping.deliver_parcel(ctx, id, at=input.at, expected_version=input.expected_version)
    return ShipmentPayload.of(shipment=done)


@shop_mutation(Scope.ORDERS_WRITE, "Unpack a parcel that has not left; its pieces stay reserved.")
async def shipment_cancel(ctx: Context, input: ShipmentCancelInput) -> ShipmentPayload:
    id = read_id("id", input.id, "shp")
    return ShipmentPayload.of(shipment=await shipping.cancel_parcel(ctx, id, expected_version=input.expected_version))


@shop_mutation(Scope.ORDERS_WRITE, "Give a parcel up for lost. It may turn up after all.")
async def shipment_lost(ctx: Context, input: ShipmentLostInput) -> ShipmentPayload:
    id = read_id("id", input.id, "shp")
    done = await shipping.lose_parcel(ctx, id, reason=input.reason, expected_version=input.expected_version)
    return ShipmentPayload.of(shipment=done)


@shop_mutation(Scope.ORDERS_WRITE, "A parcel has come back to the shop; its pieces count as returned.")
async def shipment_returned(ctx: Context, input: ShipmentReturnedInput) -> ShipmentPayload:
    done = await shipping.take_parcel_back(
        ctx,
        read_id("id", input.id, "shp"),
        reason=input.reason,
        restock=input.restock,
        expected_version=input.expected_version,
    )
    return ShipmentPayload.of(shipment=done)


@shop_mutation(
    Scope.ORDERS_WRITE, "Hand a parcel to whoever shows its code: it leaves, and has arrived. Few guesses are allowed."
)
async def pickup_hand_over(ctx: Context, input: PickupHandOverInput) -> ShipmentPayload:
    return ShipmentPayload.of(shipment=await shipping.hand_over(ctx, read_id("id", input.id, "shp"), code=input.code))


@shop_mutation(Scope.ORDERS_WRITE, "Hand out what is nothing to be sent: files, vouchers. Twice changes nothing.")
async def digital_deliver(ctx: Context, input: DigitalDeliverInput) -> ShipmentPayload:
    done = await shipping.deliver_digital(ctx, read_id("order_id", input.order_id, "ord"))
    return ShipmentPayload(shipment=done)  # type: ignore[arg-type]


@shop_mutation(
    Scope.ORDERS_WRITE, "Ask the carrier where a parcel is, now, and keep what it tells. Nothing is told twice."
)
async def shipment_track(ctx: Context, input: ShipmentRefInput) -> ShipmentPayload:
    return ShipmentPayload.of(shipment=await shipping.track_parcel(ctx, read_id("id", input.id, "shp")))


@shop_mutation(Scope.ORDERS_WRITE, "Let the carrier give a packed parcel its number. One that has a number keeps it.")
async def shipment_announce(ctx: Context, input: ShipmentRefInput) -> ShipmentPayload:
    return ShipmentPayload.of(shipment=await shipping.announce_parcel(ctx, read_id("id", input.id, "shp")))


@strawberry.type
class ShippingMutations:
    """What can be done about delivery."""

    shipping_method_create = shipping_method_create
    shipping_method_update = shipping_method_update
    shipment_pack = shipment_pack
    shipment_ship = shipment_ship
    shipments_ship = shipments_ship
    shipment_deliver = shipment_deliver
    shipment_cancel = shipment_cancel
    shipment_lost = shipment_lost
    shipment_returned = shipment_returned
    pickup_hand_over = pickup_hand_over
    digital_deliver = digital_deliver
    shipment_track = shipment_track
    shipment_announce = shipment_announce
