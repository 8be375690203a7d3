"""Values as text of JSON."""

from __future__ import annotations

from typing import Any

import msgspec


def as_json(value: Any) -> str:
    """A value, or rows, as one parameter of a statement: asyncpg takes longer over an array for each column."""
    return msgspec.json.encode(value).decode()
