"""How PostgreSQL goes about after-sale cases: by an index, and no further than a page needs."""

from __future__ import annotations

import pytest

from stoa.graphql.executing import Executor
from stoa.settings import Settings
from stoa.tenants.connecting import owner_connection
from tests import make
from tests.graphql.asking import Ask
from tests.graphql.reading.test_plans import explain, read_whole, rows_touched

FILL = """
INSERT INTO sales_order (id, number, channel, state, payment_state, fulfilment_state, aftersale_state,
  currency, subtotal_minor, total_minor, placed_at, created_at, updated_at)
SELECT gen_random_uuid(), 2000 + n, 'web', 'CONFIRMED', 'PAID', 'DELIVERED', 'OPEN', 'EUR', 100, 100, now(), now(), now()
FROM generate_series(0, 3999) n;
INSERT INTO aftersale_case (id, order_id, kind, state, reason, lines, currency, created_at)
SELECT gen_random_uuid(), o.id, 'REFUND_ONLY', CASE WHEN o.number % 200 = 0 THEN 'OVERDUE' ELSE 'CLOSED' END, 'OTHER', '[]',
  'EUR', now()
FROM sales_order o, generate_series(1, 2);
ANALYZE sales_order; ANALYZE aftersale_case;
"""


@pytest.fixture(scope="module")
async def large(settings: Settings, database: None, executor: Executor) -> Ask:
    """4,000 orders with two cases each; one case in 200 is overdue."""
    shop = await make.shop("A shop of many complaints")
    async with owner_connection(settings) as owner:
        await owner.execute(f'SET search_path TO "{shop.schema}"; {FILL} RESET search_path')
    return Ask(executor, settings, await make.context(shop))


@pytest.mark.parametrize(
    ("query", "index", "most"),
    [
        ("{ aftersaleCases(first: 50) { nodes { number order { number } } } }", "aftersale_case_pkey", 150),
        (
            "{ aftersaleCases(first: 20, where: {state: {eq: OVERDUE}}) { nodes { number } } }",
            "case_of_state",
            100,
        ),
        ("{ orders(first: 20) { nodes { cases { nodes { number state } } } } }", "case_of_order", 150),
    ],
)
async def test_cases_are_read_by_their_index(large: Ask, query: str, index: str, most: int) -> None:
    nodes = list(await explain(large, query))

    assert read_whole(iter(nodes)) == set()
    assert index in {node.get("Index Name") for node in nodes}
    assert rows_touched(iter(nodes)) <= most
