"""Identifying: from the secret in a request to who asks, for which shop, with what rights. On every request's path.

One statement on the platform's pool finds out; a small memory in front of it answers again within a minute.
Signing out, revoking a token, changing a role or a shop takes effect at once all the same: in this process because
the operation forgets, in the others because triggers tell the channel `stoa_access` and `hearing.py` listens. While
nobody listens nothing is remembered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput
from stoa.kit.ids import parse_type_id
from stoa.kit.languages import Locale
from stoa.tenants.access.errors import NoShopChosen, NotSignedIn, UnknownShop
from stoa.tenants.access.opaque import hash_of, is_session_secret, is_token_secret
from stoa.tenants.access.remembering import Key, Remembered
from stoa.tenants.access.scopes import scopes_of
from stoa.tenants.context import Actor, Context, ShopRef
from stoa.tenants.database import platform_client

SHOP_PREFIX: Final = "shop"
IDLE: Final = timedelta(days=7)  # a session unused for so long has ended
NOTED_EVERY: Final = timedelta(minutes=1)  # how often seen_at and used_at are written at the most
_SHOP: Final = "m.role, h.id AS shop_id, h.schema_name, h.name AS shop_name, h.currency, h.time_zone"
# $2 is the shop named, or NULL: then two memberships are enough to know that there is not exactly one. $3 now, $4 the
# moment since which a session must have been used.
_BY_SESSION: Final = f"""
SELECT s.id, s.account_id, s.seen_at, s.expires_at, a.name, a.locale, {_SHOP}
FROM platform.session s
JOIN platform.account a ON a.id = s.account_id
LEFT JOIN LATERAL (
  SELECT m.role, m.shop_id FROM platform.membership m JOIN platform.shop o ON o.id = m.shop_id AND o.state = 'ACTIVE'
  WHERE m.account_id = s.account_id AND ($2::uuid IS NULL OR m.shop_id = $2) LIMIT 2) m ON true
LEFT JOIN platform.shop h ON h.id = m.shop_id
WHERE s.secret_hash = $1 AND s.expires_at > $3 AND s.seen_at > $4
"""
# A token can do what it was given and its maker may still do: who leaves the shop takes the tokens along.
_BY_TOKEN: Final = f"""
SELECT t.id, t.account_id, t.used_at, t.expires_at, t.name, a.locale, t.scopes, t.trusted_documents_only, {_SHOP}
FROM platform.api_token t
JOIN platform.account a ON a.id = t.account_id
JOIN platform.membership m ON m.account_id = t.account_id AND m.shop_id = t.shop_id
JOIN platform.shop h ON h.id = t.shop_id AND h.state = 'ACTIVE'
WHERE t.secret_hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2)
"""
# Asked again in the statement, so that of many requests in the same moment one writes.
_NOTE_SEEN: Final = "UPDATE platform.session SET seen_at = $2 WHERE id = $1 AND seen_at <= $3"
_NOTE_USED: Final = "UPDATE platform.api_token SET used_at = $2 WHERE id = $1 AND (used_at IS NULL OR used_at <= $3)"
_END_OF_TIME: Final = datetime.max.replace(tzinfo=UTC)
_NO_SHOP: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks. `shop` is None when a person is of no shop, or of several and named none."""

    actor: Actor
    account_id: UUID
    locale: Locale
    shop: ShopRef | None = None
    scopes: frozenset[str] = frozenset()
    session_id: UUID | None = None
    token_id: UUID | None = None
    trusted_documents_only: bool = False

    def context(self, request_id: str, *, locale: Locale | None = None) -> Context:
        """What operations in the shop are called with. Refuses with `NoShopChosen`."""
        if self.shop is None:
            raise NoShopChosen
        return Context(self.shop, self.actor, self.scopes, locale or self.locale, request_id)


remembered: Final[Remembered[Identity]] = Remembered()


