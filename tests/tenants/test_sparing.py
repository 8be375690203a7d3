"""Spare shops: made ahead, nobody's until one is taken, and then like a shop that was made for its merchant."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from redis.asyncio import Redis

from stoa import settings as settings_module
from stoa.cli import ALL_SHOPS
from stoa.kit.clock import set_to
from stoa.kit.ids import new_id
from stoa.settings import Settings
from stoa.tenants import compiling, migrating
from stoa.tenants.access import identify_session, open_account
from stoa.tenants.access.members import memberships_of
from stoa.tenants.connecting import owner_connection
from stoa.tenants.context import ShopRef, open_shop
from stoa.tenants.jobs import PLATFORM_ITSELF
from stoa.tenants.models import Membership, Shop
from stoa.tenants.provisioning import KEEP_SPARES, Provisioner, drop_shop, new_schema_name, plan_spares
from stoa.tenants.sparing import fill_up, keep_spares, plan_after_start
from stoa.workers import picking
from stoa.workers.clock import Clock
from stoa.workers.running import at_work
from stoa.workers.schedule import CLOCK
from stoa.workers.settings import LANES
from tests import make
from tests.conftest import Addresses, own_database
from tests.tenants.access.people import NOON, PASSWORD, new_email, person, signed_in
from tests.tenants.test_provisioning import BUSY, TRACES

WANTED = 2
WISH: dict[str, Any] = {"currency": "CNY", "time_zone": "Asia/Shanghai", "locale": "zh"}
SIGN_UP: dict[str, Any] = {"name": "Mei Lin", "shop_name": "Mei's Teas", **WISH}
SPARES = "SELECT schema_name FROM platform.shop WHERE state = 'SPARE' ORDER BY id"
PLANNED = f"SELECT count(*) FROM platform.job WHERE name = '{KEEP_SPARES}'"


@pytest.fixture(scope="module")
async def lone_settings(settings: Settings, engines: Addresses) -> AsyncIterator[Settings]:
    """The settings of a migrated database that no other test uses, and which wants two spare shops."""
    async with own_database(engines.database_url) as url:
        lone = Settings(**settings.model_dump() | {"database_url": url, "spare_shops": WANTED})
        await migrating.migrate(lone)
        yield lone


@pytest.fixture(scope="module")
def maker(lone_settings: Settings) -> Provisioner:
    return Provisioner(lone_settings)


@pytest.fixture
async def lone(lone_settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    """That database as its owner sees it, with neither spare shops nor jobs."""
    async with owner_connection(lone_settings) as connection:
        await connection.execute("UPDATE platform.shop SET state = 'DROPPED'; DELETE FROM platform.job")
        yield connection


@pytest.fixture
async def spare(settings: Settings, owner: asyncpg.Connection) -> AsyncIterator[str]:
    """The one spare shop of the session's database; its schema."""
    await owner.execute("DELETE FROM platform.job")
    async with owner.transaction():
        schema = await Provisioner(settings).make_spare(owner)
    yield schema
    await drop_shop(settings, schema)


