"""Migrations as SQL: all of an app in one walk, without a database; compiled once in a process."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from tortoise import Tortoise
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.migrations import operations as ops
from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.migration import Migration
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.schema_generator.state_apps import StateApps

from stoa.tenants.connecting import APPS

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


_compiled: dict[str, tuple[Step, ...]] = {}


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


def load_models() -> None:
    """Register all models without a database (for tools that only need the classes)."""
    for app, config in APPS.items():
        Tortoise.init_models(config["models"], app)
