"""What came of a try, written down: the attempt, the delivery's state or its next time, how the receiver is doing."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from tortoise.expressions import F

from stoa.kit.clock import now
from stoa.kit.languages import Sentence
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.hooks.errors import PayloadFailed, PayloadTooLarge, QueryRefused, SecretLost
from stoa.tenants.hooks.events import WebhookDeliveryFailed
from stoa.tenants.hooks.keeping import change, locked_even_deleted
from stoa.tenants.hooks.models import DeliveryState, PauseReason, Webhook, WebhookAttempt, WebhookDelivery
from stoa.tenants.hooks.pausing import pause
from stoa.tenants.hooks.posting import Outcome
from stoa.tenants.outbox import publish

# As Standard Webhooks suggests: the first try at once, nine more within 75 hours and a half.
PAUSES: Final[Sequence[timedelta]] = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
SPREAD: Final = 0.1  # of a pause, either way: what failed together does not come back together
PATIENCE: Final = timedelta(days=3)  # with a receiver that takes nothing at all
LONGEST_REST: Final = timedelta(minutes=10)
NEVER_AGAIN: Final = (PayloadTooLarge.code,)
BROKEN: Final = (QueryRefused.code, SecretLost.code)  # nothing can be sent until somebody has changed the hook
OURS: Final = (PayloadFailed.code, PayloadTooLarge.code)  # not the receiver's fault


async def record(ctx: Context, hook_id: UUID, delivery: WebhookDelivery, outcome: Outcome) -> None:
    """In the open transaction. A delivery that was replayed meanwhile goes out once more whatever came of this try."""
    hook = await locked_even_deleted(hook_id)
    moment = now()
    await WebhookAttempt.create(
        using_db=shop_client(),
        shop_schema=ctx.shop.schema,
        delivery_id=delivery.id,
        made_at=moment,
        milliseconds=outcome.milliseconds,
        status=outcome.status,
        answer=outcome.answer,
        code=outcome.code,
        error=outcome.error.kept() if outcome.error is not None else None,
    )
    asked = WebhookDelivery.filter(id=delivery.id).using_db(shop_client())
    if fresh := await asked.filter(state=DeliveryState.WAITING, due_at=delivery.due_at).get_or_none():
        await _note_delivery(fresh, outcome, moment)
        if fresh.state is DeliveryState.FAILED:
            why = outcome.code or str(outcome.status)
            await publish(ctx, WebhookDeliveryFailed(hook.id, fresh.id, hook.name, fresh.event_name, why))
    else:
        await asked.update(attempts_made=F("attempts_made") + 1)
    await _note_hook(ctx, hook, outcome, moment)


async def _note_delivery(delivery: WebhookDelivery, outcome: Outcome, moment: datetime) -> None:
    delivery.tries += 1
    delivery.attempts_made += 1
    delivery.last_status, delivery.last_code = outcome.status, outcome.code
    columns: dict[str, Any] = {"state": DeliveryState.WAITING}
    if outcome.has_arrived:
        columns = {"state": DeliveryState.DELIVERED, "ended_at": moment}
    elif outcome.code in BROKEN:
        delivery.tries -= 1  # it waits until the hook is mended; nothing was tried
    elif outcome.code in NEVER_AGAIN or delivery.tries > len(PAUSES):
        columns = {"state": DeliveryState.FAILED, "ended_at": moment}
    else:
        columns |= {"due_at": moment + max(_pause_after(delivery.tries), outcome.wait or timedelta())}
    delivery.update_from_dict(columns)
    counted = ["tries", "attempts_made", "last_status", "last_code"]
    await delivery.save(using_db=shop_client(), update_fields=[*counted, *columns])


async def _note_hook(ctx: Context, hook: Webhook, outcome: Outcome, moment: datetime) -> None:
    if outcome.has_arrived:
        await change(hook, failures=0, failing_since=None, rest_until=None, delivered_at=moment)
    elif outcome.code in BROKEN:
        await pause(ctx, hook, PauseReason.BROKEN, outcome.error)
    elif outcome.code not in OURS:
        since, failures = hook.failing_since or moment, hook.failures + 1
        await change(hook, failures=failures, failing_since=since, rest_until=moment + _rest_after(failures))
        if outcome.is_gone:
            await pause(ctx, hook, PauseReason.GONE, Sentence("The receiver says that it is gone for good (410)."))
        elif moment - since >= PATIENCE:
            note = Sentence("Nothing has arrived since {since}.", {"since": f"{since:%Y-%m-%d %H:%M} UTC"})
            await pause(ctx, hook, PauseReason.FAILING, note)


def _pause_after(tries: int) -> timedelta:
    return PAUSES[tries - 1] * random.uniform(1 - SPREAD, 1 + SPREAD)  # noqa: S311  # no secret


def _rest_after(failures: int) -> timedelta:
    """How long nothing at all is sent to a receiver that has failed so often in a row: first a second, then more."""
    return min(LONGEST_REST, timedelta(seconds=2 ** min(failures - 1, 20)))
