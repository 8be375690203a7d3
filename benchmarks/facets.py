"""A list of 50 products with facet counts, in a shop of 100,000 variants, against the list alone.

Warm: nothing has changed since they were counted. Cold: a product changes before every request.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from typing import Any

from benchmarks import loading
from benchmarks.engines import benched
from benchmarks.printing import figure
from benchmarks.read_path import _FIELDS, Caller, prepare
from stoa.kit.ids import type_id
from stoa.settings import Settings
from stoa.tenants.connecting import owner_connection
from stoa.tenants.context import ShopRef

PRODUCTS = 33_334
ARGUMENTS, GIVEN = "where: $where, search: $search", "($where: ProductWhere, $search: String)"
FACETS = (
    f"productFacets({ARGUMENTS}) {{ total statuses {{ status count }} categories {{ id label count }} "
    "tags { id label count } attributes { key label values { value label count } } "
    "prices { atLeast { amount } count } }"
)
PRODUCTS_OF = f"products(first: 50, {ARGUMENTS}) {{ nodes {{ {_FIELDS} }} }}"
LIST, BOTH = f"query {GIVEN} {{ {PRODUCTS_OF} }}", f"query {GIVEN} {{ {PRODUCTS_OF} {FACETS} }}"
CHANGE = "UPDATE product SET updated_at = clock_timestamp() WHERE handle = 'product-77'"


async def run(*, short: bool = False) -> bool:
    seconds, rounds = (1.0, 3) if short else (3.0, 7)
    async with benched(STOA_POINTS_CAPACITY="1e15", STOA_POINTS_PER_SECOND="1e12") as settings:
        [shop], caller = await prepare(settings, [PRODUCTS])
        filters = await _filters(settings, shop)
        good = await _fresh(caller, shop)
        async with loading.serving("stoa.app:create_app") as port:
            alone, both = caller.query(shop, LIST), caller.query(shop, BOTH)
            await loading.ask(port, both)
            pairs = [
                (await loading.load(port, [alone], seconds=seconds), await loading.load(port, [both], seconds=seconds))
                for _ in range(rounds + 1)
            ][1:]
            rate, narrowed = (statistics.median(column) for column in zip(*pairs, strict=True))
            ratio = statistics.median(x / y for x, y in pairs)
            against = f"{narrowed:.0f} against {rate:.0f} requests/s; nothing changed since they were counted"
            good &= figure("facets", "warm", ratio, "times the list", "< 3", against)
            for name, given in filters.items():
                good &= await _cold(settings, shop, port, caller, name, given, 15 if short else 60)
    return good


async def _filters(settings: Settings, shop: ShopRef) -> dict[str, dict[str, Any]]:
    async with owner_connection(settings) as owner:
        category = await owner.fetchval(f'SELECT id FROM "{shop.schema}".category ORDER BY id LIMIT 1')
    material = {"attribute": {"key": {"eq": "material"}}, "text": {"eq": "material 7"}}
    return {
        "no_filter": {},
        "one_category": {"where": {"category": {"id": {"eq": type_id("cat", category)}}}},
        "one_value": {"where": {"attributes": {"some": material}}},
        "a_search": {"search": "number 77"},
        "a_search_of_much": {"search": "product 7"},
        "on_sale": {"where": {"status": {"eq": "ACTIVE"}}},
    }


async def _fresh(caller: Caller, shop: ShopRef) -> bool:
    """The first counts of a process that has answered the list alone before."""
    async with loading.serving("stoa.app:create_app") as port:
        for _ in range(5):
            await loading.ask(port, caller.query(shop, LIST))
        began = time.perf_counter()
        answer = json.loads(await loading.ask(port, caller.query(shop, BOTH)))
        first = time.perf_counter() - began
    assert answer["data"]["productFacets"]["total"] == PRODUCTS
    return figure("facets", "first_of_a_process", first * 1000, "ms", "", "connections and statements are new too")


async def _cold(
    settings: Settings, shop: ShopRef, port: int, caller: Caller, name: str, given: dict[str, Any], rounds: int
) -> bool:
    """One request at a time, a change before each; the list is narrowed alike in both."""
    alone, both = (caller.query(shop, query, **given) for query in (LIST, BOTH))
    took: dict[bytes, list[float]] = {alone: [], both: []}
    async with owner_connection(settings) as owner:
        await owner.execute(f'SET search_path TO "{shop.schema}"')
        for _ in range(rounds + 5):
            for message, times in took.items():
                await owner.execute(CHANGE)
                began = time.perf_counter()
                await loading.ask(port, message)
                times.append(1000 * (time.perf_counter() - began))
    base, with_facets = (statistics.median(times[5:]) for times in took.values())
    against = f"{with_facets:.1f} ms against {base:.1f} ms, a product changed before each"
    goal = "" if given else "< 3"  # the figure asked for is of the whole shop; what parts of it cost is told beside it
    return figure("facets", f"cold_{name}", with_facets / base, "times the list", goal, against)


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run(short="--short" in sys.argv)) else 1)
