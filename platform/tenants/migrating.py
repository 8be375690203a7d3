"""Migrate the fleet: every migration compiled to SQL once, applied to each shop in a transaction of its own.

A shop's transaction holds the DDL and the rows that say it has been done, so a shop is never half migrated and a
run can stop anywhere and be started again. Two runners may meet: the second waits at the shop's lock, then fails on
the unique key of the state rows before it touches a table, looks again at what the shop lacks, and goes on.
"""

from __future__ import annotations

import asyncio
import pkgutil
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from itertools import takewhile
from typing import Any

import asyncpg
from tortoise import Tortoise
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.migrations import operations as ops
from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.migration import Migration
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.schema_generator.state_apps import StateApps

from stoa.settings import Settings
from stoa.tenants import database
from stoa.tenants.connecting import APPS, OWNER_ROLE, SERVER_SETTINGS, owner_connection
from stoa.tenants.context import SCHEMA_NAME
from stoa.tenants.folding import without_detours
from stoa.tenants.preparing import prepare_database

LOCK_TIMEOUT = "3s"
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
# Operations that never look at how the models were before them, for which the costly copy of those can be spared.
LOOKS_AHEAD = (ops.CreateModel, ops.AddField, ops.AddIndex, ops.AddConstraint, ops.AlterModelOptions, ops.RunSQL)
LOOKS_BACK = (ops.RemoveIndex,)  # and those that never look at how the models are afterwards
MAY_BE_REPEATED = re.compile(r"\bIF\s+(NOT\s+)?EXISTS\b", re.IGNORECASE)


class UnfitMigration(RuntimeError):
    """A migration file the fleet runner does not take."""


@dataclass(frozen=True, slots=True)
class Step:
    """One migration as SQL. `atomic` is False for what PostgreSQL refuses inside a transaction."""

    name: str
    statements: tuple[str, ...]
    atomic: bool = True

    @property
    def sql(self) -> str:
        return "\n".join(self.statements)


FIRST_STEP = Step(
    "the table of what has been done",
    ("CREATE TABLE IF NOT EXISTS platform_migration (name text PRIMARY KEY, applied_at timestamptz DEFAULT now());",),
)


_compiled: dict[str, tuple[Step, ...]] = {}


@dataclass(slots=True)
class Report:
    """What a run over the fleet did. `failed` maps a shop's schema to the reason."""

    done: int = 0
    failed: dict[str, str] = field(default_factory=dict)


class _Nowhere(AsyncpgDBClient):
    """A client that is connected to nothing: migrations are compiled without a database."""

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, list[dict[str, Any]]]:
        return 0, []


async def compile_steps(app: str, apps: dict[str, dict[str, Any]] | None = None) -> tuple[Step, ...]:
    """All migrations of `app` ("shop" or "platform") in order, as SQL.

    One walk over all of them; Tortoise's own `collect_sql` walks from the start again for each. It takes half a second
    of a processor all the same, so our own are compiled once in a process. (Not in a thread: models that are built in
    another loop take the pools of this one from under it.)
    """
    if apps is not None:
        return await _compile_all(app, apps)
    if app not in _compiled:
        _compiled[app] = await _compile_all(app, APPS)
    return _compiled[app]


def forget_compiled() -> None:
    """Be as a process that has just started (benchmarks)."""
    _compiled.clear()


async def _compile_all(app: str, apps: dict[str, dict[str, Any]]) -> tuple[Step, ...]:
    executor = MigrationExecutor(_Nowhere(connection_name=app), {app: apps[app]})
    await executor.loader.build_graph()
    state = State(models={}, apps=StateApps(default_connections={app: app}))
    return tuple([await _compile(executor, key, state) for key in executor._full_plan()])


@cache
def step_names(app: str) -> tuple[str, ...]:
    """The names of all migrations of `app` in order, for who needs no more: nothing is compiled."""
    return tuple(sorted(each.name for each in pkgutil.iter_modules(import_module(APPS[app]["migrations"]).__path__)))


async def _compile(executor: MigrationExecutor, key: Any, state: State) -> Step:
    """One migration as SQL; moves `state`, the models as they were before it, on to what they are after it."""
    migration = executor.loader.graph.nodes[key]
    assert isinstance(migration, Migration)
    if not all(operation.reduces_to_sql for operation in migration.operations):
        raise UnfitMigration(
            f"{key.app_label}/{key.name} runs Python. The fleet runner sends SQL only: write RunSQL, or fill in data "
            "by a job that works shop by shop."
        )
    editor = executor._schema_editor(atomic=False, collect_sql=True)
    for operation in migration.operations:
        if isinstance(operation, LOOKS_BACK):
            await operation.database_forward(key.app_label, state, state, editor)
            operation.state_forward(key.app_label, state)
            continue
        before = state if isinstance(operation, LOOKS_AHEAD) else state.clone()
        operation.state_forward(key.app_label, state)
        await operation.database_forward(key.app_label, before, state, editor)
    statements = tuple(_clean(sql) for sql in editor.collected_sql)
    if not migration.atomic:
        _refuse_unrepeatable(f"{key.app_label}/{key.name}", statements)
    return Step(key.name, statements, migration.atomic)


def _clean(sql: str) -> str:
    """A statement, ended; without COMMENTs (Tortoise writes each on one line): every shop would keep a copy."""
    kept = [line for line in sql.split("\n") if not line.startswith("COMMENT ON ")]
    return "\n".join(kept).strip().rstrip(";") + ";"


def _refuse_unrepeatable(name: str, statements: Sequence[str]) -> None:
    for sql in statements:
        if not MAY_BE_REPEATED.search(sql):
            raise UnfitMigration(
                f"{name} is not atomic, so a run may stop in its middle and be started again, but this cannot be said "
                f"twice: {sql[:120]} Write IF NOT EXISTS or IF EXISTS."
            )


def shop_script(schema: str, steps: Sequence[Step]) -> str:
    """SQL that brings one shop through `steps`, as one transaction; the owner of the tables is not the shop's role."""
    if not SCHEMA_NAME.fullmatch(schema):
        raise ValueError(f"{schema!r} is not a shop's schema")
    done = ", ".join(f"('{schema}', '{step.name}', now())" for step in steps)
    return "\n".join(
        (
            "BEGIN;",
            f"SELECT pg_advisory_xact_lock({_lock_of(schema)});",
            f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}';",
            f"INSERT INTO platform.shop_migration (shop_schema, name, applied_at) VALUES {done};",
            f"SET LOCAL ROLE {OWNER_ROLE};",
            f'SET LOCAL search_path TO "{schema}", extensions;',
            *without_detours([sql for step in steps for sql in step.statements]),
            "COMMIT;",
        )
    )


async def migrate(settings: Settings, *, at_once: int = 4) -> Report:
    """Prepare the database, migrate the platform's schema, then every shop. One shop's failure stops only that shop."""
    async with owner_connection(settings) as connection:
        await prepare_database(connection, settings)
        await migrate_platform(connection)
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
    while not await connection.fetchval(f"SELECT pg_try_advisory_lock({_lock_of(schema)})"):
        await asyncio.sleep(POLL_SECONDS)


def _lock_of(schema: str) -> str:
    return f"hashtextextended('migrate {schema}', 0)"


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


def load_models() -> None:
    """Register all models without a database (for tools that only need the classes)."""
    for app, config in APPS.items():
        Tortoise.init_models(config["models"], app)
