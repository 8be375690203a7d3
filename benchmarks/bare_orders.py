"""The limit of intake: a transaction that somebody wrote by hand who knows the tables, with the same rows as ours."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

# The buyer, known again by their e-mail or made; then prices; then the order with all that belongs to it.
BUYER = "SELECT customer_id FROM customer_identity WHERE kind = 'EMAIL' AND value = $1"
NEW_BUYER = """WITH made AS (
 INSERT INTO customer (id, name, email, search_text, created_at, updated_at)
 VALUES (uuidv7(), '', $1::text, lower($1::text), now(), now()) RETURNING id),
known AS (
 INSERT INTO customer_identity (id, customer_id, kind, value, created_at)
 SELECT uuidv7(), id, 'EMAIL', $1::text, now() FROM made),
told AS (
 INSERT INTO event (id, name, subject_id, payload, actor_kind, request_id, happened_at)
 SELECT uuidv7(), 'CustomerCreated', id, jsonb_build_object('customer_id', id), 'account', 'bare', now() FROM made)
SELECT id FROM made"""
PRICES = """SELECT v.id, v.sku, p.title, v.title AS variant_title, v.price_minor, v.cost_minor, v.weight_grams
 FROM variant v JOIN product p ON p.id = v.product_id
 WHERE v.id = ANY(ARRAY(SELECT unnest($1::uuid[]))) AND p.status = 'ACTIVE'"""
PLACE = """WITH made AS (
 INSERT INTO sales_order (id, channel, external_id, content_hash, state, payment_state, fulfilment_state,
  aftersale_state, customer_id, buyer_id, email, shipping_address, currency, subtotal_minor, total_minor, pricing,
  placed_at, confirm_by, pay_by, search_text, created_at, updated_at)
 SELECT uuidv7(), 'web', $1::text, $2, 'PENDING', 'UNPAID', 'UNFULFILLED',
  'NONE', $3::uuid, $3::uuid, $4::text, $5::jsonb,
  'EUR', $6::bigint, $6::bigint, $7::jsonb, now(), now() + interval '24 hours', now() + interval '30 minutes',
  $1::text || ' ' || $4::text, now(), now()
 RETURNING id, number),
wanted AS (
 SELECT * FROM jsonb_to_recordset($8::jsonb) AS l (position int, variant_id uuid, sku text, title text,
  variant_title text, quantity int, unit bigint, cost bigint, weight int)),
lines AS (
 INSERT INTO order_line (id, order_id, position, variant_id, sku, title, variant_title, quantity, currency, unit_minor,
  total_minor, cost_minor, weight_grams)
 SELECT uuidv7(), made.id, position, variant_id, sku, title, variant_title, quantity, 'EUR', unit, unit * quantity,
  cost, weight FROM made, wanted),
step AS (
 INSERT INTO order_transition (id, order_id, machine, action, from_state, to_state, actor_kind, happened_at)
 SELECT uuidv7(), id, 'ORDER', 'PLACE', '', 'PENDING', 'account', now() FROM made),
locked AS MATERIALIZED (
 SELECT s.id, w.quantity, s.on_hand - s.reserved - s.damaged - s.held + s.backorder_limit >= w.quantity AS fits
 FROM stock s JOIN (SELECT variant_id, sum(quantity)::int AS quantity FROM wanted GROUP BY variant_id) w
  USING (variant_id) WHERE s.variant_id = ANY(ARRAY(SELECT variant_id FROM wanted)) ORDER BY s.id FOR UPDATE OF s),
granted AS (SELECT * FROM locked WHERE (SELECT bool_and(fits) FROM locked)),
held AS (
 INSERT INTO reservation (id, stock_id, quantity, state, holder_kind, holder_id, expires_at, created_at)
 SELECT uuidv7(), g.id, quantity, 'HELD', 'order', made.id, now() + interval '30 minutes', now() FROM granted g, made
 RETURNING id),
moved AS (
 INSERT INTO stock_movement (id, stock_id, kind, reserved, reference_kind, reference_id, actor_kind, happened_at)
 SELECT uuidv7(), g.id, 'RESERVATION', quantity, 'order', made.id, 'account', now() FROM granted g, made),
