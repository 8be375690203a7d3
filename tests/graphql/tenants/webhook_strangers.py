"""The webhooks' part of the crawl: a hook of another shop with a log, and what would be done to it."""

from __future__ import annotations

from typing import Any

from stoa.kit.clock import now
from stoa.kit.ids import new_id
from stoa.tenants import hooks
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_client
from stoa.tenants.hooks.models import Webhook, WebhookAttempt, WebhookDelivery, WebhookSequence

PREFIXES = ["hook", "whd", "wha"]
# By mutation, what somebody would try with another shop's ids; `[hook]` is one's own.
STRANGERS: dict[str, list[dict[str, Any]]] = {
    "webhookUpdate": [{"id": "{hook}", "name": "Mine"}, {"id": "{hook}", "topics": ["order.moved"]}],
    "webhookDelete": [{"id": "{hook}"}],
    "webhookPause": [{"id": "{hook}"}],
    "webhookResume": [{"id": "{hook}"}, {"id": "{hook}", "replayMissed": True}],
    "webhookSecretRotate": [{"id": "{hook}"}],
    "webhookTest": [{"id": "{hook}"}],
    "webhookReplay": [
        {"id": "{hook}", "since": "2020-01-01T00:00:00Z"},
        {"id": "{hook}", "deliveryIds": ["{whd}"]},
        {"id": "[hook]", "deliveryIds": ["{whd}"]},
        {"id": "[hook]", "deliveryIds": ["{whd}"], "onlyFailed": True},
    ],
}


async def furnish(other: Context, secret: str) -> dict[str, Any]:
    """A hook of the other shop, with one delivery that was tried."""
    draft = hooks.WebhookDraft(secret, f"https://{secret}.example/", ["OrderPlaced"], f"{{ me {{ {secret} }} }}", [])
    made, moment, schema = await hooks.create_webhook(other, draft), now(), other.shop.schema
    delivery = await WebhookDelivery.create(
        using_db=shop_client(),
        shop_schema=schema,
        webhook_id=made.hook.id,
        event_id=new_id(),
        event_name=secret,
        subject_id=new_id(),
        happened_at=moment,
        due_at=moment,
        created_at=moment,
        body=secret,
        last_code=secret,
    )
    attempt = await WebhookAttempt.create(
        using_db=shop_client(),
        shop_schema=schema,
        delivery_id=delivery.id,
        made_at=moment,
        milliseconds=777_123,
        answer=secret,
        code=secret,
        error={"text": secret},
    )
    await WebhookSequence.create(using_db=shop_client(), shop_schema=schema, subject_id=delivery.subject_id, number=1)
    return {"hook": made.hook, "whd": delivery, "wha": attempt}


async def own(ctx: Context) -> dict[str, Any]:
    draft = hooks.WebhookDraft("Mine", "https://mine.example/", ["OrderPlaced"], "{ __typename }", [])
    return {"hook": (await hooks.create_webhook(ctx, draft)).hook}


async def everything_of(other: Context) -> Any:
    with open_shop(other.shop):
        return [
            await model.all().using_db(shop_client()).order_by(model._meta.pk_attr).values()
            for model in (Webhook, WebhookDelivery, WebhookAttempt, WebhookSequence)
        ]
