"""Passwords: refused when weak, hashed with argon2id, compared in the same time whether or not there is an account."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from stoa.tenants.access.errors import WeakPassword

SHORTEST, LONGEST = 10, 200  # characters
# OWASP's recommendation for argon2id: 19 MiB, two passes, one lane; some 20 to 50 ms of one core.
_hasher: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Two at a time, in threads of their own: hashing holds neither the event loop nor more than 38 MiB. Who waits in
# the queue when its request is cancelled is dropped from it.
_threads: Final = ThreadPoolExecutor(2, thread_name_prefix="passwords")

# What leaked lists begin with once letters are folded and the digits and signs at the ends are gone.
_COMMON_WORDS: Final = frozenset(
    (
        *("password", "passwort", "passw0rd", "p@ssword", "p@ssw0rd", "pa$$word", "motdepasse", "contrasena"),
        *("mypassword", "administrator", "admin", "adminadmin", "root", "rootroot"),
        *("welcome", "welcometo", "letmein", "changeme", "changeit", "default", "secret", "iloveyou"),
        *("iloveyouso", "loveyou", "sunshine", "princess", "football", "baseball", "basketball", "superman"),
        *("batman", "dragon", "monkey", "trustno", "michael", "jennifer", "charlie", "shadow", "master"),
        *("computer", "internet", "whatever", "starwars", "pokemon", "liverpool", "qwertyuiop", "qwerty"),
        *("qwertz", "azerty", "qazwsx", "qazwsxedc", "asdfghjkl", "zxcvbnm", "asdf", "qwer", "zxcv", "test"),
        *("testtest", "testing", "guest", "woaini", "woaiwojia", "wodemima", "mima", "nihao", "taobao"),
        *("alibaba", "zhongguo", "beijing", "shanghai", "stoa", "shop", "myshop"),
    )
)
_WALKS: Final = tuple(
    row + row[::-1]
    for row in (
        "0123456789012345678901234567890",
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
        "qwertyuiopasdfghjklzxcvbnm",
        "qwertzuiopasdfghjklyxcvbnm",
        "azertyuiopqsdfghjklmwxcvbn",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
        "q1w2e3r4t5y6u7i8o9p0",
        "1q2w3e4r5t6y7u8i9o0p",
    )
)
_REPEATED: Final = re.compile(r"(.{1,5}?)\1+.{0,3}", re.DOTALL)
_DIGITS_ARE_ENOUGH = 16  # shorter runs of digits are telephone numbers and birthdays
_ENDS: Final = re.compile(r"^[\d\W_]+|[\d\W_]+$")

T = TypeVar("T")


def check_password(password: str, *, email: str) -> None:
    """Refuse (`WeakPassword`) what is too short or long, the e-mail itself, and what a thief tries first."""
    if len(password) > LONGEST:
        raise _weak("The password is {length} characters long; {longest} are allowed.", length=len(password))
    plain = unicodedata.normalize("NFKC", password)
    if len(plain) < SHORTEST:
        raise _weak("The password is {length} characters long; it takes {shortest} or more.", length=len(plain))
    folded = plain.casefold()
    if folded in (email.casefold(), email.casefold().partition("@")[0]):
        raise _weak("The password is your e-mail; choose something else.")
    if _is_common(folded):
        raise _weak("This is one of the first passwords a thief would try; choose something else.")


async def hash_password(password: str) -> str:
    """The hash to keep, its parameters and salt inside."""
    return await _in_thread(lambda: _hasher.hash(_bytes_of(password)))


async def is_right(password: str, kept: str | None) -> bool:
    """Whether the password is the one kept. With nothing kept: False, after as long a time."""
    return await _in_thread(lambda: _verify(password, kept))


def is_outdated(kept: str) -> bool:
    """Whether the hash was made with other parameters than today's: it should be made again at the next sign-in."""
    return _hasher.check_needs_rehash(kept)


def _verify(password: str, kept: str | None) -> bool:
    nobodys = _nobodys_hash()  # also when not needed: its first making must not tell the two cases apart
    is_fit = kept is not None and len(password) <= LONGEST
    try:
        _hasher.verify(kept if kept is not None else nobodys, _bytes_of(password[:LONGEST]))
    except (VerificationError, InvalidHashError):
        return False
    return is_fit


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("whoever finds out what this is the hash of is still not signed in")


def _bytes_of(password: str) -> bytes:
    # NFKC: full-width letters of a Chinese keyboard are the same password; surrogates must fail, not crash
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


async def _in_thread(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_threads, work)


def _is_common(folded: str) -> bool:
    return (
        _ENDS.sub("", folded) in _COMMON_WORDS
        or _REPEATED.fullmatch(folded) is not None
        or any(folded in walk for walk in _WALKS)
        or (folded.isdigit() and len(folded) < _DIGITS_ARE_ENOUGH)
    )


def _weak(sentence: str, **values: int) -> WeakPassword:
    return WeakPassword(sentence, path=["password"], shortest=SHORTEST, longest=LONGEST, **values)
