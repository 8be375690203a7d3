"""The fleet runner: every shop once, none by half, whoever is interrupted or meets whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.migrations.executor import MigrationExecutor

from stoa.kit.ids import new_id
from stoa.settings import Settings
from stoa.tenants.compiling import Step, UnfitMigration, compile_steps, step_names
from stoa.tenants.connecting import APPS, owner_connection
from stoa.tenants.context import ShopRef
from stoa.tenants.migrating import migrate, migrate_shops, status, who_is_behind
from stoa.tenants.provisioning import Provisioner, drop_shop
from tests.conftest import Addresses, own_database

SHOPS = 4


@pytest.fixture(scope="module")
async def fleet_settings(settings: Settings, engines: Addresses) -> AsyncIterator[Settings]:
    """The settings of a migrated database that no other test uses: these tests change all the shops in it."""
    async with own_database(engines.database_url) as url:
        fleet = Settings(**settings.model_dump() | {"database_url": url})
        await migrate(fleet)
        yield fleet


@pytest.fixture(scope="module")
def provisioner(fleet_settings: Settings) -> Provisioner:
    return Provisioner(fleet_settings)


@pytest.fixture
async def owner(fleet_settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    async with owner_connection(fleet_settings) as connection:
        yield connection


@pytest.fixture
async def fleet(fleet_settings: Settings, provisioner: Provisioner) -> AsyncIterator[list[ShopRef]]:
    """Four shops, in the order in which the runner takes them; all there are."""
    shops = [await provisioner.create(f"Shop {n}", currency="EUR", time_zone="UTC") for n in range(SHOPS)]
    yield sorted(shops, key=lambda shop: shop.schema)
    async with owner_connection(fleet_settings) as connection:
        for row in await connection.fetch("SELECT schema_name FROM platform.shop"):
            await drop_shop(fleet_settings, row[0])


def a_step(*statements: str, atomic: bool = True) -> Step:
    return Step(f"9000_{new_id().hex}", statements, atomic)


async def have_it(owner: asyncpg.Connection, step: Step) -> set[str]:
    """The shops that are noted down as having the step."""
    rows = await owner.fetch("SELECT shop_schema FROM platform.shop_migration WHERE name = $1", step.name)
    assert len({row[0] for row in rows}) == len(rows)
    return {row[0] for row in rows}


async def schemas_with(owner: asyncpg.Connection, relation: str) -> set[str]:
    """The shops that really have the table or index (a valid one)."""
    rows = await owner.fetch(
        "SELECT relnamespace::regnamespace::text FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid "
        "WHERE relname = $1 AND coalesce(i.indisvalid, true)",
        relation,
    )
    return {row[0] for row in rows}


async def columns(owner: asyncpg.Connection, shop: ShopRef, table: str) -> set[str]:
    rows = await owner.fetch(
        "SELECT column_name::text FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2",
        shop.schema,
        table,
    )
    return {row[0] for row in rows}


def schemas(shops: list[ShopRef]) -> set[str]:
    return {shop.schema for shop in shops}


async def until_waiting(owner: asyncpg.Connection) -> None:
    """Returns once somebody in this database waits for a lock."""
    async with asyncio.timeout(20):
        while not await owner.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ):
            await asyncio.sleep(0.01)


ADVISORY_LOCKS = """
SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
WHERE locktype = 'advisory' AND datname = current_database()
"""
SINCE = """
SELECT max(xact_start) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""

# A run


async def test_every_shop_gets_what_it_lacks_and_a_second_run_has_nothing_to_do(
    fleet_settings: Settings, fleet: list[ShopRef], owner: asyncpg.Connection
) -> None:
    step = a_step("CREATE TABLE shelf (id int PRIMARY KEY);")

    report = await migrate_shops(fleet_settings, [step])
    again = await migrate_shops(fleet_settings, [step])

    assert (report.done, report.failed) == (SHOPS, {})
    assert (again.done, again.failed) == (0, {})
    assert await schemas_with(owner, "shelf") == await have_it(owner, step) == schemas(fleet)


