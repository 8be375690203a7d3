"""Opaque secrets: 256 random bits that mean nothing by themselves. Stoa keeps their SHA-256 and nothing else.

A plain hash is enough here: nobody can try 2^256 secrets, and a slow hash on every request would cost more than it
guards. An API token reads ``stoa_pat_<43 letters and digits><6 of checksum>``: scanners of leaked secrets find it by
its beginning, and a mistyped one is refused without asking the database.
"""

from __future__ import annotations

import re
import secrets
import string
from hashlib import sha256
from typing import Final
from zlib import crc32

PREFIX: Final = "stoa_pat_"
_DIGITS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase  # base 62
_RANDOM, _CHECK = 43, 6  # 62^43 > 2^256, 62^6 > 2^32
_SESSION_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_TOKEN_SECRET: Final = re.compile(rf"{PREFIX}([0-9A-Za-z]{{{_RANDOM}}})([0-9A-Za-z]{{{_CHECK}}})")


def new_session_secret() -> str:
    return secrets.token_urlsafe(32)


def new_token_secret() -> str:
    body = "".join(secrets.choice(_DIGITS) for _ in range(_RANDOM))
    return PREFIX + body + _checksum(body)


def is_session_secret(text: str) -> bool:
    """Whether it could be one."""
    return _SESSION_SECRET.fullmatch(text) is not None


def is_token_secret(text: str) -> bool:
    """Whether it could be one: the form is right and the checksum fits."""
    found = _TOKEN_SECRET.fullmatch(text)
    return found is not None and _checksum(found[1]) == found[2]


def hash_of(secret: str) -> str:
    """What is kept of a secret: SHA-256, in hex."""
    return sha256(secret.encode()).hexdigest()


def _checksum(body: str) -> str:
    rest, digits = crc32(body.encode()), ""
    for _ in range(_CHECK):
        rest, digit = divmod(rest, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits
