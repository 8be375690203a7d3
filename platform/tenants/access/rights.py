"""What somebody may still do in a shop who asked for something a while ago, without their credential at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson

from stoa.kit.clock import now
from stoa.tenants.access.scopes import EVERY_SCOPE, scopes_of
from stoa.tenants.context import Actor
from stoa.tenants.database import platform_client

_OF_ACCOUNT: Final = """
SELECT m.role, NULL AS scopes, false AS trusted_documents_only FROM platform.membership m
JOIN platform.shop h ON h.id = m.shop_id AND h.state = 'ACTIVE'
WHERE m.account_id = $1 AND m.shop_id = $2 AND $3::timestamptz IS NOT NULL
"""
_OF_PROGRAM: Final = """
SELECT m.role, t.scopes, t.trusted_documents_only FROM platform.api_token t
JOIN platform.membership m ON m.account_id = t.account_id AND m.shop_id = t.shop_id
JOIN platform.shop h ON h.id = t.shop_id AND h.state = 'ACTIVE'
WHERE t.id = $1 AND t.shop_id = $2 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $3)
"""


@dataclass(frozen=True, slots=True)
class Rights:
    """Of one credential or person in one shop, at this moment."""

    scopes: frozenset[str]
    trusted_documents_only: bool = False


async def rights_of(actor: Actor, shop_id: UUID) -> Rights | None:
    """None when they may not enter the shop (any more). Who only signed out is a member still; Stoa itself may all."""
    if actor.kind == "system":
        return Rights(EVERY_SCOPE)
    statement = _OF_PROGRAM if actor.kind == "token" else _OF_ACCOUNT
    rows: Sequence[Any] = (await platform_client().execute_query(statement, [actor.id, shop_id, now()]))[1]
    if not rows:
        return None
    row = rows[0]
    scopes = scopes_of(row["role"])
    return Rights(
        scopes if row["scopes"] is None else scopes.intersection(orjson.loads(row["scopes"])),
        row["trusted_documents_only"],
    )
