"""Which rules hold for a notice: the shop's own, and the default one unless another takes its place."""

from __future__ import annotations

from dataclasses import dataclass

from stoa.kit.languages import LOCALES, Locale
from stoa.kit.messaging import Channel
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.notifying.models import NotificationRule, NotificationTemplate
from stoa.tenants.notifying.notices import Notice
from stoa.tenants.notifying.recipients import Audience

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Wording:
    """What is said, in every language."""

    title: dict[Locale, str]
    body: dict[Locale, str]


@dataclass(frozen=True, slots=True)
class Holding:
    """A rule as it holds. `key` is its id, or says that it is the default one."""

    key: str
    audience: Audience
    wording: Wording


async def holding_rules(ctx: Context, notice: Notice) -> list[Holding]:
    """Those by which people are told of it now."""
    rules = await (
        NotificationRule.filter(shop_schema=ctx.shop.schema, notice=notice.key).order_by("id").using_db(shop_client())
    )
    wordings = await _wordings(ctx, rules)
    holding = [] if any(each.replaces_default for each in rules) else [default_rule(notice)]
    for rule in rules:
        if rule.is_active:
            own = wordings.get(str(rule.template_id)) if rule.template_id else None
            holding.append(Holding(str(rule.id), audience_of(rule), own or default_wording(notice)))
    return holding


def default_rule(notice: Notice) -> Holding:
    audience = Audience(roles=notice.roles, channels=notice.channels)
    return Holding(DEFAULT, audience, default_wording(notice))


def default_wording(notice: Notice) -> Wording:
    return Wording(
        {locale: notice.title_in(locale) for locale in LOCALES}, {locale: notice.body_in(locale) for locale in LOCALES}
    )


def audience_of(rule: NotificationRule) -> Audience:
    return Audience(rule.roles, rule.members, rule.addresses, [Channel(each) for each in rule.channels])


def wording_of(template: NotificationTemplate) -> Wording:
    return Wording(
        {locale: template.title[locale] for locale in LOCALES}, {locale: template.body[locale] for locale in LOCALES}
    )


async def _wordings(ctx: Context, rules: list[NotificationRule]) -> dict[str, Wording]:
    ids = [each.template_id for each in rules if each.template_id]
    if not ids:
        return {}
    rows = NotificationTemplate.filter(shop_schema=ctx.shop.schema, id__in=ids).using_db(shop_client())
    return {str(row.id): wording_of(row) for row in await rows}
