"""Time in state: exact on small data, also for what has not left yet, and quick in a shop of 20,000 orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from stoa.domains.orders.flowing import Flow, Move, StateFlow, order_flow
from stoa.domains.orders.models import Machine, Order, OrderTransition
from stoa.kit import clock
from stoa.kit.errors import InvalidInput
from stoa.tenants.context import Context, open_shop
from tests import make

T0 = datetime(2026, 3, 1, tzinfo=UTC)


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


async def went(ctx: Context, placed: float, *steps: tuple[float, Machine, str, str], **states: str) -> Order:
    """An order that was placed so many hours after T0, and took these steps."""
    with open_shop(ctx.shop):
        with clock.set_to(at(placed)):
            order = await make.order(ctx, placed_at=at(placed), shipping_address={"line1": str(placed)})
        for hours, machine, old, new in steps:
            await OrderTransition.create(
                order_id=order.id,
                machine=machine,
                action="X",
                from_state=old,
                to_state=new,
                actor_kind="system",
                happened_at=at(hours),
            )
        if states:
            await Order.filter(id=order.id).update(**states)
    return order


def state(flow: Flow, machine: Machine, name: str) -> StateFlow:
    return next(each for each in flow.states if (each.machine, each.state) == (machine, name))


def hours(of: Sequence[float | None]) -> list[float | None]:
    return [None if each is None else round(each / 3600, 6) for each in of]


ORDER, PAYMENT, FULFILMENT = Machine.ORDER, Machine.PAYMENT, Machine.FULFILMENT


async def test_how_long_orders_stay_where_and_where_they_wait(ctx: Context) -> None:
    """O18, X12: ten confirmed after 1 to 10 hours, one still waiting after 20, one cancelled; asked at hour 20."""
    for n in range(1, 11):
        await went(
            ctx,
            0,
            (n, ORDER, "PENDING", "CONFIRMED"),
            (n, FULFILMENT, "UNFULFILLED", "ALLOCATED"),
            (n + 0.5, PAYMENT, "UNPAID", "PAID"),
            state="CONFIRMED",
            fulfilment_state="ALLOCATED",
            payment_state="PAID",
        )
    await went(ctx, 0)
    await went(ctx, 0, (4, ORDER, "PENDING", "CANCELLED"), state="CANCELLED")

    with clock.set_to(at(20)):
        flow = await order_flow(ctx, T0)

    pending = state(flow, ORDER, "PENDING")
    # stays of 1, 2, 3, 4, 4, 5, ... 10 and 20 hours: the 12 values' 50% is between the 6th and the 7th
    assert (pending.entered, pending.still, pending.now) == (12, 1, 1)
    assert hours([pending.median, pending.p90, pending.p99]) == [5.5, 9.9, 18.9]
    confirmed = state(flow, ORDER, "CONFIRMED")
    assert (confirmed.entered, confirmed.still, confirmed.now) == (10, 10, 10)
    assert hours([confirmed.median]) == [14.5]
    unpaid = state(flow, PAYMENT, "UNPAID")
    assert (unpaid.entered, unpaid.still, unpaid.now) == (12, 1, 2)  # who was cancelled waits no more
    assert hours([unpaid.median]) == [6.0]
    allocated = state(flow, FULFILMENT, "ALLOCATED")
    assert flow.bottleneck == allocated or flow.bottleneck == confirmed
    assert Move(ORDER, "PENDING", "CONFIRMED", 10) in flow.moves
    assert Move(ORDER, "PENDING", "CANCELLED", 1) in flow.moves
    assert len(flow.moves) == 4


async def test_only_stays_that_began_in_the_span_count(ctx: Context) -> None:
    await went(ctx, 0, (30, ORDER, "PENDING", "CONFIRMED"), (40, ORDER, "CONFIRMED", "COMPLETED"), state="COMPLETED")
    await went(ctx, 50, (52, ORDER, "PENDING", "CONFIRMED"), state="CONFIRMED")

    with clock.set_to(at(100)):
        later, early = await order_flow(ctx, at(20), at(45)), await order_flow(ctx, at(-1), at(10))

    assert [(each.state, each.entered) for each in later.states if each.entered] == [("CONFIRMED", 1), ("COMPLETED", 1)]
    confirmed = state(later, ORDER, "CONFIRMED")
    assert (hours([confirmed.median]), confirmed.now, confirmed.still) == ([10.0], 1, 0)
    assert (later.bottleneck, len(later.moves)) == (confirmed, 2)
    assert hours([state(early, ORDER, "PENDING").p99]) == [30.0]  # until it left, also when that was behind the span
    assert early.moves == []


async def test_states_in_which_nobody_waits_are_no_bottleneck(ctx: Context) -> None:
    await went(ctx, 0, (1, ORDER, "PENDING", "COMPLETED"), state="COMPLETED", payment_state="PAID")

    with clock.set_to(at(1000)):
        flow = await order_flow(ctx, at(-1))

    assert hours([state(flow, ORDER, "COMPLETED").median]) == [999.0]
    assert state(flow, ORDER, "COMPLETED").is_resting
    assert flow.bottleneck == state(flow, FULFILMENT, "UNFULFILLED")


async def test_a_shop_without_orders_has_no_flow(ctx: Context, other_ctx: Context) -> None:
    await went(other_ctx, 0)

    with clock.set_to(at(1)):
        flow = await order_flow(ctx, T0)

    assert (flow.states, flow.moves, flow.bottleneck) == ([], [], None)


async def test_a_span_ends_behind_its_beginning(ctx: Context) -> None:
    with pytest.raises(InvalidInput):
        await order_flow(ctx, at(10), at(10))
