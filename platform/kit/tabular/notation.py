"""How a table is written, as far as somebody says so; the rest is found out."""

from __future__ import annotations

from typing import Literal, TypeVar, get_args

import msgspec

from stoa.kit.errors import InvalidInput

DecimalSign = Literal[".", ","]
Encoding = Literal["utf-8", "utf-16", "gb18030", "big5", "windows-1252"]
Delimiter = Literal[",", ";", "\t"]
CHOICES = {"decimal": get_args(DecimalSign), "encoding": get_args(Encoding), "delimiter": get_args(Delimiter)}


class Notation(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a file is written.

    `decimal`: how its numbers are written; as long as it is not said, a number that could be read in two ways
    ("12.345", "1,50") is an issue. `encoding` and `delimiter`: found out when not said.
    """

    decimal: DecimalSign | None = None
    encoding: Encoding | None = None
    delimiter: Delimiter | None = None


_Notation = TypeVar("_Notation", bound=Notation)


def read_notation(kind: type[_Notation], given: dict[str, object]) -> _Notation:
    """Options as somebody wrote them; what is None is as if it were not said. Raises `InvalidInput`."""
    said = {name: value for name, value in given.items() if value is not None}
    for name, choices in CHOICES.items():
        if name in said and said[name] not in choices:
            raise InvalidInput(
                "{said!r} is no {name}; there are {allowed}.",
                path=["options", name],
                said=str(said[name])[:20],
                name=name,
                allowed=", ".join(map(repr, choices)),
            )
    return msgspec.convert(said, kind)
