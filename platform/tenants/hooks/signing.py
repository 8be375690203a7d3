"""Secrets of webhooks, and what is signed with them: Standard Webhooks, version 1 of the symmetric signatures.

Three lines of HMAC are written here rather than taken from the library `standardwebhooks`, which brings four more
packages along; the tests let that library check what we sign.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from stoa.kit.sealing import SealBroken, seal, unseal
from stoa.tenants.hooks.models import Webhook

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sealed(shop_schema: str, hook_id: UUID, secret: str) -> str:
    return seal(secret, about=_about(shop_schema, hook_id))


def secrets_of(hook: Webhook, moment: datetime) -> Sequence[str]:
    """Those that sign at this moment, the newest first. Raises `SealBroken` when the newest cannot be read."""
    about = _about(hook.shop_schema, hook.id)
    kept = [unseal(hook.secret, about=about)]
    if hook.old_secret and hook.old_secret_until and moment < hook.old_secret_until:
        with suppress(SealBroken):  # then there is nothing to overlap with
            kept.append(unseal(hook.old_secret, about=about))
    return kept


def signed(keys: Sequence[str], message_id: str, moment: datetime, body: bytes) -> dict[str, str]:
    """The three headers of the specification; several signatures while secrets rotate."""
    timestamp = str(int(moment.timestamp()))
    content = f"{message_id}.{timestamp}.".encode() + body
    signatures = [f"v1,{_hmac(key, content)}" for key in keys]
    return {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": " ".join(signatures)}


def _hmac(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def _about(shop_schema: str, hook_id: UUID) -> str:
    return f"webhook {hook_id} of {shop_schema}"
