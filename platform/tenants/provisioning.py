"""Provision a shop: role, schema, tables and its row, from one cached script in one round trip; and drop it again.

The script takes what it takes: some hundred tables and indexes are as many files. So shops are made ahead, without a
merchant (sparing.py), and who opens one is given a spare if there is one: a row is changed, and that is all.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from stoa.kit.clock import now
from stoa.kit.files import StoredFiles, open_store
from stoa.kit.ids import ALPHABET, new_id
from stoa.kit.letterbox import Letterbox
from stoa.settings import Settings
from stoa.tenants import compiling, database, scripting
from stoa.tenants.connecting import owner_connection
from stoa.tenants.context import SCHEMA_NAME, ShopRef
from stoa.tenants.jobs import PLATFORM_ITSELF
from stoa.tenants.models import ShopState

INSERT_SHOP = """
INSERT INTO platform.shop (id, schema_name, name, currency, time_zone, locale, state, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
# A spare that can be given away: a fleet that is being migrated may hold some that are behind this process.
FIT_SPARES = """
FROM platform.shop s WHERE s.state = 'SPARE' AND NOT EXISTS (
  SELECT FROM unnest($1::text[]) AS w(name) WHERE NOT EXISTS (
    SELECT FROM platform.shop_migration m WHERE m.shop_schema = s.schema_name AND m.name = w.name))
"""
# The row gets the id that a shop made now would have, for ids tell the order in which merchants came.
TAKE_SPARE = f"""
UPDATE platform.shop
SET id = $2, name = $3, currency = $4, time_zone = $5, locale = $6, created_at = $7, state = 'ACTIVE'
WHERE id = (SELECT s.id {FIT_SPARES} ORDER BY s.id LIMIT 1 FOR UPDATE OF s SKIP LOCKED)
RETURNING schema_name
"""
# The platform's tables that hold rows of shops: what such a one is, its columns say.
OF_SHOPS = """
SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'platform'::regnamespace AND c.relkind = 'r' AND a.attname = 'shop_schema'
"""
KEEP_SPARES = "tenants.keep_spares"
PLAN_SPARES = f"""
INSERT INTO platform.job (id, shop_schema, kind, name, payload, state, run_at, attempts, failures, max_attempts,
                          priority, is_ready, created_at)
VALUES ($1, '{PLATFORM_ITSELF}', 'general', '{KEEP_SPARES}', '{{}}', 'QUEUED', now() + $2::interval, 0, 0, 5,
        1, $2::interval = '0', now())
"""


def new_schema_name() -> str:
    """Opaque: a schema's name tells nothing of the merchant and cannot be guessed."""
    return "shop_" + "".join(secrets.choice(ALPHABET) for _ in range(16))


class Provisioner:
    """Creates shops over one owner's connection; reads the script once."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._template: str | None = None

    async def create(
        self, name: str, *, currency: str, time_zone: str, locale: str = "en", shop_id: UUID | None = None
    ) -> ShopRef:
        """A shop, ready to be used: a spare one if there is any. All or nothing: a failure leaves all as it was."""
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
        shop_id = shop_id or new_id()
        wish = (name, currency, time_zone, locale)
        schema = await self._take_spare(connection, shop_id, *wish)
        if schema is None:
            schema = await self._make(connection, shop_id, ShopState.ACTIVE, *wish)
        return ShopRef(shop_id, schema, name, currency, time_zone)

    async def make_spare(self, connection: Any) -> str:
        """A shop without a merchant, in the caller's transaction: the schema of what `create_in` will give away.

        Nothing that a shop is born with depends on the merchant; it only is a little older than the shop. (XXX is
        ISO 4217's code for no currency.)
        """
        return await self._make(connection, new_id(), ShopState.SPARE, "", "XXX", "UTC", "en")

    async def _take_spare(self, connection: Any, shop_id: UUID, *wish: str) -> str | None:
        """Of two who ask at once each gets another one, or none."""
        steps = compiling.step_names(database.SHOP)
        schema: str | None = await connection.fetchval(TAKE_SPARE, steps, shop_id, *wish, now())
        if schema is not None and self.settings.spare_shops:
            await plan_spares(connection)
        return schema

    async def _make(self, connection: Any, shop_id: UUID, state: ShopState, *wish: str) -> str:
        schema = new_schema_name()
        self._template = self._template or await scripting.script(connection)
        await connection.execute(INSERT_SHOP, shop_id, schema, *wish, state, now())
        await connection.execute(self._template.replace(scripting.PLACE, schema))
        return schema


async def plan_spares(connection: Any, after: timedelta = timedelta()) -> None:
    """Plan the job that makes the spare shops which are missing by then; it begins once the transaction commits."""
    await connection.execute(PLAN_SPARES, new_id(), after)


async def drop_shop(settings: Settings, schema: str) -> bool:
    """Drop schema, role, every row the platform has of the shop, and its files. False when there is no such shop.

    Doing it again takes away what a run that was broken off has left.
    """
    if not SCHEMA_NAME.fullmatch(schema):
        raise ValueError(f"{schema!r} is not a shop's schema")
    async with owner_connection(settings) as connection, connection.transaction():
        found = await connection.fetchval("DELETE FROM platform.shop WHERE schema_name = $1 RETURNING true", schema)
        for table in await connection.fetch(OF_SHOPS):
            await connection.execute(f"DELETE FROM platform.{table[0]} WHERE shop_schema = $1", schema)
        await connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
        if await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", schema):
            await _drop_role(connection, schema)
    await StoredFiles(open_store(settings.files), schema).clear()
    await Letterbox(settings.letterbox).clear(schema)
    return bool(found)


async def _drop_role(connection: Any, schema: str) -> None:
    await connection.execute(f'DROP OWNED BY "{schema}"; DROP ROLE "{schema}"')


@lru_cache(maxsize=1)
def provisioner(settings: Settings) -> Provisioner:
    """The provisioner of this process."""
    return Provisioner(settings)
