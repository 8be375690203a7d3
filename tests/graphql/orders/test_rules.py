"""Rules of orders through the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from stoa.domains.orders.models import OrderRule
from stoa.kit.clock import now
from stoa.kit.ids import type_id
from tests import make
from tests.graphql.asking import Ask

CREATE = """mutation ($input: OrderRuleCreateInput!) { orderRuleCreate(input: $input) {
  rule { id name kind isActive position version conditions { about relation value }
    actions { queue tags severity minutes days } } userErrors { code path } } }"""
UPDATE = """mutation ($input: OrderRuleUpdateInput!) { orderRuleUpdate(input: $input) {
  rule { name isActive version } userErrors { code path } } }"""
TRIAL = """query ($id: ID, $draft: OrderRuleDraftInput, $since: DateTime!) {
  orderRuleTrial(id: $id, draft: $draft, since: $since) {
    orders met nodes { id channel } effects { queue tags } actions { queue tags } } }"""


def draft(category: str) -> dict[str, Any]:
    return {
        "name": "Cups",
        "kind": "CLASSIFY",
        "conditions": [
            {"about": "CHANNEL", "relation": "IS", "value": "web"},
            {"about": "CATEGORY", "relation": "IS_NOT", "value": category},
        ],
        "actions": {"queue": "cups", "tags": ["cup"]},
    }


async def test_a_rule_is_made_tried_switched_on_and_explains_itself(ask: Ask) -> None:
    """O2"""
    shelf = type_id("cat", (await make.category(ask.ctx)).id)
    past = await make.order(ask.ctx, channel="web")
    await make.order(ask.ctx, channel="app")
    since = (now() - timedelta(days=1)).isoformat()

    tried = (await ask.data(TRIAL, draft=draft(shelf), since=since))["orderRuleTrial"]
    made = (await ask.data(CREATE, input={**draft(shelf), "idempotencyKey": "k"}))["orderRuleCreate"]
    again = (await ask.data(CREATE, input={**draft(shelf), "idempotencyKey": "k"}))["orderRuleCreate"]
    rule = made["rule"]
    on = (await ask.data(UPDATE, input={"id": rule["id"], "isActive": True, "expectedVersion": 1}))["orderRuleUpdate"]
    placed = await make.order(ask.ctx, channel="web")

    assert tried == {
        "orders": 2,
        "met": 1,
        "nodes": [{"id": type_id("ord", past.id), "channel": "web"}],
        "effects": [{"queue": "cups", "tags": ["cup"]}],
        "actions": {"queue": "cups", "tags": ["cup"]},
    }
    assert (again, await OrderRule.all().count()) == (made, 1)
    assert (rule["isActive"], rule["position"], rule["conditions"]) == (False, 0, draft(shelf)["conditions"])
    assert rule["actions"] == {"queue": "cups", "tags": ["cup"], "severity": None, "minutes": None, "days": None}
    assert on["rule"] == {"name": "Cups", "isActive": True, "version": 2}
    seen = await ask.data(
        "query ($id: ID!) { order(id: $id) { queue tags rulesMet { ruleId name kind } } }", id=type_id("ord", placed.id)
    )
    met = [{"ruleId": rule["id"], "name": "Cups", "kind": "CLASSIFY"}]
    assert seen["order"] == {"queue": "cups", "tags": ["cup"], "rulesMet": met}
    assert (await ask.data(TRIAL, id=rule["id"], since=since))["orderRuleTrial"]["met"] == 2


async def test_rules_are_listed_put_in_order_and_taken_away(ask: Ask) -> None:
    ids = []
    for name in ("first", "second"):
        input = {"name": name, "kind": "EXPIRE_UNPAID", "actions": {"minutes": 30}}
        ids.append((await ask.data(CREATE, input=input))["orderRuleCreate"]["rule"]["id"])

    reorder = """mutation ($ids: [ID!]!) { orderRulesReorder(input: {ids: $ids}) {
      rules { name position } userErrors { code path } } }"""
    turned = (await ask.data(reorder, ids=ids[::-1]))["orderRulesReorder"]
    twice = (await ask.data(reorder, ids=[ids[0], ids[0]]))["orderRulesReorder"]
    delete = "mutation ($id: ID!) { orderRuleDelete(input: {id: $id}) { deletedId userErrors { code } } }"
    gone = (await ask.data(delete, id=ids[0]))["orderRuleDelete"]
    missing = (await ask.data(delete, id=ids[0]))["orderRuleDelete"]

    assert turned["rules"] == [{"name": "second", "position": 0}, {"name": "first", "position": 1}]
    assert twice["userErrors"] == [{"code": "INVALID", "path": ["input", "ids"]}]
    assert (gone["deletedId"], missing["userErrors"]) == (ids[0], [{"code": "ORDER_RULE_NOT_FOUND"}])
    listed = await ask.data("{ orderRules(where: {kind: {eq: EXPIRE_UNPAID}}) { nodes { name actions { minutes } } } }")
    assert listed["orderRules"]["nodes"] == [{"name": "second", "actions": {"minutes": 30}}]


async def test_what_is_wrong_with_a_rule_says_where(ask: Ask) -> None:
    wrong = {"name": "x", "kind": "RISK", "actions": {"queue": "a", "tags": [""]}}
    condition = {"about": "HOUR", "relation": "AT_LEAST", "value": "25"}

    made = (await ask.data(CREATE, input=wrong))["orderRuleCreate"]
    hour = (await ask.data(CREATE, input={"name": "x", "kind": "CONFIRM", "conditions": [condition]}))[
        "orderRuleCreate"
    ]

    paths = [each["path"] for each in made["userErrors"]]
    assert ["input", "actions", "queue"] in paths
    assert hour["userErrors"] == [{"code": "INVALID", "path": ["input", "conditions", "0", "value"]}]
    assert await OrderRule.all().count() == 0


async def test_a_trial_is_of_one_rule(ask: Ask) -> None:
    error = await ask.error(TRIAL, since="2026-01-01T00:00:00Z")

    assert (error["code"], await OrderRule.all().count()) == ("INVALID", 0)