@pytest.fixture
def sparing_settings(settings: Settings) -> Iterator[Settings]:
    """The session's settings, but one spare shop is wanted; the whole process has them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOA_SPARE_SHOPS", "1")
        settings_module.settings.cache_clear()
        yield settings_module.settings()
    settings_module.settings.cache_clear()


async def made_spare(maker: Provisioner, owner: asyncpg.Connection) -> str:
    async with owner.transaction():
        return await maker.make_spare(owner)


async def schemas(owner: asyncpg.Connection, question: str = SPARES) -> list[str]:
    return [row["schema_name"] for row in await owner.fetch(question)]


# Making them


async def test_as_many_are_made_as_are_missing(lone_settings: Settings, lone: asyncpg.Connection) -> None:
    assert await fill_up(lone_settings) == WANTED
    assert await fill_up(lone_settings) == 0
    spares = await schemas(lone)
    await lone.execute("UPDATE platform.shop SET state = 'DROPPED' WHERE schema_name = $1", spares[0])

    made = await asyncio.gather(*(fill_up(lone_settings) for _ in range(3)))

    assert sorted(made) == [0, 0, 1]
    assert len(await schemas(lone)) == WANTED


async def test_where_none_are_wanted_none_are_made(lone_settings: Settings, lone: asyncpg.Connection) -> None:
    none = lone_settings.model_copy(update={"spare_shops": 0})

    assert await fill_up(none) == 0
    await plan_after_start(none)

    assert (await schemas(lone), await lone.fetchval(PLANNED)) == ([], 0)


@pytest.mark.parametrize("milliseconds", [5, 20])
async def test_a_making_that_is_broken_off_leaves_nothing(
    lone_settings: Settings, lone: asyncpg.Connection, milliseconds: int
) -> None:
    before = await lone.fetchrow(TRACES)

    task = asyncio.create_task(fill_up(lone_settings))
    await asyncio.sleep(milliseconds / 1000)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    async with asyncio.timeout(10):
        while await lone.fetchval(BUSY):
            await asyncio.sleep(0.01)
    for schema in await schemas(lone):
        assert await drop_shop(lone_settings, schema)
    assert await lone.fetchrow(TRACES) == before


async def test_the_job_makes_those_that_are_missing(
    sparing_settings: Settings, spare: str, owner: asyncpg.Connection, redis: Redis
) -> None:
    """The one there is has been taken and the job is planned, as by a sign-up: it is done by whoever works."""
    async with owner.transaction():
        taken = await Provisioner(sparing_settings).create_in(owner, "Taken", currency="EUR", time_zone="UTC")
    assert (taken.schema, await owner.fetchval(PLANNED)) == (spare, 1)

    async with at_work(sparing_settings, ["general"], jobs={KEEP_SPARES: keep_spares}), asyncio.timeout(60):
        while await owner.fetchval("SELECT count(*) FROM platform.job WHERE state <> 'DONE'"):
            await asyncio.sleep(0.02)

    [another] = await schemas(owner)
    assert another != spare
    assert await drop_shop(sparing_settings, another)


async def test_the_first_are_planned_for_a_while_after_the_start(
    lone_settings: Settings, lone: asyncpg.Connection
) -> None:
    """The server answers first: nobody picks the job before its time."""
    await plan_after_start(lone_settings)

    job = await lone.fetchrow("SELECT shop_schema, name, state, is_ready, run_at > now() AS later FROM platform.job")
    assert tuple(job) == (PLATFORM_ITSELF, KEEP_SPARES, "QUEUED", False, True)
    assert await picking.pick(lone, "general", LANES["general"]) == []


# Nobody's


async def test_a_spare_shop_is_not_counted_listed_or_woken_by_the_clock(
    lone_settings: Settings, lone: asyncpg.Connection, maker: Provisioner
) -> None:
    shop = await maker.create("Shop", currency="EUR", time_zone="Europe/Berlin")
    await lone.execute("UPDATE platform.shop SET created_at = '2026-01-01'")
    spare = await made_spare(maker, lone)
    await lone.execute("UPDATE platform.shop SET created_at = '2026-01-01' WHERE state = 'SPARE'")

    status = await migrating.status(lone_settings)
    for day in (1, 2, 3):
        await Clock(CLOCK).plan(lone, datetime(2026, 5, day, 12, tzinfo=UTC))

    assert (status["shops"], status["spares"]) == (1, 1)
    assert spare not in await schemas(lone, ALL_SHOPS)
    woken = {row[0] for row in await lone.fetch("SELECT DISTINCT shop_schema FROM platform.job")}
    assert woken == {shop.schema, PLATFORM_ITSELF}


async def test_nothing_is_done_for_a_spare_shop(lone: asyncpg.Connection, maker: Provisioner) -> None:
    spare = await made_spare(maker, lone)
    await plan_spares(lone)
    await lone.execute("UPDATE platform.job SET shop_schema = $1", spare)

    assert await picking.pick(lone, "general", LANES["general"]) == []


async def test_nobody_is_signed_in_to_a_spare_shop(spare: str) -> None:
    """Not even somebody who has a place in it, which nothing gives."""
    row = await Shop.get(schema_name=spare)
    account = await person()
    await Membership.create(account=account, shop_id=row.id, role="OWNER")

    identity = await identify_session((await signed_in(account)).secret)

    assert (identity.shop, await memberships_of(account.id)) == (None, [])


async def test_a_spare_shop_is_migrated_like_any_other(
    lone_settings: Settings, lone: asyncpg.Connection, maker: Provisioner
) -> None:
    spare = await made_spare(maker, lone)
    step = compiling.Step(f"9000_{new_id().hex}", ("ALTER TABLE category ADD COLUMN shelf int;",))

    report = await migrating.migrate_shops(lone_settings, [step])

    assert (report.done, report.failed) == (1, {})
    assert await lone.fetchval(f'SELECT count(shelf) FROM "{spare}".category') == 0


# Taking one


async def test_who_opens_a_shop_is_given_a_spare_one(lone: asyncpg.Connection, maker: Provisioner) -> None:
    first, second = [await made_spare(maker, lone) for _ in range(2)]

    with set_to(NOON):
        shop = await maker.create("Mei's Teas", **WISH)

    row = await lone.fetchrow("SELECT * FROM platform.shop WHERE schema_name = $1", first)
    assert (row["id"], row["name"], row["currency"], row["time_zone"], row["locale"], row["state"]) == (
        *(shop.id, "Mei's Teas", "CNY", "Asia/Shanghai", "zh", "ACTIVE"),
    )
    assert (row["created_at"], row["weight"]) == (NOON, 1)
    assert shop == ShopRef(row["id"], first, "Mei's Teas", "CNY", "Asia/Shanghai")
    assert await schemas(lone) == [second]
    assert await lone.fetchval(PLANNED) == 1


async def test_where_there_is_none_a_shop_is_made(lone: asyncpg.Connection, maker: Provisioner) -> None:
    shop = await maker.create("Mei's Teas", **WISH)

    state = await lone.fetchval("SELECT state FROM platform.shop WHERE id = $1", shop.id)
    assert (state, await lone.fetchval(PLANNED)) == ("ACTIVE", 0)


async def test_what_a_shop_is_born_with_depends_on_nothing_that_its_merchant_says(
    lone: asyncpg.Connection, maker: Provisioner
) -> None:
    """So a spare that was taken has, row by row, what a shop has that was made for its merchant: all but ids and times."""
    await made_spare(maker, lone)
    taken = await maker.create("Mei's Teas", **WISH)
    made = await maker.create("Gifts", currency="GBP", time_zone="Europe/London", locale="en")

    ours, theirs = await rows_of(lone, taken.schema), await rows_of(lone, made.schema)

    assert ours == theirs
    assert {"location", "channel", "attribute"} <= {table for table, rows in ours.items() if rows}


async def rows_of(owner: asyncpg.Connection, schema: str) -> dict[str, list[Any]]:
    """What lies in each of the schema's tables."""
    tables = await owner.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'r'", schema
    )
    of_one = (
        "SELECT coalesce(jsonb_agg(row ORDER BY row::text), '[]') FROM (SELECT to_jsonb(t) - '{{id,created_at,pickup_location_id}}'::text[] "
        'AS row FROM "{}"."{}" t) AS rows'
    )
    return {
        each["relname"]: json.loads(await owner.fetchval(of_one.format(schema, each["relname"]))) for each in tables
    }


