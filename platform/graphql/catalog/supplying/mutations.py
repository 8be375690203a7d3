"""Supplying's part of Mutation."""

from __future__ import annotations

import strawberry

from stoa.domains.catalog import supplying
from stoa.domains.catalog.results import RowResult
from stoa.graphql.catalog.inputs import each_of
from stoa.graphql.catalog.supplying.inputs import (
    PurchaseOrderCreateInput,
    PurchaseOrderReceiveInput,
    PurchaseOrderRefInput,
    PurchaseOrderUpdateInput,
    SupplierCreateInput,
    SupplierPriceInput,
    SupplierPriceSetInput,
    SupplierRefInput,
    SupplierUpdateInput,
)
from stoa.graphql.catalog.supplying.types import PurchaseOrder, Receipt, Supplier
from stoa.graphql.errors import UserError, user_error
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.reading.declaring import fetched, root
from stoa.graphql.scalars import read_id
from stoa.kit.errors import Refusal
from stoa.kit.ids import type_id
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context


@root
class SupplierPayload(Payload):
    """A supplier after a mutation."""

    supplier: Supplier | None = fetched("The supplier as it is now; null when there are errors.")


@root
class PurchaseOrderPayload(Payload):
    """A purchase order after a mutation."""

    purchase_order: PurchaseOrder | None = fetched("The order as it is now; null when there are errors.")


@root
class ReceiptPayload(Payload):
    """A delivery after it was taken in."""

    receipt: Receipt | None = fetched("The delivery; null when there are errors.")
    purchase_order: PurchaseOrder | None = fetched("The order as it is now; null when there are errors.")


@strawberry.type(description="What became of one of the prices.")
class SupplierPriceResult:
    supplier_price_id: strawberry.ID | None = strawberry.field(description="The price that counts; null if refused.")
    is_new: bool = strawberry.field(description="Whether it was added: the same price is not added twice.")
    user_errors: list[UserError] = strawberry.field(description="Why it was refused; empty when it was not.")


@root
class SupplierPriceSetPayload(Payload):
    """A supplier after prices were set, and what became of each."""

    supplier: Supplier | None = fetched("The supplier as it is now; null when nothing was done at all.")
    results: list[SupplierPriceResult] | None = strawberry.field(
        default=None, description="One for each price, in the order of the input."
    )


@shop_mutation(Scope.CATALOG_WRITE, "Create a supplier.")
async def supplier_create(ctx: Context, input: SupplierCreateInput) -> SupplierPayload:
    supplier = await supplying.create_supplier(ctx, input.draft())
    return SupplierPayload.of(supplier=supplier.id)


@shop_mutation(Scope.CATALOG_WRITE, "Change a supplier; what is left out stays.")
async def supplier_update(ctx: Context, input: SupplierUpdateInput) -> SupplierPayload:
    supplier = await supplying.update_supplier(
        ctx, read_id("id", input.id, "sup"), input.changes(), expected_version=input.expected_version
    )
    return SupplierPayload.of(supplier=supplier.id)


@shop_mutation(Scope.CATALOG_WRITE, "Order nothing there any more; what is on its way still comes.")
async def supplier_deactivate(ctx: Context, input: SupplierRefInput) -> SupplierPayload:
    supplier = await supplying.deactivate_supplier(ctx, read_id("id", input.id, "sup"))
    return SupplierPayload.of(supplier=supplier.id)


@shop_mutation(
    Scope.CATALOG_WRITE,
    "Note what a supplier asks from now on; what they asked before stays on record. A row that is refused keeps no "
    "other back. Needs `catalog:cost` as well.",
    once=True,
)
async def supplier_price_set(ctx: Context, input: SupplierPriceSetInput) -> SupplierPriceSetPayload:
    supplier_id = read_id("supplier_id", input.supplier_id, "sup")
    each_of("prices", input.prices, SupplierPriceInput.variant)  # what is no variant's id at all refuses the whole
    drafts: list[supplying.PriceDraft] = []
    results: list[SupplierPriceResult | None] = [_read(each, i, drafts) for i, each in enumerate(input.prices)]
    taken = iter(await supplying.set_supplier_prices(ctx, supplier_id, drafts))
    told = [each or _result(i, next(taken)) for i, each in enumerate(results)]
    payload = SupplierPriceSetPayload.of(supplier=supplier_id)
    payload.results = told
    return payload


