"""A rule is tried on past orders before it is switched on; nothing is changed by that."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stoa.domains.orders.models import Machine, Order, OrderTransition, RuleKind
from stoa.domains.orders.rules import (
    About,
    Actions,
    Condition,
    Relation,
    RuleDraft,
    WouldDo,
    create_rule,
    try_rule,
)
from stoa.domains.orders.rules.errors import NoSuchRule
from stoa.domains.orders.rules.trying import FIRST
from stoa.domains.service import Buyer
from stoa.kit import clock
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.domains.catalog.catalogs import events_of

WEB = Condition(About.CHANNEL, Relation.IS, "web")
CLASSIFY = RuleDraft("Web", RuleKind.CLASSIFY, [WEB], Actions("web shop", ("web", "new")))


async def test_a_trial_tells_what_the_rule_would_have_done(ctx: Context) -> None:
    """O2: by a draft or by a rule that is switched off, with the same answer."""
    long_ago = now() - timedelta(days=40)
    first = await make.order(ctx, channel="web", tags=["web"], placed_at=now() - timedelta(hours=2))
    await make.order(ctx, channel="app")
    await make.order(ctx, channel="web", placed_at=long_ago)
    await make.order(ctx, channel="web", as_draft=True)
    last = await make.order(ctx, channel="web")
    await Order.filter(id=last.id).update(queue="web shop")
    before = (await Order.all().order_by("id").values(), await events_of(ctx))

    month = now() - timedelta(days=30)
    trial = await try_rule(ctx, CLASSIFY, since=month)

    assert (trial.kind, trial.orders, trial.met) == (RuleKind.CLASSIFY, 3, 2)
    assert trial.shown == [WouldDo(last.id, None, ["web", "new"]), WouldDo(first.id, "web shop", ["new"])]
    assert (await Order.all().order_by("id").values(), await events_of(ctx)) == before
    rule = await create_rule(ctx, CLASSIFY)
    assert await try_rule(ctx, rule.id, since=month) == trial
    assert (await try_rule(ctx, rule.id, since=long_ago - timedelta(days=1))).met == 3


async def test_what_the_trial_says_is_what_placing_does(ctx: Context) -> None:
    known = Condition(About.EARLIER_ORDERS, Relation.AT_LEAST, "1")
    draft = RuleDraft("Known", RuleKind.CLASSIFY, [known, WEB], Actions(tags=["known"]))
    rule = await create_rule(ctx, RuleDraft(draft.name, draft.kind, draft.conditions, draft.actions, is_active=True))
    zeno = Buyer(email="zeno@example.com")
    placed = [await make.order(ctx, channel=each, buyer=zeno) for each in ("web", "web", "app", "web")]

    tagged = [each.id for each in placed if each.tags == ["known"]]
    trial = await try_rule(ctx, rule.id, since=now() - timedelta(days=1))

    assert tagged == [placed[1].id, placed[3].id]
    assert [each.order_id for each in trial.shown] == tagged[::-1]


async def test_which_orders_would_have_been_let_go_unpaid(ctx: Context) -> None:
    """X10: paid within the hour it would have stayed, paid after it it would not."""
    at = now() - timedelta(days=1)
    with clock.set_to(at):
        soon, late, never, later = [await make.order(ctx) for _ in range(3)] + [
            await make.order(ctx, is_payable_later=True)
        ]
    for order, minutes in ((soon, 59), (late, 61)):
        await OrderTransition.create(
            order_id=order.id,
            machine=Machine.PAYMENT,
            action="PAY",
            from_state="UNPAID",
            to_state="PAID",
            actor_kind="system",
            happened_at=at + timedelta(minutes=minutes),
        )
    draft = RuleDraft("An hour", RuleKind.EXPIRE_UNPAID, [], Actions(minutes=60))

    trial = await try_rule(ctx, draft, since=at - timedelta(days=1))

    assert (trial.orders, trial.met) == (4, 2)
    assert {each.order_id for each in trial.shown} == {late.id, never.id}
    assert later.id not in {each.order_id for each in trial.shown}


async def test_digital_goods_and_deliveries_are_tried_as_well(ctx: Context) -> None:
    file = await make.sold(ctx, requires_shipping=False)
    paid, unpaid = await make.order(ctx, [(file, 1)]), await make.order(ctx, [(file, 1)])
    await Order.filter(id=paid.id).update(payment_state="PAID", delivered_at=now() - timedelta(days=8))
    await Order.filter(id=unpaid.id).update(delivered_at=now() - timedelta(days=6))
    since = now() - timedelta(days=1)

    digital = await try_rule(ctx, RuleDraft("Files", RuleKind.SHIP_DIGITAL), since=since)
    week = RuleDraft("A week", RuleKind.COMPLETE_DELIVERED, [], Actions(days=7))
    complete = await try_rule(ctx, week, since=since)
    confirm = await try_rule(ctx, RuleDraft("All", RuleKind.CONFIRM), since=since)

    assert [each.order_id for each in digital.shown] == [paid.id]
    assert [each.order_id for each in complete.shown] == [paid.id]
    assert confirm.met == 2


async def test_only_the_first_are_shown(ctx: Context) -> None:
    cup = await make.sold(ctx, on_hand=1000)
    for _ in range(FIRST + 1):
        await make.order(ctx, [(cup, 1)])

    trial = await try_rule(ctx, RuleDraft("All", RuleKind.CONFIRM), since=now() - timedelta(days=1))

    assert (trial.met, len(trial.shown)) == (51, 50)


async def test_what_cannot_be_tried(ctx: Context, other_ctx: Context) -> None:
    with open_shop(other_ctx.shop):
        theirs = await create_rule(other_ctx, CLASSIFY)

    with pytest.raises(NoSuchRule):
        await try_rule(ctx, theirs.id, since=now())
    with pytest.raises(InvalidInput):
        await try_rule(ctx, CLASSIFY, since=now() + timedelta(days=1))
