"""Replaying: events of the past go to a hook (again), with payloads made anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput
from stoa.kit.ids import NEW_ID, first_id_of
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.hooks.errors import NoSuchDelivery, TooMuchToReplay, WebhookIsPaused
from stoa.tenants.hooks.events import WebhookTested
from stoa.tenants.hooks.keeping import locked
from stoa.tenants.hooks.models import Webhook, WebhookDelivery, WebhookState
from stoa.tenants.hooks.numbering import number_events_of
from stoa.tenants.hooks.rousing import rouse
from stoa.tenants.outbox import publish

MOST_AT_ONCE: Final = 10_000
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
SKEW: Final = timedelta(hours=1)  # ids say when they were made, to the clock of whoever made them
AGAIN = "state = 'WAITING', due_at = $2, tries = 0, body = NULL, ended_at = NULL"
# Only what has a delivery, and that failed. Counted first, for an update has no limit: joined with a limited query of
# the same table, both guessed to be one row of a shop that no statistics know yet, it took a minute for 10,000. (The
# count has no use for $2, and PostgreSQL none for a parameter without a type.)
_FAILED = """
WHERE d.webhook_id = $1 AND d.state = 'FAILED' AND $2::timestamptz IS NOT NULL
  AND d.happened_at >= $3 AND d.happened_at < $4 AND ($5::uuid IS NULL OR d.subject_id = $5)
  AND ($6::bigint IS NULL OR EXISTS (
    SELECT FROM platform.webhook_sequence s WHERE s.event_id = d.event_id AND s.number BETWEEN $6 AND $7))
  AND ($8::uuid[] IS NULL OR d.id = ANY($8)) AND ($9::timestamptz IS NULL OR d.ended_at >= $9)
"""
COUNT_FAILED = f"""
SELECT count(*)::int AS number FROM (
  SELECT FROM platform.webhook_delivery d {_FAILED} LIMIT {MOST_AT_ONCE + 1}) found
"""
FAILED = f"UPDATE platform.webhook_delivery d SET {AGAIN} {_FAILED}"
# All that the log has, whether it was sent before or not. What waits already is due at once, with a payload made anew.
ALL = f"""
INSERT INTO platform.webhook_delivery AS d (id, shop_schema, webhook_id, event_id, event_name, subject_id, happened_at,
                                            state, due_at, tries, attempts_made, created_at)
SELECT {NEW_ID}, h.shop_schema, h.id, e.id, e.name, e.subject_id, e.happened_at, 'WAITING', $2, 0, 0, $2
FROM event e JOIN platform.webhook h ON h.id = $1 AND h.events ? e.name
WHERE e.happened_at >= $3 AND e.happened_at < $4 AND e.id >= $9 AND e.id < $10
  AND ($5::uuid IS NULL OR e.subject_id = $5)
  AND ($6::bigint IS NULL OR EXISTS (
    SELECT FROM platform.webhook_sequence s WHERE s.event_id = e.id AND s.number BETWEEN $6 AND $7))
  AND ($8::uuid[] IS NULL OR e.id IN (SELECT event_id FROM platform.webhook_delivery WHERE id = ANY($8)))
ORDER BY e.id LIMIT {MOST_AT_ONCE + 1}
ON CONFLICT (webhook_id, event_id) DO UPDATE SET {AGAIN}
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Range:
    """Which events: of a span of time, of one subject (from one of its numbers to another), or of these deliveries.

    `given_up_since`: of those that failed, the ones that were given up then or later, whenever they happened.
    """

    since: datetime | None = None
    until: datetime | None = None
    subject_id: UUID | None = None
    first: int | None = None
    last: int | None = None
    delivery_ids: Sequence[UUID] | None = None
    only_failed: bool = False
    given_up_since: datetime | None = None

    @property
    def says_nothing(self) -> bool:
        return self.since is None and self.subject_id is None and self.delivery_ids is None


