"""From one event to everybody who is told of it: by every rule that holds, each recipient, each channel; once."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from stoa.kit.clock import now
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.notifying.deciding import Question, decide
from stoa.tenants.notifying.models import MessageState
from stoa.tenants.notifying.notices import Facts, Notice, notices_of, voice_of
from stoa.tenants.notifying.recipients import Recipient, people_of, recipients_of
from stoa.tenants.notifying.ruling import Holding, holding_rules
from stoa.tenants.notifying.templating import said_body, said_title
from stoa.tenants.notifying.writing import Draft, take_turns, write

_EVENT: Final = "SELECT name, payload FROM event WHERE id = $1"


async def tell_of(ctx: Context, event_id: UUID) -> list[UUID]:
    """Write a message to everybody who is to be told of this event, in the open transaction; the ids of the new ones.

    Doing it again writes nothing: the database has one row for each event, rule, recipient and channel.
    """
    rows = await shop_client().execute_query_dict(_EVENT, [event_id])
    if not rows:
        return []
    name, payload = rows[0]["name"], rows[0]["payload"]
    known = msgspec.json.decode(payload) if isinstance(payload, str) else payload
    written: list[UUID] = []
    for notice in notices_of(name):
        event = msgspec.convert(known, notice.event)
        facts = await notice.facts(ctx, event) if notice.concerns(event) else None
        if facts is not None:
            written += await _tell(ctx, notice, event_id, facts)
    return written


async def _tell(ctx: Context, notice: Notice, event_id: UUID, facts: Facts) -> list[UUID]:
    rules, people = await holding_rules(ctx, notice), await people_of(ctx)
    told = [
        (rule, recipient) for rule in rules for recipient in recipients_of(ctx, people, rule.audience, notice.scope)
    ]
    drafts = _drafts(ctx, notice, event_id, facts, told, now())
    gathered = [(each.recipient, each.channel) for each in drafts if each.decision.state is MessageState.GATHERED]
    if gathered:  # their slot is that of a moment at which nobody is gathering it
        await take_turns(ctx, gathered)
        drafts = _drafts(ctx, notice, event_id, facts, told, now())
    return await write(ctx, drafts)


def _drafts(
    ctx: Context,
    notice: Notice,
    event_id: UUID,
    facts: Facts,
    told: list[tuple[Holding, Recipient]],
    moment: datetime,
) -> list[Draft]:
    return [draft for rule, recipient in told for draft in _to(ctx, notice, event_id, facts, rule, recipient, moment)]


def _to(
    ctx: Context, notice: Notice, event_id: UUID, facts: Facts, rule: Holding, recipient: Recipient, moment: datetime
) -> list[Draft]:
    """One draft a channel."""
    voice = voice_of(ctx, recipient.locale, recipient.wishes.zone.key)
    values = {**facts.values, "shop.name": ctx.shop.name, "recipient.name": recipient.name}
    title = said_title(rule.wording.title[recipient.locale], values, voice)
    body = said_body(rule.wording.body[recipient.locale], values, voice)
    drafts = []
    for channel in recipient.channels:
        address = recipient.addresses.get(channel, "")
        asked = Question(notice.key, channel, address, notice.is_urgent, moment)
        drafts.append(
            Draft(
                notice=notice.key,
                event_id=event_id,
                rule=rule.key,
                channel=channel,
                recipient=recipient.key,
                account_id=recipient.account_id,
                address=address,
                name=recipient.name,
                locale=recipient.locale,
                title=title,
                body=body,
                subject=facts.subject,
                scope=notice.scope,
                is_urgent=notice.is_urgent,
                decision=decide(recipient.wishes, asked),
            )
        )
    return drafts
