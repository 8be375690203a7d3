"""What leaves for a stranger's program is signed: Standard Webhooks, version 1 of the symmetric signatures.

Three lines of HMAC are written here rather than taken from the library `standardwebhooks`, which brings four more
packages along; the tests let that library check what we sign.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Final

PREFIX: Final = "whsec_"


def shown(key: bytes) -> str:
    """The secret as receivers' libraries take it."""
    return PREFIX + base64.b64encode(key).decode()


def signed(secrets: Sequence[str], message_id: str, moment: datetime, body: bytes) -> dict[str, str]:
    """The three headers of the specification; several signatures while secrets rotate."""
    timestamp = str(int(moment.timestamp()))
    content = f"{message_id}.{timestamp}.".encode() + body
    signatures = [f"v1,{_hmac(secret, content)}" for secret in secrets]
    return {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": " ".join(signatures)}


def _hmac(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
