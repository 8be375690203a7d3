"""The part of notifications in the crawl: something of another shop in every table, and what would be done to it."""

from __future__ import annotations

from typing import Any

from stoa.kit.clock import now
from stoa.kit.ids import new_id
from stoa.kit.messaging import Channel
from stoa.tenants.context import Context
from stoa.tenants.notifying.models import (
    MessageState,
    Notification,
    NotificationPreference,
    NotificationRule,
    NotificationTemplate,
)

PREFIXES = ["note", "msg", "nrul", "ntpl"]
# By mutation, what somebody would try with another shop's ids.
STRANGERS: dict[str, list[dict[str, Any]]] = {
    "notificationRead": [{"ids": ["{note}"]}, {"ids": ["{note}"], "isRead": False}],
    "notificationArchive": [{"ids": ["{note}"]}],
    "notificationMessageResend": [{"id": "{msg}"}, {"id": "{msg}", "idempotencyKey": "k"}],
    "notificationRuleCreate": [
        {"notice": "stock_low", "name": "Mine", "channels": ["MAIL"], "templateId": "{ntpl}"},
        {"notice": "stock_low", "name": "Mine", "channels": ["MAIL"], "memberIds": ["{acct}"]},
    ],
    "notificationRuleUpdate": [{"id": "{nrul}", "name": "Mine"}, {"id": "{nrul}", "isActive": False}],
    "notificationRuleDelete": [{"id": "{nrul}"}],
    "notificationTemplateUpdate": [{"id": "{ntpl}", "name": "Mine"}],
    "notificationTemplateDelete": [{"id": "{ntpl}"}],
}
TABLES = (Notification, NotificationRule, NotificationTemplate, NotificationPreference)


async def furnish(other: Context, secret: str) -> dict[str, Any]:
    schema, texts = other.shop.schema, {"en": secret, "zh": secret}
    template = await NotificationTemplate.create(
        shop_schema=schema, notice="stock_low", name=secret, title=texts, body=texts, created_at=now()
    )
    rule = await NotificationRule.create(
        shop_schema=schema,
        notice="stock_low",
        name=secret,
        channels=["MAIL"],
        roles=["OWNER"],
        members=[],
        addresses=[{"channel": "MAIL", "to": f"{secret}@example.com", "locale": "en"}],
        template_id=template.id,
        created_at=now(),
    )
    assert other.actor.id is not None
    await NotificationPreference.create(
        shop_schema=schema, account_id=other.actor.id, reached_by={"QQ": secret}, updated_at=now()
    )
    note = await _message(other, secret, Channel.IN_APP, MessageState.SENT)
    failed = await _message(other, secret, Channel.MAIL, MessageState.FAILED)
    return {"note": note, "msg": failed, "nrul": rule, "ntpl": template}


async def _message(other: Context, secret: str, channel: Channel, state: MessageState) -> Notification:
    return await Notification.create(
        shop_schema=other.shop.schema,
        notice="stock_low",
        event_id=new_id(),
        rule="default",
        channel=channel,
        recipient=str(other.actor.id),
        account_id=other.actor.id,
        address=secret,
        name=secret,
        locale="en",
        title=secret,
        body=secret,
        subject=secret,
        scope="shop:read",
        state=state,
        reason={"text": secret},
        failure=secret,
        created_at=now(),
    )


async def everything_of(other: Context) -> Any:
    return [await each.filter(shop_schema=other.shop.schema).order_by("id").values() for each in TABLES]
