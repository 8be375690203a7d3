"""What came back: off the order it stands on, or as a return whose order is not known. The totals come out."""

from __future__ import annotations

from datetime import UTC, datetime

from stoa.domains.orders.models import AftersaleCase, Order, Payment, Refund
from stoa.domains.service.models import Customer
from stoa.tenants.context import Context
from tests.domains.orders.importing.files import HEADER, LINES, everything, imported, lines_of, order_of, table

WITHOUT_NUMBER = {field: column for field, column in LINES.items() if field != "order"}
RETURNS = table(
    ("", "HEART", "White hanging heart", "-2", "2010-12-02 09:41", "2.55", "17850", "United Kingdom"),
    ("", "", "Discount", "-1", "2010-12-02 09:41", "27.50", "17850", "United Kingdom"),
    ("", "LAMP", "Metal lantern", "-1", "2010-12-03 10:24", "3.39", "", "France"),
    header=HEADER,
)


async def test_a_return_without_its_order_is_kept_with_what_was_given_back(ctx: Context) -> None:
    """O14, O15: lines of one buyer at one time are one return; it is never a sale, and what it was worth is a refund."""
    run = await imported(ctx, RETURNS, mapping=WITHOUT_NUMBER)

    assert (run.products_created, run.made) == (2, {"returns": 2, "lines": 3, "customers": 1, "guests": 1})
    first, second = await Order.all().order_by("placed_at")
    assert (first.channel, first.state, first.payment_state, first.aftersale_state) == (
        "returns",
        "CANCELLED",
        "REFUNDED",
        "CLOSED",
    )
    assert first.external_id == "till/returned 2010-12-02T08:41Z 17850 United Kingdom"
    assert first.end_reason == "A return; its order is not known."
    assert (first.total_minor, first.captured_minor, first.refunded_minor) == (3260, 3260, 3260)
    heart, discount = await lines_of(first)
    assert (heart.quantity, heart.returned, heart.refunded, heart.refunded_minor) == (2, 2, 2, 510)
    assert (discount.title, discount.refunded_minor) == ("Discount", 2750)
    case = await AftersaleCase.get(order_id=first.id)
    refund = await Refund.get(order_id=first.id)
    assert (case.kind, case.state, case.refund_minor) == ("RETURN_REFUND", "CLOSED", 3260)
    assert [(each["quantity"], each["received"], each["restocked"]) for each in case.lines] == [(2, 2, 0), (1, 1, 0)]
    assert (refund.case_id, refund.state, refund.amount_minor, refund.parts) == (case.id, "SETTLED", 3260, [])
    assert refund.settled_at == datetime(2010, 12, 2, 8, 41, tzinfo=UTC)
    assert await Payment.all().count() == 0  # what had been paid for them came in with orders that are not known
    assert second.shipping_address == {"country": "FR"}


async def test_a_return_is_found_as_orders_are_by_whom_it_is_of(ctx: Context) -> None:
    header = (*HEADER, "Phone", "To")
    row = ("7", "HEART", "Heart", "-1", "2010-12-02 09:41", "2.55", "", "DE", "030 901820", "Zeno of Citium")
    await imported(ctx, table(row, header=header), mapping={**LINES, "phone": "Phone", "shipping_name": "To"})

    assert (await Order.get()).search_text == "7 zeno of citium 030 901820 zeno of citium"


async def test_a_return_is_of_the_same_customer_and_once(ctx: Context) -> None:
    await imported(ctx, table(("1", "HEART", "Heart", "6", "2010-12-01 08:26", "2.55", "17850", "United Kingdom")))
    await imported(ctx, RETURNS, mapping=WITHOUT_NUMBER)
    before = await everything()

    again = await imported(ctx, RETURNS, mapping=WITHOUT_NUMBER)

    assert (again.products_created, again.issue_counts) == (0, {})
    assert await everything() == before
    assert await Customer.all().count() == 1


async def test_what_came_back_of_an_order_is_taken_off_it(ctx: Context) -> None:
    file = table(
        ("1", "HEART", "Heart", "6", "2010-12-01 08:26", "2.55", "17850", ""),
        ("1", "LAMP", "Lantern", "2", "2010-12-01 08:26", "3.39", "17850", ""),
        ("1", "HEART", "Heart", "-2", "2010-12-05 08:26", "2.55", "17850", ""),
        ("1", "CUP", "Cup", "-1", "2010-12-05 08:26", "9.00", "17850", ""),
    )

    run = await imported(ctx, file)

    assert run.made["returns"] == 1
    order = await order_of("1")
    heart, lamp = await lines_of(order)
    assert (order.state, order.payment_state, order.aftersale_state) == ("COMPLETED", "PART_REFUNDED", "CLOSED")
    assert (order.total_minor, order.refunded_minor) == (2208, 510)
    assert (heart.returned, heart.refunded, heart.refunded_minor, heart.gone_minor) == (2, 2, 510, 510)
    assert (lamp.returned, lamp.gone_minor) == (0, 0)
    payment, refund = await Payment.get(), await Refund.get(order_id=order.id)
    assert payment.refunded_minor == 510
    assert refund.parts == [{"payment_id": str(payment.id), "minor": 510, "reference": ""}]
    assert refund.lines == [{"line_id": str(heart.id), "quantity": 2, "minor": 510}]
    # a cup was never on it: that is a return of its own
    assert [each.total_minor for each in await lines_of(await order_of("till/1", "returns"))] == [900]


async def test_more_than_was_bought_is_not_taken_off(ctx: Context) -> None:
    """Refunds never exceed what was paid for a line, nor pieces what was sent."""
    await imported(
        ctx,
        table(
            ("1", "HEART", "Heart", "2", "2010-12-01", "2.55", "", ""),
            ("1", "HEART", "Heart", "-3", "2010-12-05", "2.55", "", ""),
            ("1", "HEART", "Heart", "-1", "2010-12-05", "9.99", "", ""),
        ),
    )

    order = await order_of("1")

    assert (order.refunded_minor, order.aftersale_state) == (0, "NONE")
    assert (await order_of("till/1", "returns")).refunded_minor == 765 + 999
