"""What was examined about an order, as it is kept with it: a code for programs, how grave it is, and words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from stoa.kit.languages import Sentence

STOCK_GONE = "STOCK_GONE"
# What a rule of risk may stand in for: the shop knows better what is much, odd or the same.
REPLACEABLE = ("PRICE", "DUPLICATE", "AMOUNT", "NEW_BUYER")


class Severity(StrEnum):
    """BLOCKING keeps an order from being confirmed by itself: somebody has to look at it."""

    NOTE = "NOTE"
    WARNING = "WARNING"
    BLOCKING = "BLOCKING"


@dataclass(frozen=True, slots=True)
class Check:
    """Something that was found. What is all right is not told."""

    code: str
    severity: Severity
    words: Sentence

    def as_row(self) -> dict[str, Any]:
        return as_row(self.code, self.severity, self.words)


def as_row(code: str, severity: Severity, words: Sentence) -> dict[str, Any]:
    return {"code": code, "severity": severity.value, **_kept(words)}


def is_blocked(checks: Iterable[Mapping[str, Any]]) -> bool:
    """Whether one of an order's checks keeps it from being confirmed by itself."""
    return any(each["severity"] == Severity.BLOCKING for each in checks)


def _kept(words: Sentence) -> dict[str, Any]:
    values = {name: _kept(each) if isinstance(each, Sentence) else each for name, each in words.values.items()}
    return {"words": words.text, "values": values}


def words_of(row: Mapping[str, Any]) -> Sentence:
    """The sentence that a row keeps: it is said in the language of whoever reads it."""
    values = {name: words_of(each) if isinstance(each, dict) else each for name, each in row["values"].items()}
    return Sentence(row["words"], values)
