"""Creating a product with three variants through the API against one hand-written SQL statement of the same rows."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import statistics
import sys
from collections.abc import Iterator

from benchmarks import loading
from benchmarks.engines import benched
from benchmarks.printing import figure
from benchmarks.read_path import prepare
from stoa.tenants.connecting import owner_connection

MUTATION = (
    "mutation ($input: ProductCreateInput!) { productCreate(input: $input) { product { id } userErrors { message } } }"
)
PRODUCTS = 2_000


async def run(*, short: bool = False) -> bool:
    seconds, rounds = (1.0, 3) if short else (4.0, 7)
    async with benched(STOA_POINTS_CAPACITY="1e15", STOA_POINTS_PER_SECOND="1e12") as settings:
        [shop], caller = await prepare(settings, [PRODUCTS])
        os.environ["BARE_SCHEMA"] = shop.schema
        numbers = itertools.count()

        def mutations() -> Iterator[bytes]:
            for number in numbers:
                yield caller.query(shop, MUTATION, input=_product(number))

        def statements() -> Iterator[bytes]:
            for number in numbers:
                yield loading.request(
                    "/products", json.dumps({"title": f"Bench cup {number}", "number": number}).encode(), {}
                )

        async with (
            loading.serving("stoa.app:create_app") as ours,
            loading.serving("benchmarks.bare:create_app") as bare,
        ):
            pairs = []
            for _ in range(rounds + 1):
                rate = await loading.load(ours, mutations(), seconds=seconds)
                pairs.append((rate, await loading.load(bare, statements(), seconds=seconds)))
        async with owner_connection(settings) as owner:
            await _check(owner, shop.schema)
    rate, limit = (statistics.median(column) for column in zip(*pairs[1:], strict=True))
    ratio = statistics.median(bare_rate / our_rate for our_rate, bare_rate in pairs[1:])
    return figure(
        "write_path", "create_product", ratio, "times the statement", "<= 2", f"{rate:.0f} against {limit:.0f} /s"
    )


def _product(number: int) -> dict[str, object]:
    variants = [
        {"title": f"Size {i}", "sku": f"B{number}-{i}", "price": {"amount": "19.90", "currency": "EUR"}, "onHand": 5}
        for i in range(3)
    ]
    return {"title": f"Bench cup {number}", "status": "DRAFT", "variants": variants}


async def _check(owner: object, schema: str) -> None:
    """Both ways have written whole products, and nothing else."""
    whole = await owner.fetchval(  # type: ignore[attr-defined]
        f'SELECT bool_and(n = 3) FROM (SELECT count(s.variant_id) n FROM "{schema}".product p '
        f'LEFT JOIN "{schema}".variant v ON v.product_id = p.id LEFT JOIN "{schema}".stock s ON s.variant_id = v.id '
        "GROUP BY p.id) counted"
    )
    assert whole, "products without their three variants and stocks"
    priced = await owner.fetchval(  # type: ignore[attr-defined]
        f'SELECT (SELECT count(*) FROM "{schema}".price_change) = (SELECT count(*) FROM "{schema}".variant)'
    )
    assert priced, "variants without the beginning of their prices' history"


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run(short="--short" in sys.argv)) else 1)
