"""Pools of a test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tortoise.context import TortoiseContext

from stoa.settings import Settings
from stoa.tenants.connecting import tortoise_config
from stoa.tenants.database import shop_client

SHOPS = 200


@asynccontextmanager
async def pools_of(settings: Settings, **changes: Any) -> AsyncIterator[None]:
    """Pools of their own for one test."""
    async with TortoiseContext() as context:
        await context.init(config=tortoise_config(Settings(**settings.model_dump() | changes)))
        yield


async def backend() -> int:
    return int((await shop_client().execute_query_dict("SELECT pg_backend_pid() AS pid"))[0]["pid"])
