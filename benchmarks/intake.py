"""Orders of three lines through the API against a hand-written transaction of the same writes."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import statistics
import sys
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from benchmarks import loading
from benchmarks.engines import benched
from benchmarks.printing import figure
from benchmarks.read_path import prepare
from stoa.kit.ids import type_id
from stoa.settings import Settings
from stoa.tenants.connecting import owner_connection

PLACE = """mutation ($input: OrderPlaceInput!) {
  orderPlace(input: $input) { order { id number } userErrors { code message path } } }"""
PRODUCTS, BUYERS = 2_000, 500
ADDRESS = {"name": "Zeno", "line1": "Stoa Poikile 1", "city": "Athens", "postcode": "10555", "country": "GR"}


async def run(*, short: bool = False) -> bool:
    seconds, rounds = (1.5, 3) if short else (4.0, 7)
    async with benched(STOA_POINTS_CAPACITY="1e15", STOA_POINTS_PER_SECOND="1e12") as settings:
        [shop], caller = await prepare(settings, [PRODUCTS])
        os.environ["BARE_SCHEMA"] = shop.schema
        async with owner_connection(settings) as owner:
            variants = await _plenty(owner, shop.schema)
        numbers = itertools.count()

        def mutations() -> Iterator[bytes]:
            for number in numbers:
                yield caller.query(shop, PLACE, input=_wish(variants, number, "O", shown=True))

        def statements() -> Iterator[bytes]:
            for number in numbers:
                yield loading.request("/orders", json.dumps(_wish(variants, number, "B", shown=False)).encode(), {})

        async with (
            loading.serving("stoa.app:create_app") as ours,
            loading.serving("benchmarks.bare_orders:create_app") as bare,
        ):
            pairs = []
            for _ in range(rounds + 1):
                rate = await loading.load(ours, mutations(), seconds=seconds)
                pairs.append((rate, await loading.load(bare, statements(), seconds=seconds)))
                await _analyze(settings, shop.schema)
        async with owner_connection(settings) as owner:
            await _check(owner, shop.schema)
    rate, limit = (statistics.median(column) for column in zip(*pairs[1:], strict=True))
    ratio = statistics.median(our_rate / bare_rate for our_rate, bare_rate in pairs[1:])
    against = f"{rate:.0f} against {limit:.0f} /s"
    return figure("intake", "orders_of_3_lines", ratio, "of the hand-written transaction", ">= 0.33", against)


def _wish(variants: list[UUID], number: int, prefix: str, *, shown: bool) -> dict[str, Any]:
    picked = [variants[(number * 3 + i) % len(variants)] for i in range(3)]
    return {
        "channel": "web",
        "externalId": f"{prefix}-{number}",
        "buyer": {"email": f"buyer-{number % BUYERS}@bench.example"},
        "shippingAddress": ADDRESS,
        "lines": [
            {"variantId": type_id("var", id) if shown else str(id), "quantity": 1 + i} for i, id in enumerate(picked)
        ],
    }


async def _plenty(owner: Any, schema: str) -> list[UUID]:
    """A million of each variant; all of them."""
    async with owner.transaction():
        await owner.execute(f'SET LOCAL search_path TO "{schema}"')
        await owner.execute(
            "INSERT INTO stock_movement (id, stock_id, kind, on_hand, actor_kind, happened_at) "
            "SELECT uuidv7(), id, 'RECEIPT', 1000000, 'system', now() FROM stock"
        )
    await owner.execute(f'VACUUM ANALYZE "{schema}".stock')
    return [row["id"] for row in await owner.fetch(f'SELECT id FROM "{schema}".variant ORDER BY md5(id::text)')]


async def _analyze(settings: Settings, schema: str) -> None:
    """What autovacuum does within a minute: both sides' plans were made when there was not one order."""
    async with owner_connection(settings) as owner:
        for table in ("sales_order", "order_line", "customer", "customer_identity", "reservation"):
            await owner.execute(f'ANALYZE "{schema}".{table}')


async def _check(owner: Any, schema: str) -> None:
    """Both ways have written whole orders, of the same rows."""
    for prefix in "OB":
        counted = await owner.fetchrow(
            f"""SELECT count(*) AS orders, bool_and((SELECT count(*) FROM "{schema}".order_line l
              WHERE l.order_id = o.id) = 3) AS lines, bool_and((SELECT count(*) FROM "{schema}".reservation r
              WHERE r.holder_id = o.id) = 3) AS held, bool_and((SELECT count(*) FROM "{schema}".stock_movement m
              WHERE m.reference_id = o.id) = 3) AS moved, bool_and((SELECT count(*) FROM "{schema}".event e
              WHERE e.subject_id = o.id) = 1) AS told, bool_and((SELECT count(*) FROM "{schema}".order_transition t
              WHERE t.order_id = o.id) = 1) AS steps, bool_and(customer_id IS NOT NULL) AS buyers
            FROM (SELECT * FROM "{schema}".sales_order WHERE external_id LIKE '{prefix}-%' ORDER BY id LIMIT 500) o"""
        )
        assert counted["orders"] and all(list(counted)[1:]), (prefix, dict(counted))
    told, telling = await owner.fetchrow(
        f"""SELECT (SELECT count(*) FROM "{schema}".event WHERE name = 'OrderPlaced'), (SELECT count(*)
          FROM platform.job WHERE shop_schema = $1 AND name = 'notifications.fan_out')""",
        schema,
    )
    assert told == telling, (told, telling)  # somebody will be told of each


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run(short="--short" in sys.argv)) else 1)
