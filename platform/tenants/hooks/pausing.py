"""Pausing and resuming: by the merchant, or because receiver or query do not work any more. Never silently."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from stoa.kit.clock import now
from stoa.kit.languages import Sentence
from stoa.tenants.access.scopes import require_all
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.hooks.events import WebhookPaused, WebhookResumed, WebhookSecretRotated
from stoa.tenants.hooks.keeping import NewSecret, change, locked
from stoa.tenants.hooks.models import DeliveryState, PauseReason, Webhook, WebhookDelivery, WebhookState
from stoa.tenants.hooks.replaying import Range, replay_range
from stoa.tenants.hooks.rousing import rouse
from stoa.tenants.hooks.secrecy import new_secret, sealed
from stoa.tenants.outbox import publish

OVERLAP = timedelta(hours=24)
LONGEST_OVERLAP = timedelta(days=7)


async def pause_webhook(ctx: Context, hook_id: UUID) -> Webhook:
    """Send it nothing for now; twice changes nothing. Raises `NoSuchWebhook`."""
    async with shop_transaction():
        hook = await locked(hook_id)
        await pause(ctx, hook, PauseReason.ASKED, None)
    return hook


async def pause(ctx: Context, hook: Webhook, reason: PauseReason, note: Sentence | None) -> None:
    """Pause a hook that is locked in the open transaction, and tell of it. One that is paused stays as it is."""
    if hook.state is not WebhookState.ACTIVE:
        return
    kept = note.kept() if note is not None else None
    await change(hook, state=WebhookState.PAUSED, pause_reason=reason, pause_note=kept, paused_at=now())
    await publish(ctx, WebhookPaused(hook.id, hook.name, reason.value))


async def resume_webhook(ctx: Context, hook_id: UUID, *, replay_missed: bool) -> tuple[Webhook, int]:
    """Send it again what happens, beginning with what waits; and how many events were replayed besides.

    `replay_missed` replays what happened while it was paused, and what was given up before since tries began to fail
    in a row; what was given up while others arrived is `replay`'s. Resuming what is not paused changes nothing. Raises
    `NoSuchWebhook`, and `TooMuchToReplay` for more than that takes of either: then it stays paused.
    """
    async with shop_transaction():
        hook = await locked(hook_id)
        if hook.state is WebhookState.ACTIVE:
            return hook, 0
        assert hook.paused_at is not None
        since, trouble_since = hook.paused_at, hook.failing_since
        reset = {"pause_reason": None, "pause_note": None, "paused_at": None, "rest_until": None}
        await change(hook, state=WebhookState.ACTIVE, failures=0, failing_since=None, **reset)
        await _waiting(hook).update(due_at=now(), tries=0)
        replayed = 0
        if replay_missed:
            replayed = await replay_range(ctx, hook, Range(since=since))
            if trouble_since is not None:
                replayed += await replay_range(ctx, hook, Range(only_failed=True, given_up_since=trouble_since))
        await rouse(ctx, hook.id)
        await publish(ctx, WebhookResumed(hook.id, hook.name, replayed))
    return hook, replayed


async def rotate_secret(ctx: Context, hook_id: UUID, *, overlap: timedelta = OVERLAP) -> NewSecret:
    """A new secret. Until `overlap` is over the one before signs along, so that receivers can change in peace.

    Whoever holds it signs in the hook's name, so it takes what changing a hook takes. Raises `NoSuchWebhook` and
    `BeyondYourRights`.
    """
    secret = new_secret()
    async with shop_transaction():
        hook = await locked(hook_id)
        require_all(ctx, hook.scopes)
        until = now() + min(overlap, LONGEST_OVERLAP) if overlap > timedelta() else None
        old = hook.secret if until is not None else None
        fresh = sealed(ctx.shop.schema, hook.id, secret)
        await change(hook, secret=fresh, old_secret=old, old_secret_until=until, version=hook.version + 1)
        await publish(ctx, WebhookSecretRotated(hook.id, until.isoformat() if until is not None else ""))
    return NewSecret(hook, secret)


def _waiting(hook: Webhook) -> Any:
    return WebhookDelivery.filter(webhook_id=hook.id, state=DeliveryState.WAITING).using_db(shop_client())
