"""What somebody may do in a shop at this moment: for work that is done in their name long after the request."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import orjson

from stoa.tenants.access.scopes import EVERY_SCOPE, scopes_of
from stoa.tenants.database import platform_client

_BY_ACCOUNT: Final = "SELECT role FROM platform.membership WHERE shop_id = $1 AND account_id = $2"
_BY_KEY: Final = """
SELECT m.role, t.scopes FROM platform.api_token t
JOIN platform.membership m ON m.account_id = t.account_id AND m.shop_id = t.shop_id
WHERE t.shop_id = $1 AND t.id = $2 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())
"""


async def standing_of(shop_id: UUID, kind: str, id: UUID | None) -> frozenset[str]:
    """The scopes of an account or a token in the shop; none when it has left, or is revoked. Stoa itself has all."""
    if kind == "system":
        return EVERY_SCOPE
    statement = _BY_KEY if kind == "token" else _BY_ACCOUNT
    rows = await platform_client().execute_query_dict(statement, [shop_id, id])
    if not rows:
        return frozenset()
    scopes = scopes_of(rows[0]["role"])
    return scopes.intersection(orjson.loads(rows[0]["scopes"])) if kind == "token" else scopes
