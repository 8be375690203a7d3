"""How PostgreSQL goes about customers: by an index, and no further than a page needs."""

from __future__ import annotations

from uuid import UUID

import pytest

from stoa.graphql.executing import Executor
from stoa.kit.ids import type_id
from stoa.settings import Settings
from stoa.tenants.connecting import owner_connection
from tests import make
from tests.graphql.asking import Ask
from tests.graphql.reading.test_plans import explain, read_whole, rows_touched

CUSTOMERS, ORDERS = 8000, 16_000


def _sql(tail: str, number: str) -> str:
    """An id made of a number."""
    return f"('01900000-{tail}-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"


FILL = f"""
INSERT INTO customer (id, name, email, search_text, tags, consents, created_at, updated_at)
SELECT {_sql("00c0", "n")}, 'Zeno ' || n, 'zeno' || n || '@example.com', 'zeno ' || n || E'\nzeno' || n || '@example.com',
  CASE WHEN n % 400 = 0 THEN '["vip"]' ELSE '["plain"]' END::jsonb,
  CASE WHEN n % 400 = 1 THEN '{{"email": {{"granted": true}}}}' ELSE '{{}}' END::jsonb, now(), now()
FROM generate_series(0, {CUSTOMERS - 1}) n;
INSERT INTO customer_identity (id, customer_id, kind, value, created_at)
SELECT {_sql("00c1", "n")}, {_sql("00c0", "n")}, 'EMAIL', 'zeno' || n || '@example.com', now()
FROM generate_series(0, {CUSTOMERS - 1}) n;
INSERT INTO sales_order (id, number, channel, state, payment_state, fulfilment_state, aftersale_state, customer_id,
  currency, subtotal_minor, total_minor, placed_at, created_at, updated_at)
SELECT {_sql("00c2", "n")}, 2000 + n, 'web', 'CONFIRMED', 'UNPAID', 'UNFULFILLED', 'NONE',
  {_sql("00c0", f"(n * 7) % {CUSTOMERS}")}, 'EUR', 100, 100, now(), now(), now()
FROM generate_series(0, {ORDERS - 1}) n;
ANALYZE customer; ANALYZE customer_identity; ANALYZE sales_order;
"""
ZENO = type_id("cust", UUID("01900000-00c0-7000-8000-000000000007"))
SPENT = "ordersCount spent { amount } firstOrderAt lastOrderAt"


@pytest.fixture(scope="module")
async def large(settings: Settings, database: None, executor: Executor) -> Ask:
    """8,000 customers, each with two orders; one in 400 is marked, and one in 400 agreed to hear by e-mail."""
    shop = await make.shop("A shop that many know")
    async with owner_connection(settings) as owner:
        await owner.execute(f'SET search_path TO "{shop.schema}"; {FILL} RESET search_path')
    return Ask(executor, settings, await make.context(shop))


@pytest.mark.parametrize(
    ("query", "index", "most"),
    [
        (f"{{ customers(first: 50) {{ nodes {{ name {SPENT} }} }} }}", "order_of_customer", 900),
        ("{ customers(first: 50) { nodes { name orders(first: 5) { nodes { number } } } } }", "order_of_customer", 300),
        ("{ customers(first: 50, orderBy: [{field: NAME}]) { nodes { name } } }", "customer_by_name", 120),
        ('{ customers(first: 5, search: "zeno777@") { nodes { name } } }', "customer_search", 200),
        ('{ customers(first: 50, where: {tags: {has: "vip"}}) { nodes { name } } }', "customer_of_tag", 100),
        (
            "{ customers(first: 50, where: {acceptsEmail: {eq: true}}) { nodes { name } } }",
            "customer_accepts_email",
            100,
        ),
        (
            '{ customers(where: {identities: {some: {kind: {eq: EMAIL}, value: {eq: "zeno777@example.com"}}}})'
            " { nodes { name } } }",
            "uid_customer_id_kind",
            10,
        ),
        ("{ customers(first: 20, where: {hasOrders: {eq: true}}) { nodes { name } } }", "order_of_customer", 200),
        (f'{{ customer(id: "{ZENO}") {{ {SPENT} identities {{ nodes {{ value }} }} }} }}', "identity_of_customer", 30),
        (f'{{ customer(id: "{ZENO}") {{ merges {{ nodes {{ id }} }} }} }}', "merge_of_customer", 10),
    ],
)
async def test_customers_are_read_by_their_index(large: Ask, query: str, index: str, most: int) -> None:
    nodes = list(await explain(large, query))

    assert read_whole(iter(nodes)) <= {"customer_merge"}  # an empty table is read as it stands
    names = {node.get("Index Name", "") for node in nodes}
    assert any(name.startswith(index) for name in names) or index == "merge_of_customer", names
    assert rows_touched(iter(nodes)) <= most
