"""Webhooks through the API: what a query may be, what people are shown, and a journey from the first to a replay."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import fields
from typing import Any

import asyncpg
import pytest
from standardwebhooks.webhooks import Webhook as Library

from stoa.domains import orders
from stoa.graphql.reading.declared import TYPES
from stoa.graphql.tenants.payloads import kind_of
from stoa.graphql.tenants.topics import NAMED, PREFIXES, TEST, TOPIC_OF, TOPICS
from stoa.kit.ids import new_id, type_id
from stoa.kit.languages import reading
from stoa.tenants import outbox
from tests import make
from tests.fakes.receiver import Receiver, receiver
from tests.graphql.asking import Ask
from tests.tenants.hooks.sending import turns

ADDRESS = "https://erp.example/hook"
ORDER = "query ($id: ID!) { order(id: $id) { id number state customer { name } } }"
CREATE = """mutation ($input: WebhookCreateInput!) { webhookCreate(input: $input) {
  webhook { id name address topics query scopes state version actorName } secret userErrors { code message path } } }"""
UPDATE = """mutation ($input: WebhookUpdateInput!) { webhookUpdate(input: $input) {
  webhook { id name address topics query scopes version } userErrors { code message path } } }"""
DO = """mutation ($input: %s!) { %s(input: $input) {
  webhook { id state pauseReason pausedAt oldSecretUntil } %s userErrors { code message path } } }"""
LOG = """query ($id: ID!) { webhook(id: $id) { state failures deliveredAt deliveries(first: 5) { count { value } nodes {
  id topic eventId aggregateId sequence state attemptsMade lastStatus lastCode hasBody body
  attempts { nodes { status milliseconds answer code error } } webhookId } } } }"""
TEST_IT = """mutation ($input: WebhookTestInput!) { webhookTest(input: $input) {
  delivery { id topic state } userErrors { code path } } }"""


@pytest.fixture
async def stranger() -> AsyncIterator[Receiver]:
    async with receiver() as started:
        yield started


def wish(**more: Any) -> dict[str, Any]:
    return {"name": "ERP", "address": ADDRESS, "topics": ["order.placed"], "query": ORDER} | more


async def created(ask: Ask, **more: Any) -> dict[str, Any]:
    made = (await ask.data(CREATE, input=wish(**more)))["webhookCreate"]
    assert made["userErrors"] == []
    return made  # type: ignore[no-any-return]


async def refused(ask: Ask, **more: Any) -> tuple[str, str, list[str]]:
    made = (await ask.data(CREATE, input=wish(**more)))["webhookCreate"]
    [error] = made["userErrors"]
    assert made["webhook"] is None
    assert made["secret"] is None
    return error["code"], error["message"], error["path"]


async def done(ask: Ask, name: str, kind: str, more: str = "", **input: Any) -> dict[str, Any]:
    payload = (await ask.data(DO % (kind, name, more), input=input))[name]
    assert payload["userErrors"] == []
    return payload  # type: ignore[no-any-return]


async def test_from_a_hook_of_ones_own_to_a_replay(ask: Ask, owner: asyncpg.Connection, stranger: Receiver) -> None:
    """X7, complaint 11: own query, signature, sequence, log, rotation, replay; all through the API."""
    made = await created(ask, address=f"{stranger.url}/hook", topics=["order.placed", "order.held"])
    id, secret = made["webhook"]["id"], made["secret"]
    assert made["webhook"]["scopes"] == ["customers:read", "orders:read"]

    order = await make.order(ask.ctx)
    stranger.answers = [500]
    await turns(ask.ctx, owner)
    log = (await ask.data(LOG, id=id))["webhook"]
    [waiting] = log["deliveries"]["nodes"]
    assert (waiting["state"], waiting["attemptsMade"], waiting["lastStatus"]) == ("WAITING", 1, 500)
    assert log["failures"] == 1

    replayed = await done(
        ask, "webhookReplay", "WebhookReplayInput", "replayed", id=id, aggregateId=type_id("ord", order.id)
    )
    assert replayed["replayed"] == 1
    await owner.execute("UPDATE platform.webhook SET rest_until = NULL")
    await turns(ask.ctx, owner)

    [again] = (await ask.data(LOG, id=id))["webhook"]["deliveries"]["nodes"]
    assert (again["state"], again["attemptsMade"], again["sequence"]) == ("DELIVERED", 2, 1)
    assert [each["status"] for each in again["attempts"]["nodes"]] == [500, 200]
    assert (again["topic"], again["aggregateId"]) == ("order.placed", type_id("ord", order.id))
    told = [each.signed_by(secret) for each in stranger.heard]
    assert [each["id"] for each in told] == [again["eventId"]] * 2
    assert again["body"] == stranger.heard[1].body.decode()
    assert told[1]["data"]["order"]["number"] == order.number

    rotated = await done(ask, "webhookSecretRotate", "WebhookSecretRotateInput", "secret", id=id)
    assert rotated["webhook"]["oldSecretUntil"] is not None
    await orders.hold_order(ask.ctx, order.id, reason="wait")
    await turns(ask.ctx, owner)
    assert stranger.heard[2].signed_by(secret) == stranger.heard[2].signed_by(rotated["secret"])
    assert stranger.heard[2].json["sequence"] > 1


async def test_what_is_wrong_with_a_query_is_said_when_it_is_saved(ask: Ask) -> None:
    for query, said in {
        "query {": "The query is not valid: Syntax Error",
        "{ nothing }": "The query is not valid: Cannot query field 'nothing'",
        'mutation { orderHold(input: {id: "x"}) { userErrors { code } } }': "A payload is one query",
        "subscription { jobChanged { id } }": "A payload is one query",
        "query A { __typename } query B { __typename }": "A payload is one query",
        "query ($refundId: ID!) { node(id: $refundId) { id } }": "order.placed has no $refundId; it has $id, $orderId.",
        "query ($id: Int!) { orders(first: $id) { nodes { id } } }": "The query cannot be run for order.placed",
        "{ sessions { id } }": "The query cannot be run for order.placed",
        "{ orders(first: 100) { nodes { lines(first: 100) { nodes { id } } } } }": "points",
        "{ products(first: 101) { nodes { id } } }": "The query cannot be run for order.placed",
        " { a: __typename }" * 3: "The query is not valid",
    }.items():
        code, message, path = await refused(ask, query=query)
        assert (code, path) == ("QUERY_REFUSED", ["input", "query"]), query
        assert said in message, message


async def test_a_query_needs_what_its_maker_has(ask: Ask) -> None:
    clerk = ask.with_scopes(["webhooks:write", "webhooks:read", "orders:read"])

    code, message, _ = await refused(clerk, query="{ products { nodes { title } } }")
    assert code == "QUERY_REFUSED"
    assert "catalog:read" in message
    made = await created(clerk, query="query ($id: ID!) { order(id: $id) { number } }")
    assert made["webhook"]["scopes"] == ["orders:read"]


async def test_scopes_of_every_topics_things_count(ask: Ask) -> None:
    """A query over several kinds of things is tried with each."""
    query = "query ($id: ID!) { node(id: $id) { id ... on Order { number } ... on Product { title } } }"

    made = await created(ask, topics=["order.placed", "product.created"], query=query)

    assert made["webhook"]["scopes"] == ["catalog:read", "orders:read"]
    code, message, _ = await refused(
        ask.with_scopes(["webhooks:write", "webhooks:read", "orders:read"]),
        topics=["order.placed", "product.created"],
        query=query,
    )
    assert (code, "product.created" in message) == ("QUERY_REFUSED", True)


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"topics": []}, "INVALID", ["input", "topics"]),
        ({"topics": ["order.placed", "order.eaten"]}, "INVALID", ["input", "topics", "1"]),
        ({"address": "http://10.0.0.1:8080/"}, "ADDRESS_REFUSED", ["input", "address"]),
        ({"address": "nowhere"}, "ADDRESS_REFUSED", ["input", "address"]),
        ({"name": " "}, "INVALID", ["input", "name"]),
        ({"query": "#" * 20_001}, "INVALID", ["input", "query"]),
    ],
)
async def test_what_else_is_refused(ask: Ask, change: dict[str, Any], code: str, path: list[str]) -> None:
    assert (await refused(ask, **change))[::2] == (code, path)
    assert (await ask.data("{ webhooks { nodes { id } } }"))["webhooks"]["nodes"] == []


async def test_a_hook_is_changed_and_its_query_checked_again(ask: Ask) -> None:
    id = (await created(ask))["webhook"]["id"]

    changed = (await ask.data(UPDATE, input={"id": id, "topics": ["product.created"]}))["webhookUpdate"]
    [error] = changed["userErrors"]
    assert error["code"] == "QUERY_REFUSED"  # an order is not found by a product's id
    query = "query ($id: ID!) { product(id: $id) { title } }"
    changed = (await ask.data(UPDATE, input={"id": id, "topics": ["product.created"], "query": query}))["webhookUpdate"]
    assert changed["userErrors"] == []
    assert changed["webhook"] == {
        "id": id,
        "name": "ERP",
        "address": ADDRESS,
        "topics": ["product.created"],
        "query": query,
        "scopes": ["catalog:read"],
        "version": 2,
    }
    stale = (await ask.data(UPDATE, input={"id": id, "name": "X", "expectedVersion": 1}))["webhookUpdate"]
    assert [each["code"] for each in stale["userErrors"]] == ["CONFLICT"]


async def test_who_may_see_less_does_not_turn_a_hook_to_another_address(ask: Ask) -> None:
    id = (await created(ask))["webhook"]["id"]
    clerk = ask.without("customers:read")

    refused = (await clerk.data(UPDATE, input={"id": id, "address": "https://mine.example/"}))["webhookUpdate"]

    assert "customers:read" in refused["userErrors"][0]["message"]
    assert (await ask.data("query ($id: ID!) { webhook(id: $id) { address } }", id=id))["webhook"]["address"] == ADDRESS


async def test_what_was_sent_is_shown_to_whoever_might_have_asked_for_it(
    ask: Ask, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    id = (await created(ask, address=stranger.url))["webhook"]["id"]
    await make.order(ask.ctx)
    await turns(ask.ctx, owner)

    [full] = (await ask.data(LOG, id=id))["webhook"]["deliveries"]["nodes"]
    [bare] = (await ask.without("customers:read").data(LOG, id=id))["webhook"]["deliveries"]["nodes"]

    assert full["body"] is not None
    assert (bare["body"], bare["hasBody"], bare["state"]) == (None, True, "DELIVERED")


async def test_the_log_of_all_hooks_is_one_statement_and_finds_what_failed(
    ask: Ask, owner: asyncpg.Connection, stranger: Receiver
) -> None:
    await created(ask, address=stranger.url)
    for _ in range(3):
        await make.order(ask.ctx)
    await turns(ask.ctx, owner)
    query = """query ($where: WebhookDeliveryWhere) { webhookDeliveries(where: $where) {
      nodes { id state attempts { nodes { status } } webhookId } } }"""

    everything = (await ask.data(query))["webhookDeliveries"]["nodes"]
    assert ask.statements == 1
    failed = (await ask.data(query, where={"state": {"eq": "FAILED"}}))["webhookDeliveries"]["nodes"]

    assert len(everything) == 3
    assert failed == []


async def test_pausing_and_resuming(ask: Ask, owner: asyncpg.Connection, stranger: Receiver) -> None:
    id = (await created(ask, address=stranger.url))["webhook"]["id"]

    paused = await done(ask, "webhookPause", "WebhookRefInput", id=id)
    assert (paused["webhook"]["state"], paused["webhook"]["pauseReason"]) == ("PAUSED", "ASKED")
    await make.order(ask.ctx)
    resumed = await done(ask, "webhookResume", "WebhookResumeInput", "replayed", id=id, replayMissed=True)
    assert (resumed["webhook"]["state"], resumed["webhook"]["pausedAt"], resumed["replayed"]) == ("ACTIVE", None, 1)
    await turns(ask.ctx, owner)
    assert len(stranger.heard) == 1


async def test_a_deleted_hook_is_shown_no_more(ask: Ask) -> None:
    id = (await created(ask))["webhook"]["id"]
    await make.order(ask.ctx)
    assert len((await ask.data("{ webhookDeliveries { nodes { id } } }"))["webhookDeliveries"]["nodes"]) == 1
    query = "mutation ($id: ID!) { webhookDelete(input: {id: $id}) { deletedId userErrors { code } } }"

    assert (await ask.data(query, id=id))["webhookDelete"] == {"deletedId": id, "userErrors": []}
    again = (await ask.data(query, id=id))["webhookDelete"]

    assert [each["code"] for each in again["userErrors"]] == ["NOT_FOUND"]
    shown = "query ($id: ID!) { webhook(id: $id) { id } webhooks { nodes { id } } webhookDeliveries { nodes { id } } }"
    assert (await ask.data(shown, id=id)) == {
        "webhook": None,
        "webhooks": {"nodes": []},
        "webhookDeliveries": {"nodes": []},
    }


async def test_a_test_is_sent_once_for_a_key(ask: Ask, owner: asyncpg.Connection, stranger: Receiver) -> None:
    made = await created(ask, address=stranger.url)
    order = await make.order(ask.ctx)
    about = {"id": made["webhook"]["id"], "aboutId": type_id("ord", order.id), "idempotencyKey": "k"}
    await turns(ask.ctx, owner)
    stranger.heard.clear()

    first, again = [(await ask.data(TEST_IT, input=about))["webhookTest"] for _ in range(2)]
    await turns(ask.ctx, owner)

    assert first == again
    assert first["delivery"]["topic"] == "webhook.test"
    [heard] = stranger.heard
    assert heard.signed_by(made["secret"])["data"]["order"]["number"] == order.number
    wrong = (await ask.data(TEST_IT, input=about | {"aboutId": "nonsense", "idempotencyKey": "l"}))["webhookTest"]
    assert [(each["code"], each["path"]) for each in wrong["userErrors"]] == [("INVALID", ["input", "aboutId"])]


@pytest.mark.parametrize("hours", [-1, 169])
async def test_an_overlap_has_its_limits(ask: Ask, hours: int) -> None:
    id = (await created(ask))["webhook"]["id"]
    query = DO % ("WebhookSecretRotateInput", "webhookSecretRotate", "secret")

    payload = (await ask.data(query, input={"id": id, "overlapHours": hours}))["webhookSecretRotate"]

    assert [each["path"] for each in payload["userErrors"]] == [["input", "overlapHours"]]
    assert payload["secret"] is None


async def test_without_an_overlap_there_is_no_old_secret_any_more(ask: Ask) -> None:
    id = (await created(ask))["webhook"]["id"]
    kinds = ("webhookSecretRotate", "WebhookSecretRotateInput", "secret")

    with_overlap = await done(ask, *kinds, id=id)
    without = await done(ask, *kinds, id=id, overlapHours=0)

    assert with_overlap["webhook"]["oldSecretUntil"] is not None
    assert without["webhook"]["oldSecretUntil"] is None
    assert without["secret"] != with_overlap["secret"]


async def test_a_replay_is_done_once_for_a_key(ask: Ask, owner: asyncpg.Connection, stranger: Receiver) -> None:
    id = (await created(ask, address=stranger.url))["webhook"]["id"]
    order = await make.order(ask.ctx)
    await turns(ask.ctx, owner)
    wanted = {"id": id, "aggregateId": type_id("ord", order.id)}
    replay = ("webhookReplay", "WebhookReplayInput", "replayed")

    first = await done(ask, *replay, **wanted, idempotencyKey="k")
    await turns(ask.ctx, owner)
    again = await done(ask, *replay, **wanted, idempotencyKey="k")
    await turns(ask.ctx, owner)
    assert (first["replayed"], again, len(stranger.heard)) == (1, first, 2)

    await done(ask, *replay, **wanted, idempotencyKey="l")
    await turns(ask.ctx, owner)
    assert len(stranger.heard) == 3


async def test_topics_are_listed_in_the_readers_language(ask: Ask) -> None:
    query = "{ webhookTopics { name description kind variables } }"

    topics = {each["name"]: each for each in (await ask.data(query))["webhookTopics"]}
    with reading("zh"):
        in_chinese = {each["name"]: each for each in (await ask.data(query))["webhookTopics"]}

    assert topics["order.refund_settled"] == {
        "name": "order.refund_settled",
        "description": "Money has gone back.",
        "kind": "Order",
        "variables": ["id", "refundId", "orderId"],
    }
    assert in_chinese["order.refund_settled"]["description"] == "退款已完成。"


# The table itself -----------------------------------------------------------------------------------------------------

UNTOLD = {  # with the reason
    "HandleFreed": "keeps addresses in order",
    "ReservationsExpired": "carts come and go",
    "SavedViewCreated": "how people look at orders",
    "SavedViewEdited": "how people look at orders",
    "SavedViewDeleted": "how people look at orders",
    "OrderRulesReordered": "the order of rules",
    "JobDied": "hooks' own jobs may be among them",
    "NotificationRuleCreated": "how the shop tells its people",
    "NotificationRuleEdited": "how the shop tells its people",
    "NotificationRuleDeleted": "how the shop tells its people",
    "NotificationTemplateCreated": "how the shop tells its people",
    "NotificationTemplateEdited": "how the shop tells its people",
    "NotificationTemplateDeleted": "how the shop tells its people",
    "WebhookCreated": "about hooks themselves",
    "WebhookEdited": "about hooks themselves",
    "WebhookDeleted": "about hooks themselves",
    "WebhookSecretRotated": "about hooks themselves",
    "WebhookTested": "sent by webhookTest alone",
    "WebhookDeliveryFailed": "whoever hears of it and fails would never hear the end of it",
}


def test_every_event_of_the_house_is_told_or_left_out_for_a_reason() -> None:
    declared = {name for name in outbox.EVENTS if not outbox.EVENTS[name].__module__.startswith("tests.")}

    assert {*TOPIC_OF, *UNTOLD} == declared
    assert not {*TOPIC_OF} & {*UNTOLD}


def test_topics_have_names_of_their_own_and_kinds_that_can_be_asked_for() -> None:
    assert len(NAMED) == len(TOPICS) == len(TOPIC_OF)
    prefixes = {stored.prefix for stored in TYPES.values()}
    for topic in (*TOPICS, TEST):
        assert topic.prefix in prefixes, topic.name
        assert kind_of(topic.prefix) is not None
        ids = [each.name for each in fields(topic.event) if each.name.endswith("_id")]
        assert [name for name in ids if name not in PREFIXES] in ([], ["actor_id"]), topic.name
        assert {prefix for _, prefix in topic.ids.values()} <= prefixes


def test_ids_of_events_become_variables() -> None:
    order_id, refund_id = new_id(), new_id()

    assert NAMED["order.refund_settled"].variables({"order_id": str(order_id), "refund_id": str(refund_id)}) == {
        "id": type_id("ord", order_id),
        "orderId": type_id("ord", order_id),
        "refundId": type_id("rfd", refund_id),
    }


def test_the_library_is_the_receivers() -> None:
    """What checks our signatures here is what receivers are told to use."""
    assert Library.__module__.startswith("standardwebhooks")
