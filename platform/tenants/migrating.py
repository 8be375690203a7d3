"""Migrate the fleet: every migration compiled to SQL once, applied to each shop in a transaction of its own.

A shop's transaction holds the DDL and the rows that say it has been done, so a shop is never half migrated and a
run can stop anywhere and be started again. Two runners may meet: the second waits at the shop's lock, then fails on
the unique key of the state rows before it touches a table, looks again at what the shop lacks, and goes on.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

import asyncpg

from stoa.settings import Settings
from stoa.tenants import database
from stoa.tenants.compiling import Step, compile_steps
from stoa.tenants.connecting import OWNER_ROLE, SERVER_SETTINGS, owner_connection
from stoa.tenants.preparing import prepare_database
from stoa.tenants.scripting import keep_script, lock_of, shop_script

TRIES = 3  # of one shop, while its merchant holds a lock that is in the way
POLL_SECONDS = 0.1
INSERT_STATE = "INSERT INTO platform.shop_migration (shop_schema, name, applied_at) VALUES ($1, $2, now())"
WHO_IS_BEHIND = """
SELECT s.schema_name, array_agg(w.name ORDER BY w.name) AS missing
FROM platform.shop s CROSS JOIN unnest($1::text[]) AS w(name)
WHERE s.state <> 'DROPPED' AND NOT EXISTS (
  SELECT FROM platform.shop_migration m WHERE m.shop_schema = s.schema_name AND m.name = w.name)
GROUP BY s.schema_name ORDER BY s.schema_name
"""
HOW_MANY = """
SELECT count(*) FILTER (WHERE state NOT IN ('DROPPED', 'SPARE')), count(*) FILTER (WHERE state = 'SPARE')
FROM platform.shop
"""
WHAT_IS_MISSING = """
SELECT w.name FROM unnest($2::text[]) AS w(name) WHERE NOT EXISTS (
  SELECT FROM platform.shop_migration m WHERE m.shop_schema = $1 AND m.name = w.name)
"""
# What a CREATE INDEX CONCURRENTLY that was cut short leaves behind: it slows writes and serves nobody.
BROKEN_INDEXES = """
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND NOT i.indisvalid
"""
FIRST_STEP = Step(
    "the table of what has been done",
    ("CREATE TABLE IF NOT EXISTS platform_migration (name text PRIMARY KEY, applied_at timestamptz DEFAULT now());",),
)


@dataclass(slots=True)
class Report:
    """What a run over the fleet did. `failed` maps a shop's schema to the reason."""

    done: int = 0
    failed: dict[str, str] = field(default_factory=dict)


async def migrate(settings: Settings, *, at_once: int = 4) -> Report:
    """Prepare the database, migrate the platform's schema, then every shop. One shop's failure stops only that shop."""
    async with owner_connection(settings) as connection:
        await prepare_database(connection, settings)
        await migrate_platform(connection)
        await keep_script(connection)
    return await migrate_shops(settings, await compile_steps(database.SHOP), at_once=at_once)


async def migrate_platform(connection: Any) -> None:
    """Bring the platform's own schema up to date; a second runner waits, and then finds it done."""
    for step in (FIRST_STEP, *await compile_steps(database.PLATFORM)):
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('migrate platform'))")
            await _migrate_platform(connection, step)


async def _migrate_platform(connection: Any, step: Step) -> None:
    if step is not FIRST_STEP:
        if await connection.fetchval("SELECT true FROM platform.platform_migration WHERE name = $1", step.name):
            return
        await connection.execute("INSERT INTO platform.platform_migration (name) VALUES ($1)", step.name)
    await connection.execute(f"SET LOCAL ROLE {OWNER_ROLE}; SET LOCAL search_path TO platform")
    await connection.execute(step.sql)


async def who_is_behind(connection: Any, steps: Sequence[Step]) -> dict[str, list[str]]:
    """Shops that lack migrations, and which: one query however large the fleet."""
    rows = await connection.fetch(WHO_IS_BEHIND, [step.name for step in steps])
    return {row["schema_name"]: row["missing"] for row in rows}


async def migrate_shops(settings: Settings, steps: Sequence[Step], *, at_once: int = 4) -> Report:
    """Bring every shop that is behind up to `steps`; may be interrupted and run again.

    Looks again when it is through, for shops that were made meanwhile by a process that did not know the last steps.
    """
    report = Report()
    async with _owner_pool(settings, at_once) as pool:
        while behind := await _not_yet_tried(pool, steps, report):
            shops = iter(behind.items())
            await asyncio.gather(*(_work_through(pool, shops, report) for _ in range(at_once)))
    return report


