"""Fifty orders with customer, three lines, totals and states: against the limit, and in a far larger shop."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
from typing import Any

from benchmarks import loading
from benchmarks.engines import benched
from benchmarks.filling_orders import LINES, fill_orders
from benchmarks.printing import figure
from benchmarks.read_path import Caller, prepare, same_data
from stoa.tenants.connecting import owner_connection
from stoa.tenants.context import ShopRef

_FIELDS = (
    "id number state paymentState fulfilmentState subtotal { amount currency } total { amount currency } "
    "customer { id name } lines(first: 3) { nodes { id sku title quantity total { amount currency } } }"
)
LIST = f"query {{ orders(first: 50) {{ nodes {{ {_FIELDS} }} }} }}"
OTHERS = {
    "of_a_state": LIST.replace("first: 50", "first: 50, where: {state: {eq: COMPLETED}}"),
    "by_placing": LIST.replace("first: 50", "first: 50, orderBy: [{field: PLACED_AT, direction: DESC}]"),
    "searched": LIST.replace("first: 50", 'first: 50, search: "customer 7"'),
}
ORDERS, TIMES_LARGER = 200, 100


async def run(*, short: bool = False) -> bool:
    limits = {"STOA_POINTS_CAPACITY": "1e15", "STOA_POINTS_PER_SECOND": "1e12"}
    async with benched(**limits) as settings:
        [small, large], caller = await prepare(settings, [1, 1])
        async with owner_connection(settings) as owner:
            await fill_orders(owner, small, ORDERS)
            await fill_orders(owner, large, ORDERS * TIMES_LARGER)
        os.environ["BARE_SCHEMA"] = small.schema
        async with (
            loading.serving("stoa.app:create_app") as ours,
            loading.serving("benchmarks.bare:create_app") as bare,
        ):
            return await _measure(ours, bare, caller, small, large, 1.0 if short else 4.0, 3 if short else 7)


async def _measure(
    ours: int, bare: int, caller: Caller, small: ShopRef, large: ShopRef, seconds: float, rounds: int
) -> bool:
    listing = [caller.query(small, LIST)]
    bare_list = [loading.request("/orders", b"", {}, "GET")]
    same_data(json.loads(await loading.ask(ours, listing[0])), json.loads(await loading.ask(bare, bare_list[0])))

    async def compare(a: tuple[int, Any], b: tuple[int, Any]) -> tuple[float, float, float]:
        """Requests a second of both, taken in turns, and the median of their ratio."""
        pairs = [
            (await loading.load(*a, seconds=seconds), await loading.load(*b, seconds=seconds))
            for _ in range(rounds + 1)
        ][1:]  # the first is for warming up
        return (
            statistics.median(x for x, _ in pairs),
            statistics.median(y for _, y in pairs),
            statistics.median(x / y for x, y in pairs),
        )

    rate, limit, ratio = await compare((ours, listing), (bare, bare_list))
    good = figure("order_list", "list_of_limit", ratio, "ratio", ">= 0.5", f"{rate:.0f} of {limit:.0f} requests/s")
    name = f"time_in_a_shop_of_{ORDERS * TIMES_LARGER}_orders_and_{ORDERS * TIMES_LARGER * LINES}_lines"
    rate, base, ratio = await compare((ours, listing), (ours, [caller.query(large, LIST)]))
    good &= figure("order_list", name, ratio, "ratio", "<= 1.3", f"{base:.0f} against {rate:.0f} requests/s")
    for kind, query in OTHERS.items():
        asked = [caller.query(shop, query) for shop in (small, large)]
        rate, base, ratio = await compare((ours, asked[:1]), (ours, asked[1:]))
        figure("order_list", f"time_there_{kind}", ratio, "ratio", "", f"{base:.0f} against {rate:.0f} requests/s")
    return good


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run(short="--short" in sys.argv)) else 1)
