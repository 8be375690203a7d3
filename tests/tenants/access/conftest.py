"""What the tests of access share: a process that hears of changes, and so remembers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from stoa.settings import Settings
from stoa.tenants.access.hearing import hearing_changes
from stoa.tenants.access.identifying import remembered


@pytest.fixture
async def hearing(settings: Settings, database: None) -> AsyncIterator[None]:
    """This process listens and remembers."""
    async with hearing_changes(settings):
        assert remembered.is_hearing
        yield
    assert not remembered.is_hearing