async def test_a_table_that_a_migration_adds_is_the_owners_and_the_shop_may_use_it(
    fleet_settings: Settings, fleet: list[ShopRef], owner: asyncpg.Connection
) -> None:
    await migrate_shops(fleet_settings, [a_step("CREATE TABLE shelf (id bigserial PRIMARY KEY);")])

    for shop in fleet:
        rights = await owner.fetchrow(
            "SELECT tableowner::text, has_table_privilege($1, $2, 'SELECT, INSERT, UPDATE, DELETE') AS may, "
            "has_sequence_privilege($1, $3, 'USAGE') AS may_count FROM pg_tables "
            "WHERE schemaname = $1 AND tablename = 'shelf'",
            shop.schema,
            f"{shop.schema}.shelf",
            f"{shop.schema}.shelf_id_seq",
        )
        assert tuple(rights) == ("stoa_owner", True, True)


async def test_one_shops_failure_leaves_the_others_done_and_that_one_as_it_was(
    fleet_settings: Settings, fleet: list[ShopRef], owner: asyncpg.Connection
) -> None:
    odd = fleet[1]
    await owner.execute(f"CREATE TABLE {odd.schema}.shelf (x int)")
    step = a_step("ALTER TABLE category ADD COLUMN shelf int;", "CREATE TABLE shelf (id int PRIMARY KEY);")

    report = await migrate_shops(fleet_settings, [step])

    assert report.done == SHOPS - 1
    assert report.failed == {odd.schema: 'DuplicateTableError: relation "shelf" already exists'}
    assert await have_it(owner, step) == schemas(fleet) - {odd.schema}
    assert "shelf" not in await columns(owner, odd, "category")
    assert await columns(owner, odd, "shelf") == {"x"}

    await owner.execute(f"DROP TABLE {odd.schema}.shelf")
    report = await migrate_shops(fleet_settings, [step])

    assert (report.done, report.failed) == (1, {})
    assert await have_it(owner, step) == schemas(fleet)
    assert "shelf" in await columns(owner, odd, "category")


async def test_an_interrupted_run_leaves_no_shop_by_half_and_can_be_started_again(
    fleet_settings: Settings, fleet: list[ShopRef], owner: asyncpg.Connection
) -> None:
    step = a_step("CREATE TABLE shelf (id int PRIMARY KEY);", "ALTER TABLE category ADD COLUMN shelf int;")
    async with owner.transaction():
        await owner.execute(f"LOCK TABLE {fleet[2].schema}.category")
        async with owner_connection(fleet_settings) as looking:
            run = asyncio.create_task(migrate_shops(fleet_settings, [step], at_once=1))
            await until_waiting(looking)  # in the third shop, with one of its two tables made
            run.cancel()
            with pytest.raises(asyncio.CancelledError):
                await run

            assert await have_it(looking, step) == schemas(fleet[:2])
            assert await schemas_with(looking, "shelf") == schemas(fleet[:2])

    report = await migrate_shops(fleet_settings, [step])

    assert (report.done, report.failed) == (2, {})
    assert await have_it(owner, step) == await schemas_with(owner, "shelf") == schemas(fleet)


async def test_a_runner_whose_connection_is_killed_reports_the_shop_and_goes_on(
    fleet_settings: Settings, fleet: list[ShopRef], owner: asyncpg.Connection
) -> None:
    step = a_step("CREATE TABLE shelf (id int PRIMARY KEY);", "ALTER TABLE category ADD COLUMN shelf int;")
    async with owner.transaction():
        await owner.execute(f"LOCK TABLE {fleet[1].schema}.category")
        async with owner_connection(fleet_settings) as looking:
            run = asyncio.create_task(migrate_shops(fleet_settings, [step], at_once=1))
            await until_waiting(looking)
            await looking.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            report = await run

    assert report.done == SHOPS - 1
    assert list(report.failed) == [fleet[1].schema]
    assert await schemas_with(owner, "shelf") == schemas(fleet) - {fleet[1].schema}
    assert (await migrate_shops(fleet_settings, [step])).done == 1


async def test_two_runners_at_once_do_each_shop_once(
    fleet_settings: Settings, fleet: list[ShopRef], owner: asyncpg.Connection
) -> None:
    steps = [a_step(f"CREATE TABLE shelf{n} (id int PRIMARY KEY);", "SELECT pg_sleep(0.01);") for n in range(3)]

    reports = await asyncio.gather(*(migrate_shops(fleet_settings, steps, at_once=2) for _ in range(3)))

    assert [report.failed for report in reports] == [{}, {}, {}]
    for number, step in enumerate(steps):
        assert await have_it(owner, step) == await schemas_with(owner, f"shelf{number}") == schemas(fleet)


