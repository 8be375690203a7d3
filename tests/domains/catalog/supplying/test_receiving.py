"""Receiving: in parts, damaged, too much; closing short and cancelling; what it all comes to."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from stoa.domains.catalog import supplying
from stoa.domains.catalog.errors import (
    NoSuchPurchase,
    PurchaseStands,
    RateNeeded,
    WeightUnknown,
)
from stoa.domains.catalog.models import (
    Product,
    PurchaseOrder,
    PurchaseState,
    Receipt,
    SpreadBy,
    Variant,
)
from stoa.domains.catalog.supplying import CostDraft, Delivery, ReceivedDraft
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput, Refusals
from stoa.kit.ids import new_id
from stoa.kit.money import Money
from stoa.tenants.access import Scope
from stoa.tenants.context import Context, MissingScope
from tests import make
from tests.domains.catalog.catalogs import catalog_of, events_of
from tests.domains.catalog.supplying.books import (
    incoming,
    lines_of,
    movements_of,
    outstanding,
    rows_that_do_not_add_up,
    stock_of,
    variants_of,
)


async def state_of(order: PurchaseOrder) -> PurchaseState:
    return (await PurchaseOrder.get(id=order.id)).state


async def test_an_order_comes_in_parts_some_of_them_damaged(ctx: Context) -> None:
    supplier, [cup, pot] = await make.supplier(ctx), await variants_of(ctx)
    order = await make.purchase(ctx, supplier, [(cup, 10, 500), (pot, 4, 900)])
    [cups, pots] = await lines_of(order)

    first = await supplying.receive_purchase(
        ctx, order.id, Delivery([ReceivedDraft(cups.id, 6, damaged=2)], reference=" DN-1 ")
    )
    assert (await state_of(order), await stock_of(cup), await stock_of(pot)) == (
        PurchaseState.PART_RECEIVED,
        (6, 2, 4),
        (0, 0, 4),
    )
    second = await supplying.receive_purchase(
        ctx, order.id, Delivery([ReceivedDraft(cups.id, 4), ReceivedDraft(pots.id, 4)])
    )

    assert (await state_of(order), await stock_of(cup), await stock_of(pot)) == (
        PurchaseState.RECEIVED,
        (10, 2, 0),
        (4, 0, 0),
    )
    assert [each.received for each in await lines_of(order)] == [10, 4]
    assert (first.quantity, first.reference, second.quantity) == (6, "DN-1", 8)
    assert (await movements_of(order))[2:] == [
        ("RECEIPT", 6, 2, -6, "DN-1"),
        ("RECEIPT", 4, 0, -4, ""),
        ("RECEIPT", 4, 0, -4, ""),
    ]
    received = [payload for name, payload in await events_of(ctx) if name == "PurchaseOrderReceived"]
    assert [(each["quantity"], each["damaged"], each["complete"]) for each in received] == [(6, 2, False), (8, 0, True)]
    assert (await PurchaseOrder.get(id=order.id)).ended_at is not None


async def test_more_than_was_ordered_comes_in_only_when_somebody_says_so(ctx: Context) -> None:
    supplier, [cup, pot] = await make.supplier(ctx), await variants_of(ctx)
    order = await make.purchase(ctx, supplier, [(cup, 3, 500), (pot, 1, 500)])
    [cups, _] = await lines_of(order)
    before = await catalog_of(ctx)

    with pytest.raises(Refusals) as refused:
        await supplying.receive_purchase(ctx, order.id, Delivery([ReceivedDraft(cups.id, 5)]))

    [refusal] = refused.value.refusals
    assert (refusal.code, refusal.path) == ("OVER_RECEIPT", ("lines", 0, "quantity"))
    assert refusal.params == {"outstanding": 3, "quantity": 5}
    assert await catalog_of(ctx) == before
    await supplying.receive_purchase(ctx, order.id, Delivery([ReceivedDraft(cups.id, 5)], allow_over=True))
    await supplying.receive_purchase(ctx, order.id, Delivery([ReceivedDraft(cups.id, 1)], allow_over=True))
    assert (await stock_of(cup), await state_of(order)) == ((6, 0, 0), PurchaseState.PART_RECEIVED)
    assert await incoming() == await outstanding() == {pot.id: 1}


async def test_of_two_who_receive_the_same_at_once_one_does(ctx: Context) -> None:
    supplier, [cup, _] = await make.supplier(ctx), await variants_of(ctx)
    order = await make.purchase(ctx, supplier, [(cup, 10, 500)])
    [line] = await lines_of(order)

    answers = await asyncio.gather(
        *(supplying.receive_purchase(ctx, order.id, Delivery([ReceivedDraft(line.id, 4)])) for _ in range(5)),
        return_exceptions=True,
    )

    assert sorted(type(each).__name__ for each in answers) == ["Receipt", "Receipt", "Refusals", "Refusals", "Refusals"]
    assert await stock_of(cup) == (8, 0, 2)
    assert await rows_that_do_not_add_up() == 0


async def test_the_rest_of_an_order_can_be_given_up(ctx: Context) -> None:
    supplier, [cup, pot] = await make.supplier(ctx), await variants_of(ctx)
    order = await make.purchase(ctx, supplier, [(cup, 10, 500), (pot, 4, 900)])
    [cups, _] = await lines_of(order)
    await supplying.receive_purchase(ctx, order.id, Delivery([ReceivedDraft(cups.id, 7)]))

    await supplying.close_purchase(ctx, order.id)
    await supplying.close_purchase(ctx, order.id)

    assert await state_of(order) is PurchaseState.CLOSED
    assert (await stock_of(cup), await stock_of(pot)) == ((7, 0, 0), (0, 0, 0))
    assert sorted((await movements_of(order))[3:]) == [
        ("ORDERED", 0, 0, -4, "closed short"),
        ("ORDERED", 0, 0, -3, "closed short"),
    ]
    closed = [payload for name, payload in await events_of(ctx) if name == "PurchaseOrderClosed"]
    assert [each["short"] for each in closed] == [7]


async def test_an_order_of_which_nothing_came_is_cancelled(ctx: Context) -> None:
    supplier, [cup, _] = await make.supplier(ctx), await variants_of(ctx)
    draft = await make.purchase(ctx, supplier, [(cup, 10, 500)], placed=False)
    placed = await make.purchase(ctx, supplier, [(cup, 10, 500)])

    for order in (draft, placed, placed):
        await supplying.cancel_purchase(ctx, order.id)

    assert [await state_of(each) for each in (draft, placed)] == [PurchaseState.CANCELLED] * 2
    assert await stock_of(cup) == (0, 0, 0)
    cancelled = [payload["was_placed"] for name, payload in await events_of(ctx) if name == "PurchaseOrderCancelled"]
    assert cancelled == [False, True]


async def test_what_a_state_does_not_allow_is_refused_with_the_reason(ctx: Context) -> None:
    supplier, [cup, _] = await make.supplier(ctx), await variants_of(ctx)
    draft = await make.purchase(ctx, supplier, [(cup, 2, 500)], placed=False)
    placed = await make.purchase(ctx, supplier, [(cup, 2, 500)])
    partly = await make.purchase(ctx, supplier, [(cup, 2, 500)])
    [line] = await lines_of(partly)
    await supplying.receive_purchase(ctx, partly.id, Delivery([ReceivedDraft(line.id, 1)]))
    before = await catalog_of(ctx)

    for attempt, reason in (
        (supplying.receive_purchase(ctx, draft.id, Delivery([ReceivedDraft(line.id, 1)])), "STILL_DRAFT"),
        (supplying.close_purchase(ctx, draft.id), "STILL_DRAFT"),
        (supplying.close_purchase(ctx, placed.id), "NOTHING_RECEIVED"),
        (supplying.cancel_purchase(ctx, partly.id), "PARTLY_RECEIVED"),
    ):
        with pytest.raises(PurchaseStands) as refused:
            await attempt
        assert refused.value.params["reason"] == reason

    assert await catalog_of(ctx) == before


async def test_a_delivery_that_makes_no_sense_is_refused(ctx: Context) -> None:
    supplier, [cup, _] = await make.supplier(ctx), await variants_of(ctx)
    order = await make.purchase(ctx, supplier, [(cup, 5, 500)])
    other = await make.purchase(ctx, supplier, [(cup, 5, 500)])
    [line], [elsewhere] = await lines_of(order), await lines_of(other)
    good, before = ReceivedDraft(line.id, 1), await catalog_of(ctx)

    for lines, path in (
        ([ReceivedDraft(line.id, 0)], ("lines", 0, "quantity")),
        ([ReceivedDraft(line.id, 1, damaged=2)], ("lines", 0, "damaged")),
        ([good, good], ("lines", 1, "line_id")),
        ([good, ReceivedDraft(elsewhere.id, 1)], ("lines", 1, "line_id")),
    ):
        with pytest.raises(Refusals) as refused:
            await supplying.receive_purchase(ctx, order.id, Delivery(lines))
        assert [each.path for each in refused.value.refusals] == [path]
    for delivery, place in (
        (Delivery([]), "lines"),
        (Delivery([good], received_at=now() + timedelta(days=1)), "received_at"),
        (Delivery([good], received_at=now() - timedelta(days=1)), "received_at"),
        (Delivery([good], exchange_rate="2"), "exchange_rate"),
        (Delivery([good], reference="x" * 121), "reference"),
    ):
        with pytest.raises(InvalidInput) as invalid:
            await supplying.receive_purchase(ctx, order.id, delivery)
        assert invalid.value.path == (place,)

    assert await catalog_of(ctx) == before


async def test_freight_and_duty_are_spread_over_the_lines(ctx: Context) -> None:
    """By value: 20.00 over 30.00 and 36.00 is 9.09 and 10.91; nothing is lost."""
    supplier, [cup, pot] = await make.supplier(ctx), await variants_of(ctx)
    order = await make.purchase(ctx, supplier, [(cup, 6, 500), (pot, 4, 900)])
    [cups, pots] = await lines_of(order)

    receipt = await supplying.receive_purchase(
        ctx,
        order.id,
        Delivery(
            [ReceivedDraft(cups.id, 6), ReceivedDraft(pots.id, 4)],
            costs=[CostDraft(" Freight ", Money(1500, "EUR")), CostDraft("Duty", Money(500, "EUR"))],
        ),
    )

    kept = await Receipt.get(id=receipt.id)
    assert kept.costs == [{"name": "Freight", "minor": 1500}, {"name": "Duty", "minor": 500}]
    assert [(each["goods_minor"], each["costs_minor"]) for each in kept.lines] == [(3000, 909), (3600, 1091)]
    assert (kept.currency, kept.exchange_rate, kept.spread_by) == ("EUR", None, SpreadBy.VALUE)


async def test_a_delivery_counts_in_the_cost_of_variants_when_asked(ctx: Context) -> None:
    """(10 on hand x 4.00 + 6 x 5.00 + 2.00 freight) / 16 = 4.50; one that had no cost takes the delivery's."""
    product = await make.product(ctx, variants=({"on_hand": 10, "cost_minor": 400}, {"on_hand": 10}))
    [cup, pot] = await Variant.filter(product_id=product.id).order_by("position")
    supplier = await make.supplier(ctx)
    order = await make.purchase(ctx, supplier, [(cup, 12, 500), (pot, 3, 100)])
    [cups, pots] = await lines_of(order)
    lines = [ReceivedDraft(cups.id, 6, damaged=1), ReceivedDraft(pots.id, 3)]
    freight = [CostDraft("Freight", Money(220, "EUR"))]

    await supplying.receive_purchase(
        ctx, order.id, Delivery(lines, costs=freight, update_costs=True, spread_by=SpreadBy.VALUE)
    )

    changed = [await Variant.get(id=each.id) for each in (cup, pot)]
    assert [(each.cost_minor, each.version) for each in changed] == [(450, 2), (107, 2)]
    assert (await Product.get(id=product.id)).version == 2
    edited = [payload for name, payload in await events_of(ctx) if name == "ProductEdited"]
    assert [(each["product_id"], each["changed"]) for each in edited] == [(str(product.id), ["variants.cost"])]
    await supplying.receive_purchase(ctx, order.id, Delivery([ReceivedDraft(cups.id, 6)]))
    assert (await Variant.get(id=cup.id)).cost_minor == 450


