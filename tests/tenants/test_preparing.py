"""A database is made fit for Stoa, or refused with a sentence that says why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from stoa.settings import Settings
from stoa.tenants.connecting import Unfit, connect, login_password, owner_connection
from stoa.tenants.preparing import prepare_database
from tests.conftest import Addresses, own_database

# Who may do what, as PostgreSQL keeps it.
RIGHTS = """
SELECT 'schema', nspname::text, nspacl::text FROM pg_namespace WHERE nspname !~ '^pg_(toast|temp)'
UNION ALL SELECT 'function', oid::regprocedure::text, proacl::text FROM pg_proc WHERE proacl IS NOT NULL
UNION ALL SELECT 'view', oid::regclass::text, relacl::text FROM pg_class WHERE relacl IS NOT NULL
UNION ALL SELECT 'language', lanname::text, lanacl::text FROM pg_language
UNION ALL SELECT 'default', defaclnamespace::regnamespace::text, defaclacl::text FROM pg_default_acl
UNION ALL SELECT 'role', rolname::text, concat(rolcanlogin, rolinherit, rolsuper, rolbypassrls) FROM pg_roles
  WHERE rolname ^@ 'stoa_' ORDER BY 1, 2, 3
"""


@pytest.fixture
async def fresh(settings: Settings, engines: Addresses) -> AsyncIterator[Settings]:
    """The settings of a database that has nothing in it."""
    async with own_database(engines.database_url) as url:
        yield Settings(**settings.model_dump() | {"database_url": url})


class OldPostgres:
    """PostgreSQL 14, as far as one gets with it."""

    async def fetchval(self, query: str, *_: Any) -> int:
        return 140012


async def test_an_old_postgresql_is_refused(settings: Settings) -> None:
    with pytest.raises(Unfit, match="PostgreSQL 14 is too old: Stoa needs 15 or newer"):
        await prepare_database(OldPostgres(), settings)


async def test_preparing_twice_changes_nothing(fresh: Settings) -> None:
    async with owner_connection(fresh) as connection:
        await prepare_database(connection, fresh)
        before = await connection.fetch(RIGHTS)
        await prepare_database(connection, fresh)

        assert await connection.fetch(RIGHTS) == before


async def test_two_databases_of_one_server_can_be_prepared_at_once(settings: Settings, engines: Addresses) -> None:
    """Roles belong to the server: each setup writes the same ones."""

    async def prepare(url: str) -> None:
        async with owner_connection(Settings(**settings.model_dump() | {"database_url": url})) as connection:
            for _ in range(3):
                await prepare_database(connection, settings)

    async with own_database(engines.database_url) as one, own_database(engines.database_url) as other:
        await asyncio.gather(prepare(one), prepare(one), prepare(other), prepare(other))


async def test_a_process_does_not_start_on_a_database_whose_doors_were_opened(fresh: Settings) -> None:
    async with owner_connection(fresh) as connection:
        await prepare_database(connection, fresh)
        await connection.execute("GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) TO PUBLIC")

        with pytest.raises(Unfit, match="REVOKE EXECUTE ON FUNCTION pg_catalog.set_config"):
            await connect(fresh)


async def test_preparing_closes_the_doors_again(fresh: Settings) -> None:
    async with owner_connection(fresh) as connection:
        await prepare_database(connection, fresh)
        await connection.execute("GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) TO PUBLIC")
        await prepare_database(connection, fresh)

        assert not await connection.fetchval(
            "SELECT has_function_privilege('stoa_shop_login', 'set_config(text,text,boolean)', 'EXECUTE')"
        )


async def test_the_logins_are_ordinary_and_inherit_nothing(database: None, owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        "SELECT rolname::text AS name, rolcanlogin AS login, "
        "rolinherit OR rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS power "
        "FROM pg_roles WHERE rolname IN ('stoa_shop_login', 'stoa_platform_login')"
    )
    assert {tuple(row) for row in rows} == {("stoa_shop_login", True, False), ("stoa_platform_login", True, False)}


async def test_each_login_has_a_password_of_its_own_that_depends_on_the_secret_key(settings: Settings) -> None:
    other = Settings(**settings.model_dump() | {"secret_key": "another-secret-key-of-32-letters-or-more"})
    passwords = {
        login_password(key, login) for key in (settings, other) for login in ("stoa_shop_login", "stoa_platform_login")
    }
    assert len(passwords) == 4
    assert all(len(password) == 64 for password in passwords)
