"""The examples of docs/api/notifications.md work, one after the other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from graphql import parse, validate

from stoa.graphql.schema import schema
from stoa.kit.ids import type_id
from stoa.tenants.notifying.notices import notices
from tests.graphql.asking import Ask
from tests.graphql.tenants.test_notifications import told

TEXT = (Path(__file__).parents[3] / "docs" / "api" / "notifications.md").read_text("utf-8")
EXAMPLES = re.findall(r"```graphql\n(.*?)```", TEXT, re.DOTALL)


async def run(ask: Ask, query: str, known: dict[str, str]) -> dict[str, Any]:
    """With the variables it declares; nothing may be refused."""
    variables = {name: known[name] for name in re.findall(r"\$(\w+): ID!", query)}
    data: dict[str, Any] = await ask.data(query, **variables)
    assert [each for each in data.values() if isinstance(each, dict) and each.get("userErrors")] == []
    return data


async def test_notifications_as_documented(ask: Ask) -> None:
    [note] = await told(ask.ctx, "New order 1001 waits for you")
    known = {"note": type_id("note", note)}
    listed, centre, _, _, read, prefer, rule, template, preview, log, outbox = EXAMPLES

    keys = {each["key"] for each in (await run(ask, listed, known))["notificationNotices"]}
    assert (await run(ask, centre, known))["notificationsUnread"] == 1
    marked = (await run(ask, read, known))["notificationRead"]["notifications"]
    wishes = (await run(ask, prefer, known))["notificationPreferencesUpdate"]["preferences"]
    ruled = (await run(ask, rule, known))["notificationRuleCreate"]["rule"]
    said = (await run(ask, template, known))["notificationTemplateCreate"]["template"]
    en, zh = (await run(ask, preview, known | {"template": said["id"]}))["notificationPreview"]
    messages = (await run(ask, log, known))["notificationMessages"]["nodes"]

    assert keys == {each.key for each in notices()}
    assert marked == [{"id": known["note"], "isRead": True}]
    assert {"channel": "SMS", "to": "+8613800138000", "digest": "NONE", "anHour": 3} in wishes["channels"]
    assert (ruled["channels"], ruled["roles"], ruled["version"]) == (["IN_APP", "SMS"], ["STAFF"], 1)
    assert (en["title"], zh["title"]) == ("STAR-1: 3 left", "STAR-1 仅剩 3 件")
    assert [each["state"] for each in messages] == ["SENT"]
    assert await run(ask, outbox, known) == {"outbox": []}


def test_what_is_subscribed_to_is_valid() -> None:
    subscriptions = [each for each in EXAMPLES if each.startswith("subscription")]

    assert len(subscriptions) == 2
    assert [validate(schema()._schema, parse(each)) for each in subscriptions] == [[], []]


def test_every_notice_is_in_the_table() -> None:
    assert {each.key for each in notices()} <= set(re.findall(r"`([a-z_]+)`", TEXT))
