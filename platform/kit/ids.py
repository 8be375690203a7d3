"""Ids: UUIDv7 inside, TypeIDs (``prod_01h455vb4pex5vsknk084sn02q``) outside."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from uuid import UUID

from uuid_utils.compat import uuid7

from stoa.kit.errors import InvalidInput

# Crockford's base 32, lower case, as the TypeID specification 0.3 asks; pairs halve the look-ups on the read path.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [high + low for high in ALPHABET for low in ALPHABET]
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
_SHIFTS = range(120, -1, -10)
LENGTH = 26


def new_id() -> UUID:
    """A fresh UUIDv7: sorts by the time it was made."""
    return uuid7()


def type_id(prefix: str, id: UUID | str) -> str:
    """The id as people and programs outside see it."""
    return f"{prefix}_{_encode(str(id))}"


def type_id_maker(prefix: str) -> Callable[[str], str]:
    """A function from UUID text to the TypeID with this prefix; remembers recent ones (lists repeat)."""
    start = prefix + "_"

    @lru_cache(maxsize=20_000)
    def make(uuid_text: str) -> str:
        return start + _encode(uuid_text)

    return make


def parse_type_id(text: str, prefix: str | None = None) -> UUID:
    """The UUID inside a TypeID. Refuses text that is none, or one of another type when `prefix` is given."""
    found, _, suffix = text.rpartition("_")
    if prefix is not None and found != prefix:
        raise InvalidInput(f"{text[:60]!r} is not an id of this type; one would look like {prefix}_01h455vb4pex...")
    value = _decode(suffix)
    if value is None or not found:
        raise InvalidInput(f"{text[:60]!r} is not an id.")
    return UUID(int=value)


def prefix_of(text: str) -> str:
    """The type part of a TypeID; empty when there is none."""
    return text.rpartition("_")[0]


def _encode(uuid_text: str) -> str:
    value = int(uuid_text.replace("-", ""), 16)
    pairs = _PAIRS
    return "".join([pairs[value >> shift & 1023] for shift in _SHIFTS])


def _decode(suffix: str) -> int | None:
    if len(suffix) != LENGTH or suffix[0] > "7":
        return None
    value = 0
    for letter in suffix:
        digit = _VALUES.get(letter)
        if digit is None:
            return None
        value = value << 5 | digit
    return value
