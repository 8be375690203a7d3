"""Notifications in the API: one's own centre, the shop's rules and texts, and what became of every message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from stoa.graphql.executing import Request
from stoa.kit import languages
from stoa.kit.clock import now
from stoa.kit.ids import new_id, type_id
from stoa.kit.letterbox import Letter, Letterbox
from stoa.kit.messaging import Channel
from stoa.tenants.context import Actor, Context, open_shop
from stoa.tenants.database import shop_transaction
from stoa.tenants.notifying import deciding
from stoa.tenants.notifying.models import MessageState
from stoa.tenants.notifying.writing import Draft, write
from tests import make
from tests.graphql.asking import Ask, statements_sent
from tests.graphql.reading.test_plans import explained, read_whole, rows_touched

CENTRE = """query ($where: NotificationWhere, $first: Int = 20, $after: String) {
  notificationsUnread
  notifications(where: $where, first: $first, after: $after) {
    nodes { id notice title body subject isUrgent isRead isArchived createdAt readAt }
    count { value } pageInfo { endCursor } } }"""
LOG = """query ($where: NotificationMessageWhere) { notificationMessages(where: $where) { nodes {
  id notice channel state reason failure accountId name address locale title dueAt sentAt digestId } } }"""
MARK = """mutation ($ids: [ID!]!, $isRead: Boolean! = true) { notificationRead(input: {ids: $ids, isRead: $isRead}) {
  notifications { id isRead } userErrors { code path } } }"""
RULE = "rule { id notice name isActive replacesDefault channels roles memberIds addresses { channel to locale } templateId version }"
CREATE_RULE = f"""mutation ($input: NotificationRuleCreateInput!) {{ notificationRuleCreate(input: $input) {{
  {RULE} userErrors {{ code message path }} }} }}"""
TEMPLATE = "template { id notice name title { en zh } body { en zh } version }"


async def told(ctx: Context, *titles: str, **changes: Any) -> list[UUID]:
    """Messages in the app to who `ctx` is; or as `changes` has it."""
    with open_shop(ctx.shop):
        async with shop_transaction():
            return await write(ctx, [_draft(ctx, title, **changes) for title in titles])


def _draft(ctx: Context, title: str, **changes: Any) -> Draft:
    draft = Draft(
        notice="order_waits",
        event_id=new_id(),
        rule="default",
        channel=Channel.IN_APP,
        recipient=str(ctx.actor.id),
        account_id=ctx.actor.id,
        address="",
        name="Zeno",
        locale="en",
        title=title,
        body=f"{title}, in full.",
        subject="",
        scope="orders:read",
        is_urgent=False,
        decision=deciding.Decision(MessageState.SENT),
    )
    return replace(draft, **changes)


@pytest.fixture
async def ask_colleague(ask: Ask) -> Ask:
    """Somebody else in the same shop, with every right as well."""
    person = await make.member(ask.ctx.shop)
    return replace(ask, ctx=replace(ask.ctx, actor=Actor("account", person.id, person.name)))


async def test_everybody_sees_their_own_alone(ask: Ask, ask_colleague: Ask, ask_other: Ask) -> None:
    [first] = await told(ask.ctx, "First")
    [second] = await told(ask.ctx, "Second", subject="ord_1", is_urgent=True)
    [theirs] = await told(ask_colleague.ctx, "Not yours")
    await told(ask.ctx, "A mail", channel=Channel.MAIL, address="a@b.example")
    await told(ask.ctx, "Unwanted", decision=deciding.Decision(MessageState.SUPPRESSED, reason=deciding.OFF))

    found = await ask.data(CENTRE)

    assert [each["title"] for each in found["notifications"]["nodes"]] == ["Second", "First"]
    assert found["notifications"]["count"] == {"value": 2}
    assert found["notificationsUnread"] == 2
    latest = found["notifications"]["nodes"][0]
    assert (latest["id"], latest["subject"], latest["isUrgent"], latest["isRead"], latest["readAt"]) == (
        type_id("note", second),
        "ord_1",
        True,
        False,
        None,
    )
    for stranger in (ask_colleague, ask_other):
        for query in (
            "query ($id: ID!) { it: notification(id: $id) { title } }",
            "query ($id: ID!) { it: node(id: $id) { id } }",
        ):
            assert await stranger.data(query, id=type_id("note", first)) == {"it": None}
    assert (await ask.data("query ($id: ID!) { node(id: $id) { id } }", id=type_id("note", theirs)))["node"] is None
    assert [each["title"] for each in (await ask_colleague.data(CENTRE))["notifications"]["nodes"]] == ["Not yours"]


async def test_a_credential_reads_of_it_what_it_may_see(ask: Ask) -> None:
    """A token of mine that may not see orders is not told of them by a detour."""
    [order] = await told(ask.ctx, "An order")
    await told(ask.ctx, "A job", scope="shop:read")
    poor = ask.without("orders:read")

    centre = await poor.data(CENTRE)
    assert [each["title"] for each in centre["notifications"]["nodes"]] == ["A job"]
    assert centre["notificationsUnread"] == 1
    assert (await ask.data(CENTRE))["notificationsUnread"] == 2
    assert [each["title"] for each in (await poor.data(LOG))["notificationMessages"]["nodes"]] == ["A job"]
    for prefix in ("note", "msg"):
        found = await poor.data("query ($id: ID!) { node(id: $id) { id } }", id=type_id(prefix, order))
        assert found == {"node": None}


async def test_the_centre_pages_and_filters_by_one_statement(ask: Ask) -> None:
    await told(ask.ctx, *(f"Number {i}" for i in range(7)))

    page = (await ask.data(CENTRE.replace("notificationsUnread", ""), first=3))["notifications"]
    assert ask.statements == 1
    more = (await ask.data(CENTRE.replace("notificationsUnread", ""), first=4, after=page["pageInfo"]["endCursor"]))[
        "notifications"
    ]
    ids = [each["id"] for each in page["nodes"] + more["nodes"]]
    assert len(set(ids)) == 7
    await ask.data(MARK, ids=ids[:2])

    unread = (await ask.data(CENTRE, where={"isRead": {"eq": False}}))["notifications"]
    assert [each["id"] for each in unread["nodes"]] == ids[2:]
    assert unread["count"] == {"value": 5}


FILL = """
INSERT INTO platform.notification (id, shop_schema, notice, event_id, rule, channel, recipient, account_id, address, name,
  locale, title, body, subject, scope, is_urgent, state, external_id, created_at, sent_at, read_at)
