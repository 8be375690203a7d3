"""Text as people type it: one normal form, no stray space, a limit."""

from __future__ import annotations

import re
import unicodedata

from stoa.kit.errors import InvalidInput

_SPACES = re.compile(r"[ \t\u00a0\u3000]+")
_NOT_SLUG = re.compile(r"[^\w]+", re.UNICODE)
# Control characters PostgreSQL or a reader would choke on; tab and newline stay.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029\ufffe\uffff]")


def clean_line(text: str, *, what: str, limit: int, required: bool = True) -> str:
    """One line: NFC, trimmed, inner runs of space made one. Refuses emptiness (when required) and excess."""
    line = _SPACES.sub(" ", _clean(text).replace("\r", " ").replace("\n", " ")).strip()
    return _within(line, what=what, limit=limit, required=required)


def clean_text(text: str, *, what: str, limit: int, required: bool = False) -> str:
    """Several lines: NFC, trimmed at the ends, line ends as \\n."""
    lines = _clean(text).replace("\r\n", "\n").replace("\r", "\n").strip()
    return _within(lines, what=what, limit=limit, required=required)


def slugify(text: str, *, limit: int = 120) -> str:
    """A readable part of an address; keeps Chinese characters. May be empty when the text has no letter or digit."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _NOT_SLUG.sub("-", folded).strip("-_")[:limit].strip("-_")


def _clean(text: str) -> str:
    return _CONTROL.sub("", unicodedata.normalize("NFC", text))


def _within(text: str, *, what: str, limit: int, required: bool) -> str:
    if required and not text:
        raise InvalidInput(f"The {what} is empty.")
    if len(text) > limit:
        raise InvalidInput(
            f"The {what} is {len(text)} characters long; {limit} are allowed.",
            params={"length": len(text), "limit": limit},
        )
    return text
