"""A list of 50 products with facet counts, in a shop of 100,000 variants, against the list alone."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time

from benchmarks import loading
from benchmarks.engines import benched
from benchmarks.printing import figure
from benchmarks.read_path import _FIELDS, prepare

PRODUCTS = 33_334
FACETS = (
    "productFacets { total statuses { status count } categories { id label count } tags { id label count } "
    "attributes { key label values { value label count } } prices { atLeast { amount } count } }"
)
LIST = f"{{ products(first: 50) {{ nodes {{ {_FIELDS} }} }} }}"
BOTH = f"{{ products(first: 50) {{ nodes {{ {_FIELDS} }} }} {FACETS} }}"


async def run(*, short: bool = False) -> bool:
    seconds, rounds = (1.0, 3) if short else (3.0, 7)
    async with benched(STOA_POINTS_CAPACITY="1e15", STOA_POINTS_PER_SECOND="1e12") as settings:
        [shop], caller = await prepare(settings, [PRODUCTS])
        alone, both = caller.query(shop, LIST), caller.query(shop, BOTH)
        async with loading.serving("stoa.app:create_app") as port:
            await loading.ask(port, alone)
            began = time.perf_counter()
            answer = json.loads(await loading.ask(port, both))
            first = time.perf_counter() - began
            assert answer["data"]["productFacets"]["total"] == PRODUCTS
            pairs = [
                (await loading.load(port, [alone], seconds=seconds), await loading.load(port, [both], seconds=seconds))
                for _ in range(rounds + 1)
            ][1:]
    rate, narrowed = (statistics.median(column) for column in zip(*pairs, strict=True))
    figure("facets", "first_count", first * 1000, "ms", "", "nothing kept yet")
    ratio = statistics.median(x / y for x, y in pairs)
    against = f"{narrowed:.0f} against {rate:.0f} requests/s; counts kept until a product changes"
    return figure("facets", "list_with_facets", ratio, "times the list", "< 3", against)


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run(short="--short" in sys.argv)) else 1)
