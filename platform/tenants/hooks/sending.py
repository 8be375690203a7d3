"""A hook's turn: what is due to it is sent, a few at a time, by one job and no other.

Every transaction that has something for a hook plans a job; all but one of them find that another is at work, and end.
The one at work looks once more when it has put the turn down. So nothing is left lying: who found the turn taken had
committed its delivery before, and who comes later finds the turn free.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from time import monotonic
from typing import Final
from uuid import UUID

import msgspec

from stoa.kit.clock import now
from stoa.kit.errors import Refusal
from stoa.kit.ids import type_id
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.hooks.enveloping import EVENT_PREFIX, Happened, Payload, envelope
from stoa.tenants.hooks.errors import PayloadFailed
from stoa.tenants.hooks.models import DeliveryState, Webhook, WebhookDelivery
from stoa.tenants.hooks.numbering import sequence_of
from stoa.tenants.hooks.posting import Outcome, post
from stoa.tenants.hooks.recording import record
from stoa.tenants.hooks.rousing import rouse
from stoa.tenants.jobs import Job

TURN_SECONDS: Final = 30.0  # after which others of the shop's hooks may go first
TURN_LEASE: Final = timedelta(seconds=150)  # after which a turn is taken from whoever does not give it back
AT_ONCE: Final = 4  # requests to one receiver at the same time
BATCH: Final = 20
TAKE: Final = """
UPDATE platform.webhook SET turn = $2, turn_until = $4
WHERE id = $1 AND state = 'ACTIVE' AND (turn IS NULL OR turn = $2 OR turn_until < $3)
  AND (rest_until IS NULL OR rest_until <= $3)
RETURNING id
"""
PUT_DOWN: Final = "UPDATE platform.webhook SET turn = NULL, turn_until = NULL WHERE id = $1 AND turn = $2"
# A hook that rests is looked at again when its rest is over. None while another job has the turn: that one looks.
NEXT: Final = """
SELECT greatest(min(d.due_at), h.rest_until) AS at FROM platform.webhook h
JOIN platform.webhook_delivery d ON d.webhook_id = h.id AND d.state = 'WAITING'
WHERE h.id = $1 AND h.state = 'ACTIVE' AND (h.turn IS NULL OR h.turn_until < $2) GROUP BY h.id
"""


# Runs the merchant's query. Raises `QueryRefused` when it cannot be run, `PayloadFailed` when it could not this time.
MakePayload = Callable[[Context, Webhook, Happened], Awaitable[Payload]]


async def take_turn(ctx: Context, job: Job, hook_id: UUID, make: MakePayload) -> None:
    """Send what is due to the hook, as long as a turn lasts; end the job, and plan the next turn if there is one."""
    if await _taken(job, hook_id):
        until = monotonic() + TURN_SECONDS
        while monotonic() < until:
            if not await _send_some(ctx, job, hook_id, make, until):
                break
    async with job.finish():
        await shop_client().execute_query_dict(PUT_DOWN, [hook_id, job.id])
        rows = await shop_client().execute_query_dict(NEXT, [hook_id, now()])
        if rows:
            at = rows[0]["at"]
            await rouse(ctx, hook_id, at if at > now() else None)


async def _taken(job: Job, hook_id: UUID) -> bool:
    moment = now()
    async with job.step():
        rows = await shop_client().execute_query_dict(TAKE, [hook_id, job.id, moment, moment + TURN_LEASE])
    return bool(rows)


async def _send_some(ctx: Context, job: Job, hook_id: UUID, make: MakePayload, until: float) -> bool:
    """One batch, nothing of it begun after `until` (of monotonic()); False when no more is to be done in this turn."""
    hook = await Webhook.filter(id=hook_id, state="ACTIVE", turn=job.id).using_db(shop_client()).get_or_none()
    if hook is None:
        return False  # paused, deleted, or the turn was taken away meanwhile
    limit = BATCH if hook.failures == 0 else 1  # a receiver in trouble is asked by one, not by all
    due = await (
        WebhookDelivery.filter(webhook_id=hook_id, state=DeliveryState.WAITING, due_at__lte=now())
        .order_by("due_at", "event_id")
        .limit(limit)
        .using_db(shop_client())
    )
    if not due:
        return False
    sender = _Sender(ctx, job, hook, make, until, await _payloads_of(due))
    await sender.send_all(due)
    return not sender.is_in_trouble


@dataclass(slots=True)
class _Sender:
    """Sends a batch: what is about one thing in its order, what is about several at the same time."""

    ctx: Context
    job: Job
    hook: Webhook
    make: MakePayload
    until: float
    payloads: Mapping[UUID, str]  # of the events, as the log has them
    is_in_trouble: bool = False

    async def send_all(self, due: Sequence[WebhookDelivery]) -> None:
        """The first trouble ends it, or the end of the turn: what has not begun by then waits for another one."""
        free = asyncio.Semaphore(AT_ONCE)
        ordered = sorted(due, key=lambda each: (each.subject_id, each.event_id))

        async def send_in_order(deliveries: Sequence[WebhookDelivery]) -> None:
            async with free:
                for each in deliveries:
                    if not self.is_in_trouble and monotonic() < self.until:
                        await self._send(each)

        try:
            async with asyncio.TaskGroup() as group:
                for _, each in groupby(ordered, key=lambda each: each.subject_id):
                    group.create_task(send_in_order(list(each)))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None  # the lease lost, say: workers know it by its type

    async def _send(self, delivery: WebhookDelivery) -> None:
        outcome = await self._outcome(delivery)
        self.is_in_trouble |= not outcome.has_arrived
        async with self.job.step():
            await record(self.ctx, self.hook.id, delivery, outcome)

    async def _outcome(self, delivery: WebhookDelivery) -> Outcome:
        started = monotonic()
        try:
            body = (delivery.body if self._may_send(delivery) else None) or await self._body(delivery)
        except Refusal as refusal:
            return Outcome.of_refusal(refusal, monotonic() - started)
        message_id = type_id(EVENT_PREFIX, delivery.event_id)
        return await post(self.hook, delivery, message_id, body.encode())

    def _may_send(self, delivery: WebhookDelivery) -> bool:
        """Not what was made when the hook could see more: whoever changes it since has not those rights."""
        return set(delivery.scopes or ()) <= set(self.hook.scopes)

    async def _body(self, delivery: WebhookDelivery) -> str:
        """Made once, and kept: whoever is sent it again is sent the same."""
        happened = self._happened(delivery)
        payload = await self.make(self.ctx, self.hook, happened)
        async with self.job.step():
            number = await sequence_of(delivery.event_id, delivery.subject_id)
            body = envelope(happened, number, payload).decode()
            delivery.body, delivery.sequence, delivery.scopes = body, number, self.hook.scopes
            await delivery.save(using_db=shop_client(), update_fields=["body", "sequence", "scopes"])
        return body

    def _happened(self, delivery: WebhookDelivery) -> Happened:
        if delivery.event_id not in self.payloads:
            raise PayloadFailed("The event is not in the shop's log.")
        told = msgspec.json.decode(self.payloads[delivery.event_id])
        return Happened(delivery.event_id, delivery.event_name, delivery.subject_id, delivery.happened_at, told)


async def _payloads_of(due: Sequence[WebhookDelivery]) -> dict[UUID, str]:
    query = "SELECT id, payload FROM event WHERE id = ANY($1)"
    rows = await shop_client().execute_query_dict(query, [[each.event_id for each in due]])
    return {row["id"]: row["payload"] for row in rows}
