"""Letting one message leave: looked at once more, marked as begun, handed to its channel, and marked as sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from stoa.kit.clock import now
from stoa.kit.ids import type_id
from stoa.kit.languages import Sentence
from stoa.kit.messaging import Channel, Message, Messenger, open_messengers
from stoa.settings import Settings, settings
from stoa.tenants.context import Context
from stoa.tenants.database import Step, shop_client, shop_transaction
from stoa.tenants.jobs import FAULT, words_of
from stoa.tenants.notifying.deciding import Decision, Question, decide, decide_digest
from stoa.tenants.notifying.errors import NoSuchNotification, NotToBeSentAgain
from stoa.tenants.notifying.models import MessageState, Notification
from stoa.tenants.notifying.recipients import person_of
from stoa.tenants.notifying.templating import as_html
from stoa.tenants.notifying.wishes import default_wishes
from stoa.tenants.notifying.writing import LONGEST_NAME, kept, plan, take_turns

BY_DIGEST: Final = "digest"
WITHIN: Final = timedelta(hours=1)
LEFT = Sentence("The recipient works here no more.")
NOT_THEIRS = Sentence("The recipient may not see what it is about any more.")
NOBODY_ANSWERED = Sentence("Nobody answered, however often it was tried.")
_ON_ITS_WAY = (MessageState.QUEUED, MessageState.WAITING)


async def send(ctx: Context, message_id: UUID, *, attempt: int, step: Step, finish: Step) -> None:
    """Send it, unless it has ended or is better sent later. With the same key however often it is tried.

    Raises what its channel raises.
    """
    async with step():
        message = await _take(ctx, message_id, attempt)
    if message is None:
        async with finish():
            return
    external_id = await _messengers(settings())[message.channel].send(_letter(ctx, message))
    async with finish():
        await _update(ctx, message_id, state=MessageState.SENT, sent_at=now(), external_id=external_id[:200])


async def send_again(ctx: Context, message_id: UUID) -> None:
    """Try once more, with all its attempts, what has failed. Raises `NoSuchNotification`, `NotToBeSentAgain`."""
    async with shop_transaction():
        message = await _locked(ctx, message_id)
        if message is None:
            raise NoSuchNotification("There is no such message.", path=["id"])
        if message.state is not MessageState.FAILED:
            raise NotToBeSentAgain("Only what failed is sent again; it is {state}.", path=["id"], state=message.state)
        await _update(ctx, message_id, state=MessageState.QUEUED, failure=None)
        await plan(ctx, message_id, message.recipient, message.channel, Decision(MessageState.QUEUED))


async def give_up(ctx: Context, message_id: UUID, error: str) -> None:
    """Note that it will not be sent, and why; what has ended already stays as it is."""
    message = await _locked(ctx, message_id)
    if message is not None and message.state in (*_ON_ITS_WAY, MessageState.SENDING):
        await _update(ctx, message_id, state=MessageState.FAILED, failure=_why(error).text)


def _why(error: str) -> Sentence:
    """What a channel raises that is no refusal is silence, as `MessageSilent` is."""
    words = words_of(error)
    return NOBODY_ANSWERED if words is FAULT else words


async def _take(ctx: Context, message_id: UUID, attempt: int) -> Notification | None:
    """The message, begun; None when it is not to be sent now.

    One that was begun already is sent on by a later attempt of a job; by a first attempt it is left to the job that
    has begun it.
    """
    message = await _locked(ctx, message_id)
    if message is None or message.state not in (*_ON_ITS_WAY, MessageState.SENDING):
        return None
    if message.state is MessageState.SENDING:
        return message if attempt > 1 else None
    decision = await _decided(ctx, message)
    if decision.state is MessageState.QUEUED:
        begun = {"state": MessageState.SENDING, "taken_at": now(), "reason": None, "due_at": None}
        await _update(ctx, message_id, address=message.address, name=message.name, **begun)
        return message
    await _update(ctx, message_id, state=decision.state, due_at=decision.due_at, reason=kept(decision.reason))
    await plan(ctx, message_id, message.recipient, message.channel, decision)
    return None


async def _decided(ctx: Context, message: Notification) -> Decision:
    """As things are now: people leave, lose rights and move, wishes change, and the hour may be full. The message's
    address becomes the one that reaches them now."""
    wishes = default_wishes(ctx)
    if message.account_id is not None:
        person = await person_of(ctx, message.account_id)
        if person is None:
            return Decision(MessageState.SUPPRESSED, reason=LEFT)
        if not all(person.may_see(scope) for scope in await _scopes(ctx, message)):
            return Decision(MessageState.SUPPRESSED, reason=NOT_THEIRS)
        wishes = person.wishes
        message.address = person.addresses.get(message.channel, "")
        message.name = person.account.name[:LONGEST_NAME]
    asked = Question(message.notice, message.channel, message.address, message.is_urgent, moment := now())
    if message.rule == BY_DIGEST:
        return decide_digest(wishes, asked)
    await take_turns(ctx, [(message.recipient, message.channel)])
    lately = _rows(ctx).filter(recipient=message.recipient, channel=message.channel, taken_at__gt=moment - WITHIN)
    return decide(wishes, replace(asked, sent_lately=await lately.count()))


async def _scopes(ctx: Context, message: Notification) -> list[str]:
    """What one must be allowed to see to be sent it: of a digest, all that it merges."""
    if message.rule != BY_DIGEST:
        return [message.scope]
    merged = _rows(ctx).filter(state=MessageState.MERGED, id__lt=message.id, digest_id=message.id)
    scopes: list[str] = await merged.distinct().values_list("scope", flat=True)
    return scopes


def _letter(ctx: Context, message: Notification) -> Message:
    data = {
        "type": f"notification.{message.notice}",
        "timestamp": message.created_at.isoformat(),
        "data": {
            "id": type_id("note", message.id),
            "notice": message.notice,
            "subject": message.subject or None,
            "title": message.title,
            "body": message.body,
            "locale": message.locale,
        },
    }
    return Message(
        key=message.key,
        owner=ctx.shop.schema,
        to=message.address,
        title=message.title,
        text=message.body,
        html=as_html(message.title, message.body, "zh" if message.locale == "zh" else "en"),
        name=message.name,
        sender_name=ctx.shop.name,
        data=data,
    )


def _rows(ctx: Context) -> Any:
    return Notification.filter(shop_schema=ctx.shop.schema).using_db(shop_client())


async def _locked(ctx: Context, message_id: UUID) -> Notification | None:
    found: Notification | None = await _rows(ctx).filter(id=message_id).select_for_update().get_or_none()
    return found


async def _update(ctx: Context, message_id: UUID, **columns: Any) -> None:
    await _rows(ctx).filter(id=message_id).update(**columns)


@lru_cache(maxsize=4)
def _messengers(of: Settings) -> dict[Channel, Messenger]:
    return dict(open_messengers(of))