async def test_a_runner_that_was_overtaken_by_part_does_the_rest(
    fleet_settings: Settings, fleet: list[ShopRef], owner: asyncpg.Connection
) -> None:
    """A runner of an older release, which knows the first step only, is at work in the same shop."""
    first, second = a_step("CREATE TABLE shelf (id int PRIMARY KEY);"), a_step("ALTER TABLE shelf ADD COLUMN x int;")
    async with owner.transaction():
        await owner.execute(f"LOCK TABLE {fleet[0].schema}.category")
        slow = Step(first.name, ("LOCK TABLE category;", *first.statements))
        async with owner_connection(fleet_settings) as looking:
            older = asyncio.create_task(migrate_shops(fleet_settings, [slow], at_once=1))
            await until_waiting(looking)
            newer = asyncio.create_task(migrate_shops(fleet_settings, [first, second], at_once=1))
            await asyncio.sleep(0.05)
    reports = await asyncio.gather(older, newer)

    assert [report.failed for report in reports] == [{}, {}]
    assert await have_it(owner, first) == await have_it(owner, second) == schemas(fleet)


async def test_a_shop_that_is_busy_for_a_moment_is_tried_again(
    fleet_settings: Settings, fleet: list[ShopRef], owner: asyncpg.Connection
) -> None:
    step = a_step("SET LOCAL lock_timeout = '300ms';", "ALTER TABLE category ADD COLUMN shelf int;")
    async with owner.transaction():
        await owner.execute(f"LOCK TABLE {fleet[0].schema}.category")
        async with owner_connection(fleet_settings) as looking:
            run = asyncio.create_task(migrate_shops(fleet_settings, [step]))
            await until_waiting(looking)
            first_try = await looking.fetchval(SINCE)
            while await looking.fetchval(SINCE) in (first_try, None):
                await asyncio.sleep(0.01)
    report = await run

    assert (report.done, report.failed) == (SHOPS, {})


async def test_a_shop_that_stays_busy_does_not_hold_up_the_others(
    fleet_settings: Settings, fleet: list[ShopRef], owner: asyncpg.Connection
) -> None:
    step = a_step("SET LOCAL lock_timeout = '10ms';", "ALTER TABLE category ADD COLUMN shelf int;")
    async with owner.transaction():
        await owner.execute(f"LOCK TABLE {fleet[0].schema}.category")
        report = await migrate_shops(fleet_settings, [step])

    assert report.done == SHOPS - 1
    assert report.failed == {fleet[0].schema: "LockNotAvailableError: canceling statement due to lock timeout"}


async def test_a_shop_made_by_an_older_process_during_the_run_is_caught_up(
    fleet_settings: Settings, fleet: list[ShopRef], owner: asyncpg.Connection, provisioner: Provisioner
) -> None:
    step = a_step("ALTER TABLE category ADD COLUMN shelf int;")
    async with owner.transaction():
        await owner.execute(f"LOCK TABLE {fleet[0].schema}.category")
        async with owner_connection(fleet_settings) as looking:
            run = asyncio.create_task(migrate_shops(fleet_settings, [step]))
            await until_waiting(looking)
            late = await provisioner.create("Latecomer", currency="EUR", time_zone="UTC")
    report = await run

    assert (report.done, report.failed) == (SHOPS + 1, {})
    assert await have_it(owner, step) == schemas([*fleet, late])


# Steps that PostgreSQL refuses inside a transaction


async def test_an_index_can_be_built_concurrently(
    fleet_settings: Settings, fleet: list[ShopRef], owner: asyncpg.Connection
) -> None:
    before = a_step("ALTER TABLE category ADD COLUMN shelf int;")
    index = a_step("CREATE INDEX CONCURRENTLY IF NOT EXISTS by_shelf ON category (shelf);", atomic=False)
    after = a_step("ALTER TABLE category ADD CONSTRAINT shelves CHECK (shelf > 0);")

    report = await migrate_shops(fleet_settings, [before, index, after])

    assert (report.done, report.failed) == (SHOPS, {})
    assert await schemas_with(owner, "by_shelf") == schemas(fleet)
    for step in (before, index, after):
        assert await have_it(owner, step) == schemas(fleet)


