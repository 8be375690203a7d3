"""Ids: UUIDv7 inside, TypeIDs (``prod_01h455vb4pex5vsknk084sn02q``) outside."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import product
from uuid import UUID

from uuid_utils.compat import uuid7

from stoa.kit.errors import InvalidInput

# Crockford's base 32, lower case, as the TypeID specification 0.3 asks.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
LENGTH = 26
_RANDOM = 0xFFF << 64 | (1 << 62) - 1  # the bits of a UUIDv7 beside time, version and variant
# A list of products shows 200 ids, so encoding them is a good part of the read path: three letters at a look-up, and
# integers that fit a machine word. (No cache of ids: it flatters one shop, and is in the way of a fleet.)
_PAIRS = ["".join(letters) for letters in product(ALPHABET, repeat=2)]
_TRIPLES = ["".join(letters) for letters in product(ALPHABET, repeat=3)]


# The same, made by a statement that writes rows of its own accord.
NEW_ID = (
    "encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing substring(int8send("
    "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid"
)


def new_id() -> UUID:
    """A fresh UUIDv7: sorts by the time it was made."""
    return uuid7()


def id_at(moment: datetime) -> UUID:
    """A UUIDv7 as if it had been made at that moment: what is taken over from elsewhere sorts by when it happened."""
    milliseconds = max(0, int(moment.timestamp() * 1000))
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0x2 << 62 | uuid7().int & _RANDOM)


def first_id_of(moment: datetime) -> UUID:
    """What sorts before every id that was made at that moment or later: ids begin with their milliseconds."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def type_id(prefix: str, id: UUID | str) -> str:
    """The id as people and programs outside see it."""
    return f"{prefix}_{_encode(str(id))}"


def type_id_maker(prefix: str) -> Callable[[str], str]:
    """A function from UUID text to the TypeID with this prefix."""
    start = prefix + "_"

    def make(uuid_text: str) -> str:
        return start + _encode(uuid_text)

    return make


def parse_type_id(text: str, prefix: str | None = None) -> UUID:
    """The UUID inside a TypeID. Refuses text that is none, or one of another type when `prefix` is given."""
    found, _, suffix = text.rpartition("_")
    if prefix is not None and found != prefix:
        raise InvalidInput(
            "{text!r} is not an id of this type; one would look like {prefix}_01h455vb4pex...",
            text=text[:60],
            prefix=prefix,
        )
    value = _decode(suffix)
    if value is None or not found:
        raise InvalidInput("{text!r} is not an id.", text=text[:60])
    return UUID(int=value)


def prefix_of(text: str) -> str:
    """The type part of a TypeID; empty when there is none."""
    return text.rpartition("_")[0]


def _encode(uuid_text: str) -> str:
    """128 bits as 26 letters: 2 for the first 8 bits, 12 for the next 60, 12 for the last 60."""
    digits, triples = uuid_text.replace("-", ""), _TRIPLES
    a, b = int(digits[2:17], 16), int(digits[17:], 16)
    return (
        f"{_PAIRS[int(digits[:2], 16)]}"
        f"{triples[a >> 45]}{triples[a >> 30 & 32767]}{triples[a >> 15 & 32767]}{triples[a & 32767]}"
        f"{triples[b >> 45]}{triples[b >> 30 & 32767]}{triples[b >> 15 & 32767]}{triples[b & 32767]}"
    )


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
