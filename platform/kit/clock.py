"""The clock: aware UTC, and a place where a test may set it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_set_to: ContextVar[datetime | None] = ContextVar("clock", default=None)


def now() -> datetime:
    """The time, aware, in UTC."""
    return _set_to.get() or datetime.now(UTC)


@contextmanager
def set_to(moment: datetime) -> Iterator[None]:
    """Run a block at another time (tests of deadlines; nothing in production calls it)."""
    if moment.tzinfo is None:
        raise ValueError("the clock takes aware times only")
    token = _set_to.set(moment)
    try:
        yield
    finally:
        _set_to.reset(token)
