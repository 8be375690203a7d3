"""What somebody may still do is asked by who they are: of a person their role, of a program its token and its maker's role."""

from __future__ import annotations

from datetime import timedelta

from stoa.kit import clock
from stoa.kit.ids import new_id
from stoa.tenants.access import Scope, create_token, revoke_token, scopes_of
from stoa.tenants.access.rights import Rights, rights_of
from stoa.tenants.access.scopes import EVERY_SCOPE
from stoa.tenants.context import Actor, Context
from stoa.tenants.models import Membership, Shop, ShopState


async def test_a_member_has_the_rights_of_their_role(ctx: Context, other_ctx: Context) -> None:
    assert await rights_of(ctx.actor, ctx.shop.id) == Rights(EVERY_SCOPE)
    await Membership.filter(account_id=ctx.actor.id).update(role="VIEWER")
    assert await rights_of(ctx.actor, ctx.shop.id) == Rights(scopes_of("VIEWER"))

    assert await rights_of(ctx.actor, other_ctx.shop.id) is None
    assert await rights_of(Actor("account", new_id()), ctx.shop.id) is None
    await Membership.filter(account_id=ctx.actor.id).delete()
    assert await rights_of(ctx.actor, ctx.shop.id) is None


async def test_a_token_has_what_it_was_given_and_its_maker_still_has(ctx: Context, other_ctx: Context) -> None:
    given = [Scope.CATALOG_READ, Scope.CATALOG_COST]
    made = await create_token(
        ctx, name="till", scopes=given, expires_at=clock.now() + timedelta(days=1), trusted_documents_only=True
    )
    till = Actor("token", made.token.id, "till")

    assert await rights_of(till, ctx.shop.id) == Rights(frozenset(given), trusted_documents_only=True)
    assert await rights_of(till, other_ctx.shop.id) is None
    await Membership.filter(account_id=ctx.actor.id).update(role="STAFF")
    assert await rights_of(till, ctx.shop.id) == Rights(frozenset({Scope.CATALOG_READ}), trusted_documents_only=True)
    with clock.set_to(clock.now() + timedelta(days=2)):
        assert await rights_of(till, ctx.shop.id) is None
    await revoke_token(ctx, made.token.id)
    assert await rights_of(till, ctx.shop.id) is None


async def test_a_shop_that_was_dropped_lets_nobody_in_and_stoa_itself_may_all(ctx: Context) -> None:
    await Shop.filter(id=ctx.shop.id).update(state=ShopState.DROPPED)
    assert await rights_of(ctx.actor, ctx.shop.id) is None
    await Shop.filter(id=ctx.shop.id).update(state=ShopState.ACTIVE)
    assert await rights_of(Actor("system"), ctx.shop.id) == Rights(EVERY_SCOPE)