async def test_two_runners_build_an_index_once(
    fleet_settings: Settings, fleet: list[ShopRef], owner: asyncpg.Connection
) -> None:
    index = a_step("CREATE INDEX CONCURRENTLY IF NOT EXISTS by_age ON category (created_at);", atomic=False)

    async with asyncio.timeout(60):
        reports = await asyncio.gather(*(migrate_shops(fleet_settings, [index], at_once=2) for _ in range(3)))

    assert [report.failed for report in reports] == [{}, {}, {}]
    assert await schemas_with(owner, "by_age") == await have_it(owner, index) == schemas(fleet)


async def test_an_index_that_was_left_broken_is_built_anew(
    fleet_settings: Settings, fleet: list[ShopRef], owner: asyncpg.Connection
) -> None:
    odd = fleet[0].schema
    await owner.execute(
        f"INSERT INTO {odd}.category (id, name, name_key, created_at) SELECT gen_random_uuid(), 'twice', n, now() "
        "FROM generate_series(1, 2) AS n"
    )
    index = a_step("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS names ON category (name);", atomic=False)

    report = await migrate_shops(fleet_settings, [index])

    assert list(report.failed) == [odd]
    assert "could not create unique index" in report.failed[odd]
    assert await have_it(owner, index) == await schemas_with(owner, "names") == schemas(fleet) - {odd}
    assert await owner.fetchval("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == 1

    await owner.execute(f"DELETE FROM {odd}.category")
    report = await migrate_shops(fleet_settings, [index])

    assert (report.done, report.failed) == (1, {})
    assert await schemas_with(owner, "names") == schemas(fleet)
    assert await owner.fetchval("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == 0


async def test_a_failed_step_leaves_no_lock_and_no_role_on_the_runners_connection(
    fleet_settings: Settings, fleet: list[ShopRef], owner: asyncpg.Connection
) -> None:
    """One connection does all: what the failure left on it would be felt in the next shop."""
    await owner.execute(f"DROP TABLE {fleet[0].schema}.event")
    index = a_step("CREATE INDEX CONCURRENTLY IF NOT EXISTS by_name ON event (name);", atomic=False)

    report = await migrate_shops(fleet_settings, [index], at_once=1)

    assert list(report.failed) == [fleet[0].schema]
    assert await have_it(owner, index) == schemas(fleet[1:])
    assert await owner.fetchval(ADVISORY_LOCKS) == 0


# Who is behind


async def test_who_is_behind_is_one_query(
    fleet_settings: Settings, fleet: list[ShopRef], owner: asyncpg.Connection
) -> None:
    old, new = a_step("SELECT 1;"), a_step("SELECT 2;")
    await migrate_shops(fleet_settings, [old])
    await owner.execute("DELETE FROM platform.shop_migration WHERE shop_schema = $1", fleet[0].schema)
    statements: list[Any] = []
    owner.add_query_logger(statements.append)

    behind = await who_is_behind(owner, [old, new])

    await asyncio.sleep(0)
    assert len(statements) == 1
    assert behind == {shop.schema: [new.name] for shop in fleet} | {fleet[0].schema: [old.name, new.name]}


async def test_a_shop_that_was_given_up_is_not_migrated(
    fleet_settings: Settings, fleet: list[ShopRef], owner: asyncpg.Connection
) -> None:
    await owner.execute("UPDATE platform.shop SET state = 'DROPPED' WHERE schema_name = $1", fleet[0].schema)
    step = a_step("SELECT 1;")

    await migrate_shops(fleet_settings, [step])

    assert await have_it(owner, step) == schemas(fleet[1:])


async def test_the_status_counts_shops_and_names_those_behind(
    fleet_settings: Settings, fleet: list[ShopRef], owner: asyncpg.Connection
) -> None:
    last = (await compile_steps("shop"))[-1].name
    assert (await status(fleet_settings))["behind"] == {}

    await owner.execute(
        "DELETE FROM platform.shop_migration WHERE shop_schema = $1 AND name = $2", fleet[0].schema, last
    )

    found = await status(fleet_settings)
    assert (found["shops"], found["behind"]) == (SHOPS, {last: [fleet[0].schema]})


# The platform's own schema


async def test_migrating_the_whole_database_twice_changes_nothing(
    fleet_settings: Settings, fleet: list[ShopRef], owner: asyncpg.Connection
) -> None:
    state = "SELECT array_agg(name ORDER BY name), max(applied_at) FROM platform.platform_migration"
    before = await owner.fetchrow(state)

    report = await migrate(fleet_settings)

    assert (report.done, report.failed) == (0, {})
    assert await owner.fetchrow(state) == before


async def test_an_empty_database_can_be_migrated_by_two_at_once(settings: Settings, engines: Addresses) -> None:
    async with own_database(engines.database_url) as url:
        fresh = Settings(**settings.model_dump() | {"database_url": url})

        await asyncio.gather(*(migrate(fresh) for _ in range(3)))

        async with owner_connection(fresh) as connection:
            done = await connection.fetch("SELECT name FROM platform.platform_migration ORDER BY name")
    assert [row[0] for row in done] == [step.name for step in await compile_steps("platform")]


# What the runner does not take

MIGRATION = """
from tortoise import migrations
from tortoise.migrations import operations as ops

async def fill_in(apps, schema_editor):
    pass

class Migration(migrations.Migration):
    initial = True
    atomic = {atomic}
    operations = [{operation}]
"""


@pytest.fixture
def shop_apps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Writes a migration of the shops' schema and gives the apps that have it as their only one."""

    def write(operation: str, *, atomic: bool = True) -> dict[str, dict[str, Any]]:
        name = f"migrations_{new_id().hex}"
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
        (tmp_path / name / "0001_odd.py").write_text(MIGRATION.format(operation=operation, atomic=atomic))
        monkeypatch.syspath_prepend(tmp_path)
        return {"shop": APPS["shop"] | {"migrations": name}}

    return write


async def test_a_migration_that_runs_python_is_refused(shop_apps: Any) -> None:
    with pytest.raises(UnfitMigration, match="shop/0001_odd runs Python.*write RunSQL"):
        await compile_steps("shop", shop_apps("ops.RunPython(fill_in)"))


async def test_a_step_outside_a_transaction_must_be_repeatable(shop_apps: Any) -> None:
    index = "INDEX CONCURRENTLY {} by_shelf ON category (name)"

    with pytest.raises(UnfitMigration, match="shop/0001_odd is not atomic.*Write IF NOT EXISTS"):
        await compile_steps("shop", shop_apps(f"ops.RunSQL('CREATE {index.format('')}')", atomic=False))

    apps = shop_apps(f"ops.RunSQL('CREATE {index.format('IF NOT EXISTS')}')", atomic=False)
    assert await compile_steps("shop", apps) == (
        Step("0001_odd", (f"CREATE {index.format('IF NOT EXISTS')};",), atomic=False),
    )


@pytest.mark.parametrize("app", ["platform", "shop"])
async def test_the_names_of_the_steps_are_known_without_compiling_them(app: str) -> None:
    assert step_names(app) == tuple([step.name for step in await compile_steps(app)])


@pytest.mark.parametrize("app", ["platform", "shop"])
async def test_compiling_in_one_walk_gives_the_sql_that_tortoise_gives(app: str) -> None:
    executor = MigrationExecutor(AsyncpgDBClient(connection_name=app), {app: APPS[app]})
    for step in await compile_steps(app):
        said = await executor.collect_sql(app, step.name)
        expected = [line for sql in said for line in sql.split("\n") if not line.startswith(("--", "COMMENT ON "))]
        assert "\n".join(step.statements).replace(";", "").split() == "\n".join(expected).replace(";", "").split()


async def test_our_own_migrations_compile_without_a_database_and_keep_no_comments() -> None:
    for app in ("platform", "shop"):
        steps = await compile_steps(app)
        assert [step.name for step in steps] == sorted(step.name for step in steps)
        assert [step.name for step in steps if "COMMENT ON" in step.sql or "CREATE SCHEMA" in step.sql] == []
