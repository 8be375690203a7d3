"""A browser at our pages: the whole application without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from stoa.app import create_app
from stoa.demo import SIGN_INS
from stoa.settings import Settings


def browser_at(settings: Settings, **changes: str) -> httpx.AsyncClient:
    """Somebody at an application with these settings, which has been handed the demo sign-ins."""
    config = settings.model_copy(update=changes)
    transport = httpx.ASGITransport(create_app(config, demo=SIGN_INS))
    return httpx.AsyncClient(transport=transport, base_url=config.public_url)


@pytest.fixture
async def browser(settings: Settings, database: None) -> AsyncIterator[httpx.AsyncClient]:
    """At the application as the newcomer has it: in development, with the demo shops."""
    async with browser_at(settings, environment="development") as client:
        yield client