async def test_twenty_at_once_never_get_the_same_spare(lone: asyncpg.Connection, maker: Provisioner) -> None:
    """Two more than there are; these are made."""
    spares = {new_schema_name() for _ in range(18)}
    for schema in spares:  # the rows alone: it is about who gets which
        await lone.execute(
            "INSERT INTO platform.shop (id, schema_name, name, currency, time_zone, locale, state, created_at) "
            "VALUES ($1, $2, '', 'XXX', 'UTC', 'en', 'SPARE', now())",
            *(new_id(), schema),
        )
        await lone.execute(
            "INSERT INTO platform.shop_migration (shop_schema, name, applied_at) SELECT $1, unnest($2::text[]), now()",
            *(schema, compiling.step_names("shop")),
        )

    shops = await asyncio.gather(*(maker.create(f"Shop {number}", **WISH) for number in range(20)))

    got = {shop.schema for shop in shops}
    assert (len(got), spares <= got) == (20, True)
    names = "SELECT name FROM platform.shop WHERE state = 'ACTIVE'"
    assert {row["name"] for row in await lone.fetch(names)} == {f"Shop {number}" for number in range(20)}
    assert (await schemas(lone), await lone.fetchval(PLANNED)) == ([], 18)


async def test_a_spare_that_is_behind_is_left_until_it_is_migrated(
    lone_settings: Settings, lone: asyncpg.Connection, maker: Provisioner
) -> None:
    spare, last = await made_spare(maker, lone), compiling.step_names("shop")[-1]
    await lone.execute("DELETE FROM platform.shop_migration WHERE shop_schema = $1 AND name = $2", spare, last)

    shop = await maker.create("Mei's Teas", **WISH)

    assert shop.schema != spare
    assert (await migrating.status(lone_settings))["behind"] == {last: [spare]}
    assert await fill_up(lone_settings) == WANTED


async def test_a_sign_up_takes_one_and_its_owner_works_in_it(settings: Settings, spare: str) -> None:
    account, shop = await open_account(settings, new_email(), PASSWORD, **SIGN_UP)

    assert shop.schema == spare
    identity = await identify_session((await signed_in(account)).secret)
    assert (identity.shop, (await Shop.get(id=shop.id)).state) == (shop, "ACTIVE")
    ctx = await make.context(shop)
    with open_shop(shop):
        assert (await make.sold(ctx)).currency == "CNY"


async def test_a_sign_up_that_fails_in_its_last_step_gives_the_spare_back(
    sparing_settings: Settings, spare: str, owner: asyncpg.Connection
) -> None:
    before = await owner.fetchrow(TRACES), await owner.fetchrow("SELECT * FROM platform.shop WHERE state = 'SPARE'")
    await owner.execute(
        "CREATE FUNCTION platform.obstacle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'out of luck'; END $$; "
        "CREATE TRIGGER obstacle BEFORE INSERT ON platform.membership "
        "FOR EACH ROW EXECUTE FUNCTION platform.obstacle()"
    )
    try:
        with pytest.raises(asyncpg.RaiseError, match="out of luck"):
            await open_account(sparing_settings, new_email(), PASSWORD, **SIGN_UP)
    finally:
        await owner.execute("DROP FUNCTION platform.obstacle() CASCADE")

    after = await owner.fetchrow(TRACES), await owner.fetchrow("SELECT * FROM platform.shop WHERE state = 'SPARE'")
    assert after == before
