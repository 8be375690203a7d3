"""Issues: what could not be taken from the file as it stood, told with line, column and value."""

from __future__ import annotations

from dataclasses import dataclass

from stoa.kit.languages import Sentence

MAX_KEPT = 10_000
VALUE_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Issue:
    """One cell or row that was not taken as it stood. `refused`: the whole row was left out.

    `column` is a header of the file; who knows the field only gives that, and the mapping tells the header.
    """

    line: int
    column: str
    code: str
    message: Sentence
    value: str = ""
    refused: bool = False
    field: str = ""

    @property
    def shown_value(self) -> str:
        """Short enough to keep, and without what PostgreSQL cannot keep."""
        return self.value.replace("\0", "\N{SYMBOL FOR NULL}")[:VALUE_LIMIT]
