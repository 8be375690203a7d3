"""Sales of a month in a shop with years of orders: found by the index of placing, and not by reading the shop."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from benchmarks.filling_orders import fill_orders
from stoa.domains.orders import selling
from stoa.kit.clock import now
from stoa.settings import Settings
from stoa.tenants.connecting import owner_connection
from stoa.tenants.context import Context
from tests import make
from tests.graphql.reading.test_plans import read_whole, rows_touched

ORDERS = 12_000  # half an hour apart: most of a year
APART = "UPDATE sales_order SET placed_at = now() - (now() - placed_at) * 30; ANALYZE sales_order"


@pytest.fixture(scope="module")
async def large(settings: Settings, database: None) -> Context:
    shop = await make.shop("Shop with a history")
    async with owner_connection(settings) as owner:
        await fill_orders(owner, shop, ORDERS, lines=4)
        await owner.execute(f'SET search_path TO "{shop.schema}"; {APART}; RESET search_path')
    return await make.context(shop)


@pytest.mark.parametrize("statement", ["_SALES", "_UNITS", "_PRODUCTS"])
async def test_a_day_of_sales_is_found_by_the_index_of_placing(
    large: Context, owner: asyncpg.Connection, statement: str
) -> None:
    day = (now() - timedelta(days=2)).date()
    values: list[Any] = selling._bounds(large, selling.Asked(day, day, None, "EUR"))
    values.append(10 if statement == "_PRODUCTS" else large.shop.time_zone)
    async with owner.transaction():
        await owner.execute(f'SET LOCAL search_path TO "{large.shop.schema}"')
        told = await owner.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {getattr(selling, statement)}", *values)
    nodes = list(_nodes(msgspec.json.decode(told)[0]["Plan"]))

    assert "order_by_placing" in {node.get("Index Name") for node in nodes}
    assert read_whole(iter(nodes)) <= {"refund"}  # there are few of them
    assert rows_touched(iter(nodes)) < 6_000  # 48 orders of four lines, and what joining them takes; of 12,000


def _nodes(plan: dict[str, Any]) -> Any:
    yield plan
    for each in plan.get("Plans", ()):
        yield from _nodes(each)
