"""What every test stands on: real engines, one database for the session, and shops made for the test that asks."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import hypothesis
import pytest
from redis.asyncio import Redis

from stoa import settings as settings_module
from stoa.kit import embedded
from stoa.settings import Settings
from stoa.tenants.connecting import connect, disconnect, owner_connection
from stoa.tenants.context import Context, ShopRef, open_shop
from stoa.tenants.migrating import migrate
from tests import make

# The same inputs in every run, so that a red run is about the change at hand. `make fuzz` looks for new ones.
hypothesis.settings.register_profile("repeatable", derandomize=True, database=None)
hypothesis.settings.register_profile("exploring", derandomize=False, print_blob=True)
hypothesis.settings.load_profile("repeatable")

FOLDER = "stoa-tests-"
ROOM_FOR_SHOPS = 18 * 2**30  # bytes: all processes together take some 15
# Roles and their passwords belong to the whole server: everybody who shares one derives them from the same key.
SECRET_KEY = "stoa-development-secret-key-000000000000"


@dataclass(frozen=True)
class Addresses:
    """Of the engines under test; PostgreSQL's is a superuser's. `are_ours`: PostgreSQL goes away with the tests."""

    database_url: str
    redis_url: str
    are_ours: bool = False


@pytest.fixture(scope="session")
def engines() -> Iterator[Addresses]:
    """The engines named by STOA_TEST_DATABASE_URL and STOA_TEST_REDIS_URL, else the embedded ones, started for us."""
    database_url, redis_url = os.environ.get("STOA_TEST_DATABASE_URL"), os.environ.get("STOA_TEST_REDIS_URL")
    if database_url and redis_url:
        yield Addresses(database_url, redis_url)
        return
    with (
        tempfile.TemporaryDirectory(prefix=f"{FOLDER}{os.getpid()}-", dir=_quick_folder()) as folder,
        embedded.start(Path(folder) / "engines", durable=False) as started,
    ):
        yield Addresses(
            database_url or started.database_url, redis_url or started.redis_url, are_ours=database_url is None
        )


@pytest.fixture(scope="session")
async def database_url(engines: Addresses) -> AsyncIterator[str]:
    """The address of this session's own, empty database; it and its shops' roles are gone afterwards."""
    async with own_database(engines.database_url, drop=not engines.are_ours) as url:
        yield url


@pytest.fixture(scope="session")
def settings(engines: Addresses, database_url: str) -> Iterator[Settings]:
    """The settings of this session; `stoa.settings.settings()` gives the same."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="stoa-files-") as files:
        for name in [name for name in os.environ if name.startswith("STOA_")]:
            patch.delenv(name)
        for name, value in {
            "STOA_DATABASE_URL": database_url,
            "STOA_REDIS_URL": engines.redis_url,
            "STOA_SECRET_KEY": SECRET_KEY,
            "STOA_ENVIRONMENT": "test",
            "STOA_FILES": files,
            "STOA_LETTERBOX": f"{files}/letterbox",
            "STOA_SHOP_POOL": "4",
            "STOA_SPARE_SHOPS": "0",
            # the fakes of tests/fakes listen on loopback, without certificates
            "STOA_CALLABLE_NETWORKS": '["127.0.0.0/8"]',
            "STOA_CALL_PLAIN_HTTP": "true",
        }.items():
            patch.setenv(name, value)
        settings_module.settings.cache_clear()
        yield settings_module.settings()
        settings_module.settings.cache_clear()


@pytest.fixture(scope="session")
async def database(settings: Settings) -> AsyncIterator[None]:
    """The session's database, migrated, and the pools of this process connected to it."""
    await migrate(settings)
    await connect(settings)
    yield
    await disconnect()


@pytest.fixture
async def owner(settings: Settings, database: None) -> AsyncIterator[asyncpg.Connection]:
    """The database as its owner sees it: everything."""
    async with owner_connection(settings) as connection:
        yield connection


@pytest.fixture
async def redis(settings: Settings) -> AsyncIterator[Redis]:
    """Valkey, emptied."""
    async with Redis.from_url(settings.redis_url.get_secret_value()) as client:
        await client.flushdb()
        yield client


@pytest.fixture
async def shop(database: None) -> ShopRef:
    """A shop, made for this test."""
    return await make.shop("Stoa Poikile")


@pytest.fixture
async def other_shop(database: None) -> ShopRef:
    """Somebody else's shop."""
    return await make.shop("Stoa Basileios", currency="CNY", time_zone="Asia/Shanghai")


@pytest.fixture
async def ctx(shop: ShopRef) -> AsyncIterator[Context]:
    """The owner of `shop` at work, with every right; the shop is open in the test."""
    context = await make.context(shop)
    with open_shop(shop):
        yield context


@pytest.fixture
async def other_ctx(other_shop: ShopRef) -> Context:
    """The owner of `other_shop`, with every right there; that shop is not open until the test opens it."""
    return await make.context(other_shop)


def _quick_folder() -> str | None:
    """Memory, where there is plenty: a shop is some 300 files, and hundreds of shops come and go with the tests."""
    memory = Path("/dev/shm")
    if not memory.is_dir():
        return None
    _clear_up(memory)
    meminfo = Path("/proc/meminfo").read_text("ascii")
    free = int(re.search(r"MemAvailable: *(\d+)", meminfo)[1]) * 1024  # type: ignore[index]
    return str(memory) if min(free, shutil.disk_usage(memory).free) > ROOM_FOR_SHOPS else None


def _clear_up(memory: Path) -> None:
    """What runs that were killed have left there: their process is in the name."""
    for left in memory.glob(f"{FOLDER}*"):
        pid = left.name.removeprefix(FOLDER).partition("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(left, ignore_errors=True)


@asynccontextmanager
async def own_database(server_url: str, *, drop: bool = True) -> AsyncIterator[str]:
    """A database with a random name on that server. Dropped at the end, with the roles of the shops in it; that takes
    a minute for hundreds of shops, and is for nothing where the server goes as well."""
    name = f"stoa_test_{secrets.token_hex(6)}"
    url = urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    await _tell(server_url, f"CREATE DATABASE {name}")
    try:
        yield url
    finally:
        if drop:
            await _drop(server_url, name, url)


async def _drop(server_url: str, name: str, url: str) -> None:
    roles = await _roles_of_shops(url)
    await _tell(server_url, f"DROP DATABASE {name} WITH (FORCE)")
    if roles:
        await _tell(server_url, f"DROP ROLE {', '.join(roles)}")


async def _roles_of_shops(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT quote_ident(rolname) FROM pg_roles JOIN pg_namespace ON nspname = rolname WHERE nspname ^@ 'shop_'"
        )
    finally:
        await connection.close()
    return [row[0] for row in rows]


async def _tell(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
