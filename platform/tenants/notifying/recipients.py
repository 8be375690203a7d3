"""Who is told: members of the shop, by role or by name, who may see what it is about; and addresses beyond them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from stoa.kit.languages import Locale
from stoa.kit.messaging import Channel
from stoa.tenants.access.scopes import scopes_of
from stoa.tenants.context import Context
from stoa.tenants.models import Account, Membership
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


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the shop as they are now."""

    account: Account
    role: str
    wishes: Wishes

    def may_see(self, scope: str) -> bool:
        return scope in scopes_of(self.role)

    @property
    def addresses(self) -> Mapping[Channel, str]:
        return {**{Channel(name): to for name, to in self.wishes.reached_by.items()}, Channel.MAIL: self.account.email}


async def people_of(ctx: Context) -> list[Person]:
    """Everybody who works in the shop, with what they wish: two statements, however many there are."""
    members = await Membership.filter(shop_id=ctx.shop.id).select_related("account").order_by("id")
    return await _with_wishes(ctx, members)


async def person_of(ctx: Context, account_id: UUID) -> Person | None:
    """One of them; None when they work here no more."""
    members = await Membership.filter(shop_id=ctx.shop.id, account_id=account_id).select_related("account")
    return next(iter(await _with_wishes(ctx, members)), None)


def recipients_of(ctx: Context, people: Sequence[Person], audience: Audience, scope: str) -> list[Recipient]:
    """Everybody meant, once. Members whose role may not see what it is about are not told."""
    meant = [_member(each, audience) for each in people if _is_meant(each, audience) and each.may_see(scope)]
    default = default_wishes(ctx)
    return meant + [_stranger(each, ctx, default) for each in audience.addresses]


async def _with_wishes(ctx: Context, members: Sequence[Membership]) -> list[Person]:
    said = await wishes_of(ctx, [each.account.id for each in members])
    default = default_wishes(ctx)
    return [Person(each.account, each.role, said.get(each.account.id, default)) for each in members]


def _is_meant(person: Person, audience: Audience) -> bool:
    return person.role in audience.roles or str(person.account.id) in audience.members


def _member(person: Person, audience: Audience) -> Recipient:
    account, wishes = person.account, person.wishes
    return Recipient(
        key=str(account.id),
        name=account.name,
        locale=_known(wishes.locale or account.locale),
        addresses=person.addresses,
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
