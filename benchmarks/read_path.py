"""Reading products through every floor (sign-in, shop, rights, cost, planner) against the limit."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks import loading
from benchmarks.engines import benched
from benchmarks.filling import fill
from benchmarks.printing import figure
from stoa.kit.ids import new_id, parse_type_id, type_id
from stoa.settings import Settings
from stoa.tenants import access
from stoa.tenants.access.browsing import CSRF_HEADER, cookie_name
from stoa.tenants.connecting import connect, disconnect, owner_connection
from stoa.tenants.context import ShopRef
from stoa.tenants.models import Membership
from stoa.tenants.provisioning import provisioner

_FIELDS = (
    "id title handle status category { id name } firstImage { url alt } "
    "variants(first: 3) { nodes { id sku title price { amount currency } onHand } }"
)
LIST = f"query {{ products(first: 50) {{ nodes {{ {_FIELDS} }} }} }}"
ONE = f"query ($id: ID!) {{ product(id: $id) {{ {_FIELDS} }} }}"
PRODUCTS, TIMES_LARGER, SHOPS = 200, 100, 200


class Caller:
    """A signed-in browser's requests."""

    def __init__(self, secret: str, csrf: str, origin: str) -> None:
        self.headers = {"Cookie": f"{cookie_name(is_secure=False)}={secret}", CSRF_HEADER: csrf, "Origin": origin}

    def query(self, shop: ShopRef, query: str, **variables: Any) -> bytes:
        body = json.dumps({"query": query, "variables": variables}).encode()
        return loading.request("/graphql", body, self.headers | {"Stoa-Shop": type_id("shop", shop.id)})


async def run(*, short: bool = False) -> bool:
    limits = {"STOA_POINTS_CAPACITY": "1e15", "STOA_POINTS_PER_SECOND": "1e12"}
    async with benched(**limits) as settings:
        sizes = [PRODUCTS, PRODUCTS * TIMES_LARGER, *[PRODUCTS] * (40 if short else SHOPS)]
        shops, caller = await prepare(settings, sizes)
        small, large, *others = shops
        os.environ["BARE_SCHEMA"] = small.schema
        async with (
            loading.serving("stoa.app:create_app") as ours,
            loading.serving("benchmarks.bare:create_app") as bare,
        ):
            return await _measure(ours, bare, caller, small, large, others, 1.0 if short else 4.0, 3 if short else 7)


async def _measure(
    ours: int,
    bare: int,
    caller: Caller,
    small: ShopRef,
    large: ShopRef,
    others: list[ShopRef],
    seconds: float,
    rounds: int,
) -> bool:
    listing = [caller.query(small, LIST)]
    answer = json.loads(await loading.ask(ours, listing[0]))
    ids = [node["id"] for node in answer["data"]["products"]["nodes"]]
    one = [caller.query(small, ONE, id=id) for id in ids]
    bare_list = [loading.request("/products", b"", {}, "GET")]
    bare_one = [loading.request(f"/products/{parse_type_id(id)}", b"", {}, "GET") for id in ids]
    same_data(answer, json.loads(await loading.ask(bare, bare_list[0])))

    async def compare(a: tuple[int, Any], b: tuple[int, Any]) -> tuple[float, float, float]:
        """Requests a second of both, taken in turns, and the median of their ratio."""
        pairs = [
            (await loading.load(*a, seconds=seconds), await loading.load(*b, seconds=seconds))
            for _ in range(rounds + 1)
        ][1:]  # the first is for warming up
        return (
            statistics.median(x for x, _ in pairs),
            statistics.median(y for _, y in pairs),
            statistics.median(x / y for x, y in pairs),
        )

    good = True
    for name, ours_asks, bare_asks, goal in (("list", listing, bare_list, ">= 0.5"), ("one", one, bare_one, ">= 0.4")):
        rate, limit, ratio = await compare((ours, ours_asks), (bare, bare_asks))
        good &= figure("read_path", f"{name}_of_limit", ratio, "ratio", goal, f"{rate:.0f} of {limit:.0f} requests/s")
    rate, base, ratio = await compare((ours, listing), (ours, [caller.query(large, LIST)]))
    good &= figure(
        "read_path",
        f"time_in_a_shop_{TIMES_LARGER}x_larger",
        ratio,
        "ratio",
        "<= 1.3",
        f"{base:.0f} against {rate:.0f} requests/s",
    )
    spread = [caller.query(shop, LIST) for shop in others]
    rate, base, ratio = await compare((ours, listing), (ours, spread))
    good &= figure(
        "read_path",
        f"time_over_{len(others)}_shops",
        ratio,
        "ratio",
        "<= 1.2",
        f"{base:.0f} against {rate:.0f} requests/s",
    )
    return good


def same_data(ours: Any, bare: Any) -> None:
    """Both must say the same, but for how an id is written."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: str(parse_type_id(v)) if k == "id" and "_" in v else plain(v) for k, v in value.items()}
        return [plain(each) for each in value] if isinstance(value, list) else value

    assert plain(ours["data"]) == bare["data"]


async def prepare(settings: Settings, sizes: Sequence[int]) -> tuple[list[ShopRef], Caller]:
    """Shops of so many products each, and somebody who owns them all."""
    made = []
    async with owner_connection(settings) as owner:
        for i, products in enumerate(sizes):
            shop = await provisioner(settings).create(f"Shop {i}", currency="EUR", time_zone="UTC")
            await fill(owner, shop, products)
            made.append(shop)
    await connect(settings)
    try:
        account = await access.sign_up("owner@bench.example", f"bench-{new_id().hex}", name="Bench")
        await Membership.bulk_create(
            [Membership(account_id=account.id, shop_id=shop.id, role="OWNER") for shop in made]
        )
        signed_in = await access.start_session(account, address="127.0.0.1", user_agent="bench")
    finally:
        await disconnect()
    return made, Caller(signed_in.secret, signed_in.csrf_token, settings.public_url)


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run(short="--short" in sys.argv)) else 1)
