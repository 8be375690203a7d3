"""Python enums as GraphQL shows them: with a sentence for every value."""

from __future__ import annotations

from enum import Enum
from typing import Any

import strawberry


def shown_enum(cls: type[Enum], description: str, *, name: str | None = None, **values: str) -> Any:
    """Make the enum one of the schema's. `values` maps the name of every member to what it means."""
    if values.keys() != cls.__members__.keys():
        raise TypeError(f"{cls.__name__}: say what {', '.join(values.keys() ^ cls.__members__.keys())} means.")
    shown: Any = strawberry.enum(cls, name=name, description=description)
    for value in shown.__strawberry_definition__.values:
        value.description = values[value.name]
    return shown
