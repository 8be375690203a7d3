"""What a press is told, and what it answers."""

from __future__ import annotations

import msgspec

from stoa.kit.reporting.documents import Format


class Told(msgspec.Struct):
    """An order to the press."""

    spool: str
    out: str
    format: Format


class Answer(msgspec.Struct):
    """`failure` is empty when the file is written. `is_last`: the process has grown large, and ends now."""

    size: int = 0
    failure: str = ""
    is_last: bool = False