def _read(given: SupplierPriceInput, i: int, drafts: list[supplying.PriceDraft]) -> SupplierPriceResult | None:
    """The result of a row that cannot even be read; a row that can goes to the drafts."""
    try:
        drafts.append(given.draft())
    except Refusal as refusal:
        return _refused(i, [refusal])
    return None


def _result(i: int, result: RowResult) -> SupplierPriceResult:
    if result.id is None:
        return _refused(i, result.refusals)
    price_id = strawberry.ID(type_id("spr", result.id))
    return SupplierPriceResult(supplier_price_id=price_id, is_new=result.changed, user_errors=[])


def _refused(i: int, refusals: list[Refusal]) -> SupplierPriceResult:
    errors = [user_error(each.under("prices", i)) for each in refusals]
    return SupplierPriceResult(supplier_price_id=None, is_new=False, user_errors=errors)


@shop_mutation(Scope.CATALOG_WRITE, "Draft a purchase order. Costs other than the supplier's need `catalog:cost`.")
async def purchase_order_create(ctx: Context, input: PurchaseOrderCreateInput) -> PurchaseOrderPayload:
    order = await supplying.create_purchase(ctx, input.draft())
    return PurchaseOrderPayload.of(purchase_order=order.id)


@shop_mutation(Scope.CATALOG_WRITE, "Change the draft of a purchase order; what is left out stays.")
async def purchase_order_update(ctx: Context, input: PurchaseOrderUpdateInput) -> PurchaseOrderPayload:
    order = await supplying.update_purchase(
        ctx, read_id("id", input.id, "po"), input.changes(), expected_version=input.expected_version
    )
    return PurchaseOrderPayload.of(purchase_order=order.id)


@shop_mutation(Scope.CATALOG_WRITE, "Order it: from now on it is incoming.")
async def purchase_order_place(ctx: Context, input: PurchaseOrderRefInput) -> PurchaseOrderPayload:
    order = await supplying.place_purchase(ctx, read_id("id", input.id, "po"), expected_version=input.expected_version)
    return PurchaseOrderPayload.of(purchase_order=order.id)


@shop_mutation(Scope.CATALOG_WRITE, "Take a delivery into stock, as often as something comes.")
async def purchase_order_receive(ctx: Context, input: PurchaseOrderReceiveInput) -> ReceiptPayload:
    order_id = read_id("id", input.id, "po")
    receipt = await supplying.receive_purchase(ctx, order_id, input.delivery(), expected_version=input.expected_version)
    return ReceiptPayload.of(receipt=receipt.id, purchase_order=order_id)


@shop_mutation(
    Scope.CATALOG_WRITE, "Give up what has not come yet: it is not incoming any more. Twice changes nothing."
)
async def purchase_order_close(ctx: Context, input: PurchaseOrderRefInput) -> PurchaseOrderPayload:
    order = await supplying.close_purchase(ctx, read_id("id", input.id, "po"), expected_version=input.expected_version)
    return PurchaseOrderPayload.of(purchase_order=order.id)


@shop_mutation(Scope.CATALOG_WRITE, "Give up an order of which nothing has come. Twice changes nothing.")
async def purchase_order_cancel(ctx: Context, input: PurchaseOrderRefInput) -> PurchaseOrderPayload:
    order = await supplying.cancel_purchase(ctx, read_id("id", input.id, "po"), expected_version=input.expected_version)
    return PurchaseOrderPayload.of(purchase_order=order.id)


@strawberry.type
class SupplyingMutations:
    """What can be done with suppliers and purchases."""

    supplier_create = supplier_create
    supplier_update = supplier_update
    supplier_deactivate = supplier_deactivate
    supplier_price_set = supplier_price_set
    purchase_order_create = purchase_order_create
    purchase_order_update = purchase_order_update
    purchase_order_place = purchase_order_place
    purchase_order_receive = purchase_order_receive
    purchase_order_close = purchase_order_close
    purchase_order_cancel = purchase_order_cancel
