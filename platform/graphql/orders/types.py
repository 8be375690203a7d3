"""Orders, their lines, and the steps they took."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from stoa.domains.orders import models
from stoa.graphql.catalog.types import Variant
from stoa.graphql.orders.enums import AftersaleState, FulfilmentState, Machine, OrderState, PaymentState
from stoa.graphql.orders.paying import OrderCheck, Payment, Refund, checks
from stoa.graphql.orders.shapes import (
    FACTS,
    Address,
    OrderTransitionOffer,
    PricingStep,
    RuleMet,
    address,
    offers,
    pricing_steps,
    rules_met,
)
from stoa.graphql.orders.shipping.types import Shipment, ShipmentLine, ShippingMethod
from stoa.graphql.orders.timeline import TimelineEntry
from stoa.graphql.paging import Connection, Node
from stoa.graphql.reading.declaring import amount, column, computed, derived, many, stored, to_one
from stoa.graphql.scalars import BigInt, Money
from stoa.graphql.service.types import Customer
from stoa.tenants.access.scopes import Scope
from stoa.tenants.shop_models import EventRow


@stored(models.Order, prefix="ord", scope=Scope.ORDERS_READ, search="search_text", order=("-id",))
class Order(Node):
    """What somebody bought."""

    number: BigInt = column("Counts up in the shop.", filter=True)
    channel: str = column("Where it came from: web, app, wechat, manual, ...", filter=True)
    external_id: str | None = column("The channel's own id for it.", searched=True)
    state: OrderState = column("How far it is.", filter=True)
    payment_state: PaymentState = column("How far it is paid.", filter=True)
    fulfilment_state: FulfilmentState = column("How far its goods are.", filter=True)
    aftersale_state: AftersaleState = column("Whether after-sale cases are open.")
    is_on_hold: bool = column("Whether it is kept from going on.", filter=True)
    available_transitions: list[OrderTransitionOffer] = computed(
        FACTS, "What can be done with it now, and why the rest cannot.", convert=offers
    )
    customer: Customer | None = to_one("Who bought it; null for a guest.", filter=True, scope=Scope.CUSTOMERS_READ)
    email: str = column("The buyer's, as given with the order; may be empty.", scope=Scope.CUSTOMERS_READ)
    phone: str = column("The buyer's, as given with the order; may be empty.", scope=Scope.CUSTOMERS_READ)
    shipping_address: Address | None = column("Where it goes.", convert=address, scope=Scope.CUSTOMERS_READ)
    billing_address: Address | None = column("Who pays for it.", convert=address, scope=Scope.CUSTOMERS_READ)
    buyer_note: str = column("What the buyer said with it.")
    note: str = column("For the shop alone.")
    lines: Connection[OrderLine] = many("What was bought.", order=("position",), filter=True)
    shipping_method: ShippingMethod | None = to_one("The way it is to go; null when nobody has said.")
    shipments: Connection[Shipment] = many("Its parcels, in their order.", order=("number",))
    subtotal: Money = amount("subtotal_minor", "The lines at their unit prices.")
    discount: Money = amount("discount_minor", "What was taken off the lines, order discounts included.")
    shipping: Money = amount("shipping_minor", "What delivery costs the buyer.")
    tax: Money = amount("tax_minor", "The tax, inside of the above or on top of it: see `taxIncluded`.")
    tax_included: bool = column("Whether prices include the tax.")
    total: Money = amount("total_minor", "What the buyer owes for all of it.")
    captured: Money = amount("captured_minor", "What has been paid.")
    refunded: Money = amount("refunded_minor", "What has been given back.")
    authorized: Money = amount("authorized_minor", "What has been set aside or paid.")
    waived: Money = amount(
        "waived_minor", "What of the total need not be paid, for pieces were cancelled before they were paid."
    )
    payments: Connection[Payment] = many("What was paid for it, the oldest first.", order=("id",))
    refunds: Connection[Refund] = many("What was given back, the oldest first.", order=("id",))
    checks: list[OrderCheck] = derived(("checks",), checks, "What was found when it was examined; empty: all is right.")
    is_overdue: bool = computed(
        "coalesce({row}.state = 'PENDING' AND {row}.confirm_by < now(), false)",
        "Whether it should have been confirmed by now.",
        filter="{row}.state = 'PENDING' AND {row}.confirm_by < now()",
    )
    cases: Connection[Annotated[AftersaleCase, strawberry.lazy("stoa.graphql.orders.aftersales.types")]] = many(  # type: ignore[name-defined]  # noqa: F821
        "The after-sale cases about it, the oldest first.", order=("id",)
    )
    pricing: list[PricingStep] = derived(
        ("pricing", "currency"), pricing_steps, "How the prices came about, step by step."
    )
    tags: list[str] = column("The shop's marks on it.", filter=True)
    queue: str | None = column("The queue it waits in.", filter=True)
    rules_met: list[RuleMet] = derived(("rules_met",), rules_met, "The shop's rules that did something to it.")
    timeline: Connection[TimelineEntry] = many(
        "What happened to it, the newest first.", order=("-id",), across=(EventRow, "subject_id")
    )
    transitions: Connection[OrderTransition] = many("The steps it has taken, the oldest first.", order=("id",))
    placed_at: datetime = column("When the buyer placed it.", filter=True, sort=True)
    confirm_by: datetime | None = column("Until when it should be confirmed.")
    pay_by: datetime | None = column("Until when it must be paid.")
    confirmed_at: datetime | None = column("When it was confirmed.")
    ended_at: datetime | None = column("When it was completed, cancelled, rejected or expired.")
    end_reason: str = column("Why it was cancelled or rejected; may be empty.")
    version: int = column("Goes up with every change; send it back as `expectedVersion`.")
    created_at: datetime = column("When it came in.")


@stored(models.OrderLine, prefix="line", scope=Scope.ORDERS_READ)
class OrderLine(Node):
    """So many of a variant, as it was called and priced when it was bought."""

    order: Order = to_one("The order it stands on.")
    position: int = column("Its place on the order, from 0.")
    variant: Variant | None = to_one("The variant, as it is now; null for what the catalog does not have.")
    sku: str = column("Its code when it was bought.", filter=True)
    title: str = column("What it was called.")
    variant_title: str = column("The form it was bought in; may be empty.")
    quantity: int = column("How many.")
    unit_price: Money = amount("unit_minor", "The price of one, before discounts.")
    discount: Money = amount("discount_minor", "What was taken off the line, its share of order discounts included.")
    tax: Money = amount("tax_minor", "The line's tax.")
    total: Money = amount("total_minor", "What is paid for the line.")
    unit_cost: Money | None = amount("cost_minor", "What one cost the shop.", scope=Scope.CATALOG_COST)
    requires_shipping: bool = column("Whether it is a thing that is sent.")
    cancelled: int = column("How many were called off.")
    shipped: int = column("How many have left.")
    delivered: int = column("How many have arrived.")
    returned: int = column("How many have come back.")
    refunded_quantity: int = column("How many were refunded.", of="refunded")
    refunded: Money = amount("refunded_minor", "What of the line has been given back.")
    shipments: Connection[ShipmentLine] = many(
        "The parcels that pieces of it are in, and how many in each.", by="shipment_lines", order=("id",)
    )


@stored(models.OrderTransition, prefix="step", scope=Scope.ORDERS_READ, order=("id",))
class OrderTransition(Node):
    """A step of one of an order's machines."""

    machine: Machine = column("Which machine.")
    action: str = column("What was done.")
    from_state: str = column("The state before; empty for the first.")
    to_state: str = column("The state after.")
    reason: str = column("Why, if somebody said so.")
    happened_at: datetime = column("When.")
