"""Filters of orders in a shop of 20,000: each goes by an index, and none reads the whole shop."""

from __future__ import annotations

import pytest

from benchmarks.filling_flow import fill
from stoa.graphql.executing import Executor
from stoa.settings import Settings
from stoa.tenants.connecting import owner_connection
from tests import make
from tests.graphql.asking import Ask, statements_sent
from tests.graphql.reading.test_plans import explain, read_whole, rows_touched

ORDERS = 20_000


@pytest.fixture(scope="module")
async def large(settings: Settings, database: None, executor: Executor) -> Ask:
    shop = await make.shop("Shop of 20,000 orders")
    async with owner_connection(settings) as owner:
        await fill(owner, shop, ORDERS)
    return Ask(executor, settings, await make.context(shop))


@pytest.mark.parametrize(
    ("where", "index", "count"),
    [
        # by `order_of_state`, or by the index of those that wait to be confirmed
        ("state: {eq: PENDING}", None, 20),
        ("state: {in: [PENDING, DRAFT]}", "order_of_state", 20),
        ("paymentState: {eq: UNPAID}", "order_of_payment", 20),
        ("fulfilmentState: {eq: UNFULFILLED}", "order_of_fulfilment", 20),
        ('channel: {eq: "wechat"}', "order_of_channel", 28),
        ('queue: {eq: "urgent"}', "order_of_queue", 22),
        ('tags: {has: "gift"}', "order_of_tags", 25),
        ("isOnHold: {eq: true}", "order_on_hold", 40),
        ("isOverdue: {eq: true}", "order_to_confirm", 20),
        ('placedAt: {lt: "2026-01-01T05:00:00Z"}', "order_by_placing", 29),
        ("number: {eq: 1007}", None, 1),
        ('lines: {some: {sku: {eq: "SKU-2021"}}}', "line_of_sku", 2),
    ],
)
async def test_a_filter_goes_by_its_index(large: Ask, where: str, index: str | None, count: int) -> None:
    """O2: what is asked for is found without reading the shop."""
    query = f"{{ orders(first: 50, where: {{{where}}}) {{ nodes {{ id number }} }} }}"

    nodes = list(await explain(large, query))

    assert len((await large.data(query))["orders"]["nodes"]) == count
    assert read_whole(iter(nodes)) == set()
    assert index is None or index in {node.get("Index Name") for node in nodes}
    assert rows_touched(iter(nodes)) <= 300


@pytest.mark.parametrize("where", ["state: {eq: COMPLETED}", "paymentState: {eq: PAID}", 'tags: {has: "old"}'])
async def test_what_most_orders_are_is_a_page_like_any_other(large: Ask, where: str) -> None:
    nodes = list(await explain(large, f"{{ orders(first: 50, where: {{{where}}}) {{ nodes {{ id }} }} }}"))

    assert read_whole(iter(nodes)) == set()
    assert rows_touched(iter(nodes)) <= 300


async def test_the_flow_of_20000_orders_is_one_statement(large: Ask) -> None:
    """X12"""
    query = """{ orderFlow(since: "2026-01-01T00:00:00Z", until: "2026-12-01T00:00:00Z") {
      states { machine state entered median p90 } moves { fromState toState count } bottleneck { machine state } } }"""

    async with statements_sent(large.ctx) as sent:
        flow = (await large.data(query))["orderFlow"]

    assert len(sent) == 1
    pending = next(each for each in flow["states"] if each["state"] == "PENDING")
    assert (pending["entered"], pending["median"], pending["p90"]) == (20_000, 3600, 3600)
    assert {"fromState": "SHIPPED", "toState": "DELIVERED", "count": 19_600} in flow["moves"]
