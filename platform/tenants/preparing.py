"""Prepare a database: its roles, what they may do, and what nobody may do."""

from __future__ import annotations

from typing import Any

import asyncpg

from stoa.settings import Settings
from stoa.tenants.connecting import (
    ANY_SHOP,
    OWNER_ROLE,
    PLATFORM_LOGIN,
    SHOP_LOGIN,
    Unfit,
    login_password,
    refuse_open_door,
)

MINIMUM_VERSION = 150000
RACES = 20

# Nobody but a superuser needs these. A SELECT may call set_config('role', ...), an UPDATE of pg_settings does so
# too, and so become another shop: proven. A DO block would be a second way to SET ROLE. A large object would stand
# outside the shop's schema: neither exported nor dropped with it. And a connection that goes from shop to shop keeps
# the texts of the statements it has prepared for all of them.
LOCK_DOWN = f"""
REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC;
REVOKE UPDATE ON pg_catalog.pg_settings FROM PUBLIC;
REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
GRANT USAGE ON LANGUAGE plpgsql TO {OWNER_ROLE};
REVOKE EXECUTE ON FUNCTION pg_catalog.lo_creat(integer), pg_catalog.lo_create(oid),
  pg_catalog.lo_from_bytea(oid, bytea) FROM PUBLIC;
REVOKE SELECT ON pg_catalog.pg_prepared_statements, pg_catalog.pg_cursors FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_prepared_statement(), pg_catalog.pg_cursor() FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA IF NOT EXISTS platform AUTHORIZATION {OWNER_ROLE};
CREATE SCHEMA IF NOT EXISTS extensions AUTHORIZATION {OWNER_ROLE};
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA extensions;
GRANT USAGE ON SCHEMA extensions TO {ANY_SHOP};
GRANT USAGE ON SCHEMA platform TO {PLATFORM_LOGIN}, {ANY_SHOP};
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER_ROLE} IN SCHEMA platform
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {PLATFORM_LOGIN};
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER_ROLE} IN SCHEMA platform GRANT USAGE ON SEQUENCES TO {PLATFORM_LOGIN};
"""


async def prepare_database(connection: Any, settings: Settings) -> None:
    """Bring roles and rights to what Stoa expects; safe to repeat. Needs a superuser (or the like) once."""
    version = await connection.fetchval("SELECT current_setting('server_version_num')::int")
    if version < MINIMUM_VERSION:
        raise Unfit(f"PostgreSQL {version // 10000} is too old: Stoa needs 15 or newer.")
    await _ensure_roles(connection, settings)
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('stoa prepares the database'))")
        database = await connection.fetchval("SELECT quote_ident(current_database())")
        await connection.execute(f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC")
        await connection.execute(LOCK_DOWN)
        await refuse_open_door(connection)


async def _ensure_roles(connection: Any, settings: Settings) -> None:
    """Roles belong to the whole server, and no lock does: who loses a race with another setup tries again."""
    for attempt in range(RACES):
        try:
            async with connection.transaction():
                return await _write_roles(connection, settings)
        except (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError, asyncpg.InternalServerError):
            if attempt == RACES - 1:
                raise


async def _write_roles(connection: Any, settings: Settings) -> None:
    existing = {row[0] for row in await connection.fetch("SELECT rolname FROM pg_roles WHERE rolname LIKE 'stoa\\_%'")}
    for role in (OWNER_ROLE, ANY_SHOP):
        if role not in existing:
            await connection.execute(f"CREATE ROLE {role} NOLOGIN")
    if not await connection.fetchval("SELECT pg_has_role($1, 'MEMBER')", OWNER_ROLE):
        await connection.execute(f"GRANT {OWNER_ROLE} TO CURRENT_USER")
    for login in (SHOP_LOGIN, PLATFORM_LOGIN):
        verb = "ALTER" if login in existing else "CREATE"
        # the password is 64 hex digits: nothing to quote
        await connection.execute(f"{verb} ROLE {login} LOGIN NOINHERIT PASSWORD '{login_password(settings, login)}'")
