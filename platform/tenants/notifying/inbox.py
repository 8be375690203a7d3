"""The centre in the app: what a person has been told, how much of it is unread, and putting it away.

Of it, nobody counts or marks what their credential does not show them: an order's news belongs to who may see orders,
and what was marked unseen would be missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput
from stoa.kit.messaging import Channel
from stoa.tenants.access.tokens import maker_of
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.notifying.errors import NoSuchNotification, NotOneOfUs
from stoa.tenants.notifying.models import MessageState, Notification
from stoa.tenants.notifying.writing import tell_reader

MOST_COUNTED: Final = 1_000
MOST_AT_ONCE: Final = 100
_UNREAD: Final = f"""
SELECT count(*)::int AS number FROM (
  SELECT FROM platform.notification WHERE shop_schema = $1 AND account_id = $2 AND channel = 'IN_APP'
    AND state = 'SENT' AND read_at IS NULL AND archived_at IS NULL AND scope = ANY($3) LIMIT {MOST_COUNTED}) unread
"""


async def person_of(ctx: Context) -> UUID:
    """The account of whoever asks: the person, or the one who made the token. Raises `NotOneOfUs` for Stoa itself."""
    if ctx.actor.kind == "account" and ctx.actor.id is not None:
        return ctx.actor.id
    found = await maker_of(ctx) if ctx.actor.kind == "token" else None
    if found is None:
        raise NotOneOfUs("Only people of the shop have notifications.")
    return found


async def unread_count(ctx: Context, account_id: UUID) -> int:
    """How many that `ctx` may see are neither read nor archived; `MOST_COUNTED` stands for that many or more."""
    asked = [ctx.shop.schema, account_id, sorted(ctx.scopes)]
    return int((await shop_client().execute_query_dict(_UNREAD, asked))[0]["number"])


async def mark_read(ctx: Context, ids: Sequence[UUID], *, is_read: bool = True) -> None:
    """Mark them as read, or as unread again; twice changes nothing. Raises `NoSuchNotification` when one of them is not
    the caller's or not for their eyes, and nothing is marked then."""
    await _mark(ctx, ids, "read_at", now() if is_read else None)


async def archive(ctx: Context, ids: Sequence[UUID], *, is_archived: bool = True) -> None:
    """Put them away, or take them out again; what is archived counts as unread no more. Raises as `mark_read`."""
    await _mark(ctx, ids, "archived_at", now() if is_archived else None)


async def mark_all_read(ctx: Context, *, until: datetime | None = None) -> int:
    """All that the caller has and may see, or of it all that came `until` then; how many were unread."""
    person = await person_of(ctx)
    async with shop_transaction():
        unread = _centre(ctx, person).filter(read_at=None)
        if until is not None:
            unread = unread.filter(created_at__lte=until)
        number = int(await unread.update(read_at=now()))
        if number:
            tell_reader(ctx, person)
    return number


async def _mark(ctx: Context, ids: Sequence[UUID], column: str, value: datetime | None) -> None:
    if not 1 <= len(ids) <= MOST_AT_ONCE:
        sentence = "{count} notifications; 1 to {limit} are allowed."
        raise InvalidInput(sentence, path=["ids"], count=len(ids), limit=MOST_AT_ONCE)
    person = await person_of(ctx)
    async with shop_transaction():
        rows: list[Notification] = await _centre(ctx, person).filter(id__in=list(ids)).select_for_update()
        there = {row.id for row in rows}
        for i, id in enumerate(ids):
            if id not in there:
                raise NoSuchNotification("There is no such notification.", path=["ids", i])
        changed = [row.id for row in rows if (getattr(row, column) is None) != (value is None)]
        if changed:
            await _centre(ctx, person).filter(id__in=changed).update(**{column: value})
            tell_reader(ctx, person)


def _centre(ctx: Context, account_id: UUID) -> Any:
    centre = Notification.filter(
        shop_schema=ctx.shop.schema, account_id=account_id, channel=Channel.IN_APP, state=MessageState.SENT
    )
    return centre.filter(scope__in=sorted(ctx.scopes)).using_db(shop_client())