async def test_costs_of_a_delivery_need_the_right_to_see_costs(ctx: Context) -> None:
    supplier, [cup, _] = await make.supplier(ctx), await variants_of(ctx)
    order = await make.purchase(ctx, supplier, [(cup, 5, 500)])
    [line] = await lines_of(order)
    clerk = await make.context(ctx.shop, scopes=frozenset({Scope.CATALOG_WRITE}))
    lines, before = [ReceivedDraft(line.id, 1)], await catalog_of(ctx)

    for delivery in (
        Delivery(lines, update_costs=True),
        Delivery(lines, costs=[CostDraft("Freight", Money(1, "EUR"))]),
    ):
        with pytest.raises(MissingScope):
            await supplying.receive_purchase(clerk, order.id, delivery)

    assert await catalog_of(ctx) == before
    await supplying.receive_purchase(clerk, order.id, Delivery(lines))


async def test_goods_paid_in_another_currency_are_valued_in_the_shops(ctx: Context) -> None:
    supplier, [cup, _] = await make.supplier(ctx, currency="CNY"), await variants_of(ctx)
    order = await make.purchase(ctx, supplier, [(cup, 9, 1000)])
    [line] = await lines_of(order)
    lines, before = [ReceivedDraft(line.id, 3)], await catalog_of(ctx)
    duty = [CostDraft("Duty", Money(100, "EUR")), CostDraft("Freight", Money(800, "CNY"))]

    for delivery in (Delivery(lines, update_costs=True), Delivery(lines, costs=duty)):
        with pytest.raises(RateNeeded):
            await supplying.receive_purchase(ctx, order.id, delivery)
    assert await catalog_of(ctx) == before
    receipt = await supplying.receive_purchase(
        ctx, order.id, Delivery(lines, costs=duty, exchange_rate="0.125", update_costs=True)
    )

    assert (receipt.currency, receipt.exchange_rate) == ("EUR", "0.125")
    assert receipt.costs == [{"name": "Duty", "minor": 100}, {"name": "Freight", "minor": 100}]
    assert [(each["goods_minor"], each["costs_minor"]) for each in receipt.lines] == [(375, 200)]
    assert (await Variant.get(id=cup.id)).cost_minor == 192
    without = await supplying.receive_purchase(ctx, order.id, Delivery(lines))
    assert (without.currency, without.lines[0]["goods_minor"]) == ("CNY", 3000)


