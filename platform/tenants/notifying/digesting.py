"""Digests: what was gathered for one recipient and channel, sent as one message, once a slot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, cast

from stoa.kit.clock import now
from stoa.kit.ids import new_id
from stoa.kit.languages import Locale, Sentence
from stoa.kit.messaging import Channel
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.notifying.deciding import Decision
from stoa.tenants.notifying.models import MessageState, Notification
from stoa.tenants.notifying.sending import BY_DIGEST
from stoa.tenants.notifying.writing import Draft, take_turns, write

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
    if not waiting:
        return
    [digest_id] = await write(ctx, [_digest(ctx, waiting)])
    ids = [each.id for each in waiting]
    await (
        _gathered(ctx)
        .filter(id__in=ids)
        .update(state=MessageState.MERGED, digest_id=digest_id, reason=MERGED.kept(), sent_at=now(), due_at=None)
    )


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


def _gathered(ctx: Context) -> Any:
    rows = Notification.filter(shop_schema=ctx.shop.schema, state=MessageState.GATHERED)
    return rows.using_db(shop_client())
