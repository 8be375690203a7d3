"""Who is told: members of the shop, by role or by name, who may see what it is about; and addresses beyond them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from stoa.kit.languages import Locale
from stoa.kit.messaging import Channel
from stoa.tenants.access.scopes import scopes_of
from stoa.tenants.context import Context
from stoa.tenants.models import Membership
from stoa.tenants.notifying.wishes import Wishes, default_wishes, wishes_of


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to be told, by these channels. `key` tells them apart: an account's id, or the address itself."""

    key: str
    name: str
    locale: Locale
    addresses: Mapping[Channel, str]
    channels: Sequence[Channel]
    wishes: Wishes
    account_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a rule names. `addresses` is ``[{"channel", "to", "locale"}]``."""

    roles: Sequence[str]
    members: Sequence[str] = ()
    addresses: Sequence[Mapping[str, str]] = ()
    channels: Sequence[Channel] = ()


async def recipients_of(ctx: Context, audience: Audience, scope: str) -> list[Recipient]:
    """Everybody meant, once. Members whose role may not see what it is about are not told."""
    members = await Membership.filter(shop_id=ctx.shop.id).prefetch_related("account").order_by("id")
    meant = [each for each in members if _is_meant(each, audience) and scope in scopes_of(each.role)]
    said = await wishes_of(ctx, [each.account.id for each in meant])
    default = default_wishes(ctx)
    people = [_member(each, audience, said.get(each.account.id, default)) for each in meant]
    return people + [_stranger(each, ctx, default) for each in audience.addresses]


async def is_member(ctx: Context, account_id: UUID) -> bool:
    return await Membership.filter(shop_id=ctx.shop.id, account_id=account_id).exists()


def _is_meant(member: Membership, audience: Audience) -> bool:
    return member.role in audience.roles or str(member.account.id) in audience.members


def _member(member: Membership, audience: Audience, wishes: Wishes) -> Recipient:
    account = member.account
    return Recipient(
        key=str(account.id),
        name=account.name,
        locale=_known(wishes.locale or account.locale),
        addresses={Channel.MAIL: account.email, **{Channel(name): to for name, to in wishes.reached_by.items()}},
        channels=audience.channels,
        wishes=wishes,
        account_id=account.id,
    )


def _stranger(address: Mapping[str, str], ctx: Context, wishes: Wishes) -> Recipient:
    channel, to = Channel(address["channel"]), address["to"]
    return Recipient(
        key=to,
        name="",
        locale=_known(address.get("locale") or ctx.locale),
        addresses={channel: to},
        channels=[channel],
        wishes=wishes,
    )


def _known(locale: str) -> Locale:
    return "zh" if locale == "zh" else "en"
