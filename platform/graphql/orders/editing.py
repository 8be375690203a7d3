"""Edit an order after it was placed; what would come of it is shown before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from stoa.domains.catalog import SAME
from stoa.domains.orders import editing
from stoa.graphql.catalog.inputs import changed, given, optional
from stoa.graphql.context import GraphContext
from stoa.graphql.mutations import shop_mutation
from stoa.graphql.orders.inputs import AddressInput, OrderLineInput, money
from stoa.graphql.orders.mutations import OrderPayload
from stoa.graphql.scalars import Money, MoneyInput, read_id, shown_money
from stoa.kit.errors import Refusal, Refusals, blaming
from stoa.kit.ids import type_id
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context


@strawberry.input(description="How many of a line are wanted from now on.")
class OrderLineQuantityInput:
    line_id: strawberry.ID = strawberry.field(description="The line.")
    quantity: int = strawberry.field(description="How many, without those that were called off; 0 takes it away.")

    def read(self) -> editing.NewQuantity:
        return editing.NewQuantity(read_id("line_id", self.line_id, "line"), self.quantity)


@strawberry.input(description="What is to be other than it is on an order; what is left out stays.")
class OrderChangesInput:
    quantities: list[OrderLineQuantityInput] = strawberry.field(
        default_factory=list, description="Lines with other quantities; each piece is worth what it was."
    )
    added: list[OrderLineInput] = strawberry.field(
        default_factory=list, description="New lines, priced as of now unless they say a price."
    )
    shipping_address: AddressInput | None = given("Where it goes, all of it.")
    billing_address: AddressInput | None = given("Who pays for it, all of it.")
    shipping_method_id: strawberry.ID | None = given("The way of delivery; null: none. What it costs stays as it is.")
    shipping: MoneyInput | None = given("What delivery costs the buyer.")
    note: str | None = given("For the shop alone.")

    def read(self) -> editing.OrderEdit:
        return editing.OrderEdit(
            quantities=_each("quantities", self.quantities),
            added=_each("added", self.added),
            shipping_address=self._read("shipping_address"),
            billing_address=self._read("billing_address"),
            shipping_method_id=self._method(),
            shipping=self._shipping(),
            note=changed(self, "note"),
        )

    def _read(self, name: str) -> Any:
        value = changed(self, name)
        return value if value is SAME else value.read()

    def _shipping(self) -> Any:
        value = changed(self, "shipping")
        return value if value is SAME else money("shipping", value)

    def _method(self) -> Any:
        value = changed(self, "shipping_method_id", nullable=True)
        return read_id("shipping_method_id", value, "smet") if isinstance(value, str) else value


@strawberry.input(description="An order to be edited.")
class OrderEditInput:
    id: strawberry.ID = strawberry.field(description="The order.")
    changes: OrderChangesInput = strawberry.field(description="What is to be other than it is.")
    expected_version: int | None = optional("The version you read: refused when it has changed since.")


@strawberry.type(description="A line that an edit would change.")
class OrderLineDifference:
    line_id: strawberry.ID | None = strawberry.field(description="The line; null for a new one.")
    sku: str = strawberry.field(description="Its code.")
    title: str = strawberry.field(description="What it is called.")
    quantity_before: int = strawberry.field(description="How many there are, without those that were called off.")
    quantity: int = strawberry.field(description="How many there would be; 0: it would be taken away.")
    total_before: Money = strawberry.field(description="What it comes to.")
    total: Money = strawberry.field(description="What it would come to.")


@strawberry.type(description="Stock that an edit would need, and that is not there.")
class OrderEditShortage:
    variant_id: strawberry.ID = strawberry.field(description="Of which variant.")
    sku: str = strawberry.field(description="Its code or title.")
    wanted: int = strawberry.field(description="How many more would be needed.")
    left: int = strawberry.field(description="How many more can be had.")


@strawberry.type(description="What an edit would make of an order. Nothing was changed.")
class OrderEditPreview:
    seen: strawberry.Private[editing.EditPreview]
    version: int = strawberry.field(description="The order's version: send it as `expectedVersion` of `orderEdit`.")
    lines: list[OrderLineDifference] = strawberry.field(description="The lines that would change, come or go.")
    total_before: Money = strawberry.field(description="What the order comes to.")
    subtotal: Money = strawberry.field(description="What its lines would, at their unit prices.")
    discount: Money = strawberry.field(description="What would be taken off.")
    shipping: Money = strawberry.field(description="What delivery would cost the buyer.")
    tax: Money = strawberry.field(description="The tax, inside of the above or on top of it.")
    total: Money = strawberry.field(description="What the order would come to.")
    difference: Money = strawberry.field(description="By how much that is more; below zero: less.")
    to_pay: Money = strawberry.field(description="What the buyer would still have to pay.")
    to_give_back: Money = strawberry.field(description="What would be paid too much; `orderEdit` moves no money.")
    short: list[OrderEditShortage] = strawberry.field(description="What is short: with any, `orderEdit` is refused.")

    @strawberry.field(
        description="What would be earned on it, before delivery and taxes; null when the cost of a line is not known. "
        f"Needs the scope `{Scope.CATALOG_COST}`."
    )
    def margin(self, info: Info[GraphContext, None]) -> Money | None:
        info.context.require(Scope.CATALOG_COST, "margin")
        return self._money(self.seen.margin)

    @strawberry.field(description=f"What is earned on it as it is, likewise. Needs the scope `{Scope.CATALOG_COST}`.")
    def margin_before(self, info: Info[GraphContext, None]) -> Money | None:
        info.context.require(Scope.CATALOG_COST, "marginBefore")
        return self._money(self.seen.margin_before)

    def _money(self, minor: int | None) -> Money | None:
        return None if minor is None else shown_money(minor, self.seen.order.currency)


def _shown(seen: editing.EditPreview) -> OrderEditPreview:
    currency = seen.order.currency
    amounts = ("total_before", "subtotal", "discount", "shipping", "tax", "total", "to_pay", "to_give_back")
    return OrderEditPreview(
        seen=seen,
        version=seen.order.version,
        lines=[_difference(each, currency) for each in seen.lines],
        difference=shown_money(seen.total - seen.total_before, currency),
        short=[
            OrderEditShortage(
                variant_id=strawberry.ID(type_id("var", each.variant_id)),
                sku=each.sku,
                wanted=each.wanted,
                left=each.left,
            )
            for each in seen.short
        ],
        **{name: shown_money(getattr(seen, name), currency) for name in amounts},
    )


def _difference(each: editing.LineDifference, currency: str) -> OrderLineDifference:
    return OrderLineDifference(
        line_id=strawberry.ID(type_id("line", each.line_id)) if each.line_id else None,
        sku=each.sku,
        title=each.title,
        quantity_before=each.quantity_before,
        quantity=each.quantity,
        total_before=shown_money(each.total_before, currency),
        total=shown_money(each.total, currency),
    )


def _each(name: str, given_ones: list[Any]) -> list[Any]:
    found = []
    for i, each in enumerate(given_ones):
        with blaming(name, i):
            found.append(each.read())
    return found


@contextmanager
def _blaming_changes() -> Iterator[None]:
    """What is wrong with an edit stands inside of `changes`; which order, and of which version, beside them."""
    try:
        yield
    except Refusals as refused:
        for each in refused.refusals:
            each.under("changes")
        raise
    except Refusal as refusal:
        if refusal.path[:1] not in ((), ("id",), ("expected_version",)):
            refusal.under("changes")
        raise


@shop_mutation(
    Scope.ORDERS_WRITE,
    "Change what was ordered, where it goes or how, before anything of it is shipped or packed: all of it or nothing. "
    "Lines that stay keep their prices; new ones are priced as of now; the stock follows. No money is moved: what is "
    "owed then is paid, or refunded, as always. See `orderEditPreview` before.",
    once=True,
)
async def order_edit(ctx: Context, input: OrderEditInput) -> OrderPayload:
    order_id = read_id("id", input.id, "ord")
    with _blaming_changes():
        edit = input.changes.read()
        order = await editing.edit_order(ctx, order_id, edit, expected_version=input.expected_version)
    return OrderPayload.of(order=order.id)


@strawberry.type
class OrderEditQueries:
    """What can be asked before an order is edited."""

    @strawberry.field(
        description="What an edit would make of an order; nothing is changed. Refused where the edit would be, but for "
        f"stock: what is short is told. Needs the scope `{Scope.ORDERS_READ}`."
    )
    async def order_edit_preview(
        self,
        info: Info[GraphContext, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="The order.")],
        changes: Annotated[OrderChangesInput, strawberry.argument(description="What is to be other than it is.")],
    ) -> OrderEditPreview:
        ctx = info.context.require(Scope.ORDERS_READ, "orderEditPreview")
        order_id = read_id("id", id, "ord")
        with _blaming_changes():
            return _shown(await editing.preview_edit(ctx, order_id, changes.read()))


@strawberry.type
class OrderEditMutations:
    """How an order is edited."""

    order_edit = order_edit
