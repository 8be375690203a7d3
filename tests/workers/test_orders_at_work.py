"""Orders go on by themselves: rules, parcels and deadlines, done by `stoa work`, a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from stoa.domains import orders
from stoa.domains.catalog.models import Reservation, Stock
from stoa.domains.orders import aftersales, shipping
from stoa.domains.orders import jobs as order_jobs
from stoa.domains.orders.models import AftersaleCase, CaseKind, CaseState, Order, OrderState, RuleKind, Shipment
from stoa.domains.orders.rules import Actions, RuleDraft, create_rule
from stoa.domains.orders.rules import jobs as rule_jobs
from stoa.domains.orders.shipping import PackDraft, ShipDraft
from stoa.kit.clock import now
from stoa.settings import Settings
from stoa.tenants.context import Context
from stoa.workers.reactions import fill
from tests import make
from tests.domains.orders.aftersales_cases import arrived, opened
from tests.domains.orders.ledgers import assert_adds_up, pay
from tests.domains.orders.pieces import deliver_pieces, ship_pieces
from tests.domains.orders.shipping.sending import method
from tests.workers.conftest import END, plan, until

STOA = [sys.executable, "-c", "from stoa.cli import main; main()"]
# What is planned for later is due now: the clock is everybody's, and cannot be set for another process.
HURRY = "UPDATE platform.job SET run_at = now() WHERE shop_schema = $1 AND state = 'QUEUED'"


@pytest.fixture
async def crew(settings: Settings, database: None) -> AsyncIterator[None]:
    """`stoa work`, as it runs beside any web process; and this one plans reactions as a web process does."""
    fill()
    process = await asyncio.create_subprocess_exec(*STOA, "work", env=dict(os.environ))
    yield
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(END):
        assert await process.wait() == 0


async def rule(ctx: Context, kind: RuleKind, **actions: int) -> None:
    await create_rule(ctx, RuleDraft(kind.value, kind, actions=Actions(**actions), is_active=True))


async def state_of(order: Order) -> OrderState:
    return (await Order.get(id=order.id)).state


async def test_orders_go_on_by_themselves(ctx: Context, owner: asyncpg.Connection, crew: None) -> None:
    """X10: files arrive as soon as they are paid, unpaid orders are let go of with their stock, what has arrived is
    completed, and the simulated carrier's parcels move."""
    for kind, actions in (
        (RuleKind.SHIP_DIGITAL, {}),
        (RuleKind.EXPIRE_UNPAID, {"minutes": 5}),
        (RuleKind.COMPLETE_DELIVERED, {"days": 7}),
    ):
        await rule(ctx, kind, **actions)
    file, cup = await make.sold(ctx, requires_shipping=False), await make.sold(ctx, on_hand=10)
    digital = await make.order(ctx, [(file, 1)])
    unpaid = await make.order(ctx, [(cup, 2)], placed_at=now() - timedelta(minutes=6))
    done = await make.order(ctx, [(cup, 1)])
    for order in (digital, done):
        await pay(ctx, order, order.total_minor)
        await orders.confirm_order(ctx, order.id)
    await ship_pieces(ctx, done.id, 0, 1)
    await deliver_pieces(ctx, done.id)
    await Order.filter(id=done.id).update(delivered_at=now() - timedelta(days=8))
    way = await method(ctx, settings={"by": "SIMULATED"}, promised_days=2)
    sent = await make.order(ctx, [(cup, 1)], is_payable_later=True)
    await orders.confirm_order(ctx, sent.id)
    [parcel] = await shipping.pack_order(ctx, sent.id, PackDraft(method_id=way.id))
    await shipping.ship_parcel(ctx, parcel, ShipDraft("SIM000", shipped_at=now() - timedelta(days=20)))

    await plan(ctx, order_jobs.flag_late_parcels)
    await until(lambda: Shipment.get(id=parcel), lambda each: each.is_late)
    await plan(ctx, order_jobs.follow_parcels)
    await until(lambda: Shipment.get(id=parcel), lambda each: each.state == "DELIVERED")
    await owner.execute(HURRY, ctx.shop.schema)
    await plan(ctx, rule_jobs.follow_by_the_clock)
    for order, state in ((unpaid, OrderState.EXPIRED), (done, OrderState.COMPLETED)):
        await until(lambda order=order: state_of(order), lambda seen, state=state: seen is state)
    await until(lambda: Order.get(id=digital.id), lambda each: each.fulfilment_state == "DELIVERED")

    assert (await Stock.get(variant_id=cup.id)).reserved == 0
    assert not await Reservation.filter(holder_id=unpaid.id, state="HELD").exists()
    assert [each["text"] for each in (await Shipment.get(id=parcel)).tracking][0] == "Picked up"
    assert await owner.fetchval("SELECT count(*) FROM platform.job WHERE state = 'DEAD'") == 0
    await assert_adds_up(ctx)


async def test_a_case_that_nobody_answers_is_overdue_by_the_workers(
    ctx: Context, owner: asyncpg.Connection, crew: None
) -> None:
    """O16: deadlines are states. The job was planned when the case was opened, for the moment when its time is over."""
    case = await opened(ctx, await arrived(ctx, await make.sold(ctx)), CaseKind.REFUND_ONLY)
    await AftersaleCase.filter(id=case.id).update(deadline_at=now())
    await owner.execute(HURRY, ctx.shop.schema)

    await until(lambda: AftersaleCase.get(id=case.id), lambda each: each.state is CaseState.OVERDUE)

    await aftersales.approve_case(ctx, case.id)
    assert (await AftersaleCase.get(id=case.id)).state is CaseState.APPROVED
