"""Members: who works in which shop, in which role. (A new one comes with a new shop, or by invitation.)"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from stoa.kit.clock import now
from stoa.kit.errors import NotFound
from stoa.tenants.access.errors import LastOwner
from stoa.tenants.access.identifying import remembered
from stoa.tenants.access.scopes import Role, Scope, read_role, require_all, scopes_of
from stoa.tenants.context import Context
from stoa.tenants.database import platform_client, platform_transaction
from stoa.tenants.models import ApiToken, Membership, Shop, ShopState


async def memberships_of(account_id: UUID) -> list[Membership]:
    """The person's places in shops that are open, with `shop` loaded, the oldest first."""
    memberships = Membership.filter(account_id=account_id, shop__state=ShopState.ACTIVE)
    return await memberships.order_by("id").prefetch_related("shop")


async def members_of(ctx: Context) -> list[Membership]:
    """The people of the shop, with `account` loaded, the first to come first."""
    ctx.require(Scope.MEMBERS_READ)
    return await Membership.filter(shop_id=ctx.shop.id).order_by("id").prefetch_related("account")


async def change_role(ctx: Context, membership_id: UUID, role: str) -> Membership:
    """Give a member another role, at once and everywhere; the same one again changes nothing.

    Refuses with `NotFound`, `UnknownRole`, `LastOwner`, and `BeyondYourRights` when either role holds more than you.
    """
    ctx.require(Scope.MEMBERS_WRITE)
    new_role = read_role(role)
    async with platform_transaction():
        member = await _locked(ctx, membership_id)
        require_all(ctx, scopes_of(member.role) | scopes_of(new_role))
        if member.role == Role.OWNER and new_role is not Role.OWNER:
            await _refuse_last_owner(ctx, member)
        member.role = new_role.value
        await member.save(update_fields=["role"])
    remembered.forget(_account_of(member))
    return member


async def remove_member(ctx: Context, membership_id: UUID) -> None:
    """Take a person out of the shop, or leave it oneself; their tokens for it are revoked.

    Leaving takes no scope. Refuses with `NotFound`, `MissingScope`, `BeyondYourRights` and `LastOwner`.
    """
    async with platform_transaction():
        member = await _locked(ctx, membership_id)
        account_id = _account_of(member)
        if ctx.actor.kind != "account" or account_id != ctx.actor.id:
            ctx.require(Scope.MEMBERS_WRITE)
            require_all(ctx, scopes_of(member.role))
        if member.role == Role.OWNER:
            await _refuse_last_owner(ctx, member)
        await member.delete()
        tokens = ApiToken.filter(account_id=account_id, shop_id=ctx.shop.id, revoked_at=None)
        await tokens.update(revoked_at=now())
    remembered.forget(account_id)


async def _locked(ctx: Context, membership_id: UUID) -> Membership:
    """The member, while nobody else can change who owns the shop: two owners may remove each other at the same time."""
    await Shop.select_for_update(no_key=True).get(id=ctx.shop.id)
    member = await Membership.get_or_none(id=membership_id, shop_id=ctx.shop.id)
    if member is None:
        raise NotFound("There is no such member.", path=["id"])
    return member


async def _refuse_last_owner(ctx: Context, member: Membership) -> None:
    others = Membership.filter(shop_id=ctx.shop.id, role=Role.OWNER.value).exclude(id=member.id)
    if not await others.exists():
        raise LastOwner("{name} would have no owner; make somebody else an owner first.", name=ctx.shop.name)


def _account_of(member: Membership) -> UUID:
    return member.account_id  # type: ignore[attr-defined, no-any-return]  # Tortoise adds the column of the relation


_NAMES = """
SELECT id, name FROM platform.account WHERE id = ANY($1)
UNION ALL SELECT id, name FROM platform.api_token WHERE id = ANY($1)
"""


async def names_of(actor_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The names of people and programs by their ids, in one statement; those that are gone are missing."""
    if not actor_ids:
        return {}
    rows = await platform_client().execute_query_dict(_NAMES, [list(dict.fromkeys(actor_ids))])
    return {row["id"]: row["name"] for row in rows}
