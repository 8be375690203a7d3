"""Purchase orders: drafted at the supplier's prices, numbered without gaps, changed until they are placed."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from stoa.domains.catalog import supplying
from stoa.domains.catalog.errors import (
    NoSuchLocation,
    NoSuchPurchase,
    NoSuchSupplier,
    PurchaseChanged,
    PurchaseStands,
)
from stoa.domains.catalog.models import Location, PurchaseOrder, PurchaseState
from stoa.domains.catalog.supplying import Delivery, LineDraft, PurchaseChanges, PurchaseDraft, ReceivedDraft
from stoa.domains.catalog.supplying.drafting import next_fit
from stoa.kit.clock import set_to
from stoa.kit.errors import InvalidInput, Refusals
from stoa.kit.ids import new_id
from stoa.kit.money import Money
from stoa.tenants.access import Scope
from stoa.tenants.context import Context, MissingScope, open_shop
from tests import make
from tests.domains.catalog.catalogs import catalog_of, events_of
from tests.domains.catalog.supplying.books import lines_of, movements_of, stock_of, variants_of


async def test_a_draft_takes_the_suppliers_newest_prices(ctx: Context) -> None:
    """F15: what is ordered costs what the supplier asks, unless something else is said."""
    supplier, [cup, pot] = await make.supplier(ctx, currency="CNY"), await variants_of(ctx)
    await make.supplier_price(ctx, supplier, cup, 500)
    await make.supplier_price(ctx, supplier, cup, 450)
    day = date(2026, 12, 24)

    order = await supplying.create_purchase(
        ctx,
        PurchaseDraft(
            supplier.id,
            [LineDraft(cup.id, 7), LineDraft(pot.id, 2, Money(900, "CNY"))],
            note=" Soon. ",
            expected_on=day,
        ),
    )

    kept = await PurchaseOrder.get(id=order.id).select_related("location")
    assert (kept.number, kept.state, kept.currency, kept.note, kept.expected_on) == (
        1,
        PurchaseState.DRAFT,
        "CNY",
        "Soon.",
        day,
    )
    assert kept.location.is_main
    assert [(each.quantity, each.cost_minor, each.currency, each.received) for each in await lines_of(order)] == [
        (7, 450, "CNY", 0),
        (2, 900, "CNY", 0),
    ]
    assert await stock_of(cup) == (0, 0, 0)
    assert (await events_of(ctx))[-1] == (
        "PurchaseOrderCreated",
        {"purchase_order_id": str(order.id), "number": 1},
    )


@pytest.mark.parametrize(
    ("quantity", "minimum", "pack", "fit"),
    [(1, 1, 1, 1), (7, 10, 1, 10), (7, 1, 5, 10), (10, 10, 5, 10), (11, 10, 5, 15), (3, 7, 4, 8), (8, 7, 4, 8)],
)
def test_the_next_quantity_that_fits(quantity: int, minimum: int, pack: int, fit: int) -> None:
    assert next_fit(quantity, minimum, pack) == fit


async def test_what_does_not_fit_packs_and_minimum_is_refused_with_a_proposal(ctx: Context) -> None:
    supplier, [cup, pot] = await make.supplier(ctx, "Kilns"), await variants_of(ctx)
    await make.supplier_price(ctx, supplier, cup, minimum_quantity=20, pack_size=6)
    lines, before = [LineDraft(cup.id, 19), LineDraft(pot.id, 1)], await catalog_of(ctx)

    with pytest.raises(Refusals) as refused:
        await supplying.create_purchase(ctx, PurchaseDraft(supplier.id, lines))

    unfit, unpriced = refused.value.refusals
    assert (unfit.code, unfit.path) == ("QUANTITY_UNFIT", ("lines", 0, "quantity"))
    assert unfit.params.items() >= {"proposed": 24, "minimum_quantity": 20, "pack_size": 6}.items()
    assert unfit.message == f"Kilns sells {cup.sku} in packs of 6, 20 at the least: order 24 instead of 19."
    assert (unpriced.code, unpriced.path) == ("NO_SUPPLIER_PRICE", ("lines", 1, "cost"))
    assert await catalog_of(ctx) == before
    order = await supplying.create_purchase(ctx, PurchaseDraft(supplier.id, lines[:1], round_up=True))
    assert [each.quantity for each in await lines_of(order)] == [24]


async def test_a_price_in_another_currency_than_the_orders_is_refused(ctx: Context) -> None:
    supplier, [cup, _] = await make.supplier(ctx, currency="CNY"), await variants_of(ctx)
    await make.supplier_price(ctx, supplier, cup)

    with pytest.raises(Refusals) as refused:
        await supplying.create_purchase(ctx, PurchaseDraft(supplier.id, [LineDraft(cup.id, 1)], currency="EUR"))

    assert [each.code for each in refused.value.refusals] == ["WRONG_CURRENCY"]
    assert await PurchaseOrder.all().count() == 0


async def test_lines_that_make_no_sense_are_refused_together(ctx: Context) -> None:
    supplier, [cup, _] = await make.supplier(ctx), await variants_of(ctx)
    before = await catalog_of(ctx)

    with pytest.raises(Refusals) as refused:
        await supplying.create_purchase(
            ctx,
            PurchaseDraft(
                supplier.id,
                [LineDraft(cup.id, 0), LineDraft(cup.id, 1), LineDraft(new_id(), 1, Money(-1, "EUR"))],
            ),
        )
    with pytest.raises(InvalidInput):
        await supplying.create_purchase(ctx, PurchaseDraft(supplier.id, [LineDraft(cup.id, 1)] * 251))

    assert [each.path for each in refused.value.refusals] == [
        ("lines", 0, "quantity"),
        ("lines", 1, "variant_id"),
        ("lines", 2, "cost"),
    ]
    assert await catalog_of(ctx) == before


async def test_a_cost_of_ones_own_needs_the_right_to_see_costs(ctx: Context) -> None:
    supplier, [cup, _] = await make.supplier(ctx), await variants_of(ctx)
    await make.supplier_price(ctx, supplier, cup)
    clerk = await make.context(ctx.shop, scopes=frozenset({Scope.CATALOG_WRITE}))
    before = await catalog_of(ctx)

    with pytest.raises(MissingScope):
        await supplying.create_purchase(clerk, PurchaseDraft(supplier.id, [LineDraft(cup.id, 1, Money(1, "EUR"))]))

    assert await catalog_of(ctx) == before
    await supplying.create_purchase(clerk, PurchaseDraft(supplier.id, [LineDraft(cup.id, 1)]))


async def test_numbers_count_up_without_gaps_whoever_orders_at_once(ctx: Context) -> None:
    """Refused ones in between, and drafts that are cancelled, leave no gap either."""
    supplier, [cup, _] = await make.supplier(ctx), await variants_of(ctx)
    good, bad = LineDraft(cup.id, 1, Money(1, "EUR")), LineDraft(new_id(), 1, Money(1, "EUR"))

    async def draft(number: int) -> None:
        order = PurchaseDraft(supplier.id, [bad if number % 3 == 0 else good])
        if number % 3 == 0:
            with pytest.raises(Refusals):
                await supplying.create_purchase(ctx, order)
        else:
            made = await supplying.create_purchase(ctx, order)
            if number % 3 == 1:
                await supplying.cancel_purchase(ctx, made.id)

    await asyncio.gather(*(draft(number) for number in range(24)))

    assert await PurchaseOrder.all().order_by("number").values_list("number", flat=True) == list(range(1, 17))


async def test_a_draft_is_changed_on_the_version_that_was_read(ctx: Context) -> None:
    supplier, [cup, pot] = await make.supplier(ctx), await variants_of(ctx)
    there = await make.location(ctx)
    order = await make.purchase(ctx, supplier, [(cup, 3, 500)], placed=False)

    await supplying.update_purchase(
        ctx,
        order.id,
        PurchaseChanges(lines=[LineDraft(pot.id, 4, Money(100, "EUR"))], location_id=there.id, note="x"),
        expected_version=1,
    )

    kept = await PurchaseOrder.get(id=order.id)
    assert (kept.version, kept.note, kept.location_id) == (2, "x", there.id)  # type: ignore[attr-defined]
    assert [(each.variant_id, each.quantity) for each in await lines_of(order)] == [(pot.id, 4)]  # type: ignore[attr-defined]
    assert (await events_of(ctx))[-1][1]["changed"] == ["note", "location_id", "lines"]
    before = await catalog_of(ctx)
    await supplying.update_purchase(
        ctx, order.id, PurchaseChanges(lines=[LineDraft(pot.id, 4, Money(100, "EUR"))], note="x")
    )
    with pytest.raises(PurchaseChanged):
        await supplying.update_purchase(ctx, order.id, PurchaseChanges(note="y"), expected_version=1)
    with pytest.raises(NoSuchLocation):
        await supplying.update_purchase(ctx, order.id, PurchaseChanges(note="y", location_id=new_id()))
    assert await catalog_of(ctx) == before


async def test_what_is_placed_is_incoming_at_its_location(ctx: Context) -> None:
    supplier, [cup, pot] = await make.supplier(ctx), await variants_of(ctx)
    there = await make.location(ctx)

    order = await make.purchase(ctx, supplier, [(cup, 3, 500), (pot, 5, 100)], location_id=there.id)

    assert (await PurchaseOrder.get(id=order.id)).state is PurchaseState.ORDERED
    assert (await stock_of(cup), await stock_of(pot)) == ((0, 0, 3), (0, 0, 5))
    assert [each.incoming for each in await there.stock.all().order_by("incoming")] == [3, 5]
    assert sorted(await movements_of(order)) == [("ORDERED", 0, 0, 3, ""), ("ORDERED", 0, 0, 5, "")]
    assert (await events_of(ctx))[-1][0] == "PurchaseOrderPlaced"


async def test_what_is_placed_is_not_changed_nor_placed_again(ctx: Context) -> None:
    supplier, [cup, _] = await make.supplier(ctx), await variants_of(ctx)
    order = await make.purchase(ctx, supplier, [(cup, 3, 500)])
    before = await catalog_of(ctx)

    for refused in (
        supplying.update_purchase(ctx, order.id, PurchaseChanges(note="x")),
        supplying.place_purchase(ctx, order.id),
    ):
        with pytest.raises(PurchaseStands) as refusal:
            await refused
        assert refusal.value.params.items() >= {"reason": "ALREADY_ORDERED", "state": "ORDERED"}.items()
        assert refusal.value.message == "Purchase order 1: It has been ordered already."

    assert await catalog_of(ctx) == before


async def test_an_empty_draft_and_one_of_a_supplier_put_aside_cannot_be_placed(ctx: Context) -> None:
    supplier, [cup, _] = await make.supplier(ctx), await variants_of(ctx)
    empty = await supplying.create_purchase(ctx, PurchaseDraft(supplier.id))
    full = await make.purchase(ctx, supplier, [(cup, 1, 1)], placed=False)
    await supplying.deactivate_supplier(ctx, supplier.id)
    before = await catalog_of(ctx)

    for order, reason in ((empty, "NO_LINES"), (full, "SUPPLIER_INACTIVE")):
        with pytest.raises(PurchaseStands) as refusal:
            await supplying.place_purchase(ctx, order.id)
        assert refusal.value.params["reason"] == reason

    assert await catalog_of(ctx) == before


async def test_of_those_who_place_it_at_once_one_does(ctx: Context) -> None:
    supplier, [cup, _] = await make.supplier(ctx), await variants_of(ctx)
    order = await make.purchase(ctx, supplier, [(cup, 3, 500)], placed=False)

    answers = await asyncio.gather(*(supplying.place_purchase(ctx, order.id) for _ in range(5)), return_exceptions=True)

    assert sorted(type(each).__name__ for each in answers) == ["PurchaseOrder"] + ["PurchaseStands"] * 4
    assert await stock_of(cup) == (0, 0, 3)


async def test_it_is_expected_when_the_supplier_says_until_one_knows_better(ctx: Context) -> None:
    """In the shop's days: in Berlin it is tomorrow already."""
    supplier, [cup, _] = await make.supplier(ctx, lead_days=10), await variants_of(ctx)
    start = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    with set_to(start):
        first = await make.purchase(ctx, supplier, [(cup, 3, 500)])
    [line] = await lines_of(first)
    with set_to(start + timedelta(days=4, hours=6)):
        await supplying.receive_purchase(ctx, first.id, Delivery([ReceivedDraft(line.id, 3)]))
    with set_to(start):
        second = await make.purchase(ctx, supplier, [(cup, 3, 500)])

    assert (first.expected_on, second.expected_on) == (date(2026, 3, 12), date(2026, 3, 7))


