"""Edits of orders: what stays keeps its price, what is new is priced now, the stock follows, all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.domains import orders
from stoa.domains.catalog.errors import NotEnoughStock
from stoa.domains.catalog.models import Reservation, Stock, Variant
from stoa.domains.orders import DiscountDraft, LineDraft, errors
from stoa.domains.orders.editing import NewQuantity, OrderEdit, Shortage, edit_order, preview_edit
from stoa.domains.orders.editing.errors import NothingLeft, TooFewPieces
from stoa.domains.orders.editing.replanning import replan
from stoa.domains.orders.errors import NoSuchLine, NoSuchOrder, NotNow, OrderChanged
from stoa.domains.orders.models import Order, OrderLine, OrderState, OrderTransition, PaymentState, ShippingMethod
from stoa.kit import clock
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput, Refusals
from stoa.kit.ids import new_id
from stoa.kit.money import Money
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.domains.catalog.catalogs import events_of


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


async def lines_of(order: Order) -> list[OrderLine]:
    return await OrderLine.filter(order_id=order.id).order_by("position")


async def reserved(*variants: Variant) -> list[int]:
    return [(await Stock.get(variant=each)).reserved for each in variants]


async def everything(ctx: Context) -> list[Any]:
    rows = [
        await each.all().order_by("id").values() for each in (Order, OrderLine, OrderTransition, Reservation, Stock)
    ]
    return [*rows, await events_of(ctx)]


async def two_lines(ctx: Context, **draft: Any) -> tuple[Order, Variant, Variant]:
    """3 cups at 3.33 with 1.00 off (8.99), 1 jug at 10.00, delivery 4.90: 23.89."""
    cup = await make.sold(ctx, price_minor=333, sku="CUP", cost_minor=100)
    jug = await make.sold(ctx, price_minor=1000, sku="JUG", cost_minor=400)
    off = [DiscountDraft("Sale", eur(100), line=0)]
    order = await make.order(ctx, [(cup, 3), (jug, 1)], discounts=off, shipping=eur(490), **draft)
    return order, cup, jug


async def test_pieces_come_and_go_at_what_they_were_worth(ctx: Context) -> None:
    """899 for 3 pieces: 299 each, the last with 2 more. Prices of today do not matter."""
    order, cup, jug = await two_lines(ctx)
    [cups, jugs] = await lines_of(order)
    await Variant.all().update(price_minor=9999)

    fewer = await edit_order(ctx, order.id, OrderEdit([NewQuantity(cups.id, 2)]), expected_version=1)
    assert (fewer.subtotal_minor, fewer.discount_minor, fewer.total_minor) == (1666, 68, 598 + 1000 + 490)
    assert await reserved(cup, jug) == [2, 1]

    more = await edit_order(ctx, order.id, OrderEdit([NewQuantity(cups.id, 5), NewQuantity(jugs.id, 2)]))
    [cups, jugs] = await lines_of(order)
    assert (cups.quantity, cups.total_minor, cups.discount_minor) == (5, 5 * 299, 5 * 333 - 5 * 299)
    assert (jugs.quantity, jugs.total_minor, jugs.discount_minor) == (2, 2000, 0)
    assert (more.total_minor, more.version) == (5 * 299 + 2000 + 490, 3)
    assert await reserved(cup, jug) == [5, 2]
    assert more.pricing[-1] == {"step": "EDIT", "title": "", "base_minor": 2088, "minor": 1897}


async def test_lines_come_at_todays_price_and_go(ctx: Context) -> None:
    order, cup, jug = await two_lines(ctx)
    [cups, jugs] = await lines_of(order)
    pot = await make.sold(ctx, price_minor=2500, sku="POT")

    edit = OrderEdit([NewQuantity(cups.id, 0)], [LineDraft(2, pot.id), LineDraft(1, title="Wrap", unit_price=eur(50))])
    edited = await edit_order(ctx, order.id, edit)

    lines = await lines_of(order)
    assert [(each.sku, each.position, each.quantity, each.total_minor) for each in lines] == [
        ("JUG", 1, 1, 1000),
        ("POT", 2, 2, 5000),
        ("", 3, 1, 50),
    ]
    assert edited.total_minor == 1000 + 5000 + 50 + 490
    assert await reserved(cup, jug, pot) == [0, 1, 2]
    told = [each for name, each in await events_of(ctx) if name == "OrderEdited"]
    assert [(each["field"], each["old"], each["new"], each["label"]) for each in told[0]["changes"]] == [
        ("line.quantity", "3", "0", "CUP"),
        ("line.quantity", None, "2", "POT"),
        ("line.quantity", None, "1", "Wrap"),
    ]
    assert (told[0]["total_before"], told[0]["total_minor"]) == (2389, 6540)


async def test_address_delivery_and_note(ctx: Context) -> None:
    order, *_ = await two_lines(ctx, shipping_address={"name": "Zeno", "city": "Kition"})
    method = await ShippingMethod.get(code="post")
    edit = OrderEdit(
        shipping_address={"name": "Cleanthes", "country": "gr"},
        shipping_method_id=method.id,
        shipping=eur(990),
        note="Ring twice",
    )

    edited = await edit_order(ctx, order.id, edit)
    again = await edit_order(ctx, order.id, edit)

    assert edited.shipping_address == {"name": "Cleanthes", "country": "GR"}
    assert (edited.shipping_minor, edited.total_minor, edited.note) == (990, 2889, "Ring twice")
    assert (edited.version, again.version) == (2, 2)
    assert "cleanthes" in edited.search_text
    [told] = [each for name, each in await events_of(ctx) if name == "OrderEdited"]
    assert {each["field"]: (each["old"], each["new"]) for each in told["changes"]} == {
        "shipping": ("4.90 EUR", "9.90 EUR"),
        "shipping_address": ('{"city": "Kition", "name": "Zeno"}', '{"name": "Cleanthes", "country": "GR"}'),
        "shipping_method": (None, "post"),
        "note": (None, "Ring twice"),
    }


async def test_what_is_owed_after_an_edit(ctx: Context) -> None:
    order, cup, _ = await two_lines(ctx)
    [cups, jugs] = await lines_of(order)
    await orders.record_payment(ctx, order.id, orders.PaymentReport("bank", eur(2389)))

    cheaper = await preview_edit(ctx, order.id, OrderEdit([NewQuantity(jugs.id, 0)]))
    dearer = await preview_edit(ctx, order.id, OrderEdit([NewQuantity(jugs.id, 3)]))
    edited = await edit_order(ctx, order.id, OrderEdit([NewQuantity(jugs.id, 3)]))

    assert (cheaper.total, cheaper.to_pay, cheaper.to_give_back) == (1389, 0, 1000)
    assert (dearer.total, dearer.to_pay, dearer.to_give_back) == (4389, 2000, 0)
    assert (edited.total_minor, edited.payment_state) == (4389, PaymentState.PART_PAID)


async def test_a_free_order_may_come_to_cost_something(ctx: Context) -> None:
    gift = await make.sold(ctx, price_minor=0)
    order = await make.order(ctx, [(gift, 1)])
    assert order.payment_state is PaymentState.PAID

    edited = await edit_order(ctx, order.id, OrderEdit(shipping=eur(500)))

    assert (edited.total_minor, edited.payment_state) == (500, PaymentState.UNPAID)


async def test_a_preview_tells_differences_shortage_and_margin_and_changes_nothing(ctx: Context) -> None:
    order, cup, jug = await two_lines(ctx)
    [cups, jugs] = await lines_of(order)
    before = await everything(ctx)

    edit = OrderEdit([NewQuantity(cups.id, 12), NewQuantity(jugs.id, 0)], [LineDraft(1, jug.id)])
    seen = await preview_edit(ctx, order.id, edit)

    assert await everything(ctx) == before
    assert [(each.sku, each.quantity_before, each.quantity, each.total_before, each.total) for each in seen.lines] == [
        ("CUP", 3, 12, 899, 899 + 9 * 299),
        ("JUG", 1, 0, 1000, 0),
        ("JUG", 0, 1, 0, 1000),
    ]
    assert seen.short == [Shortage(cup.id, "CUP", 9, 7)]
    assert (seen.total_before, seen.total) == (2389, 899 + 9 * 299 + 1000 + 490)
    assert (seen.margin_before, seen.margin) == (899 + 1000 - 700, 899 + 9 * 299 + 1000 - 12 * 100 - 400)
    unknown = await preview_edit(ctx, order.id, OrderEdit(added=[LineDraft(1, title="Wrap", unit_price=eur(50))]))
    assert (unknown.margin_before, unknown.margin) == (1199, None)


async def test_what_the_preview_says_is_what_the_edit_makes(ctx: Context) -> None:
    order, _, jug = await two_lines(ctx)
    [cups, jugs] = await lines_of(order)
    edit = OrderEdit([NewQuantity(cups.id, 7)], [LineDraft(2, jug.id)], shipping=eur(100))

    seen = await preview_edit(ctx, order.id, edit)
    edited = await edit_order(ctx, order.id, edit)

    assert (seen.subtotal, seen.discount, seen.shipping, seen.tax, seen.total) == (
        edited.subtotal_minor,
        edited.discount_minor,
        edited.shipping_minor,
        edited.tax_minor,
        edited.total_minor,
    )


async def test_too_little_stock_leaves_all_as_it_was(ctx: Context) -> None:
    order, cup, jug = await two_lines(ctx)
    [cups, jugs] = await lines_of(order)
    before = await everything(ctx)

    for edit, path in (
        (OrderEdit([NewQuantity(cups.id, 20), NewQuantity(jugs.id, 0)], note="x"), ("quantities",)),
        (OrderEdit([NewQuantity(cups.id, 1)], [LineDraft(10, jug.id)]), ("added", 0)),
    ):
        with pytest.raises(Refusals) as refused:
            await edit_order(ctx, order.id, edit)
        [short] = refused.value.refusals
        assert (type(short), short.path) == (NotEnoughStock, path)

    assert await everything(ctx) == before


async def test_stock_is_followed_as_long_as_it_is_held(ctx: Context) -> None:
    """Confirmed: for good. Of a draft nothing is held, nor of an order that should have been paid by now."""
    order, cup, _ = await two_lines(ctx)
    draft = await make.order(ctx, [(cup, 1)], as_draft=True)
    late = await make.order(ctx, [(cup, 1)])
    await orders.confirm_order(ctx, order.id)

    for each in (order, draft):
        await edit_order(ctx, each.id, OrderEdit([NewQuantity((await lines_of(each))[0].id, 4)]))
    with clock.set_to(late.pay_by or now()):
        await edit_order(ctx, late.id, OrderEdit([NewQuantity((await lines_of(late))[0].id, 2)]))

    assert await reserved(cup) == [4 + 1]
    held = await Reservation.filter(holder_id=order.id, state="HELD", expires_at__isnull=False).count()
    assert held == 0


@pytest.mark.parametrize("state", [OrderState.CANCELLED, OrderState.COMPLETED, OrderState.EXPIRED])
async def test_an_order_that_has_ended_is_not_edited(ctx: Context, state: OrderState) -> None:
    order, *_ = await two_lines(ctx)
    await Order.filter(id=order.id).update(state=state)
    before = await everything(ctx)

    for doing in (edit_order, preview_edit):
        with pytest.raises(NotNow):
            await doing(ctx, order.id, OrderEdit(note="late"))  # type: ignore[operator]

    assert await everything(ctx) == before


async def test_what_was_shipped_or_packed_is_not_edited(ctx: Context) -> None:
    order, cup, _ = await two_lines(ctx)
    await orders.confirm_order(ctx, order.id)
    await OrderLine.filter(order_id=order.id, sku="CUP").update(shipped=1)
    before = await everything(ctx)

    with pytest.raises(NotNow) as refused:
        await edit_order(ctx, order.id, OrderEdit(note="late"))

    assert refused.value.params["reason"] == "ALREADY_SHIPPED"
    assert await everything(ctx) == before


async def test_what_an_edit_cannot_say(ctx: Context) -> None:
    order, cup, jug = await two_lines(ctx)
    [cups, jugs] = await lines_of(order)
    other, *_ = await make.order(ctx), None
    [theirs] = await lines_of(other)
    await orders.cancel_order(ctx, order.id, lines=[orders.Pieces(cups.id, 1)])
    await OrderLine.filter(id=cups.id).update(refunded=1)
    before = await everything(ctx)
    wrong: Sequence[tuple[OrderEdit, type[Exception], tuple[str | int, ...]]] = [
        (OrderEdit([NewQuantity(theirs.id, 1)]), NoSuchLine, ("quantities", 0, "line_id")),
        (OrderEdit([NewQuantity(cups.id, -1)]), InvalidInput, ("quantities", 0, "quantity")),
        (OrderEdit([NewQuantity(cups.id, 0)]), TooFewPieces, ("quantities", 0, "quantity")),
        (OrderEdit([NewQuantity(cups.id, 1), NewQuantity(cups.id, 2)]), InvalidInput, ("quantities", 1, "line_id")),
        (OrderEdit(added=[LineDraft(0, jug.id)]), InvalidInput, ("added", 0, "quantity")),
        (OrderEdit(added=[LineDraft(1, new_id())]), errors.NotSellable, ("added", 0)),
        (OrderEdit(shipping=eur(-1)), InvalidInput, ("shipping",)),
        (OrderEdit(shipping=Money(1, "CNY")), errors.WrongCurrency, ("shipping",)),
        (OrderEdit(shipping_address={"planet": "x"}), InvalidInput, ("shipping_address", "planet")),
    ]
    for edit, kind, path in wrong:
        with pytest.raises(Refusals) as refused:
            await edit_order(ctx, order.id, edit)
        [each] = refused.value.refusals
        assert (type(each), each.path) == (kind, path)
    with pytest.raises(OrderChanged):
        await edit_order(ctx, order.id, OrderEdit(note="x"), expected_version=1)
    assert await everything(ctx) == before


async def test_an_order_of_nothing_is_cancelled_instead(ctx: Context) -> None:
    order, *_ = await two_lines(ctx)
    nothing = OrderEdit([NewQuantity(each.id, 0) for each in await lines_of(order)])
    before = await everything(ctx)

    with pytest.raises(NothingLeft):
        await edit_order(ctx, order.id, nothing)

    assert await everything(ctx) == before


async def test_pieces_that_were_cancelled_stay_on_their_line(ctx: Context) -> None:
    order, cup, _ = await two_lines(ctx)
    [cups, _] = await lines_of(order)
    await orders.cancel_order(ctx, order.id, lines=[orders.Pieces(cups.id, 1)])

    edited = await edit_order(ctx, order.id, OrderEdit([NewQuantity(cups.id, 0)]))

    [cups, _] = await lines_of(order)
    assert (cups.quantity, cups.cancelled, cups.total_minor, cups.gone_minor) == (1, 1, 299, 299)
    assert edited.total_minor - edited.waived_minor == 1000 + 490
    assert await reserved(cup) == [0]


async def test_a_strangers_order_is_not_found(ctx: Context, other_ctx: Context) -> None:
    theirs = await make.order(other_ctx)

    for doing in (edit_order, preview_edit):
        with pytest.raises(NoSuchOrder):
            await doing(ctx, theirs.id, OrderEdit(note="mine"))  # type: ignore[operator]

    with open_shop(other_ctx.shop):
        assert (await Order.get(id=theirs.id)).note == ""


@given(
    unit=st.integers(0, 2000),
    quantity=st.integers(1, 30),
    off=st.integers(0, 5000),
    tax=st.integers(0, 999),
    included=st.booleans(),
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=4),
)
def test_a_resized_line_adds_up(unit: int, quantity: int, off: int, tax: int, included: bool, sizes: list[int]) -> None:
    """Whatever the edits: no discount below nothing, and each piece that stays is worth what it was."""
    discount = min(off, unit * quantity)
    total = unit * quantity - discount + (0 if included else tax)
    order = Order(number=1, tax_included=included, waived_minor=0)
    line = OrderLine(
        quantity=quantity, unit_minor=unit, discount_minor=discount, tax_minor=tax, total_minor=total, sku="", title=""
    )
    each = total // quantity
    for size in sizes:
        plan, problems = replan(order, [line], [NewQuantity(line.id, size)])
        assert problems == []
        assert line.quantity == size
        assert line.total_minor == unit * size - line.discount_minor + (0 if included else line.tax_minor)
        assert line.discount_minor >= 0
        assert line.total_minor // size == each
