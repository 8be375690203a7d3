"""Templates of the shop's own: made, changed, taken away, and seen before anybody is sent them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import msgspec

from stoa.kit.checking import Problems, check_version
from stoa.kit.clock import now
from stoa.kit.languages import LOCALES, Locale
from stoa.kit.text import clean_line
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.notifying.errors import NoSuchTemplate, TemplateChanged, TemplateInUse, TooManyRules
from stoa.tenants.notifying.events import (
    NotificationTemplateCreated,
    NotificationTemplateDeleted,
    NotificationTemplateEdited,
)
from stoa.tenants.notifying.models import NotificationRule, NotificationTemplate
from stoa.tenants.notifying.notices import Facts, Notice, notice_of, voice_of
from stoa.tenants.notifying.ruling import Wording, default_wording, wording_of
from stoa.tenants.notifying.templating import as_html, checked_body, checked_title, said_body, said_title
from stoa.tenants.outbox import publish

MOST_TEMPLATES: Final = 100
Texts = Mapping[Locale, str]
# No index leads to the events of one kind: every event of every shop would pay for it, for a look that people take now
# and then. So the end of the log is read, and it is said how far.
MOST_SEARCHED: Final = 10_000
_LATEST: Final = f"""
SELECT payload FROM (SELECT id, name, payload FROM event ORDER BY id DESC LIMIT {MOST_SEARCHED}) latest
WHERE name = $1 ORDER BY id DESC LIMIT 20
"""


@dataclass(frozen=True, slots=True)
class TemplateDraft:
    """A template to be made. What is left out of `title` or `body` is said as by default."""

    notice: str
    name: str
    title: Texts
    body: Texts


@dataclass(frozen=True, slots=True)
class Preview:
    """A message as it would be: to nobody. `is_real`: it tells of an event of the shop, and not of samples."""

    locale: Locale
    title: str
    body: str
    html: str
    is_real: bool


async def create_template(ctx: Context, draft: TemplateDraft) -> NotificationTemplate:
    """Raises `NoSuchNotice`, and `Refusals` with all that is wrong; an `UnknownVariable` is named."""
    notice = notice_of(draft.notice)
    own = default_wording(notice)
    columns = _checked(
        notice, {"name": draft.name, "title": {**own.title, **draft.title}, "body": {**own.body, **draft.body}}
    )
    async with shop_transaction():
        if await _templates(ctx).count() >= MOST_TEMPLATES:
            raise TooManyRules("There are {limit} templates already.", limit=MOST_TEMPLATES)
        row = NotificationTemplate(shop_schema=ctx.shop.schema, notice=notice.key, created_at=now(), **columns)
        await row.save(using_db=shop_client(), force_create=True)
        await publish(ctx, NotificationTemplateCreated(row.id, row.notice))
    return row


async def update_template(
    ctx: Context, template_id: UUID, changes: Mapping[str, Any], *, expected_version: int | None = None
) -> NotificationTemplate:
    """Save what is named in `changes`, a language at a time, and raise the version. Raises `NoSuchTemplate`,
    `TemplateChanged`, and what creating raises."""
    async with shop_transaction():
        row = await _locked(ctx, template_id)
        check_version(row, expected_version, TemplateChanged, row.name)
        whole = {
            name: getattr(row, name) | value if name in ("title", "body") else value for name, value in changes.items()
        }
        columns = _checked(notice_of(row.notice), whole)
        changed = [name for name, value in columns.items() if getattr(row, name) != value]
        if changed:
            row.update_from_dict({name: columns[name] for name in changed})
            row.version += 1
            await row.save(using_db=shop_client(), update_fields=[*changed, "version"])
            await publish(ctx, NotificationTemplateEdited(row.id, tuple(changed)))
    return row


async def delete_template(ctx: Context, template_id: UUID) -> None:
    """Raises `NoSuchTemplate`, and `TemplateInUse` while a rule speaks by it."""
    async with shop_transaction():
        row = await _locked(ctx, template_id)
        rules = NotificationRule.filter(shop_schema=ctx.shop.schema, template_id=row.id).using_db(shop_client())
        user = await rules.first()
        if user is not None:
            raise TemplateInUse("The rule {name} speaks by this template.", path=["id"], name=user.name)
        await row.delete(using_db=shop_client())
        await publish(ctx, NotificationTemplateDeleted(row.id, row.name))


async def preview(
    ctx: Context, notice_key: str, title: Texts, body: Texts, *, template_id: UUID | None = None, is_real: bool = False
) -> list[Preview]:
    """The message in every language: of these texts, where they are silent of the template, else of the default.

    By samples, or by the shop's latest event of that kind (`is_real`); by samples after all where there is none to tell
    of among its last `MOST_SEARCHED` events. Raises what saving raises, and `MissingScope` for whoever may not be
    told of the event.
    """
    notice = notice_of(notice_key)
    if is_real:
        ctx.require(notice.scope)
    own = await _wording(ctx, notice, template_id)
    titles, bodies = {**own.title, **title}, {**own.body, **body}
    _checked(notice, {"title": titles, "body": bodies})
    facts = await _latest(ctx, notice) if is_real else None
    values = {**notice.samples, **(facts.values if facts else {})}
    values |= {"shop.name": ctx.shop.name, "recipient.name": ctx.actor.name}
    previews = []
    for locale in LOCALES:
        voice = voice_of(ctx, locale)
        line, text = said_title(titles[locale], values, voice), said_body(bodies[locale], values, voice)
        previews.append(Preview(locale, line, text, as_html(line, text, locale), is_real=facts is not None))
    return previews


async def _wording(ctx: Context, notice: Notice, template_id: UUID | None) -> Wording:
    if template_id is None:
        return default_wording(notice)
    row = await _templates(ctx).filter(id=template_id, notice=notice.key).get_or_none()
    if row is None:
        raise NoSuchTemplate("There is no such template for this notice.", path=["template_id"])
    return wording_of(row)


async def _latest(ctx: Context, notice: Notice) -> Facts | None:
    for row in await shop_client().execute_query_dict(_LATEST, [notice.event.__name__]):
        payload = row["payload"]
        event = msgspec.convert(msgspec.json.decode(payload) if isinstance(payload, str) else payload, notice.event)
        facts: Facts | None = await notice.facts(ctx, event) if notice.concerns(event) else None
        if facts is not None:
            return facts
    return None


def _checked(notice: Notice, given: Mapping[str, Any]) -> dict[str, Any]:
    problems, columns = Problems(), dict(given)
    if "name" in columns:
        columns["name"] = problems.tried("name", clean_line, columns["name"], what="name", limit=120)
    for part, check in (("title", checked_title), ("body", checked_body)):
        if part in columns:
            columns[part] = {
                locale: problems.tried((part, locale), check, columns[part].get(locale, ""), notice.names)
                for locale in LOCALES
            }
    problems.refuse()
    return columns


def _templates(ctx: Context) -> Any:
    return NotificationTemplate.filter(shop_schema=ctx.shop.schema).using_db(shop_client())


async def _locked(ctx: Context, template_id: UUID) -> NotificationTemplate:
    row: NotificationTemplate | None = await _templates(ctx).filter(id=template_id).select_for_update().get_or_none()
    if row is None:
        raise NoSuchTemplate("There is no such template.", path=["id"])
    return row
