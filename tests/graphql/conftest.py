"""The schema in a shop, without HTTP."""

from __future__ import annotations

import pytest

from stoa.graphql.executing import Executor
from stoa.graphql.schema import schema
from stoa.settings import Settings
from stoa.tenants.context import Context
from stoa.tenants.notifying.notices import know
from stoa.workers.notices import NOTICES
from tests.graphql.asking import Ask


@pytest.fixture(scope="session", autouse=True)
def notices() -> None:
    """What people can be notified of, as every process that serves knows it."""
    know(NOTICES)


@pytest.fixture(scope="session")
def executor(settings: Settings) -> Executor:
    """The one of the whole session, with a bucket that nobody empties."""
    return Executor(schema(), settings.model_copy(update={"points_capacity": 1e15, "points_per_second": 1e12}))


@pytest.fixture
def ask(executor: Executor, settings: Settings, ctx: Context) -> Ask:
    """The owner of `shop`, with every right."""
    return Ask(executor, settings, ctx)


@pytest.fixture
def ask_other(executor: Executor, settings: Settings, other_ctx: Context) -> Ask:
    """The owner of `other_shop`, with every right there."""
    return Ask(executor, settings, other_ctx)