planned AS (
 INSERT INTO platform.job (id, shop_schema, kind, name, payload, state, run_at, attempts, failures, max_attempts,
  created_at, request_id)
 SELECT uuidv7(), current_schema(), 'general', 'catalog.expire_reservations', '{}', 'QUEUED',
  now() + interval '30 minutes', 0, 0, 5, now(), 'bare' FROM made),
told AS (
 INSERT INTO event (id, name, subject_id, payload, actor_kind, request_id, happened_at)
 SELECT uuidv7(), 'OrderPlaced', id, jsonb_build_object('order_id', id, 'number', number, 'channel', 'web',
  'total_minor', $6::bigint, 'currency', 'EUR'), 'account', 'bare', now() FROM made RETURNING id),
telling AS (
 INSERT INTO platform.job (id, shop_schema, kind, name, payload, dedupe_key, state, run_at, attempts, failures,
  max_attempts, priority, is_ready, created_at, request_id)
 SELECT uuidv7(), current_schema(), kind, name, jsonb_build_object('event_id', told.id), dedupe_key, 'QUEUED',
  now() + wait, 0, 0, 5, 1, wait = '0', now(), 'bare'
 FROM told, (VALUES ('notifications', 'notifications.fan_out', NULL, interval '0'), ('general', 'orders.plan_reminder',
  'bare ' || date_trunc('minute', now()), interval '1 minute')) AS wanted (kind, name, dedupe_key, wait)
 ON CONFLICT DO NOTHING)
SELECT json_build_object('data', json_build_object('orderPlace', json_build_object('order', json_build_object(
 'id', made.id, 'number', made.number), 'userErrors', json_build_array())))::text, (SELECT count(*) FROM held)
FROM made"""


async def _keep(connection: Any) -> None:
    """No reset: the limit pays for nothing it does not need."""


async def _place(connection: Any, wish: dict[str, Any]) -> str:
    email = wish["buyer"]["email"]
    buyer = await connection.fetchval(BUYER, email) or await connection.fetchval(NEW_BUYER, email)
    rows = {row["id"]: row for row in await connection.fetch(PRICES, [each["variantId"] for each in wish["lines"]])}
    lines = [_line(n, rows[UUID(each["variantId"])], each) for n, each in enumerate(wish["lines"])]
    total = sum(each["unit"] * each["quantity"] for each in lines)
    steps = [{"step": "UNIT", "title": each["title"], "minor": each["unit"] * each["quantity"]} for each in lines]
    texts = [orjson.dumps(each).decode() for each in (wish["shippingAddress"], steps, lines)]
    hashed = wish["externalId"].encode()
    answer, held = await connection.fetchrow(
        PLACE, wish["externalId"], hashed, buyer, email, texts[0], total, texts[1], texts[2]
    )
    if held < len(lines):
        raise RuntimeError("not enough")
    return str(answer)


def _line(n: int, row: Any, wish: dict[str, Any]) -> dict[str, Any]:
    return {
        "position": n,
        "variant_id": str(row["id"]),
        "sku": row["sku"],
        "title": row["title"],
        "variant_title": row["variant_title"],
        "quantity": wish["quantity"],
        "unit": row["price_minor"],
        "cost": row["cost_minor"],
        "weight": row["weight_grams"],
    }


def create_app() -> Starlette:
    pools: list[Any] = []

    async def place(request: Request) -> Response:
        wish = orjson.loads(await request.body())
        async with pools[0].acquire() as connection, connection.transaction():
            answer = await _place(connection, wish)
        return Response(answer, media_type="application/json")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        settings = {"search_path": os.environ["BARE_SCHEMA"], "jit": "off"}
        url = os.environ["STOA_DATABASE_URL"]
        async with asyncpg.create_pool(url, min_size=8, max_size=8, server_settings=settings, reset=_keep) as pool:
            pools.append(pool)
            yield

    return Starlette(routes=[Route("/orders", place, methods=["POST"])], lifespan=lifespan)
