"""Whatever happens to stock, one after the other or at once: the books add up, and plain Python comes to the same."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from stoa.domains.catalog import stock
from stoa.domains.catalog.models import Stock
from stoa.domains.catalog.stock import Correction, Limits
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.domains.catalog.catalogs import events_of
from tests.domains.catalog.stock.histories import (
    HOLDERS,
    Adjust,
    Arrive,
    Count,
    Doing,
    End,
    EndPart,
    Expire,
    Receive,
    Reserve,
    Send,
    World,
)
from tests.domains.catalog.stock.shelves import BALANCES, assert_sound, main_location, variants

EXAMPLES, STEPS = 16, 20
THRESHOLD = 5
ALARMS = ("StockLow", "StockRecovered")
T = TypeVar("T")

some = st.integers(1, 9)
variant, location, holder = st.integers(0, 1), st.integers(0, 1), st.integers(0, HOLDERS - 1)
place = st.tuples(variant, location)
lines = st.lists(st.tuples(variant, st.none() | location, some), min_size=1, max_size=3).map(tuple)
reservations = st.builds(Reserve, holder, lines)
doings: st.SearchStrategy[Doing] = st.one_of(
    st.builds(Receive, place, some),
    st.builds(
        Adjust,
        place,
        st.sampled_from([Correction.ON_HAND, Correction.DAMAGE, Correction.HOLD]),
        some | some.map(int.__neg__),
    ),
    st.builds(Adjust, place, st.just(Correction.SCRAP), some),
    reservations,
    st.builds(End, holder, st.booleans()),
    st.builds(EndPart, holder, variant, some, st.booleans()),
    st.builds(Expire),
    st.builds(Send, variant, location, some),
    st.builds(Arrive, st.none() | some),
    st.builds(Count, place, st.integers(0, 20)),
)


def machine(ctx: Context, loop: asyncio.AbstractEventLoop) -> type[RuleBasedStateMachine]:
    """Hypothesis drives from a thread of its own; what it asks for is done on the loop that has the connections."""

    def wait_for(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)

    class Shelves(RuleBasedStateMachine):
        @initialize()
        def open(self) -> None:
            self.world = wait_for(_new_world(ctx))

        @rule(doing=doings)
        def one(self, doing: Doing) -> None:
            fits = doing.fits(self.world)
            [effect] = wait_for(_all_at_once(self.world, [doing]))
            assert (effect is not None) is fits, doing

        @rule(together=st.lists(doings, min_size=2, max_size=5))
        def several_at_once(self, together: list[Doing]) -> None:
            wait_for(_all_at_once(self.world, together))

        @rule(together=st.lists(reservations, min_size=2, max_size=6))
        def several_reserve_at_once(self, together: list[Doing]) -> None:
            effects = wait_for(_all_at_once(self.world, together))
            refused = [doing for doing, effect in zip(together, effects, strict=True) if effect is None]
            assert not any(doing.fits(self.world) for doing in refused)

        @invariant()
        def the_books_are_right(self) -> None:
            if hasattr(self, "world"):
                wait_for(_check(self.world))

    return Shelves


async def _new_world(ctx: Context) -> World:
    with open_shop(ctx.shop):
        found = await variants(ctx, None, None)
        world = World(ctx, found, [await main_location(), await make.location(ctx)])
        await stock.set_limits(ctx, [Limits(each.id, at.id, THRESHOLD) for each in found for at in world.locations])
        return world


async def _all_at_once(world: World, together: list[Doing]) -> list[Any]:
    """What each did to the books; None for what was refused."""
    with open_shop(world.ctx.shop):
        # the transfer that several are about is the one that is the oldest now
        effects = await asyncio.gather(*(doing.tried(world) for doing in together))
    done = [(doing, effect) for doing, effect in zip(together, effects, strict=True) if effect is not None]
    # reservations first, for some of them may have ended since
    for _, effect in sorted(done, key=lambda each: not isinstance(each[0], Reserve)):
        effect(world)
    return effects


async def _check(world: World) -> None:
    with open_shop(world.ctx.shop):
        await assert_sound()
        assert (await stock.integrity_report(world.ctx)).is_sound
        alarms = [(name, said["stock_id"]) for name, said in await events_of(world.ctx) if name in ALARMS]
        for (v, at), row in world.books.items():
            found = await Stock.get(variant=world.variants[v], location=world.locations[at])
            assert {name: getattr(found, name) for name in BALANCES} == {name: row[name] for name in BALANCES}
            raised = alarms.count(("StockLow", str(found.id))) - alarms.count(("StockRecovered", str(found.id)))
            assert raised == int(found.is_low) == int(found.available <= THRESHOLD)


async def test_the_books_are_right_after_every_step_of_any_history(ctx: Context) -> None:
    """Issue 3: receive, reserve, release, expire, ship, adjust, transfer and count, also several of them at once."""
    built = machine(ctx, asyncio.get_running_loop())
    how = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )

    await asyncio.to_thread(run_state_machine_as_test, built, settings=how)
