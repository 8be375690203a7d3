"""Orders that come in are asked: classified, rated, and told why."""

from __future__ import annotations

from uuid import UUID

import pytest

from stoa.domains.orders.models import FulfilmentState, Order, OrderRule, OrderState, RuleKind
from stoa.domains.orders.rules import (
    About,
    Actions,
    Condition,
    Relation,
    RuleChanges,
    RuleDraft,
    Severity,
    create_rule,
    update_rule,
)
from stoa.domains.service import Buyer
from stoa.kit.errors import Refusals
from stoa.tenants.context import Context
from tests import make
from tests.domains.catalog.catalogs import events_of

WEB = Condition(About.CHANNEL, Relation.IS, "web")
ADDRESS = {"name": "Zeno", "line1": "Stoa 1", "city": "Athens", "country": "GR"}
DEAR = Condition(About.TOTAL, Relation.AT_LEAST, "100")


async def rule(ctx: Context, kind: RuleKind, *conditions: Condition, name: str = "Rule", **actions: object) -> str:
    draft = RuleDraft(name, kind, conditions, Actions(**actions), is_active=True)  # type: ignore[arg-type]
    return str((await create_rule(ctx, draft)).id)


async def test_an_order_is_classified_and_says_by_which_rules(ctx: Context) -> None:
    """O2: the first rule with a queue decides; the tags of all come together."""
    web = await rule(ctx, RuleKind.CLASSIFY, WEB, name="Web", queue="web shop", tags=["web", "mine"])
    every = await rule(ctx, RuleKind.CLASSIFY, name="Every", queue="rest", tags=["all", "web"])
    await rule(ctx, RuleKind.CLASSIFY, DEAR, name="Dear", tags=["dear"])
    await create_rule(ctx, RuleDraft("Off", RuleKind.CLASSIFY, [], Actions(tags=["off"])))

    order = await make.order(ctx, channel="web", tags=["mine"])
    other = await make.order(ctx, channel="app")

    assert (order.queue, order.tags, order.version) == ("web shop", ["mine", "web", "all"], 1)
    assert (other.queue, other.tags) == ("rest", ["all", "web"])
    met = [
        {"rule_id": web, "name": "Web", "kind": "CLASSIFY"},
        {"rule_id": every, "name": "Every", "kind": "CLASSIFY"},
    ]
    assert (order.rules_met, other.rules_met) == (met, met[1:])
    told = [each for name, each in await events_of(ctx) if name == "OrderMetRules"]
    assert told[0] == {
        "order_id": str(order.id),
        "rules": met,
        "queue": "web shop",
        "tags": ["web", "mine", "all"],
        "checks": [],
    }


async def test_a_risk_is_a_check_of_the_order(ctx: Context) -> None:
    dear = await rule(ctx, RuleKind.RISK, DEAR, name="Dear", severity=Severity.BLOCKING)
    cup = await make.sold(ctx, price_minor=10_000)

    order, cheap = await make.order(ctx, [(cup, 1)]), await make.order(ctx)

    words = {"words": "The rule {rule} says so.", "values": {"rule": "Dear"}}
    assert order.checks[-1] == {"code": "RULE", "severity": "BLOCKING", **words, "rule_id": dear}
    assert "RULE" not in {each["code"] for each in cheap.checks}
    assert cheap.rules_met == []


async def test_a_shop_sets_its_own_limits(ctx: Context) -> None:
    """O4: what is much is not the same for a jeweller; what the rule replaces is left to it as long as it is on."""
    ring, by = await make.sold(ctx, price_minor=1_500_000), Buyer("Zeno", "zeno@example.com")

    async def codes(count: int) -> list[str]:
        order = await make.order(ctx, [(ring, count)], buyer=by, shipping_address=ADDRESS)
        return [each["code"] for each in order.checks]

    assert await codes(1) == ["AMOUNT", "NEW_BUYER"]
    much = Condition(About.TOTAL, Relation.AT_LEAST, "25000")
    own = await rule(ctx, RuleKind.RISK, much, severity=Severity.BLOCKING, replaces=["AMOUNT", "NEW_BUYER"])
    assert await codes(2) == ["RULE"]
    assert await codes(1) == ["DUPLICATE"]
    await update_rule(ctx, UUID(own), RuleChanges(is_active=False))
    assert await codes(3) == ["AMOUNT", "NEW_BUYER"]


async def test_only_some_checks_can_be_replaced_and_only_by_a_rule_of_risk(ctx: Context) -> None:
    for kind, actions in (
        (RuleKind.RISK, {"severity": Severity.NOTE, "replaces": ["ADDRESS"]}),
        (RuleKind.RISK, {"replaces": ["AMOUNT"]}),
        (RuleKind.CLASSIFY, {"queue": "q", "replaces": ["AMOUNT"]}),
    ):
        with pytest.raises(Refusals):
            await rule(ctx, kind, DEAR, **actions)
    assert await OrderRule.all().count() == 0


async def test_an_order_is_confirmed_by_a_rule_when_nothing_is_in_the_way(ctx: Context) -> None:
    """O6, X9: the state PENDING is passed over; what the checks block waits for people."""
    known = await rule(ctx, RuleKind.CONFIRM, WEB, name="Web")
    await rule(ctx, RuleKind.RISK, Condition(About.BUYER_NOTE, Relation.CONTAINS, "x"), severity=Severity.BLOCKING)

    order = await make.order(ctx, channel="web", shipping_address=ADDRESS)
    app = await make.order(ctx, channel="app", shipping_address=ADDRESS)
    risky = await make.order(ctx, channel="web", shipping_address=ADDRESS, buyer_note="xxx")
    nowhere = await make.order(ctx, channel="web")

    assert (order.state, order.fulfilment_state) == (OrderState.CONFIRMED, FulfilmentState.ALLOCATED)
    assert order.rules_met == [{"rule_id": known, "name": "Web", "kind": "CONFIRM"}]
    assert [each.state for each in (app, risky, nowhere)] == [OrderState.PENDING] * 3
    assert (app.rules_met, nowhere.rules_met) == ([], [])


async def test_drafts_are_not_asked(ctx: Context) -> None:
    await rule(ctx, RuleKind.CLASSIFY, tags=["all"])

    order = await make.order(ctx, as_draft=True)

    assert (order.tags, order.rules_met) == ([], [])
    assert await Order.filter(rules_met__not=[]).count() == 0


async def test_strangers_rules_do_nothing_here(ctx: Context, other_ctx: Context) -> None:
    await rule(ctx, RuleKind.CLASSIFY, tags=["mine"])

    theirs = await make.order(other_ctx)

    assert theirs.tags == []
