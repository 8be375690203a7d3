"""A shop with as many orders as one likes, each of two lines, with their steps, made by three statements."""

from __future__ import annotations

from typing import Any

from stoa.tenants.context import ShopRef

# Ids count up with the number, as those of UUIDv7 do with time; those of steps say when they happened. An order in
# fifty is paid and not sent, one in 500 is on hold, one in 1,000 unpaid; the rest went all the way.
_ORDERS = """
INSERT INTO sales_order (id, number, channel, external_id, state, payment_state, fulfilment_state, aftersale_state,
  is_on_hold, currency, subtotal_minor, total_minor, queue, tags, placed_at, confirm_by, created_at, updated_at)
SELECT ('01900000-0010-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 1000 + n,
  CASE WHEN n % 700 = 0 THEN 'wechat' ELSE 'web' END, n::text,
  CASE WHEN n % 1000 = 0 THEN 'PENDING' WHEN n % 50 = 0 THEN 'CONFIRMED' ELSE 'COMPLETED' END,
  CASE WHEN n % 1000 = 0 THEN 'UNPAID' ELSE 'PAID' END,
  CASE WHEN n % 1000 = 0 THEN 'UNFULFILLED' WHEN n % 50 = 0 THEN 'ALLOCATED' ELSE 'DELIVERED' END, 'NONE',
  n % 500 = 0, 'EUR', 100, 100, CASE WHEN n % 900 = 0 THEN 'urgent' END,
  CASE WHEN n % 800 = 0 THEN '["gift", "vip"]' WHEN n % 2 = 0 THEN '["old"]' ELSE '[]' END::jsonb,
  at, CASE WHEN n % 1000 = 0 THEN at + interval '1 day' END, at, at
FROM (SELECT n, timestamptz '2026-01-01' + n * interval '10 minutes' AS at FROM generate_series(1, $1::int) n) numbers
"""
_LINES = """
INSERT INTO order_line (id, order_id, position, sku, title, quantity, currency, unit_minor, total_minor)
SELECT gen_random_uuid(), id, place, 'SKU-' || (number * 2 + place) % 20011, 'Cup', 1, 'EUR', 50, 50
FROM sales_order, generate_series(0, 1) place
"""
_STEPS = """
INSERT INTO order_transition (id, order_id, machine, action, from_state, to_state, actor_kind, happened_at)
SELECT overlay(md5(random()::text) PLACING lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' FROM 1
  FOR 13)::uuid, id, machine, 'X', old, new, 'system', at
FROM sales_order, (VALUES ('ORDER', '', 'PENDING', 0), ('ORDER', 'PENDING', 'CONFIRMED', 1),
  ('FULFILMENT', 'UNFULFILLED', 'ALLOCATED', 1), ('PAYMENT', 'UNPAID', 'PAID', 2),
  ('FULFILMENT', 'ALLOCATED', 'SHIPPED', 20), ('FULFILMENT', 'SHIPPED', 'DELIVERED', 60),
  ('ORDER', 'CONFIRMED', 'COMPLETED', 90)) AS s (machine, old, new, hours),
LATERAL (SELECT placed_at + hours * interval '1 hour' AS at) moment
WHERE old = '' OR state = 'COMPLETED' OR state = 'CONFIRMED' AND hours < 20
ORDER BY at
"""
_TABLES = ("sales_order", "order_line", "order_transition")


async def fill(owner: Any, shop: ShopRef, orders: int) -> None:
    await owner.execute(f'SET search_path TO "{shop.schema}"')
    await owner.execute(_ORDERS, orders)
    await owner.execute(_LINES)
    await owner.execute(_STEPS)
    await owner.execute(" ".join(f"ANALYZE {table};" for table in _TABLES))
    await owner.execute("RESET search_path")
