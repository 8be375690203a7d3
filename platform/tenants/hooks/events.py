"""What happens to webhooks."""

from __future__ import annotations

from uuid import UUID

from stoa.tenants.outbox import event


@event
class WebhookCreated:
    webhook_id: UUID
    name: str


@event
class WebhookEdited:
    webhook_id: UUID
    changed: tuple[str, ...]


@event
class WebhookDeleted:
    webhook_id: UUID
    name: str


@event
class WebhookSecretRotated:
    """The secret before it signs along until `old_until`, in ISO 8601; empty: it does not."""

    webhook_id: UUID
    old_until: str = ""


@event
class WebhookPaused:
    """Nothing is sent to it any more. `reason` is ASKED, or what somebody should know of: GONE, FAILING, BROKEN."""

    webhook_id: UUID
    name: str
    reason: str


@event
class WebhookResumed:
    webhook_id: UUID
    name: str
    replayed: int = 0


@event
class WebhookTested:
    """Somebody had it sent an event of no meaning; its payload is asked for `about`, a TypeID, if any is named."""

    webhook_id: UUID
    about: str = ""


@event
class WebhookDeliveryFailed:
    """One event was given up; others may have arrived meanwhile. `told` is its name; `why` a code or a status."""

    webhook_id: UUID
    delivery_id: UUID
    name: str
    told: str
    why: str
