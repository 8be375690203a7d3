"""Sales as GraphQL shows them: figures with their definitions, series as arrays."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import strawberry
from strawberry.types import Info

from stoa.domains.orders import selling
from stoa.graphql.context import GraphContext
from stoa.graphql.enums import shown_enum
from stoa.graphql.scalars import BigInt, Money, Point, shown_money
from stoa.kit.ids import type_id
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context

Interval = shown_enum(
    selling.Interval,
    "What a figure of a series stands for.",
    name="SalesInterval",
    DAY="A day of the shop.",
    WEEK="A week, from Monday on.",
    MONTH="A month.",
)
Metric = shown_enum(
    selling.Metric,
    "A figure of sales.",
    name="SalesMetric",
    ORDERS="How many orders were placed.",
    GROSS="Unit prices times quantities.",
    DISCOUNTS="What was taken off, order discounts included.",
    CANCELLED="What was called off before it was paid.",
    RETURNS="What was given back, on the day on which it went back; without delivery.",
    NET="GROSS - DISCOUNTS - CANCELLED - RETURNS.",
    SHIPPING="What buyers pay for delivery, less what of it was given back.",
    TAX="Tax on top of the prices.",
    TAX_WITHIN="Tax inside of the prices, as far as orders say; a part of the other figures and not added to them.",
    TOTAL="NET + SHIPPING + TAX.",
)
RULE = (
    "Sales of a span of days, in the shop's time zone. The basis is placing: an order counts on the day on which it "
    "was placed, unless it is a draft or was called off before any of it was paid. What is given back counts on the "
    "day on which it went back: a month that is over stays as it was. Amounts are of one currency, the shop's if none "
    f"is named. Needs the scope `{Scope.ANALYTICS_READ}`."
)


@strawberry.type(description="What was sold, in all or by one channel.")
class SalesSums:
    sums: strawberry.Private[selling.Sums]
    currency: strawberry.Private[str]

    @strawberry.field(description="How many orders were placed.")
    def orders(self) -> int:
        return self.sums.orders

    @strawberry.field(description="Unit prices times quantities.")
    def gross(self) -> Money:
        return shown_money(self.sums.gross, self.currency)

    @strawberry.field(description="What was taken off, order discounts included.")
    def discounts(self) -> Money:
        return shown_money(self.sums.discounts, self.currency)

    @strawberry.field(description="What was called off before it was paid.")
    def cancelled(self) -> Money:
        return shown_money(self.sums.cancelled, self.currency)

    @strawberry.field(description="What was given back, without delivery.")
    def returns(self) -> Money:
        return shown_money(self.sums.returns, self.currency)

    @strawberry.field(description="gross - discounts - cancelled - returns.")
    def net(self) -> Money:
        return shown_money(self.sums.net, self.currency)

    @strawberry.field(description="What buyers pay for delivery, less what of it was given back.")
    def shipping(self) -> Money:
        return shown_money(self.sums.shipping, self.currency)

    @strawberry.field(description="Tax on top of the prices.")
    def tax(self) -> Money:
        return shown_money(self.sums.tax, self.currency)

    @strawberry.field(description="Tax inside of the prices: a part of the other figures.")
    def tax_within(self) -> Money:
        return shown_money(self.sums.tax_within, self.currency)

    @strawberry.field(description="net + shipping + tax.")
    def total(self) -> Money:
        return shown_money(self.sums.total, self.currency)

    @strawberry.field(description="(gross - discounts - cancelled) / orders, rounded half up; null without orders.")
    def average(self) -> Money | None:
        return None if self.sums.average is None else shown_money(self.sums.average, self.currency)


@strawberry.type(description="What one channel sold.")
class ChannelSales:
    channel: str = strawberry.field(description="The channel: web, app, wechat, ...")
    sums: SalesSums = strawberry.field(description="What it sold.")


@strawberry.type(description="How a product sold, before what was called off or given back.")
class ProductSales:
    sku: str = strawberry.field(description="Its code when it was bought; may be empty.")
    title: str = strawberry.field(description="What it was called, with its form.")
    variant_id: strawberry.ID | None = strawberry.field(description="The variant; null when it is not in the catalog.")
    lines: int = strawberry.field(description="On how many lines of orders it stands.")
    units: BigInt = strawberry.field(description="How many pieces.")
    gross: Money = strawberry.field(description="Unit prices times quantities.")
    discounts: Money = strawberry.field(description="What was taken off.")
    sold: Money = strawberry.field(description="gross - discounts.")


@strawberry.type(description="One figure over the periods of the span: ready for a chart.")
class SalesSeries:
    metric: Metric = strawberry.field(description="Which figure.")  # type: ignore[valid-type]
    currency: str | None = strawberry.field(description="Of amounts, which are in minor units; null for counts.")
    points: list[Point] = strawberry.field(
        description='`[t, v]` for every period, also those without sales: `["2026-10-01", 12990]`.'
    )


@dataclass
class _Found:
    """One statement serves all the fields that ask for it, and so they agree."""

    ctx: Context
    asked: selling.Asked
    task: asyncio.Task[selling.Sales] | None = None

    async def sales(self) -> selling.Sales:
        if self.task is None:
            self.task = asyncio.ensure_future(selling.sales(self.ctx, self.asked))
        return await self.task


@strawberry.type(description=RULE)
class Sales:
    ctx: strawberry.Private[Context]
    asked: strawberry.Private[selling.Asked]
    found: strawberry.Private[_Found]

    @strawberry.field(description="The first day.")
    def since(self) -> date:
        return self.asked.since

    @strawberry.field(description="The last day.")
    def until(self) -> date:
        return self.asked.until

    @strawberry.field(description="What all amounts are in.")
    def currency(self) -> str:
        return self.asked.currency

    @strawberry.field(description="What was sold in all.")
    async def totals(self) -> SalesSums:
        return SalesSums(sums=(await self.found.sales()).total, currency=self.asked.currency)

    @strawberry.field(description="How many different customers placed an order; guests are not counted.")
    async def customers(self) -> int:
        return (await self.found.sales()).customers

    @strawberry.field(description="Orders of these days in other currencies: they are in none of the figures.")
    async def orders_elsewhere(self) -> int:
        return (await self.found.sales()).elsewhere

    @strawberry.field(description="By channel, the largest first.")
    async def channels(self) -> list[ChannelSales]:
        found = (await self.found.sales()).channels
        return [ChannelSales(channel=name, sums=SalesSums(sums=s, currency=self.asked.currency)) for name, s in found]

    @strawberry.field(description="Figures by day, week or month.")
    async def series(
        self,
        metrics: Annotated[
            list[Metric],  # type: ignore[valid-type]
            strawberry.argument(description="Which figures, in this order."),
        ],
        interval: Annotated[
            Interval,  # type: ignore[valid-type]
            strawberry.argument(description="What a figure stands for."),
        ] = selling.Interval.DAY,
    ) -> list[SalesSeries]:
        periods = (await self.found.sales()).by(selling.Interval(interval))
        return [_series(selling.Metric(each), periods, self.asked.currency) for each in metrics]

    @strawberry.field(description="How many pieces were ordered, by day, week or month: `[t, v]` as in `series`.")
    async def units(
        self,
        interval: Annotated[
            Interval,  # type: ignore[valid-type]
            strawberry.argument(description="What a figure stands for."),
        ] = selling.Interval.DAY,
    ) -> list[Point]:
        counted = await selling.units_sold(self.ctx, self.asked, selling.Interval(interval))
        return [Point((day.isoformat(), units)) for day, units in counted]

    @strawberry.field(description="The products that brought most, after discounts.")
    async def products(
        self,
        first: Annotated[int, strawberry.argument(description=f"How many; {selling.MAX_PRODUCTS} at the most.")] = 10,
    ) -> list[ProductSales]:
        return [_product(each, self.asked.currency) for each in await selling.best_sellers(self.ctx, self.asked, first)]


def _series(metric: selling.Metric, periods: Sequence[tuple[date, selling.Sums]], currency: str) -> SalesSeries:
    return SalesSeries(
        metric=metric,
        currency=None if metric in selling.COUNTS else currency,
        points=[Point((day.isoformat(), sums.of(metric))) for day, sums in periods],
    )


def _product(each: selling.ProductSales, currency: str) -> ProductSales:
    return ProductSales(
        sku=each.sku,
        title=each.title,
        variant_id=None if each.variant_id is None else strawberry.ID(type_id("var", each.variant_id)),
        lines=each.lines,
        units=BigInt(each.units),
        gross=shown_money(each.gross, currency),
        discounts=shown_money(each.discounts, currency),
        sold=shown_money(each.gross - each.discounts, currency),
    )


@strawberry.type
class SalesQueries:
    """What can be asked of sales."""

    @strawberry.field(description=RULE)
    async def sales(
        self,
        info: Info[GraphContext, None],
        since: Annotated[date, strawberry.argument(description="The first day.")],
        until: Annotated[date, strawberry.argument(description="The last day.")],
        channel: Annotated[str | None, strawberry.argument(description="Of this channel alone.")] = None,
        currency: Annotated[str | None, strawberry.argument(description="The shop's when left out.")] = None,
    ) -> Sales:
        ctx = info.context.require(Scope.ANALYTICS_READ, "sales")
        asked = selling.checked(ctx, selling.Asked(since, until, channel, currency or ""))
        return Sales(ctx=ctx, asked=asked, found=_Found(ctx, asked))