SELECT gen_random_uuid(), $1 || CASE n % 4 WHEN 0 THEN '' ELSE '0' END, 'filler', gen_random_uuid(), 'default',
  CASE n % 8 WHEN 4 THEN 'MAIL' ELSE 'IN_APP' END, 'x', CASE n % 3 WHEN 0 THEN gen_random_uuid() ELSE $2 END, '', '',
  'en', 'Filler', '', '', 'orders:read', false, 'SENT', '', now(), now(), CASE n % 200 WHEN 0 THEN NULL ELSE now() END
FROM generate_series(1, 40000) n
"""


@pytest.fixture
async def crowded(ask: Ask, owner: asyncpg.Connection) -> AsyncIterator[Ask]:
    """Somebody who was told some 3,300 things in the app, 134 of them unread, beside as much that is not theirs."""
    await owner.execute(FILL, ask.ctx.shop.schema, ask.ctx.actor.id)
    await owner.execute("ANALYZE platform.notification")
    yield ask
    await owner.execute("DELETE FROM platform.notification WHERE notice = 'filler'")


@pytest.mark.parametrize(
    ("query", "index", "most"),
    [
        ("{ notificationsUnread }", "notification_unread", 134),
        ("{ notifications(first: 20) { nodes { id title } } }", "notification_of_account", 21),
    ],
)
async def test_a_large_centre_is_read_by_an_index_and_of_it_what_is_asked_for(
    crowded: Ask, query: str, index: str, most: int
) -> None:
    async with statements_sent(crowded.ctx) as sent:
        await crowded.data(query)
    [statement] = [each for each in sent if "platform.notification" in each.sql.replace('"', "")]
    nodes = list(await explained(crowded, statement))

    assert index in {node.get("Index Name") for node in nodes}
    assert rows_touched(iter(nodes)) <= most
    assert read_whole(iter(nodes)) == set()


async def test_reading_and_putting_away(ask: Ask, ask_colleague: Ask) -> None:
    first, second = await told(ask.ctx, "First", "Second")
    [theirs] = await told(ask_colleague.ctx, "Not yours")

    payload = (await ask.data(MARK, ids=[type_id("note", first)]))["notificationRead"]
    assert payload == {"notifications": [{"id": type_id("note", first), "isRead": True}], "userErrors": []}
    archived = await ask.data(
        "mutation ($ids: [ID!]!) { notificationArchive(input: {ids: $ids}) { notifications { isArchived } } }",
        ids=[type_id("note", second)],
    )
    assert archived["notificationArchive"]["notifications"] == [{"isArchived": True}]
    assert (await ask.data("{ notificationsUnread }")) == {"notificationsUnread": 0}
    shown = (await ask.data(CENTRE, where={"isArchived": {"eq": False}}))["notifications"]["nodes"]
    assert [each["title"] for each in shown] == ["First"]

    payload = (await ask.data(MARK, ids=[type_id("note", first), type_id("note", theirs)]))["notificationRead"]
    assert payload == {"notifications": None, "userErrors": [{"code": "NOT_FOUND", "path": ["input", "ids", "1"]}]}
    assert (await ask_colleague.data("{ notificationsUnread }")) == {"notificationsUnread": 1}


async def test_all_are_read_at_once(ask: Ask) -> None:
    await told(ask.ctx, "First", "Second")

    read = "mutation { notificationsAllRead(input: {}) { marked userErrors { code } } }"
    assert (await ask.data(read))["notificationsAllRead"] == {"marked": 2, "userErrors": []}
    assert (await ask.data(read))["notificationsAllRead"] == {"marked": 0, "userErrors": []}


async def test_what_is_new_is_heard_at_once_and_by_nobody_else(ask: Ask, ask_colleague: Ask) -> None:
    query = "subscription { notificationReceived { title isRead } }"
    bell = "subscription { notificationsUnreadChanged }"

    async def answers(who: Ask, text: str, number: int) -> list[Any]:
        with open_shop(who.ctx.shop):
            async with aclosing(who.executor.stream(Request(text, {}), who.context())) as stream:
                heard = []
                async for answer in stream:
                    heard.append(answer.body["data"])
                    if len(heard) == number:
                        break
                return heard

    listening = [
        asyncio.create_task(answers(ask, query, 1)),
        asyncio.create_task(answers(ask, bell, 4)),
        asyncio.create_task(answers(ask_colleague, bell, 2)),
    ]
    await asyncio.sleep(0.5)
    [first] = await told(ask.ctx, "First")
    await asyncio.sleep(0.2)
    await told(ask.ctx, "Second")
    await asyncio.sleep(0.2)
    await ask.data(MARK, ids=[type_id("note", first)])
    await told(ask_colleague.ctx, "Theirs")

    async with asyncio.timeout(20):
        received, mine, theirs = await asyncio.gather(*listening)
    assert received == [{"notificationReceived": {"title": "First", "isRead": False}}]
    assert [each["notificationsUnreadChanged"] for each in mine] == [0, 1, 2, 1]
    assert [each["notificationsUnreadChanged"] for each in theirs] == [0, 1]


async def test_a_message_says_what_became_of_it_in_the_readers_language(ask: Ask) -> None:
    due = now()
    waiting = deciding.Decision(MessageState.WAITING, due, deciding.QUIET)
    [id] = await told(ask.ctx, "A mail", channel=Channel.MAIL, address="a@b.example", decision=waiting)

    [row] = (await ask.data(LOG, where={"state": {"eq": "WAITING"}}))["notificationMessages"]["nodes"]
    assert (row["id"], row["channel"], row["state"]) == (type_id("msg", id), "MAIL", "WAITING")
    assert row["reason"] == "It waits until the recipient's quiet hours end."
    assert row["accountId"] == type_id("acct", str(ask.ctx.actor.id))
    with languages.reading("zh"):
        [row] = (await ask.data(LOG))["notificationMessages"]["nodes"]
    assert row["reason"] == "等待收件人的免打扰时段结束。"


async def test_staff_do_not_see_what_others_are_told(ask: Ask) -> None:
    for query in (LOG, "{ outbox { to } }"):
        error = await ask.without("shop:write").error(query)
        assert (error["code"], error["params"]["scope"]) == ("PERMISSION_DENIED", "shop:write")


async def test_a_message_that_failed_is_sent_again_once(ask: Ask) -> None:
    failed = deciding.Decision(MessageState.FAILED)
    [id] = await told(ask.ctx, "A mail", channel=Channel.MAIL, address="a@b.example", decision=failed)
    again = """mutation ($id: ID!, $key: String) { notificationMessageResend(input: {id: $id, idempotencyKey: $key}) {
      message { state } userErrors { code } } }"""

    first = await ask.data(again, id=type_id("msg", id), key="k")
    same = await ask.data(again, id=type_id("msg", id), key="k")
    other = await ask.data(again, id=type_id("msg", id))

    assert first == same == {"notificationMessageResend": {"message": {"state": "QUEUED"}, "userErrors": []}}
    assert other["notificationMessageResend"] == {"message": None, "userErrors": [{"code": "NOT_FAILED"}]}


async def test_the_list_of_notices_says_what_templates_can_say(ask: Ask) -> None:
    query = """{ notificationNotices { key name event scope isUrgent defaultRoles defaultChannels
      variables { name kind description sample } title { en zh } } }"""

    notices = {each["key"]: each for each in (await ask.data(query))["notificationNotices"]}

    assert set(notices) == {
        *("order_waits", "order_overdue", "payment_received", "refund_asked", "aftersale_opened", "aftersale_overdue"),
        *("orders_imported", "stock_low", "products_imported", "bulk_ended", "job_dead"),
        *("webhook_paused", "webhook_delivery_failed", "report_ended", "report_schedule_paused"),
    }
    waits = notices["order_waits"]
    assert (waits["event"], waits["scope"], waits["defaultChannels"]) == (
        "OrderPlaced",
        "orders:read",
        ["IN_APP", "MAIL"],
    )
    assert waits["title"]["zh"] == "新订单 {{ order.number }} 等待您确认：{{ order.total }}"
    assert {
        "name": "order.total",
        "kind": "MONEY",
        "description": "What the order comes to.",
        "sample": "CN¥129.00",
    } in waits["variables"]
    with languages.reading("zh"):
        names = [each["name"] for each in (await ask.data("{ notificationNotices { name } }"))["notificationNotices"]]
    assert "有订单等待确认" in names


async def test_rules_are_made_changed_and_taken_away(ask: Ask) -> None:
    me = type_id("acct", str(ask.ctx.actor.id))
    made = await ask.data(
        CREATE_RULE,
        input={
            "notice": "stock_low",
            "name": "The warehouse",
            "channels": ["SMS", "MAIL"],
            "roles": ["STAFF"],
            "memberIds": [me],
            "addresses": [{"channel": "SMS", "to": "+86 138 0013 8000", "locale": "zh"}],
            "replacesDefault": True,
        },
    )
    rule = made["notificationRuleCreate"]["rule"]
    assert made["notificationRuleCreate"]["userErrors"] == []
    assert rule | {"id": ""} == {
        "id": "",
        "notice": "stock_low",
        "name": "The warehouse",
        "isActive": True,
        "replacesDefault": True,
        "channels": ["MAIL", "SMS"],
        "roles": ["STAFF"],
        "memberIds": [me],
        "addresses": [{"channel": "SMS", "to": "+8613800138000", "locale": "zh"}],
        "templateId": None,
        "version": 1,
    }

    update = f"""mutation ($input: NotificationRuleUpdateInput!) {{ notificationRuleUpdate(input: $input) {{
      {RULE} userErrors {{ code path }} }} }}"""
    edited = await ask.data(
        update, input={"id": rule["id"], "expectedVersion": 1, "isActive": False, "roles": ["OWNER"]}
    )
    assert edited["notificationRuleUpdate"]["rule"] == rule | {"isActive": False, "roles": ["OWNER"], "version": 2}
    stale = await ask.data(update, input={"id": rule["id"], "expectedVersion": 1, "name": "x"})
    assert [each["code"] for each in stale["notificationRuleUpdate"]["userErrors"]] == ["CONFLICT"]
    listed = await ask.data("{ notificationRules { nodes { id name } } }")
    assert listed["notificationRules"]["nodes"] == [{"id": rule["id"], "name": "The warehouse"}]
    gone = await ask.data(
        "mutation ($id: ID!) { notificationRuleDelete(input: {id: $id}) { deletedId userErrors { code } } }",
        id=rule["id"],
    )
    assert gone["notificationRuleDelete"] == {"deletedId": rule["id"], "userErrors": []}
    assert (await ask.data("query ($id: ID!) { notificationRule(id: $id) { id } }", id=rule["id"])) == {
        "notificationRule": None
    }


async def test_all_that_is_wrong_with_a_rule_is_told_where_it_stands(ask: Ask) -> None:
    wrong = await ask.data(
        CREATE_RULE,
        input={
            "notice": "stock_low",
            "name": "",
            "channels": [],
            "addresses": [{"channel": "MAIL", "to": "nobody"}, {"channel": "SMS", "to": "1"}],
        },
    )
    payload = wrong["notificationRuleCreate"]
    assert payload["rule"] is None
    assert [(each["code"], each["path"]) for each in payload["userErrors"]] == [
        ("INVALID", ["input", "name"]),
        ("INVALID", ["input", "channels"]),
        ("MAIL_REFUSED", ["input", "addresses", "0"]),
        ("INVALID", ["input", "addresses", "1"]),
    ]
    unknown = await ask.data(CREATE_RULE, input={"notice": "weather", "name": "x", "channels": ["MAIL"]})
    [error] = unknown["notificationRuleCreate"]["userErrors"]
    assert (error["code"], error["path"]) == ("NOTICE_NOT_FOUND", ["input", "notice"])


async def test_templates_are_made_seen_changed_and_taken_away(ask: Ask) -> None:
    create = f"""mutation ($input: NotificationTemplateCreateInput!) {{ notificationTemplateCreate(input: $input) {{
      {TEMPLATE} userErrors {{ code message path }} }} }}"""
    wrong = await ask.data(
        create, input={"notice": "stock_low", "name": "Short", "title": {"en": "{{ order.number }}"}}
    )
    [error] = wrong["notificationTemplateCreate"]["userErrors"]
    assert (error["code"], error["path"]) == ("UNKNOWN_VARIABLE", ["input", "title", "en"])
    assert error["message"].startswith("There is no order.number here; there are location.name, product.title")

    made = await ask.data(create, input={"notice": "stock_low", "name": "Short", "title": {"en": "{{ variant.sku }}!"}})
    template = made["notificationTemplateCreate"]["template"]
    assert template["title"]["en"] == "{{ variant.sku }}!"
    assert template["title"]["zh"] == "{{ product.title }} 库存不足：仅剩 {{ stock.available }} 件"

    preview = """query ($notice: String!, $title: NotificationTextsInput, $id: ID) {
      notificationPreview(notice: $notice, title: $title, templateId: $id) { locale title body html isReal } }"""
    en, zh = (await ask.data(preview, notice="stock_low", id=template["id"]))["notificationPreview"]
    assert (en["locale"], en["title"], en["isReal"]) == ("en", "STAR-1!", False)
    assert (zh["locale"], zh["title"]) == ("zh", "Glass Star Small 库存不足：仅剩 3 件")
    assert "<h2>STAR-1!</h2>" in en["html"]
    error = await ask.error(preview, notice="stock_low", title={"en": "{{ what }}"})
    assert error["code"] == "UNKNOWN_VARIABLE"

    update = f"""mutation ($input: NotificationTemplateUpdateInput!) {{ notificationTemplateUpdate(input: $input) {{
      {TEMPLATE} userErrors {{ code }} }} }}"""
    edited = await ask.data(update, input={"id": template["id"], "title": {"zh": "{{ variant.sku }}！"}})
    assert edited["notificationTemplateUpdate"]["template"]["title"] == {
        "en": "{{ variant.sku }}!",
        "zh": "{{ variant.sku }}！",
    }
    await ask.data(
        CREATE_RULE, input={"notice": "stock_low", "name": "x", "channels": ["MAIL"], "templateId": template["id"]}
    )
    delete = "mutation ($id: ID!) { notificationTemplateDelete(input: {id: $id}) { deletedId userErrors { code } } }"
    used = await ask.data(delete, id=template["id"])
    assert used["notificationTemplateDelete"] == {"deletedId": None, "userErrors": [{"code": "TEMPLATE_IN_USE"}]}


async def test_a_preview_of_a_real_event_is_for_those_who_may_see_it(ask: Ask) -> None:
    query = 'query ($isReal: Boolean!) { notificationPreview(notice: "order_waits", isReal: $isReal) { title isReal } }'
    with open_shop(ask.ctx.shop):
        order = await make.order(ask.ctx)

    [en, zh] = (await ask.data(query, isReal=True))["notificationPreview"]
    assert en == {"title": f"New order {order.number} waits for you: €39.98", "isReal": True}
    poor = ask.without("orders:read")
    error = await poor.error(query, isReal=True)
    assert (error["code"], error["message"]) == ("PERMISSION_DENIED", "This needs the scope orders:read.")
    assert [each["isReal"] for each in (await poor.data(query, isReal=False))["notificationPreview"]] == [False, False]


async def test_preferences_are_ones_own(ask: Ask, ask_colleague: Ask) -> None:
    shown = """{ notificationPreferences { switches { notice channel isOn } channels { channel to digest anHour }
      digestAt quietFrom quietUntil urgentPasses timeZone locale version } }"""
    before = (await ask.data(shown))["notificationPreferences"]
    assert (before["version"], before["switches"], before["quietFrom"], before["digestAt"]) == (0, [], None, "09:00")
    assert before["channels"][0] == {"channel": "MAIL", "to": "", "digest": "NONE", "anHour": 20}

    update = """mutation ($input: NotificationPreferencesUpdateInput!) { notificationPreferencesUpdate(input: $input) {
      preferences { version quietFrom switches { notice channel isOn } channels { channel to digest anHour } }
      userErrors { code path } } }"""
    saved = await ask.data(
        update,
        input={
            "switches": [{"channel": "SMS", "isOn": False}, {"notice": "stock_low", "channel": "MAIL", "isOn": False}],
            "reachedBy": [{"channel": "QQ", "to": "12345678"}],
            "digests": [{"channel": "MAIL", "digest": "DAILY"}],
            "caps": [{"channel": "QQ", "anHour": 3}],
            "quietFrom": "22:00",
            "quietUntil": "07:00",
        },
    )
    preferences = saved["notificationPreferencesUpdate"]["preferences"]
    assert preferences["switches"] == [
        {"notice": None, "channel": "SMS", "isOn": False},
        {"notice": "stock_low", "channel": "MAIL", "isOn": False},
    ]
    assert {"channel": "QQ", "to": "12345678", "digest": "NONE", "anHour": 3} in preferences["channels"]
    assert {"channel": "MAIL", "to": "", "digest": "DAILY", "anHour": 20} in preferences["channels"]
    cleared = await ask.data(update, input={"quietFrom": None, "quietUntil": None, "expectedVersion": 2})
    assert cleared["notificationPreferencesUpdate"]["preferences"]["quietFrom"] is None
    wrong = await ask.data(update, input={"caps": [{"channel": "MAIL", "anHour": 0}], "digestAt": "9"})
    assert [each["path"] for each in wrong["notificationPreferencesUpdate"]["userErrors"]] == [
        ["input", "caps", "0", "anHour"],
        ["input", "digestAt"],
    ]
    assert (await ask_colleague.data(shown))["notificationPreferences"] == before


async def test_what_was_kept_here_can_be_read_in_development_and_by_the_shop_alone(ask: Ask, ask_other: Ask) -> None:
    box = Letterbox(ask.settings.letterbox)
    for channel in ("mail", "sms"):
        await box.put(Letter(ask.ctx.shop.schema, channel, "k", "you", now(), f"By {channel}", "text"))

    query = "query ($channel: NotificationChannel) { outbox(channel: $channel) { channel to subject text } }"
    assert len((await ask.data(query))["outbox"]) == 2
    assert (await ask.data(query, channel="SMS"))["outbox"] == [
        {"channel": "SMS", "to": "you", "subject": "By sms", "text": "text"}
    ]
    assert (await ask_other.data(query)) == {"outbox": []}
    in_production = replace(ask, settings=ask.settings.model_copy(update={"environment": "production"}))
    assert (await in_production.data(query)) == {"outbox": None}


async def test_webhooks_are_signed_with_a_secret_of_the_shop(ask: Ask, ask_other: Ask) -> None:
    mine, theirs = [
        (await each.data("{ notificationWebhookSecret }"))["notificationWebhookSecret"] for each in (ask, ask_other)
    ]
    assert mine.startswith("whsec_")
    assert mine != theirs
    error = await ask.without("tokens:write").error("{ notificationWebhookSecret }")
    assert error["code"] == "PERMISSION_DENIED"
