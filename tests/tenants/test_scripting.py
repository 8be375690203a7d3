"""The script that makes a shop is compiled once for all processes of a release, and never taken from another one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from stoa.settings import Settings
from stoa.tenants import compiling, database, scripting
from stoa.tenants.connecting import APPS, PLATFORM_LOGIN, SHOP_LOGIN, owner_connection
from stoa.tenants.migrating import migrate
from stoa.tenants.provisioning import Provisioner
from tests.conftest import Addresses, own_database

KEPT = "SELECT fingerprint, script FROM platform.shop_script ORDER BY kept_at"
COMMENT = "SELECT obj_description($1::regnamespace, 'pg_namespace')"


@pytest.fixture(scope="module")
async def fresh(settings: Settings, engines: Addresses) -> AsyncIterator[Settings]:
    """The settings of a migrated database that no other test uses."""
    async with own_database(engines.database_url) as url:
        fresh = Settings(**settings.model_dump() | {"database_url": url})
        await migrate(fresh)
        yield fresh


@pytest.fixture
async def lone(fresh: Settings) -> AsyncIterator[asyncpg.Connection]:
    async with owner_connection(fresh) as connection:
        yield connection


async def test_whoever_migrates_keeps_what_compiling_gives(lone: asyncpg.Connection) -> None:
    steps = await compiling.compile_steps(database.SHOP, APPS)

    [(fingerprint, script)] = await lone.fetch(KEPT)

    assert fingerprint == scripting.fingerprint()
    build = scripting.shop_script(scripting.PLACE, steps).removeprefix("BEGIN;\n").removesuffix("COMMIT;")
    assert build in script
    assert await scripting.script(lone) == script


async def test_a_process_makes_shops_by_what_is_kept(fresh: Settings, lone: asyncpg.Connection) -> None:
    marked = f"UPDATE platform.shop_script SET script = script || 'COMMENT ON SCHEMA {scripting.PLACE} IS ''kept'''"
    transaction = lone.transaction()
    await transaction.start()
    await lone.execute(marked)

    shop = await Provisioner(fresh).create_in(lone, "Kept", currency="EUR", time_zone="UTC")

    assert await lone.fetchval(COMMENT, shop.schema) == "kept"
    await transaction.rollback()


async def test_without_it_a_process_compiles(fresh: Settings, lone: asyncpg.Connection) -> None:
    transaction = lone.transaction()
    await transaction.start()
    await lone.execute("UPDATE platform.shop_script SET fingerprint = 'of another release'")

    shop = await Provisioner(fresh).create_in(lone, "Compiled", currency="EUR", time_zone="UTC")

    tables = await lone.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = $1", shop.schema)
    assert tables > 50
    await transaction.rollback()


async def test_scripts_of_releases_of_long_ago_are_forgotten(fresh: Settings, lone: asyncpg.Connection) -> None:
    await lone.execute(
        "INSERT INTO platform.shop_script (fingerprint, script, kept_at) VALUES "
        "('old', '', now() - interval '31 days'), ('last', '', now() - interval '29 days')"
    )

    await scripting.keep_script(lone)

    assert [row["fingerprint"] for row in await lone.fetch(KEPT)] == ["last", scripting.fingerprint()]
    await lone.execute("DELETE FROM platform.shop_script WHERE fingerprint = 'last'")


@pytest.mark.parametrize("login", [PLATFORM_LOGIN, SHOP_LOGIN])
async def test_nobody_but_the_owner_reads_or_writes_it(lone: asyncpg.Connection, login: str) -> None:
    rights = "SELECT has_table_privilege($1, 'platform.shop_script', 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')"

    assert await lone.fetchval(rights, login) is False
