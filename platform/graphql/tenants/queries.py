"""Who asks, in which shop, and who else works there."""

from __future__ import annotations

import strawberry
from strawberry.types import Info

from stoa.graphql.context import GraphContext
from stoa.graphql.tenants import types
from stoa.graphql.tenants.types import Account, ApiToken, Me, Member, Membership, Session, Shop
from stoa.kit.ids import type_id
from stoa.tenants import models
from stoa.tenants.access.browsing import csrf_token
from stoa.tenants.access.members import members_of, memberships_of
from stoa.tenants.access.scopes import Role, Scope
from stoa.tenants.access.sessions import sessions_of
from stoa.tenants.access.tokens import tokens_of

GraphInfo = Info[GraphContext, None]


@strawberry.type
class TenantQueries:
    """The caller's own standing."""

    @strawberry.field(description="Who asks; null for somebody who is not signed in.")
    async def me(self, info: GraphInfo) -> Me | None:
        identity = info.context.identity
        if identity is None:
            return None
        account = await models.Account.get(id=identity.account_id)
        memberships = await memberships_of(account.id)
        if identity.token_id is not None:
            memberships = [each for each in memberships if identity.shop and each.shop.id == identity.shop.id]
        secret = info.context.session_secret
        return Me(
            account=Account.of(account),
            shop=Shop.of(identity.shop) if identity.shop else None,
            scopes=sorted(identity.scopes),
            memberships=[Membership(shop=Shop.of(each.shop.ref), role=Role(each.role)) for each in memberships],
            csrf_token=csrf_token(secret) if secret else None,
        )

    @strawberry.field(description=f"The shop this request is about. Needs the scope `{Scope.SHOP_READ}`.")
    async def shop(self, info: GraphInfo) -> Shop:
        return Shop.of(info.context.require(Scope.SHOP_READ, "shop").shop)

    @strawberry.field(description="Where you are signed in, the latest first.")
    async def sessions(self, info: GraphInfo) -> list[Session]:
        identity = info.context.signed_in()
        if identity.session_id is None:
            return []
        return [_session(each, each.id == identity.session_id) for each in await sessions_of(identity.account_id)]

    @strawberry.field(description=f"Who works in the shop. Needs the scope `{Scope.MEMBERS_READ}`.")
    async def members(self, info: GraphInfo) -> list[Member]:
        ctx = info.context.require(Scope.MEMBERS_READ, "members")
        return [Member.of(each) for each in await members_of(ctx)]

    @strawberry.field(description=f"The shop's API tokens. Needs the scope `{Scope.TOKENS_READ}`.")
    async def api_tokens(self, info: GraphInfo) -> list[ApiToken]:
        ctx = info.context.require(Scope.TOKENS_READ, "apiTokens")
        return [ApiToken.of(each) for each in await tokens_of(ctx)]


def _session(session: models.Session, is_current: bool) -> types.Session:
    return types.Session(
        id=strawberry.ID(type_id("sess", session.id)),
        address=session.address,
        user_agent=session.user_agent,
        created_at=session.created_at,
        seen_at=session.seen_at,
        is_current=is_current,
    )
