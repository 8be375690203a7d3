"""Text as people type it: one normal form, no stray space, a limit."""

from __future__ import annotations

import re
import unicodedata

from stoa.kit.errors import InvalidInput
from stoa.kit.languages import Sentence

_SPACES = re.compile(r"[ \t\u00a0\u3000]+")
_NOT_SLUG = re.compile(r"[^\w]+", re.UNICODE)
# Control characters PostgreSQL, a reader or the header of a mail would choke on; tab and newline stay.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_ACCENTS = re.compile("[\u0300-\u036f]")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def clean_line(text: str, *, what: str | Sentence, limit: int, required: bool = True) -> str:
    """One line: NFC, trimmed, inner runs of space made one. Refuses emptiness (when required) and excess."""
    line = _SPACES.sub(" ", _clean(text).replace("\r", " ").replace("\n", " ")).strip()
    return _within(line, what=what, limit=limit, required=required)


def clean_text(text: str, *, what: str | Sentence, limit: int, required: bool = False) -> str:
    """Several lines: NFC, trimmed at the ends, line ends as \\n."""
    lines = _clean(text).replace("\r\n", "\n").replace("\r", "\n").strip()
    return _within(lines, what=what, limit=limit, required=required)


def slugify(text: str, *, limit: int = 120) -> str:
    """A readable part of an address; keeps Chinese characters. May be empty when the text has no letter or digit."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _NOT_SLUG.sub("-", folded).strip("-_")[:limit].strip("-_")


def searchable(text: str) -> str:
    """The form in which texts are searched: case, width and accents do not matter, and all of it is ASCII.

    What is a part of a text here was one there. A letter beyond ASCII becomes \\x01 and its code: PostgreSQL's trigrams
    leave out what its locale takes for no letter, and a Chinese word is often shorter than three. Spelled out, a
    single Chinese letter makes several trigrams, whatever the locale.
    """
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", _clean(text)))
    return _BEYOND_ASCII.sub(_spelled, unicodedata.normalize("NFKC", bare.casefold()))


def escape_like(text: str) -> str:
    """The text as a LIKE pattern that means itself."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _spelled(letter: re.Match[str]) -> str:
    code = ord(letter[0])
    return f"\x01{code:04x}" if code < 0x10000 else f"\x02{code:06x}"


def _clean(text: str) -> str:
    return _CONTROL.sub("", unicodedata.normalize("NFC", text))


def _within(text: str, *, what: str | Sentence, limit: int, required: bool) -> str:
    if required and not text:
        raise InvalidInput("The {what} is empty.", what=_named(what))
    if len(text) > limit:
        raise InvalidInput(
            "The {what} is {length} characters long; {limit} are allowed.",
            length=len(text),
            limit=limit,
            what=_named(what),
        )
    return text


def _named(what: str | Sentence) -> Sentence:
    return what if isinstance(what, Sentence) else Sentence(what)
