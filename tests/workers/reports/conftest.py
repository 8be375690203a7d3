"""What these tests leave behind nobody needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stoa.workers.reports import making


@pytest.fixture(scope="module", autouse=True)
def no_presses_afterwards() -> Iterator[None]:
    """They would wait for the next report of this process, and other tests count them."""
    yield
    making.presses().close()
