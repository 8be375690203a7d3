"""Shops with a history of orders, made by a few statements."""

from __future__ import annotations

from typing import Any

from stoa.tenants.context import ShopRef

LINES = 25
TABLES = ("customer", "sales_order", "order_line", "order_transition")
_FILL = """
INSERT INTO customer (id, name, email, search_text, created_at, updated_at)
SELECT uuidv7(), 'Customer ' || g, 'c' || g || '@shop.example', 'customer ' || g, now(), now()
FROM generate_series(1, {orders} / 5 + 1) g;
INSERT INTO sales_order (id, channel, external_id, state, payment_state, fulfilment_state, aftersale_state,
  customer_id, email, currency, subtotal_minor, total_minor, captured_minor, placed_at, search_text,
  created_at, updated_at)
SELECT uuidv7(make_interval(mins => g - {orders})), 'web', 'E' || g,
  CASE WHEN g % 50 = 0 THEN 'PENDING' WHEN g % 20 = 0 THEN 'CONFIRMED' ELSE 'COMPLETED' END,
  'PAID', 'DELIVERED', 'NONE',
  c.id, c.email, 'EUR', {lines} * 1000, {lines} * 1000, {lines} * 1000, now() + make_interval(mins => g - {orders}),
  'e' || g || ' customer ' || c.number, now(), now()
FROM generate_series(1, {orders}) g
JOIN (SELECT id, email, row_number() OVER (ORDER BY id) AS number FROM customer) c
  ON c.number = g % ({orders} / 5 + 1) + 1;
INSERT INTO order_line (id, order_id, position, sku, title, quantity, currency, unit_minor, total_minor,
  shipped, delivered)
SELECT uuidv7(), o.id, g, 'SKU-' || g, 'Thing number ' || g, 2, 'EUR', 500, 1000, 2, 2
FROM sales_order o CROSS JOIN generate_series(0, {lines} - 1) g;
INSERT INTO order_transition (id, order_id, machine, action, from_state, to_state, actor_kind, happened_at)
SELECT uuidv7(), id, 'ORDER', 'PLACE', '', state, 'system', placed_at FROM sales_order;
"""


async def fill_orders(owner: Any, shop: ShopRef, orders: int, lines: int = LINES) -> None:
    """`orders` orders of `lines` lines each, a minute apart, of a fifth as many customers."""
    async with owner.transaction():
        await owner.execute(f'SET LOCAL search_path TO "{shop.schema}"')
        await owner.execute(_FILL.format(orders=orders, lines=lines))
    for table in TABLES:
        await owner.execute(f'VACUUM ANALYZE "{shop.schema}".{table}')
