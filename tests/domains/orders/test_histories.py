"""Whatever happens to orders, one after the other or at once: stock, money and states come out right after every step."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from stoa.domains import orders
from stoa.domains.catalog.errors import NotEnoughStock
from stoa.domains.catalog.models import Reservation
from stoa.domains.orders import Action, Reported
from stoa.domains.orders.deriving import facts_of
from stoa.domains.orders.models import (
    ENDED,
    AftersaleState,
    CaseKind,
    FulfilmentState,
    Order,
    OrderLine,
    OrderState,
    OrderTransition,
    PaymentState,
    ShipmentState,
)
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.domains.orders.histories import (
    ON_HAND,
    PRICES,
    Answer,
    BringHome,
    CancelSome,
    Doing,
    Expire,
    GiveBack,
    OfCase,
    OfParcel,
    OfPayment,
    OpenCase,
    Pack,
    Pay,
    Place,
    Step,
    World,
)
from tests.domains.orders.ledgers import assert_adds_up

EXAMPLES, STEPS = 12, 25
T = TypeVar("T")

n = st.integers(0, 3)
few = st.integers(1, 3)
line = st.integers(0, 1)
STEPPING = (Action.CONFIRM, Action.REJECT, Action.CANCEL, Action.COMPLETE, Action.HOLD, Action.RESUME)
OFTEN = (Action.CONFIRM, Action.CONFIRM, Action.COMPLETE, Action.COMPLETE, Action.RESUME, Action.REJECT)
places = st.builds(
    Place,
    n,
    st.none(),
    st.tuples(st.integers(1, 3), st.integers(0, 2)),
    st.sampled_from([0, 100, 331]),
    st.booleans(),
)
pays = st.builds(
    Pay,
    n,
    st.just(Action.PAY),
    st.sampled_from([500, 1000, 2000, 5000]),
    st.sampled_from([Reported.CAPTURED, Reported.CAPTURED, Reported.AUTHORIZED, Reported.PENDING]),
    st.booleans(),
)
refunds = st.builds(GiveBack, n, st.none(), line, few, st.sampled_from([0, 0, 100, 490]), st.sampled_from([0, 50, -50]))
steps = st.builds(Step, n, st.sampled_from([*OFTEN, *STEPPING]))
packs = st.builds(Pack, n, st.none(), line, few)
parcels = st.builds(
    OfParcel,
    n,
    st.none(),
    st.sampled_from([ShipmentState.SHIPPED, ShipmentState.SHIPPED, ShipmentState.DELIVERED, ShipmentState.CANCELLED]),
)
cases = st.one_of(
    st.builds(OpenCase, n, st.none(), line, few, st.sampled_from(CaseKind)),
    st.builds(OfCase, n, st.none(), st.sampled_from(["settle", "settle", "settle", "cancel", "close"])),
)
about_goods: st.SearchStrategy[Doing] = st.one_of(
    st.builds(BringHome, n),
    cases,
    packs,
    parcels,
    parcels,
    places,
    st.builds(CancelSome, n, st.none(), line, few),
    st.builds(Expire, n),
)
about_money: st.SearchStrategy[Doing] = st.one_of(
    pays,
    refunds,
    refunds,
    st.builds(OfPayment, n, st.none(), st.sampled_from(["capture_payment", "void_payment", "charge_back"])),
    st.builds(Answer, n, st.none(), st.booleans()),
)


@dataclass
class Reached:
    """What came about in any of the histories: what led to steps, and states of the four machines."""

    actions: set[str] = field(default_factory=set)
    states: dict[str, set[Any]] = field(default_factory=lambda: defaultdict(set))


def machine(ctx: Context, loop: asyncio.AbstractEventLoop, reached: Reached) -> type[RuleBasedStateMachine]:
    """Hypothesis drives from a thread of its own; what it asks for is done on the loop that has the connections."""

    def wait_for(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)

    class Histories(RuleBasedStateMachine):
        @initialize()
        def open(self) -> None:
            self.world = wait_for(_new_world(ctx))

        @rule(doing=about_goods)
        def one_about_goods(self, doing: Doing) -> None:
            wait_for(_as_offered(self.world, doing))

        @rule(doing=steps)
        def one_step(self, doing: Doing) -> None:
            wait_for(_as_offered(self.world, doing))

        @rule(doing=about_money)
        def one_about_money(self, doing: Doing) -> None:
            wait_for(_as_offered(self.world, doing))

        @rule(together=st.lists(about_goods | about_money, min_size=2, max_size=5))
        def several_at_once(self, together: list[Doing]) -> None:
            wait_for(_all_at_once(self.world, together))

        @invariant()
        def all_adds_up(self) -> None:
            if hasattr(self, "world"):
                wait_for(_check(self.world, reached))

    return Histories


async def _new_world(ctx: Context) -> World:
    """One order is placed, one is paid and confirmed, one is on its way before it is paid, and one has arrived."""
    with open_shop(ctx.shop):
        world = World(ctx, [await make.sold(ctx, on_hand=ON_HAND, price_minor=minor) for minor in PRICES])
        for doing in (
            Place(0, None, (2, 1), 331, True),
            Step(0, Action.CONFIRM),
            Pack(0, None, 0, 1),
            OfParcel(0),
            Place(0, None, (3, 2)),
            Pay(1, Action.PAY, 3489),
            Step(1, Action.CONFIRM),
            Pack(1, None, 0, 2),
            Place(0, None, (1, 2), 100),
            Place(0, None, (2, 0)),
            BringHome(3),
        ):
            assert await doing.tried(world) == [], doing
    return world


async def _all_at_once(world: World, together: list[Doing]) -> None:
    with open_shop(world.ctx.shop):
        await asyncio.gather(*(doing.tried(world) for doing in together))


async def _as_offered(world: World, doing: Doing) -> None:
    """What `availableTransitions` offers can be done, if there is stock; what it does not is refused, or done before."""
    with open_shop(world.ctx.shop):
        if not isinstance(doing, Step):
            await doing.tried(world)
            return
        order = await Order.get(id=world.order(doing.n))
        offers = orders.transitions_of(facts_of(order, await OrderLine.filter(order_id=order.id)))
        is_offered = next(each.is_available for each in offers if each.action is doing.action)
        refused = await doing.tried(world)
        has_changed = (await Order.get(id=order.id)).version > order.version
    assert has_changed is (is_offered and not refused), doing
    if is_offered:
        assert all(isinstance(each, NotEnoughStock) for each in refused), refused


async def _check(world: World, reached: Reached) -> None:
    with open_shop(world.ctx.shop):
        await assert_adds_up(world.ctx)
        steps = OrderTransition.filter(order_id__in=world.orders).distinct()
        reached.actions.update(await steps.values_list("action", flat=True))  # type: ignore[arg-type]
        held = dict.fromkeys(world.orders, 0)
        for row in await Reservation.filter(state="HELD", holder_kind="order", holder_id__in=world.orders):
            held[row.holder_id] += row.quantity
        needed = dict.fromkeys(world.orders, 0)
        for line in await OrderLine.filter(order_id__in=world.orders):
            needed[line.order_id] += line.quantity - line.cancelled - line.shipped  # type: ignore[attr-defined]
        for order in await Order.filter(id__in=world.orders):
            if order.state in ENDED:
                assert held[order.id] == 0
            if order.state is OrderState.CONFIRMED:
                assert held[order.id] == needed[order.id]
            for name in ("state", "payment_state", "fulfilment_state", "aftersale_state"):
                reached.states[name].add(getattr(order, name))


async def test_all_adds_up_after_every_step_of_any_history(ctx: Context) -> None:
    """Issue 4: place, pay, capture, confirm, cancel, ship, deliver, return, refund and complete, also several at once:
    the ledger of stock is its balances, refunds are at most what was captured, frozen parts sum to the totals, no step
    but those of the table. And they get everywhere: each action is done, and each state of the order's own is reached.
    """
    reached = Reached()
    built = machine(ctx, asyncio.get_running_loop(), reached)
    how = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )

    await asyncio.to_thread(run_state_machine_as_test, built, settings=how)

    if how.derandomize:  # what is drawn anew each time may miss one of them
        assert reached.actions >= {*STEPPING, Action.PAY, Action.SHIP, Action.EXPIRE} - {Action.HOLD, Action.RESUME}
        assert reached.states["state"] == set(OrderState) - {OrderState.DRAFT}
        assert {AftersaleState.OPEN, AftersaleState.CLOSED} <= reached.states["aftersale_state"]
        assert {FulfilmentState.PART_SHIPPED, FulfilmentState.DELIVERED} <= reached.states["fulfilment_state"]
        assert reached.states["payment_state"] >= {
            PaymentState.PART_REFUNDED,
            PaymentState.REFUNDED,
            PaymentState.PART_PAID,
        }
