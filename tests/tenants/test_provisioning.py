"""A shop comes into being whole, and goes without a trace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from stoa.domains.catalog.models import Product
from stoa.settings import Settings
from stoa.tenants.bulk import ask_for_query
from stoa.tenants.context import Context, ShopRef, open_shop
from stoa.tenants.database import shop_client
from stoa.tenants.models import Shop
from stoa.tenants.provisioning import Provisioner, drop_shop, new_schema_name, provisioner
from stoa.tenants.uploading import shop_files
from tests import make

# Everything a shop adds to the database, as one number each. Roles belong to the server, which others may use too:
# counted are those with a schema or a right in this database.
TRACES = """
SELECT (SELECT count(*) FROM pg_namespace) AS schemas, (SELECT count(*) FROM pg_class) AS relations,
  (SELECT count(*) FROM pg_type) AS types, (SELECT count(*) FROM pg_default_acl) AS default_rights,
  (SELECT count(*) FROM pg_constraint) AS constraints, (SELECT count(*) FROM pg_depend) AS dependencies,
  (SELECT count(*) FROM pg_shdepend JOIN pg_database d ON d.oid = dbid AND datname = current_database()) AS rights,
  (SELECT count(*) FROM pg_description) AS comments,
  (SELECT count(*) FROM platform.shop) AS shops, (SELECT count(*) FROM platform.shop_migration) AS migrations,
  (SELECT count(*) FROM platform.job) AS jobs, (SELECT count(*) FROM platform.membership) AS members
