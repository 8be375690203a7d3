"""Rules of the shop's own: who is told of what, beside the default or instead of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from tortoise.exceptions import IntegrityError

from stoa.kit.checking import Problems, check_version
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput, NotFound
from stoa.kit.languages import LOCALES
from stoa.kit.messaging import Channel
from stoa.kit.text import clean_line
from stoa.tenants.access.scopes import read_role
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.models import Membership
from stoa.tenants.notifying.addressing import checked_address
from stoa.tenants.notifying.errors import (
    DefaultReplaced,
    NoSuchNotificationRule,
    NoSuchTemplate,
    NotificationRuleChanged,
    TooManyRules,
)
from stoa.tenants.notifying.events import NotificationRuleCreated, NotificationRuleDeleted, NotificationRuleEdited
from stoa.tenants.notifying.models import NotificationRule, NotificationTemplate
from stoa.tenants.notifying.notices import notice_of
from stoa.tenants.outbox import publish

MOST_RULES: Final = 100
MOST_MEMBERS, MOST_ADDRESSES = 100, 50


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """A rule to be made. `members` are accounts; `addresses`, of others, are ``{"channel", "to", "locale"}``.

    `replaces_default`: the rule that every shop is born with does not hold for the notice any more.
    """

    notice: str
    name: str
    channels: Sequence[Channel]
    roles: Sequence[str] = ()
    members: Sequence[UUID] = ()
    addresses: Sequence[Mapping[str, str]] = ()
    template_id: UUID | None = None
    is_active: bool = True
    replaces_default: bool = False


async def create_rule(ctx: Context, draft: RuleDraft) -> NotificationRule:
    """Raises `NoSuchNotice`, `Refusals` with all that is wrong, `NoSuchTemplate`, `DefaultReplaced`, `TooManyRules`."""
    notice = notice_of(draft.notice)
    named = ("name", "channels", "roles", "members", "addresses", "template_id", "is_active")
    columns = {name: getattr(draft, name) for name in named}
    async with shop_transaction():
        checked = await _checked(ctx, notice.key, columns)
        if await _rules(ctx).count() >= MOST_RULES:
            raise TooManyRules("There are {limit} rules already.", limit=MOST_RULES)
        row = NotificationRule(
            shop_schema=ctx.shop.schema,
            notice=notice.key,
            replaces_default=draft.replaces_default,
            created_at=now(),
            **checked,
        )
        try:
            async with shop_transaction():
                await row.save(using_db=shop_client(), force_create=True)
        except IntegrityError:
            raise DefaultReplaced(
                "Another rule takes the place of the default already.", path=["replaces_default"]
            ) from None
        await publish(ctx, NotificationRuleCreated(row.id, row.notice))
    return row


async def update_rule(
    ctx: Context, rule_id: UUID, changes: Mapping[str, Any], *, expected_version: int | None = None
) -> NotificationRule:
    """Save what is named in `changes` and raise the version; the notice stays. Raises `NoSuchNotificationRule`,
    `NotificationRuleChanged`, and what creating raises."""
    async with shop_transaction():
        row = await _locked(ctx, rule_id)
        check_version(row, expected_version, NotificationRuleChanged, row.name)
        columns = await _checked(ctx, row.notice, changes)
        changed = [name for name, value in columns.items() if getattr(row, name) != value]
        if changed:
            row.update_from_dict({name: columns[name] for name in changed})
            row.version += 1
            await row.save(using_db=shop_client(), update_fields=[*changed, "version"])
            await publish(ctx, NotificationRuleEdited(row.id, tuple(changed)))
    return row


async def delete_rule(ctx: Context, rule_id: UUID) -> None:
    """What it told stays told; where it took the place of the default, that holds again."""
    async with shop_transaction():
        row = await _locked(ctx, rule_id)
        await row.delete(using_db=shop_client())
        await publish(ctx, NotificationRuleDeleted(row.id, row.name))


def _rules(ctx: Context) -> Any:
    return NotificationRule.filter(shop_schema=ctx.shop.schema).using_db(shop_client())


async def _locked(ctx: Context, rule_id: UUID) -> NotificationRule:
    row: NotificationRule | None = await _rules(ctx).filter(id=rule_id).select_for_update().get_or_none()
    if row is None:
        raise NoSuchNotificationRule("There is no such rule.", path=["id"])
    return row


async def _checked(ctx: Context, notice: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The columns as they are kept. Raises `Refusals`."""
    problems, columns = Problems(), dict(given)
    if "name" in columns:
        columns["name"] = problems.tried("name", clean_line, columns["name"], what="name", limit=120)
    if "channels" in columns:
        columns["channels"] = problems.tried("channels", _channels, columns["channels"])
    if "roles" in columns:
        columns["roles"] = [str(problems.tried(("roles", i), _role, each)) for i, each in enumerate(columns["roles"])]
    if "addresses" in columns:
        columns["addresses"] = [
            problems.tried(("addresses", i), _address, each) for i, each in enumerate(columns["addresses"])
        ]
        if len(columns["addresses"]) > MOST_ADDRESSES:
            sentence = "{count} addresses; {limit} are allowed."
            count = len(columns["addresses"])
            problems.append(InvalidInput(sentence, path=["addresses"], count=count, limit=MOST_ADDRESSES))
    problems.refuse()
    if "members" in columns:
        columns["members"] = await _members(ctx, columns["members"])
    if columns.get("template_id") is not None:
        await _check_template(ctx, notice, columns["template_id"])
    return columns


def _channels(channels: Sequence[Channel]) -> list[str]:
    if not channels:
        raise InvalidInput("Name at least one channel.")
    return [channel.value for channel in Channel if channel in channels]


def _role(role: str) -> str:
    return read_role(role).value


def _address(given: Mapping[str, str]) -> dict[str, str]:
    locale = given.get("locale") or "en"
    if locale not in LOCALES:
        raise InvalidInput(
            "{text!r} is not a language of Stoa; it speaks {locales}.", text=locale[:20], locales=", ".join(LOCALES)
        )
    channel = Channel(given["channel"])
    return {"channel": channel.value, "to": checked_address(channel, given["to"]), "locale": locale}


async def _members(ctx: Context, account_ids: Sequence[UUID]) -> list[str]:
    if len(account_ids) > MOST_MEMBERS:
        sentence = "{count} members; {limit} are allowed."
        raise InvalidInput(sentence, path=["members"], count=len(account_ids), limit=MOST_MEMBERS)
    there = set(
        await Membership.filter(shop_id=ctx.shop.id, account_id__in=list(account_ids)).values_list(
            "account_id", flat=True
        )
    )
    for i, each in enumerate(account_ids):
        if each not in there:
            raise NotFound("There is no such member.", path=["members", i])
    return [str(each) for each in dict.fromkeys(account_ids)]


async def _check_template(ctx: Context, notice: str, template_id: UUID) -> None:
    templates = NotificationTemplate.filter(shop_schema=ctx.shop.schema, id=template_id, notice=notice)
    if not await templates.using_db(shop_client()).exists():
        raise NoSuchTemplate("There is no such template for this notice.", path=["template_id"])
