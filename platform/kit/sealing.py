"""Sealing: secrets that must be read again, kept so that whoever reads the table or a backup has nothing.

AES-256-GCM of the library `cryptography`; the key is derived from STOA_SECRET_KEY (HKDF), so no second secret has to be
kept. What a secret is about is bound in: one that is copied to another shop's row does not open.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from stoa.settings import settings

MARK: Final = "sealed:1:"  # the version of the form, so that another can be told from it
_NONCE: Final = 12


class SealBroken(ValueError):
    """It was not sealed with this installation's key, is about something else, or was tampered with."""


def seal(text: str, *, about: str) -> str:
    """The text under seal; `about` says whose it is, and must be said again to read it."""
    nonce = secrets.token_bytes(_NONCE)
    sealed = _cipher(_key()).encrypt(nonce, text.encode(), about.encode())
    return MARK + base64.urlsafe_b64encode(nonce + sealed).decode()


def is_sealed(text: str) -> bool:
    return text.startswith(MARK)


def unseal(sealed: str, *, about: str) -> str:
    """The text again. Raises `SealBroken`."""
    try:
        raw = base64.urlsafe_b64decode(sealed.removeprefix(MARK))
        if not is_sealed(sealed):
            raise SealBroken("This is not sealed.")
        return _cipher(_key()).decrypt(raw[:_NONCE], raw[_NONCE:], about.encode()).decode()
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise SealBroken(f"What is sealed about {about} does not open with this STOA_SECRET_KEY.") from error


def _key() -> str:
    return settings().secret_key.get_secret_value()


@lru_cache(maxsize=4)
def _cipher(key: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=b"stoa sealing 1").derive(key.encode()))