async def test_a_strangers_orders_suppliers_and_places_are_not_found(ctx: Context, other_ctx: Context) -> None:
    theirs, [their_cup] = await make.supplier(other_ctx), await variants_of(other_ctx, 1)
    their_order = await make.purchase(other_ctx, theirs, [(their_cup, 1, 1)], placed=False)
    with open_shop(other_ctx.shop):
        their_place = await Location.get(is_main=True)
    mine = await make.supplier(ctx)
    before = await catalog_of(other_ctx), await catalog_of(ctx)

    with pytest.raises(NoSuchSupplier):
        await supplying.create_purchase(ctx, PurchaseDraft(theirs.id))
    with pytest.raises(NoSuchLocation):
        await supplying.create_purchase(ctx, PurchaseDraft(mine.id, location_id=their_place.id))
    with pytest.raises(Refusals) as refused:
        await supplying.create_purchase(ctx, PurchaseDraft(mine.id, [LineDraft(their_cup.id, 1, Money(1, "EUR"))]))
    for attempt in (
        supplying.update_purchase(ctx, their_order.id, PurchaseChanges(note="x")),
        supplying.place_purchase(ctx, their_order.id),
        supplying.cancel_purchase(ctx, their_order.id),
        supplying.close_purchase(ctx, their_order.id),
    ):
        with pytest.raises(NoSuchPurchase):
            await attempt

    assert [each.code for each in refused.value.refusals] == ["VARIANT_NOT_FOUND"]
    assert (await catalog_of(other_ctx), await catalog_of(ctx)) == before
