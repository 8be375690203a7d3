"""Bundles at every door of the stock: they have none of their own, and their parts are reserved and leave together."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tortoise.exceptions import IntegrityError

from stoa.domains import catalog
from stoa.domains.catalog import stock, supplying
from stoa.domains.catalog.errors import (
    IsABundle,
    LocationClosed,
    NoSuchLocation,
    NotEnoughStock,
    NotReserved,
    ReservationDiffers,
    StillStocked,
)
from stoa.domains.catalog.models import (
    Location,
    MovementKind,
    Product,
    Reservation,
    ReservationState,
    Stock,
    StockMovement,
    Variant,
)
from stoa.domains.catalog.stock import Adjustment, Demand, Holder, Limits, Move
from stoa.domains.catalog.stock.setting import set_on_hand
from stoa.domains.catalog.supplying.drafting import LineDraft, PurchaseDraft
from stoa.kit.clock import now
from stoa.kit.errors import Refusal, Refusals
from stoa.kit.ids import new_id
from stoa.kit.money import Money
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_transaction
from tests import make
from tests.domains.catalog.stock.shelves import assert_sound, balances, books, main_location, put


async def one(ctx: Context, on_hand: int | None = 0) -> Variant:
    """A variant, the only one of its product."""
    row = await make.product(ctx, variants=({"on_hand": on_hand},))
    return await Variant.get(product_id=row.id)


async def kit_of(ctx: Context, parts: Mapping[UUID, int]) -> Variant:
    kit = await one(ctx)
    await catalog.set_parts(ctx, kit.id, parts)
    return kit


def cart() -> Holder:
    return Holder("cart", new_id())


def said(error: Refusal | Refusals) -> list[tuple[type[Refusal], tuple[str | int, ...]]]:
    refusals = error.refusals if isinstance(error, Refusals) else [error]
    return [(type(each), each.path) for each in refusals]


async def test_nobody_moves_the_stock_of_a_bundle(ctx: Context) -> None:
    cup = await one(ctx, 5)
    kit, main, other = await kit_of(ctx, {cup.id: 2}), await main_location(), await make.location(ctx)
    count = await stock.open_count(ctx, main.id)
    supplier = await make.supplier(ctx)
    before = await books(ctx)
    lines = [(cup.id, 1), (kit.id, 1)]
    order = PurchaseDraft(supplier.id, [LineDraft(kit.id, 3, Money(100, "EUR"))])

    for refused in (
        stock.start_transfer(ctx, main.id, other.id, lines),
        stock.record_counts(ctx, count.id, lines),
        stock.set_limits(ctx, [Limits(cup.id, threshold=1), Limits(kit.id, threshold=1)]),
    ):
        with pytest.raises((IsABundle, Refusals)) as error:
            await refused
        assert said(error.value) == [(IsABundle, ("lines", 1, "variant_id"))]
    with pytest.raises(Refusals) as error:
        await supplying.create_purchase(ctx, order)
    assert said(error.value) == [(IsABundle, ("lines", 0, "variant_id"))]
    with pytest.raises(IsABundle) as one_error:
        async with shop_transaction():
            await stock.move(ctx, [Move(kit.id, kind=MovementKind.RECEIPT, on_hand=1)])
    assert one_error.value.message == f"{kit.sku} is a bundle and has no stock of its own: move that of its parts."
    with pytest.raises(IsABundle):
        async with shop_transaction():
            await set_on_hand(ctx, {kit.id: 1})

    assert await books(ctx) == before


async def test_of_adjustments_only_that_of_the_bundle_is_refused(ctx: Context) -> None:
    cup = await one(ctx, 5)
    kit = await kit_of(ctx, {cup.id: 2})

    done = await stock.adjust(ctx, [Adjustment(kit.id, quantity=1), Adjustment(cup.id, quantity=1)], reason="found")

    assert isinstance(done[0].refusal, IsABundle)
    assert done[0].refusal.path == ("lines", 0, "variant_id")
    assert done[1].refusal is None
    assert await balances(cup) == {"on_hand": 6}
    assert await balances(kit) == {}


async def test_the_database_itself_refuses_it(ctx: Context) -> None:
    cup = await one(ctx, 5)
    kit = await kit_of(ctx, {cup.id: 2})
    row = await Stock.get(variant=kit)

    with pytest.raises(IntegrityError) as refused:
        await StockMovement.create(stock=row, kind="ADJUSTMENT", on_hand=1, actor_kind="system", happened_at=now())

    assert isinstance(refused.value.args[0], asyncpg.RestrictViolationError)
    assert refused.value.args[0].constraint_name == "bundle_has_no_stock"
    assert await balances(kit) == {}


@pytest.mark.parametrize("has_row", [True, False])
async def test_what_becomes_a_bundle_while_stock_comes_is_one_or_the_other(ctx: Context, has_row: bool) -> None:
    """Twenty at once, half of them with a row of stock to begin with: never a bundle with stock."""
    cup = await one(ctx, 5)
    kits = [await one(ctx, 0 if has_row else None) for _ in range(10)]

    async def become(kit: Variant) -> None:
        with open_shop(ctx.shop):
            await catalog.set_parts(ctx, kit.id, {cup.id: 1})

    async def receive(kit: Variant) -> None:
        with open_shop(ctx.shop):
            async with shop_transaction():
                await stock.move(ctx, [Move(kit.id, on_hand=1)])

    tasks = [do(kit) for kit in kits for do in (become, receive)]
    ended = await asyncio.gather(*tasks, return_exceptions=True)

    assert {type(each) for each in ended} <= {type(None), IsABundle, StillStocked}
    assert sum(each is None for each in ended) == len(kits)
    for kit in kits:
        is_bundle = (await Product.get(variants__id=kit.id)).is_bundle
        there = await Stock.get_or_none(variant=kit)
        assert (there.on_hand if there else 0) == (0 if is_bundle else 1)


async def test_reserving_a_bundle_reserves_its_parts(ctx: Context) -> None:
    """P6: and what two lines ask of one row is summed up."""
    cup, pot = await one(ctx, 10), await one(ctx, 3)
    kit = await kit_of(ctx, {cup.id: 4, pot.id: 1})
    holder = cart()

    await stock.reserve(ctx, holder, [Demand(kit.id, 1), Demand(cup.id, 1), Demand(kit.id, 1)])

    assert await balances(cup) == {"on_hand": 10, "reserved": 9}
    assert await balances(pot) == {"on_hand": 3, "reserved": 2}
    assert await balances(kit) == {}
    rows = await Reservation.filter(holder_id=holder.id).order_by("number").values_list("quantity", "bundle_id")
    assert sorted(rows, key=str) == sorted([(8, kit.id), (1, None), (2, kit.id)], key=str)
    await assert_sound()


async def test_bundles_that_are_short_reserve_nothing(ctx: Context) -> None:
    cup, pot = await one(ctx, 10), await one(ctx, 3)
    kit, couple = await kit_of(ctx, {cup.id: 4, pot.id: 1}), await kit_of(ctx, {cup.id: 2})
    before = await books(ctx)

    with pytest.raises(Refusals) as refused:
        await stock.reserve(ctx, cart(), [Demand(couple.id, 2), Demand(kit.id, 1), Demand(kit.id, 1)])
    assert [(each.path, each.params["left"]) for each in refused.value.refusals] == [(("lines", 0), 1)]
    assert refused.value.refusals[0].message == f"{couple.sku}: 1 left, 2 wanted."

    with pytest.raises(Refusals) as refused:
        await stock.reserve(ctx, cart(), [Demand(couple.id, 1), Demand(cup.id, 9)])
    assert said(refused.value) == [(NotEnoughStock, ("lines", 1))]
    with pytest.raises(Refusals) as refused:
        await stock.reserve(ctx, cart(), [Demand(couple.id, 1, new_id())])
    assert said(refused.value) == [(NoSuchLocation, ("lines", 0, "location_id"))]
    closed = await make.location(ctx)
    await Location.filter(id=closed.id).update(is_active=False)
    with pytest.raises(Refusals) as refused:
        await stock.reserve(ctx, cart(), [Demand(couple.id, 1, closed.id)])
    assert said(refused.value) == [(LocationClosed, ("lines", 0, "location_id"))]

    assert {**await books(ctx), "location": before["location"]} == before


async def test_the_parts_of_one_bundle_come_from_one_place(ctx: Context) -> None:
    cup, pot, other = await one(ctx, 3), await one(ctx, 5), await make.location(ctx)
    await put(ctx, cup, other, 5)
    await put(ctx, pot, other, 1)
    kit = await kit_of(ctx, {cup.id: 2, pot.id: 1})
    holder = cart()

    with pytest.raises(Refusals) as refused:
        await stock.reserve(ctx, holder, [Demand(kit.id, 3)])  # 8 cups and 6 pots, but 1 and 1 at a place
    assert refused.value.refusals[0].params["left"] == 2
    await stock.reserve(ctx, holder, [Demand(kit.id, 2)])

    assert (await balances(cup), await balances(pot)) == (
        {"on_hand": 3, "reserved": 2},
        {"on_hand": 5, "reserved": 1},
    )
    assert await balances(cup, other) == {"on_hand": 5, "reserved": 2}
    await stock.ship(ctx, holder, [Demand(kit.id, 1, other.id)])
    assert (await balances(cup, other), await balances(pot, other)) == ({"on_hand": 3}, {})
    await stock.release(ctx, holder, [Demand(kit.id, 1)])
    assert await Reservation.filter(holder_id=holder.id, state=ReservationState.HELD).count() == 0
    await assert_sound()


async def test_a_bundle_is_released_as_it_was_when_it_was_reserved(ctx: Context) -> None:
    cup, pot = await one(ctx, 20), await one(ctx, 20)
    kit, holder = await kit_of(ctx, {cup.id: 2}), cart()
    await stock.reserve(ctx, holder, [Demand(kit.id, 3), Demand(cup.id, 1)])
    await catalog.set_parts(ctx, kit.id, {cup.id: 1, pot.id: 5})
    await stock.reserve(ctx, holder, [Demand(kit.id, 1)])

    with pytest.raises(Refusals) as refused:
        await stock.release(ctx, holder, [Demand(kit.id, 5)])
    assert said(refused.value) == [(NotReserved, ("lines", 0))]
    with pytest.raises(Refusals):
        await stock.release(ctx, holder, [Demand(cup.id, 2)])  # the others are in bundles
    await stock.release(ctx, holder, [Demand(kit.id, 2)])
    assert (await balances(cup), await balances(pot)) == (
        {"on_hand": 20, "reserved": 4},
        {"on_hand": 20, "reserved": 5},
    )
    await stock.ship(ctx, holder)

    assert (await balances(cup), await balances(pot)) == ({"on_hand": 16}, {"on_hand": 15})
    await assert_sound()


async def test_the_same_request_for_a_bundle_is_done_once(ctx: Context) -> None:
    cup = await one(ctx, 20)
    kit, holder = await kit_of(ctx, {cup.id: 2}), cart()

    first = await stock.reserve(ctx, holder, [Demand(kit.id, 3)], key="checkout")
    assert await stock.reserve(ctx, holder, [Demand(kit.id, 3)], key="checkout") == first
    with pytest.raises(ReservationDiffers):
        await stock.reserve(ctx, holder, [Demand(cup.id, 3)], key="checkout")

    assert await balances(cup) == {"on_hand": 20, "reserved": 6}


async def test_many_want_bundles_and_parts_and_none_too_many_get_them(ctx: Context) -> None:
    """Complaint 1: forty buyers at once, of what there is for ten bundles."""
    cup, pot = await one(ctx, 20), await one(ctx, 10)
    kits = [await kit_of(ctx, {cup.id: 2, pot.id: 1}), await kit_of(ctx, {pot.id: 1, cup.id: 1})]

    async def buy(n: int) -> int:
        with open_shop(ctx.shop):
            await stock.reserve(ctx, cart(), [Demand(kits[n % 2].id, 1), Demand(cup.id, 1)])
            return 3 - n % 2

    ended = await asyncio.gather(*(buy(n) for n in range(40)), return_exceptions=True)

    granted = [each for each in ended if isinstance(each, int)]
    assert {type(each) for each in ended if not isinstance(each, int)} == {Refusals}
    assert await balances(cup) == {"on_hand": 20, "reserved": sum(granted)}
    assert await balances(pot) == {"on_hand": 10, "reserved": len(granted)}
    assert 18 <= sum(granted) <= 20  # nobody more would have fitted in
    await assert_sound()


COUNT = st.integers(0, 8)
LINE = st.tuples(st.integers(0, 4), st.integers(1, 3))  # which of three parts and two bundles, and how many


@settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(COUNT, min_size=3, max_size=3),
    st.lists(st.dictionaries(st.integers(0, 2), st.integers(1, 3), min_size=1), min_size=2, max_size=2),
    st.lists(st.lists(LINE, min_size=1, max_size=4), min_size=1, max_size=4),
    st.randoms(use_true_random=False),
)
async def test_what_is_granted_is_what_plain_python_grants(
    ctx: Context, there: list[int], made_of: list[dict[int, int]], carts: list[list[tuple[int, int]]], choice: Any
) -> None:
    """Bundles share parts and come beside them in a cart: granted is what fits the sum over all lines, and ending it
    line by line, in any order, leaves nothing behind."""
    parts = [await one(ctx, count) for count in there]
    kits = [await kit_of(ctx, {parts[n].id: each for n, each in one_kit.items()}) for one_kit in made_of]
    wares, left = [*parts, *kits], Counter(dict(enumerate(there)))
    granted: list[tuple[Holder, list[Demand]]] = []
    for lines in carts:
        holder, demand = cart(), [Demand(wares[n].id, count) for n, count in lines]
        needs: Counter[int] = Counter()
        for n, count in lines:
            needs.update({n: count} if n < 3 else {part: each * count for part, each in made_of[n - 3].items()})
        fits = all(left[part] >= count for part, count in needs.items())
        try:
            await stock.reserve(ctx, holder, demand)
        except Refusals:
            assert not fits
            continue
        assert fits
        left.subtract(needs)
        granted.append((holder, demand))
    assert [(await balances(part)).get("reserved", 0) for part in parts] == [there[n] - left[n] for n in range(3)]
    gone: Counter[UUID] = Counter()
    for holder, demand in granted:
        for line in choice.sample(demand, len(demand)):
            end = choice.choice([stock.release, stock.ship])
            await end(ctx, holder, [line])
            gone[line.variant_id] += line.quantity if end is stock.ship else 0
    holders = [holder.id for holder, _ in granted]
    assert await Reservation.filter(holder_id__in=holders, state=ReservationState.HELD).count() == 0
    for n, part in enumerate(parts):
        shipped = gone[part.id] + sum(gone[kit.id] * made_of[k].get(n, 0) for k, kit in enumerate(kits))
        assert await balances(part) == ({"on_hand": there[n] - shipped} if there[n] - shipped else {})
    await assert_sound()
