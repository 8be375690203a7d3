"""A small fleet, made once for the session."""

from __future__ import annotations

import asyncio

import pytest

from stoa.domains.catalog.models import Category
from stoa.tenants.context import ShopRef, open_shop
from tests import make
from tests.tenants.pools import SHOPS


@pytest.fixture(scope="session")
async def many_shops(database: None) -> list[ShopRef]:
    """200 shops, each with one category that is named after the shop's schema."""
    at_once = asyncio.Semaphore(4)

    async def found(number: int) -> ShopRef:
        async with at_once:
            shop = await make.shop(f"Stall {number}")
            with open_shop(shop):
                await Category.create(name=shop.schema, name_key=shop.schema)
            return shop

    return list(await asyncio.gather(*(found(number) for number in range(SHOPS))))
