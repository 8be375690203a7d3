"""Delivery's part of Query."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import strawberry
from strawberry.types import Info

from stoa.domains.orders import shipping
from stoa.domains.orders.shipping import papers
from stoa.graphql.context import GraphContext
from stoa.graphql.orders.inputs import AddressInput
from stoa.graphql.orders.shipping.enums import ShipmentPaper
from stoa.graphql.orders.shipping.inputs import ShippingQuoteLineInput, each_of
from stoa.graphql.orders.shipping.shapes import label
from stoa.graphql.orders.shipping.types import Shipment, ShippingMethod
from stoa.graphql.paging import Connection
from stoa.graphql.reading.declaring import one_of, page_of, root
from stoa.graphql.scalars import Money, read_id, shown_money
from stoa.kit.errors import InvalidInput
from stoa.kit.ids import type_id
from stoa.kit.languages import LOCALES, Locale, reader
from stoa.tenants.access.scopes import Scope


@root
class ShippingLists:
    """What can be asked of delivery."""

    shipping_method: ShippingMethod | None = one_of("One way of delivery by its id.")
    shipping_methods: Connection[ShippingMethod] = page_of("The shop's ways of delivery.", order=("position",))
    shipment: Shipment | None = one_of("One parcel by its id.")
    shipments: Connection[Shipment] = page_of("The shop's parcels, newest first.")


@strawberry.type(description="What a way of delivery would cost; or why it cannot.")
class ShippingQuote:
    shipping_method_id: strawberry.ID = strawberry.field(description="The way of delivery.")
    code: str = strawberry.field(description="Its code.")
    name: str = strawberry.field(description="What it is called in the reader's language.")
    kind: str = strawberry.field(description="EXPRESS, POST, PICKUP or SF.")
    promised_days: int | None = strawberry.field(description="Days that it promises; null: none.")
    is_available: bool = strawberry.field(description="Whether it can go this way.")
    fee: Money | None = strawberry.field(description="What it costs the buyer, before tax; null when it cannot.")
    is_free_by_rule: bool = strawberry.field(description="Whether a rule makes it free: its amount, or its pieces.")
    zone: str = strawberry.field(description="The zone that counted; empty: the rest.")
    reason_code: str | None = strawberry.field(description="Why it cannot, for programs.")
    reason: str | None = strawberry.field(description="Why it cannot, in the reader's language.")


@strawberry.type(
    description="A way of delivery measured over the parcels that left in a time. A parcel counts on the day it left; "
    "days are those of the calendar, in the shop's time zone. Each figure stands on as many parcels as are counted "
    "beside it; it is null when there are none."
)
class CarrierComparison:
    shipping_method_id: strawberry.ID = strawberry.field(description="The way of delivery.")
    code: str = strawberry.field(description="Its code.")
    name: str = strawberry.field(description="What it is called in the reader's language.")
    parcels: int = strawberry.field(description="Parcels that left.")
    delivered: int = strawberry.field(description="Of those, how many have arrived: the days stand on these.")
    lost: int = strawberry.field(description="Of those, how many were given up for lost.")
    returned: int = strawberry.field(description="Of those, how many came back.")
    with_cost: int = strawberry.field(description="Of those, how many have a known cost: the mean stands on these.")
    mean_cost: Money | None = strawberry.field(
        description="What the carrier charged for a parcel, on average, rounded to a minor unit. Needs `catalog:cost`; "
        "null without."
    )
    median_days: float | None = strawberry.field(description="Half of those delivered took at most so many days.")
    p90_days: float | None = strawberry.field(description="Nine of ten delivered took at most so many days.")
    with_promise: int = strawberry.field(
        description="Of those with a promised day, how many have arrived, or should have: punctuality stands on these."
    )
    on_time: int = strawberry.field(description="Of those, how many arrived by the end of the promised day.")
    on_time_share: float | None = strawberry.field(description="`onTime` of `withPromise`, 0 to 1.")
    loss_rate: float | None = strawberry.field(description="`lost` of `parcels`, 0 to 1.")
    regions: int = strawberry.field(description="Different provinces (or countries) that something has arrived in.")
    is_too_few: bool = strawberry.field(description="Fewer than 30 were delivered: do not read much into the days.")


@strawberry.type(description="Where a parcel's paper can be fetched for a while, by whoever has the address.")
class ShipmentPaperLink:
    url: str = strawberry.field(description="GET it; no header needed. It is a credential: hand it to nobody.")
    expires_at: datetime = strawberry.field(description="Until when it is good; ask for another one then.")


@strawberry.type
class ShippingQueries(ShippingLists):
    """What can be asked of delivery, and what is computed for it."""

    @strawberry.field(
        description="What each way of delivery would cost, for a basket and an address, or for an order as it stands. "
        f"Needs the scope `{Scope.ORDERS_READ}`."
    )
    async def shipping_quotes(
        self,
        info: Info[GraphContext, None],
        lines: Annotated[
            list[ShippingQuoteLineInput] | None, strawberry.argument(description="What is bought.")
        ] = None,
        address: Annotated[AddressInput | None, strawberry.argument(description="Where it goes.")] = None,
        order_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="An order, instead of lines and an address.")
        ] = None,
    ) -> list[ShippingQuote]:
        ctx = info.context.require(Scope.ORDERS_READ, "shippingQuotes")
        if (lines is None) == (order_id is None):
            raise InvalidInput("Name either lines or an order.", path=["lines"])
        if order_id is not None:
            quotes = await shipping.quotes_for_order(read_id("order_id", order_id, "ord"))
        else:
            quotes = await shipping.shipping_quotes(each_of("lines", lines or []), (address or AddressInput()).read())
        return [_shown(each, ctx.shop.currency) for each in quotes]

    @strawberry.field(
        description="A fresh address of a parcel's paper as PDF, good for 15 minutes. The buyer's name and address "
        f"stand on it: `{Scope.CUSTOMERS_READ}` is needed too. Needs the scope `{Scope.ORDERS_READ}`."
    )
    async def shipment_paper_link(
        self,
        info: Info[GraphContext, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="The parcel's id.")],
        paper: Annotated[ShipmentPaper, strawberry.argument(description="Which paper.")],
        locale: Annotated[
            str | None, strawberry.argument(description="en or zh; left out: the reader's language.")
        ] = None,
    ) -> ShipmentPaperLink:
        ctx = info.context.require(Scope.ORDERS_READ, "shipmentPaperLink")
        if locale not in (None, *LOCALES):
            raise InvalidInput("{locale} is no language of the shop.", path=["locale"], locale=str(locale)[:20])
        chosen: Locale = "zh" if (locale or reader()) == "zh" else "en"
        link = await papers.paper_link(ctx, read_id("id", id, "shp"), papers.Paper(paper), chosen)
        return ShipmentPaperLink(url=link.url, expires_at=link.expires_at)

    @strawberry.field(
        description="Ways of delivery compared by what really happened to the parcels that left from `since` to "
        f"`until`, both days included: cost, days, punctuality, loss, reach. Needs the scope `{Scope.ORDERS_READ}`."
    )
    async def carrier_comparison(
        self,
        info: Info[GraphContext, None],
        since: Annotated[str, strawberry.argument(description="The first day, in the shop's time zone: 2026-11-01.")],
        until: Annotated[str, strawberry.argument(description="The last day: 2026-11-30.")],
    ) -> list[CarrierComparison]:
        ctx = info.context.require(Scope.ORDERS_READ, "carrierComparison")
        may_see_costs = Scope.CATALOG_COST in ctx.scopes
        compared = await shipping.compare_methods(ctx, _day("since", since), _day("until", until))
        return [_compared(each, ctx.shop.currency if may_see_costs else None) for each in compared]


def _shown(quote: shipping.Quote, currency: str) -> ShippingQuote:
    method, fee = quote.method, quote.fee
    return ShippingQuote(
        shipping_method_id=strawberry.ID(type_id("smet", method.id)),
        code=method.code,
        name=label(method.name, method.translations),
        kind=method.kind.value,
        promised_days=method.promised_days,
        is_available=fee.why is None,
        fee=shown_money(fee.minor, currency) if fee.why is None else None,
        is_free_by_rule=fee.is_free,
        zone=fee.zone,
        reason_code=fee.reason or None,
        reason=fee.why.said() if fee.why else None,
    )


def _compared(each: shipping.Compared, currency: str | None) -> CarrierComparison:
    cost = None if each.cost_minor is None or currency is None else shown_money(each.cost_minor, currency)
    return CarrierComparison(
        shipping_method_id=strawberry.ID(type_id("smet", each.method_id)),
        code=each.code,
        name=label(each.name, each.translations),
        parcels=each.parcels,
        delivered=each.delivered,
        lost=each.lost,
        returned=each.returned,
        with_cost=each.priced,
        mean_cost=cost,
        median_days=each.median_days,
        p90_days=each.p90_days,
        with_promise=each.promised,
        on_time=each.on_time,
        on_time_share=each.on_time_share,
        loss_rate=each.loss_rate,
        regions=each.regions,
        is_too_few=each.is_too_few,
    )


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("{text!r} is not a day; write it like 2026-11-22.", path=[name], text=text[:20]) from None
