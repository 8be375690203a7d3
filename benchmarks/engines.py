"""Engines and a database of its own for a benchmark: the embedded ones, durable, as in production."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from stoa.kit import embedded
from stoa.settings import Settings, settings
from stoa.tenants.migrating import migrate

SECRET_KEY = "stoa-development-secret-key-000000000000"


@asynccontextmanager
async def benched(**more: str) -> AsyncIterator[Settings]:
    """Settings of a fresh, migrated database, also in the environment for processes that the benchmark starts."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stoa-bench-")))
        database_url = os.environ.get("STOA_TEST_DATABASE_URL")
        redis_url = os.environ.get("STOA_TEST_REDIS_URL")
        if not database_url or not redis_url:
            engines = stack.enter_context(embedded.start(folder / "engines"))
            database_url, redis_url = engines.database_url, engines.redis_url
        name = f"bench_{secrets.token_hex(4)}"
        await _on(database_url, f"CREATE DATABASE {name}")
        os.environ |= {
            "STOA_DATABASE_URL": urlunsplit(urlsplit(database_url)._replace(path=f"/{name}")),
            "STOA_REDIS_URL": redis_url,
            "STOA_SECRET_KEY": SECRET_KEY,
            "STOA_FILES": str(folder / "files"),
            "STOA_LOG_LEVEL": "WARNING",
            "STOA_SPARE_SHOPS": "0",  # nothing is made beside what is measured
            **more,
        }
        settings.cache_clear()
        try:
            await migrate(settings())
            yield settings()
        finally:
            await _drop(database_url, name)


async def _drop(database_url: str, name: str) -> None:
    own = urlunsplit(urlsplit(database_url)._replace(path=f"/{name}"))
    connection = await asyncpg.connect(own)
    roles = [row[0] for row in await connection.fetch("SELECT schema_name FROM platform.shop")]
    await connection.close()
    await _on(database_url, f"DROP DATABASE {name} WITH (FORCE)")
    for start in range(0, len(roles), 100):
        await _on(database_url, "".join(f'DROP ROLE IF EXISTS "{role}";' for role in roles[start : start + 100]))


async def _on(database_url: str, sql: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