async def _not_yet_tried(pool: Any, steps: Sequence[Step], report: Report) -> dict[str, list[Step]]:
    behind = await who_is_behind(pool, steps)
    return {
        schema: [step for step in steps if step.name in names]
        for schema, names in behind.items()
        if schema not in report.failed
    }


async def _work_through(pool: Any, shops: Iterator[tuple[str, list[Step]]], report: Report) -> None:
    for schema, missing in shops:
        try:
            await _migrate_shop(pool, schema, missing)
            report.done += 1
        except asyncpg.PostgresError as error:
            report.failed[schema] = f"{type(error).__name__}: {error}"


async def _migrate_shop(pool: Any, schema: str, missing: Sequence[Step]) -> None:
    """Runs of atomic steps share a transaction; a step that is not stands alone."""
    tries = 0
    while missing:
        group = _first_run(missing)
        try:
            await _take(pool, schema, group)
            missing = missing[len(group) :]
        except asyncpg.UniqueViolationError as error:
            if error.table_name != "shop_migration":
                raise
            missing = await _what_is_missing(pool, schema, missing)  # another runner has just been here
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            tries += 1
            if tries == TRIES:
                raise


async def _what_is_missing(pool: Any, schema: str, steps: Sequence[Step]) -> list[Step]:
    names = {row[0] for row in await pool.fetch(WHAT_IS_MISSING, schema, [step.name for step in steps])}
    return [step for step in steps if step.name in names]


async def _take(pool: Any, schema: str, steps: Sequence[Step]) -> None:
    async with pool.acquire() as connection:
        if steps[0].atomic:
            await _in_one_transaction(connection, shop_script(schema, steps))
        else:
            await _outside_transaction(connection, schema, steps[0])


async def _in_one_transaction(connection: Any, script: str) -> None:
    try:
        await connection.execute(script)
    except BaseException:
        with suppress(asyncpg.InterfaceError):  # there is no connection left
            await connection.execute("ROLLBACK")
        raise


async def _outside_transaction(connection: Any, schema: str, step: Step) -> None:
    await _take_session_lock(connection, schema)
    try:
        if not await _what_is_missing(connection, schema, [step]):
            return
        for index in await connection.fetch(BROKEN_INDEXES, schema):
            await connection.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index[0]}")
        await connection.execute(f'SET ROLE {OWNER_ROLE}; SET search_path TO "{schema}", extensions')
        for statement in step.statements:
            await connection.execute(statement)
        await connection.execute("RESET ROLE; RESET search_path")
        await connection.execute(INSERT_STATE, schema, step.name)
    finally:
        with suppress(asyncpg.InterfaceError):
            await connection.execute("RESET ROLE; RESET search_path; SELECT pg_advisory_unlock_all()")


async def _take_session_lock(connection: Any, schema: str) -> None:
    """Polls: whoever waits for the lock in a statement would himself be waited for by CREATE INDEX CONCURRENTLY."""
    while not await connection.fetchval(f"SELECT pg_try_advisory_lock({lock_of(schema)})"):
        await asyncio.sleep(POLL_SECONDS)


def _first_run(steps: Sequence[Step]) -> list[Step]:
    if not steps[0].atomic:
        return [steps[0]]
    return list(takewhile(lambda step: step.atomic, steps))


async def status(settings: Settings) -> dict[str, Any]:
    """How many shops there are, and who lacks what; a spare shop may, but is counted apart."""
    steps = await compile_steps(database.SHOP)
    async with owner_connection(settings) as connection:
        behind = await who_is_behind(connection, steps)
        shops, spares = await connection.fetchrow(HOW_MANY)
    by_missing: dict[str, list[str]] = defaultdict(list)
    for schema, missing in behind.items():
        by_missing[", ".join(missing)].append(schema)
    return {"migrations": len(steps), "shops": shops, "spares": spares, "behind": dict(by_missing)}


@asynccontextmanager
async def _owner_pool(settings: Settings, size: int) -> AsyncIterator[Any]:
    url = settings.database_url.get_secret_value()
    async with asyncpg.create_pool(url, min_size=1, max_size=size, server_settings=SERVER_SETTINGS) as pool:
        yield pool
