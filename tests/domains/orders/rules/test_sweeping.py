"""What rules let happen by the clock: unpaid orders end, delivered ones are completed, files arrive at once."""

from __future__ import annotations

from datetime import timedelta

from stoa.domains import orders
from stoa.domains.catalog.models import Stock
from stoa.domains.orders.models import FulfilmentState, Order, OrderLine, OrderState, PaymentState, RuleKind
from stoa.domains.orders.rules import About, Actions, Condition, Relation, RuleDraft, create_rule, follow_rules
from stoa.kit import clock
from stoa.kit.clock import now
from stoa.kit.money import Money
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.domains.orders.ledgers import pay
from tests.domains.orders.pieces import deliver_pieces, ship_pieces

ADDRESS = {"name": "Zeno", "line1": "Stoa 1", "city": "Athens", "country": "GR"}
WEB = Condition(About.CHANNEL, Relation.IS, "web")


async def rule(ctx: Context, kind: RuleKind, *conditions: Condition, **actions: int) -> str:
    draft = RuleDraft("Rule", kind, conditions, Actions(**actions), is_active=True)  # type: ignore[arg-type]
    return str((await create_rule(ctx, draft)).id)


async def paid(ctx: Context, order: Order) -> Order:
    report = orders.PaymentReport("bank", Money(order.total_minor, order.currency))
    await orders.record_payment(ctx, order.id, report)
    return await Order.get(id=order.id)


async def state_of(order: Order) -> OrderState:
    return (await Order.get(id=order.id)).state


async def test_orders_unpaid_too_long_are_let_go(ctx: Context) -> None:
    """X10: by the first rule whose time is over; not those that were paid, or may be paid later."""
    web = await rule(ctx, RuleKind.EXPIRE_UNPAID, WEB, minutes=20)
    cup = await make.sold(ctx, on_hand=10)
    lines = [(cup, 1)]
    due, young, app, later, bought = [
        await make.order(ctx, lines, channel=channel, is_payable_later=later, placed_at=now() - timedelta(minutes=m))
        for channel, later, m in (
            ("web", False, 21),
            ("web", False, 19),
            ("app", False, 60),
            ("web", True, 60),
            ("web", False, 60),
        )
    ]
    await paid(ctx, bought)

    assert await follow_rules(ctx) == 1
    assert await follow_rules(ctx) == 0

    states = [await state_of(each) for each in (due, young, app, later, bought)]
    assert states == [OrderState.EXPIRED, *[OrderState.PENDING] * 4]
    ended = await Order.get(id=due.id)
    assert ended.rules_met == [{"rule_id": web, "name": "Rule", "kind": "EXPIRE_UNPAID"}]
    assert (await Stock.get(variant=cup)).reserved == 4


async def test_files_arrive_when_they_are_paid(ctx: Context) -> None:
    """X10"""
    await rule(ctx, RuleKind.SHIP_DIGITAL)
    file = await make.sold(ctx, requires_shipping=False)
    order, unpaid = [await make.order(ctx, [(file, 1)], shipping_address=ADDRESS) for _ in range(2)]
    for each in (order, unpaid):
        await orders.confirm_order(ctx, each.id)
    await paid(ctx, order)

    assert await follow_rules(ctx, only=unpaid.id) == 0
    assert await follow_rules(ctx, only=order.id) == 1
    assert await follow_rules(ctx) == 0

    assert (await Order.get(id=order.id)).fulfilment_state is FulfilmentState.DELIVERED
    assert (await OrderLine.get(order_id=unpaid.id)).shipped == 0


async def test_what_was_delivered_long_enough_ago_is_completed(ctx: Context) -> None:
    """X10"""
    await rule(ctx, RuleKind.COMPLETE_DELIVERED, days=7)
    await rule(ctx, RuleKind.SHIP_DIGITAL)
    file = await make.sold(ctx, requires_shipping=False)
    order = await make.order(ctx, [(file, 1)])
    await orders.confirm_order(ctx, order.id)
    await paid(ctx, order)
    assert await follow_rules(ctx) == 1

    assert await follow_rules(ctx) == 0
    with clock.set_to(now() + timedelta(days=8)):
        assert await follow_rules(ctx) == 1

    assert await state_of(order) is OrderState.COMPLETED


async def test_what_was_paid_back_in_part_is_completed_as_well(ctx: Context) -> None:
    """X10: a refund of one piece does not keep an order open for ever."""
    await rule(ctx, RuleKind.COMPLETE_DELIVERED, days=7)
    cup = await make.sold(ctx)
    order = await make.order(ctx, [(cup, 2)])
    await paid(ctx, order)
    await orders.confirm_order(ctx, order.id)
    line = await OrderLine.get(order_id=order.id)
    await orders.refund(ctx, order.id, orders.RefundDraft([orders.Pieces(line.id, 1)]))
    await ship_pieces(ctx, order.id, 0, 2)
    await deliver_pieces(ctx, order.id)

    with clock.set_to(now() + timedelta(days=8)):
        assert await follow_rules(ctx) == 1

    assert await state_of(order) is OrderState.COMPLETED


async def test_what_is_to_be_paid_later_is_not_completed_by_what_was_paid_back(ctx: Context) -> None:
    """X10: a part of the first instalment was given back; the rest is still owed."""
    await rule(ctx, RuleKind.COMPLETE_DELIVERED, days=7)
    cup = await make.sold(ctx)
    order = await make.order(ctx, [(cup, 1)], is_payable_later=True)
    await pay(ctx, order, 10)
    await orders.confirm_order(ctx, order.id)
    await ship_pieces(ctx, order.id, 0, 1)
    await deliver_pieces(ctx, order.id)
    await orders.refund(ctx, order.id, orders.RefundDraft(extra=Money(5, order.currency)))
    assert (await Order.get(id=order.id)).payment_state is PaymentState.PART_REFUNDED

    with clock.set_to(now() + timedelta(days=8)):
        assert await follow_rules(ctx) == 0
        await pay(ctx, order, order.total_minor - 10)
        assert await follow_rules(ctx) == 1

    assert await state_of(order) is OrderState.COMPLETED


async def test_rules_reach_only_their_own_shop(ctx: Context, other_ctx: Context) -> None:
    await rule(ctx, RuleKind.EXPIRE_UNPAID, minutes=20)
    theirs = await make.order(other_ctx, placed_at=now() - timedelta(days=1))

    assert await follow_rules(ctx) == 0

    with open_shop(other_ctx.shop):
        assert await state_of(theirs) is OrderState.PENDING
