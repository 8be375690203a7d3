"""What a merchant can be notified of about webhooks: that one is paused, and not by anybody here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stoa.kit.ids import type_id
from stoa.kit.languages import Sentence
from stoa.tenants.access.scopes import Role, Scope
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.hooks.events import WebhookDeliveryFailed, WebhookPaused
from stoa.tenants.hooks.models import PauseReason, Webhook, WebhookState
from stoa.tenants.notifying.notices import Facts, Notice, Variable

WHY: Mapping[str, Sentence] = {
    PauseReason.GONE: Sentence("the receiver says that it is gone for good"),
    PauseReason.FAILING: Sentence("nothing has arrived for three days"),
    PauseReason.BROKEN: Sentence("its query does not run any more, or its secret is lost"),
}


async def _paused(ctx: Context, event: WebhookPaused) -> Facts | None:
    """None when it has been resumed or deleted meanwhile."""
    hook = await Webhook.filter(id=event.webhook_id).using_db(shop_client()).get_or_none()
    if hook is None or hook.state is not WebhookState.PAUSED:
        return None
    facts = {"webhook.name": hook.name, "webhook.address": hook.address, "webhook.why": WHY.get(event.reason, "")}
    return Facts(facts, type_id("hook", hook.id))


async def _failed(ctx: Context, event: WebhookDeliveryFailed) -> Facts:
    facts = {"webhook.name": event.name, "delivery.event": event.told, "delivery.why": event.why}
    return Facts(facts, type_id("whd", event.delivery_id))


_NAME = Variable("webhook.name", Sentence("What people call the webhook."), "ERP")
WEBHOOK_PAUSED = Notice(
    key="webhook_paused",
    event=WebhookPaused,
    name=Sentence("A webhook is paused"),
    title=Sentence("The webhook {{ webhook.name }} is paused"),
    body=Sentence(
        "Nothing is sent to {{ webhook.address }} any more: {{ webhook.why }}. Resume it when it works again; what it "
        "has missed can be sent after all."
    ),
    scope=Scope.WEBHOOKS_READ,
    variables=(
        _NAME,
        Variable("webhook.address", Sentence("Where events were sent."), "https://erp.example/hook"),
        Variable("webhook.why", Sentence("Why it is paused."), WHY[PauseReason.FAILING]),
    ),
    facts=_paused,
    concerns=lambda event: event.reason != PauseReason.ASKED,
    is_urgent=True,
)
DELIVERY_FAILED = Notice(
    key="webhook_delivery_failed",
    event=WebhookDeliveryFailed,
    name=Sentence("An event did not reach a webhook"),
    title=Sentence("An event did not reach {{ webhook.name }}"),
    body=Sentence("{{ delivery.event }} was given up: {{ delivery.why }}. It can be replayed from the webhook's log."),
    scope=Scope.WEBHOOKS_READ,
    variables=(
        _NAME,
        Variable("delivery.event", Sentence("Which event."), "OrderPlaced"),
        Variable("delivery.why", Sentence("A code, or the status that the receiver answered."), "500"),
    ),
    facts=_failed,
    roles=(Role.OWNER,),
)
NOTICES: Sequence[Notice] = (WEBHOOK_PAUSED, DELIVERY_FAILED)
