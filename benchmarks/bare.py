"""The limit: bare Starlette and asyncpg that send PostgreSQL's own JSON of the same data, and ask nobody who it is."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_PRODUCT = """json_build_object('id', p.id, 'title', p.title, 'handle', p.handle, 'status', p.status,
 'category', (SELECT json_build_object('id', c.id, 'name', c.name) FROM category c WHERE c.id = p.category_id),
 'firstImage', (SELECT json_build_object('url', i.url, 'alt', i.alt) FROM image i WHERE i.product_id = p.id
   ORDER BY i.position, i.id LIMIT 1),
 'variants', json_build_object('nodes', (SELECT coalesce(json_agg(json_build_object('id', v.id, 'sku', v.sku,
   'title', v.title, 'price', json_build_object('amount', (v.price_minor / 100.0)::numeric(12, 2)::text,
   'currency', v.currency), 'onHand', (SELECT sum(s.on_hand) FROM stock s WHERE s.variant_id = v.id))), '[]')
   FROM (SELECT * FROM variant v WHERE v.product_id = p.id ORDER BY v.position, v.id LIMIT 3) v)))"""
LIST = f"""SELECT json_build_object('data', json_build_object('products', json_build_object('nodes',
 coalesce(json_agg({_PRODUCT}), '[]'))))::text FROM (SELECT * FROM product p ORDER BY p.id LIMIT $1) p"""
ONE = f"""SELECT json_build_object('data', json_build_object('product', {_PRODUCT}))::text
 FROM product p WHERE p.id = $1"""

ORDERS = """SELECT json_build_object('data', json_build_object('orders', json_build_object('nodes',
 coalesce(json_agg(json_build_object('id', o.id, 'number', o.number, 'state', o.state,
  'paymentState', o.payment_state, 'fulfilmentState', o.fulfilment_state,
  'subtotal', json_build_object('amount', (o.subtotal_minor / 100.0)::numeric(14, 2)::text, 'currency', o.currency),
  'total', json_build_object('amount', (o.total_minor / 100.0)::numeric(14, 2)::text, 'currency', o.currency),
  'customer', (SELECT json_build_object('id', c.id, 'name', c.name) FROM customer c WHERE c.id = o.customer_id),
  'lines', json_build_object('nodes', (SELECT coalesce(json_agg(json_build_object('id', l.id, 'sku', l.sku,
   'title', l.title, 'quantity', l.quantity, 'total', json_build_object(
   'amount', (l.total_minor / 100.0)::numeric(14, 2)::text, 'currency', l.currency))), '[]')
   FROM (SELECT * FROM order_line l WHERE l.order_id = o.id ORDER BY l.position, l.id LIMIT 3) l)))), '[]'))))::text
 FROM (SELECT * FROM sales_order o ORDER BY o.id DESC LIMIT $1) o"""

CREATE = """WITH p AS (
 INSERT INTO product (id, title, handle, description, status, search_text, version, created_at, updated_at)
 VALUES (uuidv7(), $1::text, 'bare-' || $2, '', 'ACTIVE', lower($1::text), 1, now(), now()) RETURNING id),
v AS (
 INSERT INTO variant (id, product_id, title, sku, currency, price_minor, position, version, created_at)
 SELECT uuidv7(), p.id, 'Size ' || i, 'bare-' || $2 || '-' || i, 'EUR', 1990, i, 1, now()
 FROM p, generate_series(0, 2) i RETURNING id),
s AS (
 INSERT INTO stock (id, variant_id, location_id) SELECT uuidv7(), id, (SELECT id FROM location WHERE is_main) FROM v
 RETURNING id),
m AS (
 INSERT INTO stock_movement (id, stock_id, kind, on_hand, reason, actor_kind, happened_at)
 SELECT uuidv7(), id, 'ADJUSTMENT', 5, 'first stock', 'account', now() FROM s),
e AS (
 INSERT INTO event (id, name, subject_id, payload, actor_kind, request_id, happened_at)
 SELECT uuidv7(), 'catalog.product_created', p.id, json_build_object('product_id', p.id)::jsonb, 'account', 'bare',
  now()
 FROM p)
SELECT json_build_object('data', json_build_object('productCreate', json_build_object('product',
 json_build_object('id', p.id), 'userErrors', json_build_array())))::text FROM p"""


async def _keep(connection: Any) -> None:
    """No reset: the limit pays for nothing it does not need."""


def create_app() -> Starlette:
    pools: list[Any] = []

    async def answer(sql: str, *values: Any) -> Response:
        async with pools[0].acquire() as connection:
            return Response(await connection.fetchval(sql, *values), media_type="application/json")

    async def products(request: Request) -> Response:
        return await answer(LIST, 50)

    async def product(request: Request) -> Response:
        return await answer(ONE, request.path_params["id"])

    async def orders(request: Request) -> Response:
        return await answer(ORDERS, 50)

    async def create(request: Request) -> Response:
        wish = await request.json()
        return await answer(CREATE, wish["title"], str(wish["number"]))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        settings = {"search_path": os.environ["BARE_SCHEMA"], "jit": "off"}
        url = os.environ["STOA_DATABASE_URL"]
        async with asyncpg.create_pool(url, min_size=8, max_size=8, server_settings=settings, reset=_keep) as pool:
            pools.append(pool)
            yield

    routes = [
        Route("/products", products),
        Route("/products", create, methods=["POST"]),
        Route("/products/{id}", product),
        Route("/orders", orders),
    ]
    return Starlette(routes=routes, lifespan=lifespan)
