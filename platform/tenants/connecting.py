"""Connect a process to PostgreSQL: two pools, two logins, and the owner's connection for what builds schemas."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import asyncpg
from tortoise import Tortoise

from stoa.kit.metrics import STATEMENTS
from stoa.settings import Settings
from stoa.tenants import database, live

OWNER_ROLE, SHOP_LOGIN, PLATFORM_LOGIN, ANY_SHOP = (
    "stoa_owner",
    "stoa_shop_login",
    "stoa_platform_login",
    "stoa_any_shop",
)

SHOP_MODELS = [
    "stoa.tenants.shop_models",
    "stoa.tenants.importing.models",
    "stoa.domains.catalog.models",
    "stoa.domains.service.models",
    "stoa.domains.orders.models",
]
PLATFORM_MODELS = [
    "stoa.tenants.models",
    "stoa.tenants.notifying.models",
    "stoa.tenants.reporting.models",
    "stoa.tenants.hooks.models",
    "stoa.tenants.bulk.models",
]
APPS: dict[str, dict[str, Any]] = {
    database.PLATFORM: {
        "models": PLATFORM_MODELS,
        "default_connection": database.PLATFORM,
        "migrations": "stoa.migrations.platform",
    },
    database.SHOP: {
        "models": SHOP_MODELS,
        "default_connection": database.SHOP,
        "migrations": "stoa.migrations.shop",
    },
}
# jit is off because it costs more than it brings on short statements; UTC because days are the shop's business.
SERVER_SETTINGS = {"jit": "off", "timezone": "UTC"}

log = logging.getLogger("stoa.database")


class Unfit(RuntimeError):
    """The database cannot carry Stoa; the sentence says why."""


def login_password(settings: Settings, login: str) -> str:
    """The password of one of our database logins: derived, so that no second secret has to be kept."""
    key = settings.secret_key.get_secret_value().encode()
    return hmac.new(key, b"database login " + login.encode(), hashlib.sha256).hexdigest()


def tortoise_config(settings: Settings) -> dict[str, Any]:
    """What Tortoise is started with: the shop-bound pool and the platform's."""
    shop = _credentials(settings, SHOP_LOGIN, settings.shop_pool) | {
        "connection_class": database.ShopConnection,
        "server_settings": SERVER_SETTINGS | {"application_name": SHOP_LOGIN, "search_path": database.SHOPS_OWN_SCHEMA},
        "setup": database.bind,
        "reset": database.returning(settings.shops_per_connection),
    }
    platform = _credentials(settings, PLATFORM_LOGIN, settings.platform_pool) | {"reset": database.keep}
    engine = database.__name__
    return {
        "connections": {
            database.SHOP: {"engine": engine, "credentials": shop},
            database.PLATFORM: {"engine": engine, "credentials": platform},
        },
        "apps": APPS,
        "use_tz": True,
        "timezone": "UTC",
    }


async def connect(settings: Settings) -> None:
    """Start the pools of this process and its line for live news; `disconnect` ends them.

    Raises `Unfit` or `PoolerInBetween` when shops would not be safe from each other there.
    """
    await _try_out(settings)
    await Tortoise.init(config=tortoise_config(settings), _enable_global_fallback=True)
    live.connect(settings)


async def _try_out(settings: Settings) -> None:
    connection = await asyncpg.connect(**_address(settings, SHOP_LOGIN))
    try:
        await database.refuse_pooler(connection)
        await refuse_open_door(connection)
    finally:
        await connection.close()


async def refuse_open_door(connection: Any) -> None:
    """The one function by which a SELECT could change its shop must be closed, whoever restored this database."""
    open_door = "SELECT has_function_privilege($1, 'pg_catalog.set_config(text,text,boolean)', 'EXECUTE')"
    if await connection.fetchval(open_door, SHOP_LOGIN):
        raise Unfit(
            "set_config() can still be called by everybody, which would let a query change its shop. "
            "Run as the database's superuser: REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) "
            "FROM PUBLIC;"
        )


async def disconnect() -> None:
    """Close the pools and the line; waits for what is under way."""
    await live.disconnect()
    await Tortoise.close_connections()


@asynccontextmanager
async def owner_connection(settings: Settings) -> AsyncIterator[Any]:
    """A connection as the owner of the database: for migrating, provisioning and dropping shops only."""
    connection = await asyncpg.connect(settings.database_url.get_secret_value(), server_settings=SERVER_SETTINGS)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def listening_connection(settings: Settings) -> AsyncIterator[Any]:
    """A connection of the platform's login outside the pools: LISTEN needs one that is never given back."""
    connection = await asyncpg.connect(**_address(settings, PLATFORM_LOGIN))
    try:
        await database.refuse_pooler(connection)
        yield connection
    finally:
        await connection.close(timeout=5)  # seconds; it may be dead


def _credentials(settings: Settings, login: str, size: int) -> dict[str, Any]:
    return _address(settings, login) | {
        "minsize": 0,
        "maxsize": size,
        "init": _watched(settings.slow_query_ms / 1000),
        "statement_cache_size": settings.statements_per_connection,
    }


def _address(settings: Settings, login: str) -> dict[str, Any]:
    url = urlsplit(settings.database_url.get_secret_value())
    options = dict(parse_qsl(url.query))
    return {
        "host": url.hostname or options.get("host", "127.0.0.1"),
        "port": url.port or 5432,
        "user": login,
        "password": login_password(settings, login),
        "database": unquote(url.path.lstrip("/")) or "postgres",
        "ssl": options.get("sslmode"),
        "server_settings": SERVER_SETTINGS | {"application_name": login},
        "connection_class": database.QuietConnection,
    }


def _watched(slow_after: float) -> Any:
    """A pool's `init`: refuse a pooler, and log statements slower than `slow_after` seconds (without their values)."""

    def note(record: Any) -> None:
        STATEMENTS.observe(record.elapsed)
        if record.elapsed >= slow_after:
            log.warning(
                "slow query", extra={"milliseconds": round(record.elapsed * 1000), "statement": record.query[:2000]}
            )

    async def init(connection: Any) -> None:
        await database.refuse_pooler(connection)
        connection.add_query_logger(note)

    return init


# For `make migrations`, which compares the models with the migration files and needs no database.
TORTOISE_ORM = {
    "connections": dict.fromkeys((database.SHOP, database.PLATFORM), "asyncpg://nobody@localhost/nothing"),
    "apps": APPS,
}
