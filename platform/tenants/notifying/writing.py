"""Rows of messages: written once for each event, rule, recipient and channel; and moved on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.kit.ids import new_id
from stoa.kit.languages import Locale, Sentence
from stoa.kit.messaging import Channel
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.live import announce
from stoa.tenants.notifying.deciding import Decision
from stoa.tenants.notifying.models import MessageState
from stoa.tenants.outbox import enqueue_each

SEND: Final = "notifications.send"
DIGEST: Final = "notifications.digest"
LONGEST_NAME: Final = 120
# What is there already was told by an earlier attempt, or by a second delivery of the same event.
_INSERT: Final = """
INSERT INTO platform.notification (id, shop_schema, notice, event_id, rule, channel, recipient, account_id, address,
  name, locale, title, body, subject, scope, is_urgent, state, reason, due_at, external_id, created_at, sent_at)
SELECT id, $1::text, notice, event_id, rule, channel, recipient, account_id, address,
  name, locale, title, body, subject, scope, is_urgent, state, reason, due_at, '', $2::timestamptz,
  CASE WHEN state = 'SENT' THEN $2::timestamptz END
FROM jsonb_to_recordset($3::jsonb) AS m (id uuid, notice text, event_id uuid, rule text, channel text, recipient text,
  account_id uuid, address text, name text, locale text, title text, body text, subject text, scope text,
  is_urgent bool, state text, reason jsonb, due_at timestamptz)
ON CONFLICT DO NOTHING RETURNING id
"""
_SENT_BY_A_JOB: Final = (MessageState.QUEUED, MessageState.WAITING)
_TAKE_TURNS: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be written, and what was decided about it."""

    notice: str
    event_id: UUID
    rule: str
    channel: Channel
    recipient: str
    account_id: UUID | None
    address: str
    name: str
    locale: Locale
    title: str
    body: str
    subject: str
    scope: str
    is_urgent: bool
    decision: Decision

    def as_row(self, id: UUID) -> dict[str, Any]:
        decision = self.decision
        return {
            "id": id,
            "notice": self.notice,
            "event_id": self.event_id,
            "rule": self.rule,
            "channel": self.channel,
            "recipient": self.recipient,
            "account_id": self.account_id,
            "address": self.address,
            "name": self.name[:LONGEST_NAME],
            "locale": self.locale,
            "title": self.title,
            "body": self.body,
            "subject": self.subject,
            "scope": self.scope,
            "is_urgent": self.is_urgent,
            "state": decision.state,
            "reason": kept(decision.reason),
            "due_at": decision.due_at,
        }


def kept(reason: Sentence | None) -> dict[str, Any] | None:
    return None if reason is None else reason.kept()


async def write(ctx: Context, drafts: Sequence[Draft]) -> list[UUID]:
    """Write those that are not there yet, and plan what follows for each; the ids of those, in the open transaction."""
    rows = {new_id(): each for each in drafts}
    if not rows:
        return []
    values = [ctx.shop.schema, now(), as_json([each.as_row(id) for id, each in rows.items()])]
    written = [UUID(str(row["id"])) for row in await shop_client().execute_query_dict(_INSERT, values)]
    for id in written:
        draft = rows[id]
        if draft.channel is Channel.IN_APP:
            tell_reader(ctx, draft.account_id, id if draft.decision.state is MessageState.SENT else None)
    await _plan_each(ctx, [(id, rows[id].recipient, rows[id].channel, rows[id].decision) for id in written])
    return written


async def plan(ctx: Context, id: UUID, recipient: str, channel: Channel, decision: Decision) -> None:
    """The job that follows from a decision; what has ended needs none."""
    await _plan_each(ctx, [(id, recipient, channel, decision)])


async def _plan_each(ctx: Context, decided: Sequence[tuple[UUID, str, Channel, Decision]]) -> None:
    """One statement for all that are sent, and one for all digests."""
    leaving = [(id, what.due_at) for id, _, _, what in decided if what.state in _SENT_BY_A_JOB]
    await enqueue_each(
        ctx,
        SEND,
        [{"message_id": str(id)} for id, _ in leaving],
        kind="notifications",
        run_at=[at for _, at in leaving],
        max_attempts=8,
    )
    slots = [
        (recipient, channel, what.due_at)
        for _, recipient, channel, what in decided
        if what.state is MessageState.GATHERED and what.due_at is not None
    ]
    await plan_digests(ctx, slots)


async def plan_digests(ctx: Context, slots: Iterable[tuple[str, Channel, datetime]]) -> None:
    """Once for each slot, however many are gathered for it."""
    wanted = sorted(set(slots))
    await enqueue_each(
        ctx,
        DIGEST,
        [{"recipient": to, "channel": channel, "slot": slot.isoformat()} for to, channel, slot in wanted],
        kind="notifications",
        run_at=[slot for _, _, slot in wanted],
        dedupe_keys=[f"{channel} {slot.isoformat()} {to}"[:200] for to, channel, slot in wanted],
    )


async def take_turns(ctx: Context, whom: Iterable[tuple[str, Channel]]) -> None:
    """Until the transaction ends, nobody else gathers for these, nor counts what they were sent."""
    for recipient, channel in sorted(set(whom)):
        await shop_client().execute_query_dict(_TAKE_TURNS, [f"{ctx.shop.schema} notifies {channel} {recipient}"])


def tell_reader(ctx: Context, account_id: UUID | None, id: UUID | None = None) -> None:
    """Let the person's app look: at this message, or (None) at how many are unread."""
    announce(ctx, f"notification:{account_id}", {"id": id})
