"""Rules are made, changed, put in order and taken away."""

from __future__ import annotations

from typing import Any

import pytest

from stoa.domains.orders.models import OrderRule, RuleKind
from stoa.domains.orders.rules import (
    About,
    Actions,
    Condition,
    Relation,
    RuleChanges,
    RuleDraft,
    Severity,
    create_rule,
    delete_rule,
    reorder_rules,
    update_rule,
)
from stoa.domains.orders.rules.errors import NoSuchRule, RuleChanged, TooManyRules
from stoa.kit.errors import InvalidInput, Refusals
from stoa.kit.ids import new_id
from stoa.tenants.context import Context, open_shop
from tests.domains.catalog.catalogs import events_of

WEB = Condition(About.CHANNEL, Relation.IS, "web")
CLASSIFY = RuleDraft("Web", RuleKind.CLASSIFY, [WEB], Actions("web shop", ("new", "web", "new")))


async def rules() -> list[dict[str, Any]]:
    return await OrderRule.all().order_by("id").values()  # type: ignore[no-any-return]


async def test_a_rule_is_kept_as_it_was_said_and_switched_off(ctx: Context) -> None:
    row = await create_rule(ctx, CLASSIFY)

    kept = await OrderRule.get(id=row.id)
    assert (kept.name, kept.kind, kept.is_active, kept.position) == ("Web", RuleKind.CLASSIFY, False, 0)
    assert kept.conditions == [{"about": "CHANNEL", "relation": "IS", "value": "web"}]
    assert kept.actions == {"queue": "web shop", "tags": ["new", "web"]}
    assert ("OrderRuleCreated", {"rule_id": str(row.id), "kind": "CLASSIFY"}) in await events_of(ctx)


async def test_a_rule_is_changed_and_tells_what(ctx: Context) -> None:
    row = await create_rule(ctx, CLASSIFY)

    changed = await update_rule(ctx, row.id, RuleChanges(name="Shop", is_active=True), expected_version=1)
    same = await update_rule(ctx, row.id, RuleChanges(name="Shop", is_active=True), expected_version=2)

    assert (changed.name, changed.is_active, changed.version, same.version) == ("Shop", True, 2, 2)
    told = {"rule_id": str(row.id), "changed": ["name", "is_active"]}
    assert [each for name, each in await events_of(ctx) if name == "OrderRuleEdited"] == [told]


async def test_rules_of_a_kind_are_asked_in_the_order_given(ctx: Context) -> None:
    first, second = await create_rule(ctx, CLASSIFY), await create_rule(ctx, CLASSIFY)
    other = await create_rule(ctx, RuleDraft("Yes", RuleKind.CONFIRM))
    assert (first.position, second.position, other.position) == (0, 1, 0)

    await reorder_rules(ctx, [second.id, first.id])

    by_place = OrderRule.filter(kind=RuleKind.CLASSIFY).order_by("position")
    assert await by_place.values_list("id", flat=True) == [second.id, first.id]
    before = await rules()
    for ids in ([first.id], [first.id, first.id], [first.id, second.id, other.id], []):
        with pytest.raises(InvalidInput):
            await reorder_rules(ctx, ids)
    assert await rules() == before


async def test_what_a_rule_does_must_be_of_its_kind(ctx: Context) -> None:
    wrong: list[tuple[RuleKind, Actions, list[tuple[str, ...]]]] = [
        (RuleKind.CLASSIFY, Actions(), [("actions",)]),
        (RuleKind.CLASSIFY, Actions(severity=Severity.NOTE), [("actions", "severity"), ("actions",)]),
        (RuleKind.RISK, Actions("queue"), [("actions", "queue"), ("actions",)]),
        (RuleKind.CONFIRM, Actions(days=2), [("actions", "days")]),
        (RuleKind.EXPIRE_UNPAID, Actions(minutes=0), [("actions", "minutes")]),
        (RuleKind.EXPIRE_UNPAID, Actions(days=1), [("actions", "days"), ("actions",)]),
        (RuleKind.COMPLETE_DELIVERED, Actions(days=1000), [("actions", "days")]),
        (RuleKind.CLASSIFY, Actions("q" * 41), [("actions", "queue")]),
        (RuleKind.CLASSIFY, Actions(tags=[" "]), [("actions", "tags", "0")]),
        (RuleKind.CLASSIFY, Actions(tags=["a"] * 21), [("actions", "tags")]),
    ]
    for kind, actions, paths in wrong:
        with pytest.raises(Refusals) as refused:
            await create_rule(ctx, RuleDraft("Rule", kind, [], actions))
        assert [tuple(map(str, each.path)) for each in refused.value.refusals] == paths
    assert await rules() == []


async def test_a_rule_changed_meanwhile_stays(ctx: Context) -> None:
    row = await create_rule(ctx, CLASSIFY)
    before = await rules()

    with pytest.raises(RuleChanged):
        await update_rule(ctx, row.id, RuleChanges(name="Mine"), expected_version=7)

    assert await rules() == before


async def test_a_shop_has_a_hundred_rules_at_the_most(ctx: Context) -> None:
    await OrderRule.bulk_create([OrderRule(name="Rule", kind=RuleKind.CONFIRM) for _ in range(100)])

    with pytest.raises(TooManyRules):
        await create_rule(ctx, CLASSIFY)

    assert await OrderRule.all().count() == 100


async def test_a_rule_is_taken_away(ctx: Context) -> None:
    row = await create_rule(ctx, CLASSIFY)

    await delete_rule(ctx, row.id)

    assert await rules() == []
    with pytest.raises(NoSuchRule):
        await delete_rule(ctx, row.id)


async def test_a_strangers_rule_is_not_found(ctx: Context, other_ctx: Context) -> None:
    with open_shop(other_ctx.shop):
        theirs = await create_rule(other_ctx, CLASSIFY)

    for doing in (
        update_rule(ctx, theirs.id, RuleChanges(name="Mine")),
        delete_rule(ctx, theirs.id),
        reorder_rules(ctx, [theirs.id]),
        delete_rule(ctx, new_id()),
    ):
        with pytest.raises(NoSuchRule):
            await doing

    with open_shop(other_ctx.shop):
        assert [each["name"] for each in await rules()] == ["Web"]
