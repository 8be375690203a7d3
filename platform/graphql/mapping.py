"""Which column of a file holds what, as an input says it."""

from __future__ import annotations

from collections.abc import Iterable

from stoa.kit.errors import InvalidInput


def columns_by_field(mapping: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Of pairs of field and column. Raises `InvalidInput` for a field that is named twice."""
    columns: dict[str, str] = {}
    for i, (field, column) in enumerate(mapping):
        if field in columns:
            raise InvalidInput("{field} is mapped twice.", path=["mapping", i, "field"], field=field)
        columns[field] = column
    return columns
