"""Secrets of webhooks: made here, shown once, kept under seal because they must be read again to sign."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from stoa.kit.sealing import SealBroken, seal, unseal
from stoa.kit.signing import shown
from stoa.tenants.hooks.models import Webhook

SECRET_BYTES = 32


def new_secret() -> str:
    return shown(secrets.token_bytes(SECRET_BYTES))


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


def _about(shop_schema: str, hook_id: UUID) -> str:
    return f"webhook {hook_id} of {shop_schema}"
