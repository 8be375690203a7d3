"""How PostgreSQL goes about suppliers, prices and orders: by an index, and no further than a page needs."""

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

SUPPLIERS, BUSY, VARIANTS, ORDERS, PRICES_EACH = 3000, 200, 1000, 6000, 3


def _sql(tail: str, number: str) -> str:
    """An id made of a number."""
    return f"('01900000-{tail}-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"


def row_id(tail: str, number: int) -> UUID:
    return UUID(f"01900000-{tail}-7000-8000-{number:012x}")


SUPPLIER, VARIANT, PRODUCT, PRICE, ORDER, LINE, RECEIPT = "00a0", "00a1", "00a2", "00a3", "00a4", "00a5", "00a6"
FILL = f"""
INSERT INTO supplier (id, name, name_key, search_text, currency, created_at)
SELECT {_sql(SUPPLIER, "n")}, 'Kiln ' || n, 'kiln ' || n, 'kiln ' || n || E'\n\n', 'EUR', now()
FROM generate_series(0, {SUPPLIERS - 1}) n;
INSERT INTO product (id, title, handle, description, status, search_text, version, created_at, updated_at)
SELECT {_sql(PRODUCT, "n")}, 'Cup', 'cup-' || n, '', 'ACTIVE', 'cup', 1, now(), now()
FROM generate_series(0, {VARIANTS - 1}) n;
INSERT INTO variant (id, product_id, title, sku, currency, position, version, created_at)
SELECT {_sql(VARIANT, "n")}, {_sql(PRODUCT, "n")}, '', 'SKU-' || n, 'EUR', 0, 1, now()
FROM generate_series(0, {VARIANTS - 1}) n;
INSERT INTO supplier_price (id, supplier_id, variant_id, currency, minor, since)
SELECT {_sql(PRICE, f"n * {PRICES_EACH * 10} + s * {PRICES_EACH} + k")}, {_sql(SUPPLIER, f"(n + s * 17) % {BUSY}")},
  {_sql(VARIANT, "n")}, 'EUR', 100 + k, timestamptz '2026-01-01' + make_interval(days => k)
FROM generate_series(0, {VARIANTS - 1}) n, generate_series(0, 9) s, generate_series(0, {PRICES_EACH - 1}) k;
INSERT INTO purchase_order (id, number, supplier_id, location_id, state, currency, ordered_at, created_at)
SELECT {_sql(ORDER, "n")}, n + 1, {_sql(SUPPLIER, f"n % {BUSY}")}, (SELECT id FROM location WHERE is_main),
  CASE WHEN n % 500 = 0 THEN 'ORDERED' ELSE 'RECEIVED' END, 'EUR', timestamptz '2026-01-01', now()
FROM generate_series(0, {ORDERS - 1}) n;
INSERT INTO purchase_line (id, purchase_id, variant_id, quantity, received, currency, cost_minor, position)
SELECT {_sql(LINE, "n * 4 + k")}, {_sql(ORDER, "n")}, {_sql(VARIANT, f"(n + k * 31) % {VARIANTS}")}, 5, 5, 'EUR', 9, k
FROM generate_series(0, {ORDERS - 1}) n, generate_series(0, 3) k;
INSERT INTO receipt (id, purchase_id, quantity, currency, spread_by, lines, received_at)
SELECT {_sql(RECEIPT, "n")}, {_sql(ORDER, "n")}, 20, 'EUR', 'VALUE',
  (SELECT jsonb_agg(jsonb_build_object('line_id', {_sql(LINE, "n * 4 + k")}, 'quantity', 5))
   FROM generate_series(0, 3) k),
  timestamptz '2026-01-01' + make_interval(days => n % 30)
FROM generate_series(0, {ORDERS - 1}) n;
ANALYZE supplier; ANALYZE product; ANALYZE variant; ANALYZE supplier_price; ANALYZE purchase_order;
ANALYZE purchase_line; ANALYZE receipt;
"""
KILN, CUP = type_id("sup", row_id(SUPPLIER, 7)), type_id("var", row_id(VARIANT, 7))


@pytest.fixture(scope="module")
async def large(settings: Settings, database: None, executor: Executor) -> Ask:
    """3,000 suppliers, 200 of them busy; 1,000 variants, 30,000 prices, 6,000 orders of four lines, each received."""
    shop = await make.shop("A shop that buys much")
    async with owner_connection(settings) as owner:
        await owner.execute(f'SET search_path TO "{shop.schema}"; {FILL} RESET search_path')
    return Ask(executor, settings, await make.context(shop))


@pytest.mark.parametrize(
    ("query", "index", "most"),
    [
        ("{ suppliers(first: 50) { nodes { name } } }", "supplier_name_key_key", 60),
        ("{ purchaseOrders(first: 50) { nodes { number supplier { name } } } }", "purchase_order_pkey", 300),
        ("{ purchaseOrders(first: 5, where: {number: {eq: 77}}) { nodes { id } } }", "purchase_order_number_key", 10),
        (
            "{ purchaseOrders(first: 10, where: {state: {eq: ORDERED}}) { nodes { number } } }",
            "purchase_of_state",
            40,
        ),
        (
            f'{{ supplier(id: "{KILN}") {{ purchaseOrders(first: 10) {{ nodes {{ number }} }} }} }}',
            "purchase_of_supplier",
            60,
        ),
        (
            f'{{ supplier(id: "{KILN}") {{ prices(first: 10) {{ nodes {{ price {{ minor }} }} }} }} }}',
            "supplier_price_of_supplier",
            200,
        ),
        (
            f'{{ supplier(id: "{KILN}") {{ priceHistory(first: 10) {{ nodes {{ price {{ minor }} }} }} }} }}',
            "supplier_price_of_supplier",
            60,
        ),
        (
            f'{{ variant(id: "{CUP}") {{ supplierPrices {{ nodes {{ price {{ minor }} }} }} }} }}',
            "supplier_price_of_variant",
            300,
        ),
        (
            f'{{ variant(id: "{CUP}") {{ supplierPriceHistory(first: 5) {{ nodes {{ price {{ minor }} }} }} }} }}',
            "supplier_price_of_variant",
            60,
        ),
        (
            f'{{ variant(id: "{CUP}") {{ purchaseLines(first: 10) {{ nodes {{ quantity outstanding }} }} }} }}',
            "purchase_line_of_variant",
            60,
        ),
        (f'{{ variant(id: "{CUP}") {{ leadTimes {{ days }} }} }}', "receipt_of_purchase", 500),
        (f'{{ supplier(id: "{KILN}") {{ leadTime {{ days p90 observations }} }} }}', "receipt_of_purchase", 200),
    ],
)
async def test_lists_are_read_by_their_index(large: Ask, query: str, index: str, most: int) -> None:
    nodes = list(await explain(large, query))

    assert read_whole(iter(nodes)) == set()
    assert index in {node.get("Index Name") for node in nodes}
    assert rows_touched(iter(nodes)) <= most


async def test_a_page_of_suppliers_with_lead_times_is_one_statement(large: Ask) -> None:
    ids = ", ".join(f'"{type_id("sup", row_id(SUPPLIER, number))}"' for number in range(50))
    query = f"{{ suppliers(first: 50, where: {{id: {{in: [{ids}]}}}}) {{ nodes {{ leadTime {{ observations }} }} }} }}"

    seen = await large.data(query)

    assert large.statements == 1
    assert [each["leadTime"]["observations"] for each in seen["suppliers"]["nodes"]] == [30] * 50
    assert rows_touched(iter(list(await explain(large, query)))) <= 50 * (1 + 30 + 30 + 30) + 50
