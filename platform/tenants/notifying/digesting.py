"""Digests: what was gathered for one recipient and channel, sent as one message, once a slot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from stoa.kit.clock import now
from stoa.kit.ids import new_id
from stoa.kit.languages import Locale, Sentence
from stoa.kit.messaging import Channel
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.notifying.deciding import NO_ADDRESS, OFF, Decision, Question, decide_digest
from stoa.tenants.notifying.models import MessageState, Notification
from stoa.tenants.notifying.recipients import Person, person_of
from stoa.tenants.notifying.sending import BY_DIGEST, LEFT, NOT_THEIRS
from stoa.tenants.notifying.wishes import default_wishes
from stoa.tenants.notifying.writing import Draft, plan_digests, take_turns, write

MOST_LISTED: Final = 50
TITLE = Sentence("{count} messages from {shop}")
ONE = Sentence("1 message from {shop}")
MORE = Sentence("and {count} more, all of them in the app.")
MERGED = Sentence("It was sent with a digest.")


async def send_digest(ctx: Context, recipient: str, channel: Channel, slot: datetime) -> None:
    """Merge what is due by this slot into one message and plan its sending, in the open transaction; nothing when
    there is nothing, so twice sends once."""
    await take_turns(ctx, [(recipient, channel)])
    waiting: list[Notification] = await (
        _gathered(ctx).filter(recipient=recipient, channel=channel, due_at__lte=slot).order_by("id").select_for_update()
    )
    person = await person_of(ctx, waiting[-1].account_id) if waiting and waiting[-1].account_id else None
    held = [(each, _held_back(each, person)) for each in waiting]
    for reason in {reason.text: reason for _, reason in held if reason}.values():
        left_out = [each.id for each, why in held if why is reason]
        await _become(ctx, left_out, state=MessageState.SUPPRESSED, reason=reason.kept(), due_at=None)
    await _merge(ctx, [each for each, reason in held if reason is None], person)


def _held_back(message: Notification, person: Person | None) -> Sentence | None:
    """Why it does not go into the digest any more: people leave, lose rights, and change their minds."""
    if message.account_id is None:
        return None
    if person is None:
        return LEFT
    if not person.may_see(message.scope):
        return NOT_THEIRS
    if not person.wishes.wants(message.notice, message.channel):
        return OFF
    return None if person.addresses.get(message.channel) else NO_ADDRESS


async def _merge(ctx: Context, waiting: Sequence[Notification], person: Person | None) -> None:
    """Write the digest of these, unless the hours have become quiet ones: then they are gathered until their end."""
    if not waiting:
        return
    draft = _digest(ctx, waiting)
    if person is not None:
        draft = replace(draft, address=person.addresses.get(draft.channel, ""), name=person.account.name)
    asked = Question(BY_DIGEST, draft.channel, draft.address, draft.is_urgent, now())
    decision = decide_digest(person.wishes if person else default_wishes(ctx), asked)
    ids = [each.id for each in waiting]
    if decision.due_at is not None:
        await _become(ctx, ids, due_at=decision.due_at)
        await plan_digests(ctx, [(draft.recipient, draft.channel, decision.due_at)])
        return
    [digest_id] = await write(ctx, [replace(draft, decision=decision)])
    merged = {"digest_id": digest_id, "reason": MERGED.kept(), "sent_at": now(), "due_at": None}
    await _become(ctx, ids, state=MessageState.MERGED, **merged)


def _digest(ctx: Context, waiting: Sequence[Notification]) -> Draft:
    last = waiting[-1]
    locale = cast(Locale, last.locale)
    count = len(waiting)
    title = (ONE if count == 1 else TITLE).filled(count=count, shop=ctx.shop.name).said_in(locale)
    parts = [f"• {each.title}\n{each.body}".strip() for each in waiting[:MOST_LISTED]]
    if count > MOST_LISTED:
        parts.append(MORE.filled(count=count - MOST_LISTED).said_in(locale))
    return Draft(
        notice=BY_DIGEST,
        event_id=new_id(),
        rule=BY_DIGEST,
        channel=last.channel,
        recipient=last.recipient,
        account_id=last.account_id,
        address=last.address,
        name=last.name,
        locale=locale,
        title=title,
        body="\n\n".join(parts),
        subject="",
        scope=last.scope if len({each.scope for each in waiting}) == 1 else Scope.MEMBERS_WRITE,
        is_urgent=any(each.is_urgent for each in waiting),
        decision=Decision(MessageState.QUEUED),
    )


async def _become(ctx: Context, ids: Sequence[UUID], **columns: Any) -> None:
    await _gathered(ctx).filter(id__in=list(ids)).update(**columns)


def _gathered(ctx: Context) -> Any:
    rows = Notification.filter(shop_schema=ctx.shop.schema, state=MessageState.GATHERED)
    return rows.using_db(shop_client())
