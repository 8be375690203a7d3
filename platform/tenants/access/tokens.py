"""Personal API tokens: a program's key to one shop, with no more rights than the person who made it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput, NotFound, blaming
from stoa.kit.text import clean_line
from stoa.tenants.access.errors import PeopleOnly
from stoa.tenants.access.identifying import remembered
from stoa.tenants.access.opaque import hash_of, new_token_secret
from stoa.tenants.access.scopes import Scope, read_scopes, require_all
from stoa.tenants.context import Context
from stoa.tenants.database import platform_transaction
from stoa.tenants.models import ApiToken

NAME_LIMIT: Final = 80
_HINT: Final = 12  # `stoa_pat_` and three letters: enough to recognise a token by, nothing to guess it from


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token and its secret, which can be shown this once: only the hash is kept."""

    token: ApiToken
    secret: str


async def create_token(
    ctx: Context,
    *,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None = None,
    trusted_documents_only: bool = False,
) -> NewToken:
    """A token for this shop in the name of the person at work.

    What it may do at any time is what it was given *and* what its maker may still do. Refuses with `MissingScope`,
    `PeopleOnly` (no token makes tokens), `UnknownScope`, `BeyondYourRights` and `InvalidInput`.
    """
    ctx.require(Scope.TOKENS_WRITE)
    account_id, wanted = _person(ctx), read_scopes(scopes)
    require_all(ctx, wanted)
    with blaming("name"):
        name = clean_line(name, what="name", limit=NAME_LIMIT)
    secret, moment = new_token_secret(), now()
    token = await ApiToken.create(
        secret_hash=hash_of(secret),
        hint=secret[:_HINT],
        shop_id=ctx.shop.id,
        account_id=account_id,
        name=name,
        scopes=[scope.value for scope in wanted],
        trusted_documents_only=trusted_documents_only,
        created_at=moment,
        expires_at=_in_future(expires_at, moment),
    )
    return NewToken(token, secret)


async def tokens_of(ctx: Context) -> list[ApiToken]:
    """The shop's tokens that were not revoked, whoever made them, the latest first."""
    ctx.require(Scope.TOKENS_READ)
    return await ApiToken.filter(shop_id=ctx.shop.id, revoked_at=None).order_by("-id")


async def revoke_token(ctx: Context, token_id: UUID) -> ApiToken:
    """End a token of the shop, whoever made it, at once and everywhere; twice changes nothing.

    Refuses with `MissingScope` and `NotFound`.
    """
    ctx.require(Scope.TOKENS_WRITE)
    async with platform_transaction():
        token = await ApiToken.select_for_update().get_or_none(id=token_id, shop_id=ctx.shop.id)
        if token is None:
            raise NotFound("There is no such token.", path=["id"])
        if token.revoked_at is None:
            token.revoked_at = now()
            await token.save(update_fields=["revoked_at"])
    remembered.forget(token.account_id)  # type: ignore[attr-defined]  # Tortoise adds the column of the relation
    return token


async def maker_of(ctx: Context) -> UUID | None:
    """The account of who made the token that asks; None when no token does."""
    if ctx.actor.kind != "token" or ctx.actor.id is None:
        return None
    token = await ApiToken.get_or_none(id=ctx.actor.id)
    return None if token is None else token.account_id  # type: ignore[attr-defined]


def _person(ctx: Context) -> UUID:
    if ctx.actor.kind != "account" or ctx.actor.id is None:
        raise PeopleOnly("API tokens are made by people: sign in and make it there.")
    return ctx.actor.id


def _in_future(expires_at: datetime | None, moment: datetime) -> datetime | None:
    if expires_at is None:
        return None
    if expires_at.tzinfo is None:
        raise InvalidInput("The expiry has no time zone.", path=["expires_at"])
    if expires_at <= moment:
        raise InvalidInput("The expiry is in the past.", path=["expires_at"])
    return expires_at
