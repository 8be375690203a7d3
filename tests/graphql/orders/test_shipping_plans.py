"""How PostgreSQL goes about lists of parcels: by an index, however many there are."""

from __future__ import annotations

import pytest

from stoa.domains.orders.models import Shipment
from stoa.graphql.executing import Executor
from stoa.kit.ids import type_id
from stoa.settings import Settings
from stoa.tenants.connecting import owner_connection
from stoa.tenants.context import open_shop
from tests import make
from tests.graphql.asking import Ask
from tests.graphql.reading.test_plans import explain, read_whole, rows_touched

# Each copy of an order and its parcel is one of another time.
FILL = """
SET search_path TO {schema}, extensions;
INSERT INTO sales_order (id, channel, external_id, placed_at, currency, subtotal_minor, total_minor, created_at,
  updated_at, payment_state, state, fulfilment_state, aftersale_state)
SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'web', n, now(), 'EUR', 0, 0, now(), now(), 'PAID',
  'CONFIRMED', 'SHIPPED', 'NONE'
FROM generate_series(1, 4000) n;
INSERT INTO shipment (id, order_id, number, state, currency, carrier, tracking_number, shipped_at, is_late, created_at)
SELECT gen_random_uuid(), o.id, n, CASE WHEN row_number() OVER () % 50 = 0 THEN 'EXCEPTION' ELSE 'DELIVERED' END,
  'EUR', 'sf', 'SF' || row_number() OVER (), now() - interval '1 day' * (row_number() OVER () % 2000), row_number() OVER () % 50 = 1, now()
FROM sales_order o, generate_series(1, 2) n;
ANALYZE sales_order; ANALYZE shipment; ANALYZE shipping_method;
"""


@pytest.fixture(scope="module")
async def full(settings: Settings, database: None, executor: Executor) -> Ask:
    """A shop of 8,000 parcels."""
    shop = await make.shop("Shop of parcels")
    ctx = await make.context(shop)
    async with owner_connection(settings) as owner:
        await owner.execute(FILL.format(schema=shop.schema))
    return Ask(executor, settings, ctx)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("{ shipments(first: 50) { nodes { number state method { name } order { number } } } }", "shipment_pkey"),
        ("{ shipments(first: 50, where: {state: {eq: EXCEPTION}}) { nodes { exception } } }", "shipment_of_state"),
        ("{ shipments(first: 50, where: {isLate: {eq: true}}) { nodes { number } } }", "shipment_late"),
        ('{ shipments(where: {trackingNumber: {eq: "SF77"}}) { nodes { number } } }', "uid_shipment_trackin"),
        ("{ orders(first: 50) { nodes { number shipments { nodes { number tracking { text } } } } } }", "order"),
    ],
)
async def test_parcels_are_read_by_their_index(full: Ask, query: str, index: str) -> None:
    nodes = list(await explain(full, query))

    assert read_whole(iter(nodes)) - {"shipping_method"} == set()
    used = {node.get("Index Name") for node in nodes}
    assert any(index in (name or "") for name in used), used
    assert rows_touched(iter(nodes)) <= 320


async def test_one_order_shows_its_parcels_at_once(full: Ask) -> None:
    with open_shop(full.ctx.shop):
        parcel = await Shipment.all().first()
    assert parcel is not None
    order = type_id("ord", parcel.order_id)  # type: ignore[attr-defined]
    nodes = list(await explain(full, f'{{ order(id: "{order}") {{ shipments {{ nodes {{ number }} }} }} }}'))

    assert rows_touched(iter(nodes)) <= 5
