"""Time in state over all steps of a shop of 20,000 orders, and a rule tried on all of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from benchmarks.engines import benched
from benchmarks.filling_flow import fill
from benchmarks.printing import figure
from stoa.domains.orders.flowing import order_flow
from stoa.domains.orders.models import RuleKind
from stoa.domains.orders.rules import About, Actions, Condition, Relation, RuleDraft, try_rule
from stoa.tenants.connecting import connect, disconnect, owner_connection
from stoa.tenants.context import Context, open_shop
from stoa.tenants.provisioning import provisioner

ORDERS = 20_000
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
RULE = RuleDraft(
    "Known buyers of much",
    RuleKind.CLASSIFY,
    [
        Condition(About.CHANNEL, Relation.IS, "web"),
        Condition(About.PIECES, Relation.AT_LEAST, "2"),
        Condition(About.EARLIER_ORDERS, Relation.AT_MOST, "3"),
        Condition(About.SKU, Relation.STARTS_WITH, "SKU-1"),
    ],
    Actions(queue="known"),
)


async def run(*, short: bool = False) -> bool:
    rounds = 3 if short else 9
    async with benched() as settings:
        await connect(settings)
        try:
            shop = await provisioner(settings).create("Shop of many orders", currency="EUR", time_zone="UTC")
            async with owner_connection(settings) as owner:
                await fill(owner, shop, ORDERS)
            with open_shop(shop):
                return await _figures(Context(shop), rounds)
        finally:
            await disconnect()


async def _figures(ctx: Context, rounds: int) -> bool:
    flow = await _median(lambda: order_flow(ctx, SINCE), rounds)
    trial = await _median(lambda: try_rule(ctx, RULE, since=SINCE), rounds)
    against = f"{ORDERS:,} orders, {ORDERS * 7:,} steps"
    good = figure("order_flow", "flow", flow * 1000, "ms", "< 2000", against)
    return good & figure("order_flow", "trial", trial * 1000, "ms", "< 2000", f"{ORDERS:,} orders, four conditions")


async def _median(work: Callable[[], Awaitable[Any]], rounds: int) -> float:
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        await work()
        took.append(time.perf_counter() - began)
    return statistics.median(took)
