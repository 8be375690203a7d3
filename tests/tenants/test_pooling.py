"""A shop is served by the connection that knows it best."""

from __future__ import annotations

from typing import Any

from stoa.settings import Settings
from stoa.tenants.context import ShopRef, open_shop
from stoa.tenants.database import shop_client
from tests.tenants.pools import backend, pools_of


async def test_a_shop_comes_back_to_the_connection_that_served_it(
    settings: Settings, many_shops: list[ShopRef]
) -> None:
    async with pools_of(settings, shop_pool=4):
        first: dict[str, int] = {}
        held: list[Any] = []
        for shop in many_shops[:4]:  # four at once: each gets a connection of its own
            with open_shop(shop):
                held.append((shop, shop_client().acquire_connection()))
                connection = await held[-1][1].__aenter__()
                first[shop.schema] = connection.get_server_pid()
        for shop, wrapper in held:
            with open_shop(shop):
                await wrapper.__aexit__(None, None, None)
        assert len(set(first.values())) == 4

        for _ in range(3):
            for shop in reversed(many_shops[:4]):
                with open_shop(shop):
                    assert await backend() == first[shop.schema]


async def test_new_shops_are_spread_over_the_connections(settings: Settings, many_shops: list[ShopRef]) -> None:
    async with pools_of(settings, shop_pool=4):
        served: dict[int, int] = {}
        for shop in many_shops[:40]:
            with open_shop(shop):
                pid = await backend()
                served[pid] = served.get(pid, 0) + 1

    assert sorted(served.values()) == [10, 10, 10, 10]


async def test_every_shops_statements_keep_their_plans(settings: Settings, many_shops: list[ShopRef]) -> None:
    statement = "SELECT count(*) FROM product WHERE title = $1"
    async with pools_of(settings, shop_pool=1):
        for shop in many_shops[:5]:
            with open_shop(shop):
                async with shop_client().acquire_connection() as connection:
                    await connection.fetchval(statement, "x")
        with open_shop(many_shops[0]):
            async with shop_client().acquire_connection() as connection:
                kept = [s.query for s in connection._con._stmt_cache.iter_statements() if s.query.startswith(statement)]

    assert sorted(kept) == sorted(f"{statement}\n--{shop.schema}" for shop in many_shops[:5])
