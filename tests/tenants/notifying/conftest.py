"""What tests of notifications stand on: events plan their jobs, and a day far ahead."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from stoa.kit import clock
from stoa.kit.letterbox import Letterbox
from stoa.settings import Settings
from stoa.tenants.context import Context
from stoa.workers import reactions
from tests.tenants.notifying.days import NOON, Day


@pytest.fixture(autouse=True)
def reacting() -> Iterator[None]:
    """Events plan jobs, as they do in a process that serves."""
    reactions.fill()
    yield
    reactions.fill({})


@pytest.fixture
async def day(ctx: Context, owner: asyncpg.Connection, settings: Settings) -> AsyncIterator[Day]:
    with clock.set_to(NOON):
        yield Day(ctx, owner, Letterbox(settings.letterbox))
