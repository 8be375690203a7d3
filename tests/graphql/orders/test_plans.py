"""How PostgreSQL goes about lists of orders: by an index, and with work that does not grow with the shop."""

from __future__ import annotations

import pytest

from benchmarks.filling_orders import fill_orders
from stoa.domains.orders.models import Order
from stoa.domains.service.models import Customer
from stoa.graphql.executing import Executor
from stoa.kit.ids import type_id
from stoa.settings import Settings
from stoa.tenants.connecting import owner_connection
from stoa.tenants.context import open_shop
from tests import make
from tests.graphql.asking import Ask
from tests.graphql.reading.test_plans import Shops, explain, read_whole, rows_touched

LARGE, SMALL = 10_000, 200
ROW = (
    "id number state paymentState fulfilmentState placedAt total { amount currency } customer { id name } "
    "lines(first: 3) { nodes { id sku title quantity total { amount } } }"
)
FULL = f"{{ orders(first: 50) {{ nodes {{ {ROW} }} }} }}"


@pytest.fixture(scope="module")
async def shops(settings: Settings, database: None, executor: Executor) -> Shops:
    """A shop of 10,000 orders, and one of 200."""
    made = []
    for orders in (LARGE, SMALL):
        shop = await make.shop(f"Shop of {orders} orders")
        async with owner_connection(settings) as owner:
            await fill_orders(owner, shop, orders, lines=4)
        made.append(Ask(executor, settings, await make.context(shop)))
    return Shops(*made)


def page(arguments: str, fields: str = "edges { cursor node { number } }") -> str:
    return f"query ($after: String) {{ orders(first: 50, after: $after{arguments}) {{ {fields} }} }}"


@pytest.mark.parametrize(
    ("arguments", "index"),
    [
        ("", "sales_order_pkey"),
        (", orderBy: [{field: PLACED_AT}]", "order_by_placing"),
        (", orderBy: [{field: PLACED_AT, direction: DESC}]", "order_by_placing"),
        (", where: {state: {eq: PENDING}}", "order_of_state"),
        (", where: {state: {eq: CONFIRMED}}", "order_of_state"),
    ],
)
async def test_every_page_is_found_at_once(shops: Shops, arguments: str, index: str) -> None:
    """O1: a shop with a year of history stays quick."""
    ask, after = shops.large, None
    for _ in range(3):  # the third page costs what the first does
        nodes = list(await explain(ask, page(arguments), after=after))
        assert index in {node.get("Index Name") for node in nodes}
        assert read_whole(iter(nodes)) == set()
        assert rows_touched(iter(nodes)) <= 120
        after = (await ask.data(page(arguments), after=after))["orders"]["edges"][-1]["cursor"]


async def test_most_of_the_orders_are_read_newest_first_by_their_ids(shops: Shops) -> None:
    """Nearly all are completed: the first 50 of them stand at the end of the table of ids."""
    nodes = list(await explain(shops.large, page(", where: {state: {eq: COMPLETED}}")))

    assert {node.get("Index Name") for node in nodes} & {"sales_order_pkey", "order_of_state"}
    assert read_whole(iter(nodes)) == set()
    assert rows_touched(iter(nodes)) <= 120


async def test_the_orders_of_a_customer_are_found_by_their_index(shops: Shops) -> None:
    with open_shop(shops.large.ctx.shop):
        customer = await Customer.all().offset(100).first()
        order = await Order.all().offset(500).first()
    assert customer is not None
    assert order is not None
    id = type_id("cust", customer.id)

    nodes = list(await explain(shops.large, page(f', where: {{customer: {{id: {{eq: "{id}"}}}}}}')))
    lines = list(await explain(shops.large, f'{{ order(id: "{type_id("ord", order.id)}") {{ {ROW} }} }}'))

    assert "order_of_customer" in {node.get("Index Name") for node in nodes}
    assert "line_of_order" in {node.get("Index Name") for node in lines}
    assert rows_touched(iter(nodes)) <= 30
    assert rows_touched(iter(lines)) <= 10


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ('{ orders(search: "E9999") { nodes { number } } }', "order_search"),
        ('{ orders(search: "customer 1777") { nodes { number } } }', "order_search"),
        # what is found nowhere: two letters have an index too, alone and beside what is everywhere
        ('{ orders(search: "no such") { nodes { number } } }', "order_search"),
        ('{ orders(search: "zz") { nodes { number } } }', "order_search"),
        ('{ orders(search: "customer Zz") { nodes { number } } }', "order_search"),
        ("{ orders(where: {number: {eq: 1077}}) { nodes { number } } }", "sales_order_number_key"),
    ],
)
async def test_orders_are_searched_by_their_index(shops: Shops, query: str, index: str) -> None:
    nodes = list(await explain(shops.large, query))

    assert index in {node.get("Index Name") for node in nodes}
    assert read_whole(iter(nodes)) == set()


async def test_fifty_orders_cost_the_same_in_a_large_shop(shops: Shops) -> None:
    nodes = list(await explain(shops.large, FULL))

    assert {"sales_order_pkey", "line_of_order"} <= {node.get("Index Name") for node in nodes}
    assert read_whole(iter(nodes)) == set()
    assert rows_touched(iter(nodes)) == 50 + 50 + 150  # orders, their customers, three lines each
