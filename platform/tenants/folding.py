"""Fold migrations that are applied in one go: an index that a later one drops is not made in the first place.

A new shop goes through every migration there has ever been. What a detour leaves behind is not its files (they go with
the transaction) but dead rows in PostgreSQL's catalog, for every shop of the fleet, and the time of making them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_DROPPED = re.compile(r'^DROP INDEX (?:IF EXISTS )?"?(\w+)"?;$', re.MULTILINE)


def without_detours(statements: Sequence[str]) -> list[str]:
    """The statements, but for all that is said about indexes which they make and, in the end, drop.

    What was there before the first statement is dropped as they say: nothing here makes it.
    """
    everything = "\n".join(statements)
    last_drops = {found[1]: found.start() for found in _DROPPED.finditer(everything)}
    detours = [name for name, dropped in last_drops.items() if 0 <= _last_making(name, everything) < dropped]
    kept = [_without(detours, sql) for sql in statements]
    return [sql for sql in kept if sql.strip()]


def _last_making(index: str, script: str) -> int:
    return max((found.start() for found in _making(index).finditer(script)), default=-1)


def _without(indexes: Sequence[str], sql: str) -> str:
    for name in indexes:
        sql = _changing(name).sub("", _making(name).sub("", sql))
    return sql


def _making(index: str) -> re.Pattern[str]:
    return re.compile(rf'CREATE (?:UNIQUE )?INDEX "?{index}"? ON [^;]*;')


def _changing(index: str) -> re.Pattern[str]:
    return re.compile(rf'(?:ALTER|DROP) INDEX (?:IF EXISTS )?"?{index}"?(?: [^;]*)?;')