async def test_costs_are_spread_by_weight_only_when_all_of_it_is_known(ctx: Context) -> None:
    supplier = await make.supplier(ctx)
    [cup] = await variants_of(ctx, 1, weight_grams=100)
    [pot] = await variants_of(ctx, 1)
    order = await make.purchase(ctx, supplier, [(cup, 5, 500), (pot, 5, 500)])
    lines = [ReceivedDraft(each.id, 5) for each in await lines_of(order)]
    delivery = Delivery(lines, costs=[CostDraft("Freight", Money(400, "EUR"))], spread_by=SpreadBy.WEIGHT)
    before = await catalog_of(ctx)

    with pytest.raises(WeightUnknown):
        await supplying.receive_purchase(ctx, order.id, delivery)
    assert await catalog_of(ctx) == before
    await Variant.filter(id=pot.id).update(weight_grams=300)
    receipt = await supplying.receive_purchase(ctx, order.id, delivery)

    assert [each["costs_minor"] for each in receipt.lines] == [100, 300]


async def test_a_strangers_order_is_not_found(ctx: Context, other_ctx: Context) -> None:
    theirs, [their_cup] = await make.supplier(other_ctx), await variants_of(other_ctx, 1)
    their_order = await make.purchase(other_ctx, theirs, [(their_cup, 1, 1)])
    before = await catalog_of(other_ctx)

    for id in (their_order.id, new_id()):
        with pytest.raises(NoSuchPurchase):
            await supplying.receive_purchase(ctx, id, Delivery([ReceivedDraft(new_id(), 1)]))

    assert await catalog_of(other_ctx) == before