"""
BUSY = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL
AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
MAX_TABLES = 60


@pytest.fixture
async def doom(owner: asyncpg.Connection) -> AsyncIterator[str]:
    """The name of a shop that cannot be: PostgreSQL says so at the very end, when the transaction commits."""
    await owner.execute(
        "CREATE FUNCTION doom() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'doomed'; END $$; "
        "CREATE CONSTRAINT TRIGGER doom AFTER INSERT ON platform.shop DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
        "WHEN (NEW.name = 'Atlantis') EXECUTE FUNCTION doom()"
    )
    yield "Atlantis"
    await owner.execute("DROP FUNCTION doom CASCADE")


async def roles(owner: asyncpg.Connection, schema: str) -> list[str]:
    return [row[0] for row in await owner.fetch("SELECT rolname FROM pg_roles WHERE rolname = $1", schema)]


async def test_a_new_shop_is_ready(shop: ShopRef) -> None:
    row = await Shop.get(id=shop.id)

    assert row.ref == shop
    assert (row.name, row.currency, row.time_zone, row.locale) == ("Stoa Poikile", "EUR", "Europe/Berlin", "en")
    with open_shop(shop):
        assert await Product.all().count() == 0


async def test_shops_can_be_made_at_the_same_time(database: None) -> None:
    shops = await asyncio.gather(*(make.shop() for _ in range(6)))

    assert len({shop.schema for shop in shops}) == 6
    for shop in shops:
        ctx = await make.context(shop)
        await make.product(ctx, title=shop.name)
        with open_shop(shop):
            assert await Product.all().values_list("title", flat=True) == [shop.name]


async def test_a_shop_is_its_row_and_one_script_that_is_read_once(
    settings: Settings, owner: asyncpg.Connection
) -> None:
    maker, sent = Provisioner(settings), []
    owner.add_query_logger(lambda query: sent.append(query.query))
    made = []

    for name in ("Argos", "Elis"):
        async with owner.transaction():
            made.append(await maker.create_in(owner, name, currency="EUR", time_zone="UTC"))
    await asyncio.sleep(0)  # the driver tells its loggers by and by

    # BEGIN and the look for a spare; the first time, what is kept of the script; COMMIT at the end
    _, _, _, row, script, _, _, _, same_row, same_script, _ = sent
    assert (row, script.count("CREATE TABLE") > 5) == (same_row, True)
    assert script.replace(made[0].schema, "") == same_script.replace(made[1].schema, "")


async def test_a_schemas_name_tells_nothing_of_its_shop(shop: ShopRef) -> None:
    assert "stoa" not in shop.schema.removeprefix("shop_")
    assert len({new_schema_name() for _ in range(1000)}) == 1000


async def test_a_failure_at_the_very_end_leaves_nothing(
    settings: Settings, doom: str, owner: asyncpg.Connection
) -> None:
    before = await owner.fetchrow(TRACES)

    with pytest.raises(asyncpg.RaiseError, match="doomed"):
        await provisioner(settings).create(doom, currency="EUR", time_zone="UTC")

    assert await owner.fetchrow(TRACES) == before


async def test_a_failure_in_the_callers_part_leaves_nothing(settings: Settings, owner: asyncpg.Connection) -> None:
    before = await owner.fetchrow(TRACES)
    made = []

    with pytest.raises(LookupError):
        async with owner.transaction():
            made.append(await provisioner(settings).create_in(owner, "Troy", currency="EUR", time_zone="UTC"))
            raise LookupError

    assert await owner.fetchrow(TRACES) == before
    assert await roles(owner, made[0].schema) == []


async def test_the_callers_transaction_is_his_again_afterwards(settings: Settings, owner: asyncpg.Connection) -> None:
    state = "SELECT current_user, current_setting('search_path'), current_setting('lock_timeout')"
    before = await owner.fetchrow(state)

    async with owner.transaction():
        await provisioner(settings).create_in(owner, "Delphi", currency="EUR", time_zone="UTC")
        assert await owner.fetchrow(state) == before


@pytest.mark.parametrize("milliseconds", [1, 5, 10, 15, 20, 25])
async def test_cancelled_halfway_there_is_a_whole_shop_or_none(
    settings: Settings, owner: asyncpg.Connection, milliseconds: int
) -> None:
    before = await owner.fetchrow(TRACES)
    name = f"Pompeii {milliseconds}"

    task = asyncio.create_task(provisioner(settings).create(name, currency="EUR", time_zone="UTC"))
    await asyncio.sleep(milliseconds / 1000)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    # the server may still be rolling back what the client has given up
    async with asyncio.timeout(10):
        while await owner.fetchval(BUSY):
            await asyncio.sleep(0.01)
    if found := await Shop.filter(name=name).first():
        assert await drop_shop(settings, found.schema_name)
    assert await owner.fetchrow(TRACES) == before


async def test_a_dropped_shop_leaves_nothing(settings: Settings, owner: asyncpg.Connection, shop: ShopRef) -> None:
    before = await owner.fetchrow(TRACES)
    doomed = await make.shop("Carthage")
    ctx = await make.context(doomed)
    await make.product(ctx, title="Purple dye")
    with open_shop(doomed):
        await ask_for_query(ctx, "{ products { nodes { id } } }", None, needs=[])
    await keep_a_file(ctx.shop)
    await keep_a_file(shop)
    oid = await owner.fetchval("SELECT oid FROM pg_roles WHERE rolname = $1", doomed.schema)

    assert await drop_shop(settings, doomed.schema)

    assert await owner.fetchrow(TRACES) == before
    assert await roles(owner, doomed.schema) == []
    assert await owner.fetchval("SELECT count(*) FROM platform.bulk_run WHERE shop_schema = $1", doomed.schema) == 0
    assert await owner.fetchval("SELECT count(*) FROM pg_auth_members WHERE $1 IN (roleid, member, grantor)", oid) == 0
    assert await owner.fetchval("SELECT count(*) FROM pg_shdepend WHERE refobjid = $1", oid) == 0
    with open_shop(shop):
        assert await Product.all().count() == 0
    kept = [path.parts[-3] for path in Path(settings.files).rglob("letter")]
    assert doomed.schema not in kept
    assert shop.schema in kept


async def keep_a_file(shop: ShopRef) -> None:
    async def letter() -> AsyncIterator[bytes]:
        yield b"Carthage must be destroyed"

    files = shop_files(shop)
    await files.put(files.key("a", "letter"), letter())


async def test_dropping_twice_is_told_by_the_answer(settings: Settings, shop: ShopRef) -> None:
    assert await drop_shop(settings, shop.schema) is True
    assert await drop_shop(settings, shop.schema) is False


async def test_only_shops_are_dropped(settings: Settings, owner: asyncpg.Connection) -> None:
    before = await owner.fetchrow(TRACES)

    for name in ("platform", "public", 'shop_0123456789ab" CASCADE; DROP SCHEMA platform'):
        with pytest.raises(ValueError, match="is not a shop's schema"):
            await drop_shop(settings, name)

    assert await owner.fetchrow(TRACES) == before


async def test_a_shop_that_was_dropped_while_open_fails_and_harms_nobody(
    settings: Settings, ctx: Context, other_ctx: Context
) -> None:
    await make.product(other_ctx, title="Theirs")
    await make.product(ctx, title="Ours")

    await drop_shop(settings, ctx.shop.schema)

    for _ in range(6):
        with pytest.raises(Exception, match="does not exist"):
            await Product.all()
        with open_shop(other_ctx.shop):
            assert await Product.all().values_list("title", flat=True) == ["Theirs"]


async def test_a_shops_schema_is_frugal_and_stands_alone(ctx: Context, owner: asyncpg.Connection) -> None:
    """What keeps a shop small, and the way open to Citus: DESIGN 4."""
    schema = ctx.shop.schema
    tables = await owner.fetch(
        "SELECT relname, EXISTS (SELECT FROM pg_constraint WHERE conrelid = c.oid AND contype = 'p') AS keyed "
        "FROM pg_class c WHERE relnamespace = $1::text::regnamespace AND relkind IN ('r', 'p')",
        schema,
    )
    assert 0 < len(tables) <= MAX_TABLES
    assert [row["relname"] for row in tables if not row["keyed"]] == []

    leaving = await owner.fetch(
        "SELECT conname FROM pg_constraint c JOIN pg_class t ON t.oid = c.confrelid "
        "WHERE c.connamespace = $1::text::regnamespace AND t.relnamespace <> c.connamespace",
        schema,
    )
    assert leaving == []

    own_types = await owner.fetch(
        "SELECT typname FROM pg_type WHERE typnamespace = $1::text::regnamespace AND typtype IN ('e', 'd', 'r')", schema
    )
    assert own_types == []

    comments = await owner.fetchval(
        "SELECT count(*) FROM pg_description d JOIN pg_class c ON c.oid = d.objoid "
        "WHERE relnamespace = $1::text::regnamespace",
        schema,
    )
    assert comments == 0


async def test_a_shops_role_may_use_each_of_its_tables(ctx: Context, owner: asyncpg.Connection) -> None:
    lacking = await owner.fetch(
        "SELECT relname FROM pg_class c, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS may "
        "WHERE relnamespace = $1::text::regnamespace AND relkind = 'r' AND NOT has_table_privilege($1, c.oid, may)",
        ctx.shop.schema,
    )
    assert lacking == []
    assert (await shop_client().execute_query_dict("SELECT current_user::text AS role"))[0]["role"] == ctx.shop.schema