async def replay(ctx: Context, hook_id: UUID, wanted: Range) -> int:
    """Have these events sent to the hook, and say how many. Their ids and numbers stay; the payload is made anew.

    Raises `NoSuchWebhook`, `WebhookIsPaused`, `TooMuchToReplay` and `InvalidInput`.
    """
    if wanted.says_nothing:
        raise InvalidInput("Say which events: since when, of what, or which deliveries.", path=["since"])
    if wanted.subject_id is None and (wanted.first is not None or wanted.last is not None):
        raise InvalidInput("Sequences are of one thing: say which.", path=["aggregate_id"])
    async with shop_transaction():
        hook = await locked(hook_id)
        if hook.state is WebhookState.PAUSED:
            raise WebhookIsPaused("{name} is paused: resume it with what it missed.", path=["id"], name=hook.name)
        await _check_deliveries(hook, wanted.delivery_ids)
        count = await replay_range(ctx, hook, wanted)
        if count:
            await rouse(ctx, hook.id)
    return count


async def _check_deliveries(hook: Webhook, ids: Sequence[UUID] | None) -> None:
    if ids is not None:
        found = await WebhookDelivery.filter(webhook_id=hook.id, id__in=list(ids)).using_db(shop_client()).count()
        if found < len(set(ids)):
            raise NoSuchDelivery("{name} has no such delivery.", path=["delivery_ids"], name=hook.name)


async def replay_range(ctx: Context, hook: Webhook, wanted: Range) -> int:
    """The same for a hook that is locked in the open transaction; nobody is roused."""
    moment = now()
    since, latest = max(wanted.since or BEGINNING, BEGINNING), moment + SKEW
    until = min(max(wanted.until or latest, BEGINNING), latest)
    if wanted.subject_id is not None:
        await number_events_of(wanted.subject_id)
    has_numbers = wanted.first is not None or wanted.last is not None
    values: list[Any] = [hook.id, moment, since, until, wanted.subject_id]
    values += [wanted.first or 1, wanted.last or 2**62] if has_numbers else [None, None]
    values.append(None if wanted.delivery_ids is None else list(wanted.delivery_ids))
    if wanted.only_failed:
        values.append(wanted.given_up_since)
        count = _at_most(int((await shop_client().execute_query_dict(COUNT_FAILED, values))[0]["number"]))
        await shop_client().execute_query(FAILED, values)
        return count
    earliest = UUID(int=0) if since < BEGINNING + SKEW else first_id_of(since - SKEW)
    return _at_most(len(await shop_client().execute_query_dict(ALL, [*values, earliest, first_id_of(until + SKEW)])))


def _at_most(count: int) -> int:
    if count > MOST_AT_ONCE:
        raise TooMuchToReplay("These are more than {limit} events: replay them in parts.", limit=MOST_AT_ONCE)
    return count


async def send_test(ctx: Context, hook_id: UUID, about: str = "") -> UUID:
    """Have the hook sent an event of no meaning, with the payload of `about`, and give the delivery's id.

    Raises `NoSuchWebhook` and `WebhookIsPaused`.
    """
    async with shop_transaction():
        hook = await locked(hook_id)
        if hook.state is WebhookState.PAUSED:
            raise WebhookIsPaused("{name} is paused: resume it to test it.", path=["id"], name=hook.name)
        await publish(ctx, WebhookTested(hook.id, about))
        [row] = await shop_client().execute_query_dict(TEST, [hook.id, now()])
    return UUID(str(row["id"]))


TEST = f"""
INSERT INTO platform.webhook_delivery (id, shop_schema, webhook_id, event_id, event_name, subject_id, happened_at,
                                       state, due_at, tries, attempts_made, created_at)
SELECT {NEW_ID}, current_schema(), $1, e.id, e.name, e.subject_id, e.happened_at, 'WAITING', $2, 0, 0, $2
FROM event e WHERE e.subject_id = $1 AND e.name = 'WebhookTested' AND NOT EXISTS (
  SELECT FROM platform.webhook_delivery d WHERE d.webhook_id = $1 AND d.event_id = e.id)
ORDER BY e.id DESC LIMIT 1
RETURNING id
"""
