"""Opaque secrets."""

from __future__ import annotations

import re
import string
from hashlib import sha256

import pytest

from stoa.tenants.access.opaque import hash_of, is_session_secret, is_token_secret, new_session_secret, new_token_secret


async def test_secrets_are_long_and_never_the_same() -> None:
    assert len({new_session_secret() for _ in range(1000)}) == 1000
    assert len({new_token_secret() for _ in range(1000)}) == 1000
    assert all(is_session_secret(new_session_secret()) for _ in range(100))
    assert all(is_token_secret(new_token_secret()) for _ in range(100))


async def test_a_token_can_be_recognised_by_its_form() -> None:
    """What a scanner of leaked secrets would look for."""
    assert re.fullmatch(r"stoa_pat_[0-9A-Za-z]{49}", new_token_secret())


async def test_one_wrong_letter_anywhere_is_noticed() -> None:
    secret = new_token_secret()
    for place in range(len("stoa_pat_"), len(secret)):
        for letter in string.ascii_letters + string.digits:
            mistyped = secret[:place] + letter + secret[place + 1 :]
            assert is_token_secret(mistyped) is (mistyped == secret)


@pytest.mark.parametrize(
    "text", ["", "stoa_pat_", "stoa_pat_" + "a" * 49, "x" * 42, "x" * 44, "ü" * 43, "x" * 43 + "\n"]
)
async def test_what_cannot_be_a_secret_is_seen_at_once(text: str) -> None:
    assert not is_session_secret(text)
    assert not is_token_secret(text)


async def test_sha_256_is_kept() -> None:
    assert hash_of("stoa") == sha256(b"stoa").hexdigest()
