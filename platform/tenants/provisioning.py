"""Provision a shop: role, schema, tables and its row, from one cached script in one round trip; and drop it again."""

from __future__ import annotations

import secrets
from functools import lru_cache
from typing import Any
from uuid import UUID

from stoa.kit.clock import now
from stoa.kit.files import StoredFiles, open_store
from stoa.kit.ids import ALPHABET, new_id
from stoa.settings import Settings
from stoa.tenants import database, migrating
from stoa.tenants.connecting import ANY_SHOP, OWNER_ROLE, SHOP_LOGIN, owner_connection
from stoa.tenants.context import SCHEMA_NAME, ShopRef

RIGHTS = f"""
CREATE ROLE "{{schema}}" NOLOGIN IN ROLE {ANY_SHOP};
GRANT "{{schema}}" TO {SHOP_LOGIN};
CREATE SCHEMA "{{schema}}" AUTHORIZATION {OWNER_ROLE};
GRANT USAGE ON SCHEMA "{{schema}}" TO "{{schema}}";
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER_ROLE} IN SCHEMA "{{schema}}"
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "{{schema}}";
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER_ROLE} IN SCHEMA "{{schema}}" GRANT USAGE ON SEQUENCES TO "{{schema}}";
"""
INSERT_SHOP = """
INSERT INTO platform.shop (id, schema_name, name, currency, time_zone, locale, state, created_at)
VALUES ($1, $2, $3, $4, $5, $6, 'ACTIVE', $7)
"""
PLACE = "shop_" + "0" * 16  # where the script says which shop it is for


def new_schema_name() -> str:
    """Opaque: a schema's name tells nothing of the merchant and cannot be guessed."""
    return "shop_" + "".join(secrets.choice(ALPHABET) for _ in range(16))


class Provisioner:
    """Creates shops over one owner's connection; compiles the script once."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._template: str | None = None

    async def create(
        self, name: str, *, currency: str, time_zone: str, locale: str = "en", shop_id: UUID | None = None
    ) -> ShopRef:
        """A shop, ready to be used. All or nothing: a failure leaves neither role nor schema nor row."""
        async with owner_connection(self.settings) as connection, connection.transaction():
            return await self.create_in(
                connection, name, currency=currency, time_zone=time_zone, locale=locale, shop_id=shop_id
            )

    async def create_in(
        self,
        connection: Any,
        name: str,
        *,
        currency: str,
        time_zone: str,
        locale: str = "en",
        shop_id: UUID | None = None,
    ) -> ShopRef:
        """The same in the caller's transaction on an owner's connection, for what must live and die with the shop."""
        ref = ShopRef(shop_id or new_id(), new_schema_name(), name, currency, time_zone)
        template = await self._script()
        await connection.execute(INSERT_SHOP, ref.id, ref.schema, name, currency, time_zone, locale, now())
        await connection.execute(template.replace(PLACE, ref.schema))
        return ref

    async def _script(self) -> str:
        if self._template is None:
            steps = await migrating.compile_steps(database.SHOP)
            build = migrating.shop_script(PLACE, steps)
            # the surrounding transaction is ours, so that the shop's row lives and dies with its schema
            build = (
                build.removeprefix("BEGIN;\n").removesuffix("COMMIT;")
                + "RESET ROLE; RESET search_path; RESET lock_timeout;"
            )
            self._template = RIGHTS.format(schema=PLACE) + build
        return self._template


async def drop_shop(settings: Settings, schema: str) -> bool:
    """Drop schema, role, every row the platform has of the shop, and its files. False when there is no such shop.

    Doing it again takes away what a run that was broken off has left.
    """
    if not SCHEMA_NAME.fullmatch(schema):
        raise ValueError(f"{schema!r} is not a shop's schema")
    async with owner_connection(settings) as connection, connection.transaction():
        found = await connection.fetchval("DELETE FROM platform.shop WHERE schema_name = $1 RETURNING true", schema)
        await connection.execute("DELETE FROM platform.shop_migration WHERE shop_schema = $1", schema)
        await connection.execute("DELETE FROM platform.job WHERE shop_schema = $1", schema)
        await connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
        if await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", schema):
            await _drop_role(connection, schema)
    await StoredFiles(open_store(settings.files), schema).clear()
    return bool(found)


async def _drop_role(connection: Any, schema: str) -> None:
    await connection.execute(f'DROP OWNED BY "{schema}"; DROP ROLE "{schema}"')


@lru_cache(maxsize=1)
def provisioner(settings: Settings) -> Provisioner:
    """The provisioner of this process."""
    return Provisioner(settings)