async def identify_session(secret: str, shop_id: str | None = None) -> Identity:
    """Who is behind a session's secret, in the shop that the header Stoa-Shop names (`shop_...`) or in their only one.

    Refuses with `NotSignedIn`, and with `UnknownShop` when the account is not in that shop, exists it or not.
    """
    if not is_session_secret(secret):
        raise NotSignedIn
    key, moment = (hash_of(secret), shop_id), now()
    return remembered.recall(key, moment) or await _find_session(key, moment)


async def identify_token(secret: str, shop_id: str | None = None) -> Identity:
    """Who is behind an API token. It is bound to its shop; naming another in Stoa-Shop is refused (`UnknownShop`)."""
    if not is_token_secret(secret):
        raise NotSignedIn
    key, moment = (hash_of(secret), shop_id), now()
    return remembered.recall(key, moment) or await _find_token(key, moment)


async def _find_session(key: Key, moment: datetime) -> Identity:
    changes, wanted = remembered.changes, _read_shop_id(key[1])
    rows = await _fetch(_BY_SESSION, [key[0], wanted, moment, moment - IDLE])
    if not rows:
        raise NotSignedIn
    row = rows[0]
    if wanted is not None and row["shop_id"] is None:
        raise UnknownShop
    identity = _of_session(row, in_shop=len(rows) == 1 and row["shop_id"] is not None)
    _remember(key, identity, changes, moment, min(row["expires_at"], row["seen_at"] + IDLE))
    await _note(_NOTE_SEEN, row["id"], row["seen_at"], moment)
    return identity


async def _find_token(key: Key, moment: datetime) -> Identity:
    changes, wanted = remembered.changes, _read_shop_id(key[1])
    rows = await _fetch(_BY_TOKEN, [key[0], moment])
    if not rows:
        raise NotSignedIn
    row = rows[0]
    if wanted not in (None, row["shop_id"]):
        raise UnknownShop
    identity = _of_token(row)
    _remember(key, identity, changes, moment, row["expires_at"] or _END_OF_TIME)
    await _note(_NOTE_USED, row["id"], row["used_at"], moment)
    return identity


def _of_session(row: Any, *, in_shop: bool) -> Identity:
    return Identity(
        actor=Actor("account", row["account_id"], row["name"]),
        account_id=row["account_id"],
        locale=row["locale"],
        shop=_shop_of(row) if in_shop else None,
        scopes=scopes_of(row["role"]) if in_shop else frozenset(),
        session_id=row["id"],
    )


def _of_token(row: Any) -> Identity:
    return Identity(
        actor=Actor("token", row["id"], row["name"]),
        account_id=row["account_id"],
        locale=row["locale"],
        shop=_shop_of(row),
        scopes=scopes_of(row["role"]).intersection(orjson.loads(row["scopes"])),
        token_id=row["id"],
        trusted_documents_only=row["trusted_documents_only"],
    )


def _shop_of(row: Any) -> ShopRef:
    return ShopRef(row["shop_id"], row["schema_name"], row["shop_name"], row["currency"], row["time_zone"])


def _read_shop_id(text: str | None) -> UUID | None:
    """The shop named, if one is; what is no shop's id names a shop that nobody has."""
    if text is None:
        return None
    try:
        return parse_type_id(text, SHOP_PREFIX)
    except InvalidInput:
        return _NO_SHOP


def _remember(key: Key, identity: Identity, changes: int, moment: datetime, good_until: datetime) -> None:
    about = (identity.account_id,) if identity.shop is None else (identity.account_id, identity.shop.id)
    remembered.keep(key, identity, about=about, changes=changes, moment=moment, good_until=good_until)


async def _fetch(statement: str, values: list[Any]) -> Sequence[Any]:
    rows: Sequence[Any] = (await platform_client().execute_query(statement, values))[1]
    return rows


async def _note(statement: str, id: UUID, noted_at: datetime | None, moment: datetime) -> None:
    """Write down that the credential was used, unless that was written lately."""
    if noted_at is None or noted_at <= moment - NOTED_EVERY:
        await platform_client().execute_query(statement, [id, moment, moment - NOTED_EVERY])
