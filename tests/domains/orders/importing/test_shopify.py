"""Orders as Shopify exports them: several rows an order, what is true of all of it in the first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from stoa.domains.orders.importing.recognising import recognise
from stoa.domains.orders.models import Order, Payment, Refund
from stoa.domains.service.models import Customer
from stoa.tenants.context import Context
from stoa.tenants.importing.models import ImportRun
from tests import make
from tests.domains.catalog.importing.tables import issues_of
from tests.domains.orders.importing.files import imported, lines_of, order_of, rows_of

# The header of an export, in Shopify's order.
_ADDRESS = "Name,Street,Address1,Address2,Company,City,Zip,Province,Country,Phone".split(",")
HEADER = [
    *"Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency".split(","),
    *"Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at".split(","),
    *"Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku".split(","),
    *"Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status".split(","),
    *(f"Billing {part}" for part in _ADDRESS),
    *(f"Shipping {part}" for part in _ADDRESS),
    *"Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,Refunded Amount,Vendor".split(","),
    *"Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,Source,Lineitem discount".split(","),
    *"Tax 1 Name,Tax 1 Value,Phone,Receipt Number".split(","),
]


def first(name: str, title: str, quantity: int, price: str, **more: Any) -> dict[str, Any]:
    """The first row of an order: paid and sent unless it is said otherwise."""
    usual = {
        "Name": name,
        "Email": "zeno@example.com",
        "Financial Status": "paid",
        "Fulfillment Status": "fulfilled",
        "Currency": "EUR",
        "Created at": "2024-03-05 10:12:31 -0500",
        "Lineitem fulfillment status": "fulfilled",
        "Id": f"54{name[1:]}",
    }
    return usual | line(name, title, quantity, price) | more


def line(name: str, title: str, quantity: int, price: str, **more: Any) -> dict[str, Any]:
    what = {"Lineitem name": title, "Lineitem quantity": quantity, "Lineitem price": price}
    return {"Name": name, "Email": "zeno@example.com", "Lineitem fulfillment status": "fulfilled"} | what | more


EXPORT = rows_of(
    HEADER,
    # 3 x 10.00 + 5.00, 3.50 off by a code, shipping 4.00, tax inside
    first(
        "#1001",
        "Cup - Red",
        3,
        "10.00",
        **{"Subtotal": "31.50", "Shipping": "4.00", "Taxes": "5.67", "Total": "35.50", "Paid at": "2024-03-05 10:13:00 -0500"},
        **{"Discount Code": "SPRING", "Discount Amount": "3.50", "Shipping Method": "Standard", "Lineitem sku": "CUP-R"},
        **{"Billing Name": "Zeno of Citium", "Billing Address1": "Stoa 1", "Billing City": "Athens", "Billing Country": "GR"},
        **{"Shipping Name": "Zeno", "Shipping Address1": "Stoa 1", "Shipping Zip": "'10555", "Shipping Country": "GR"},
        **{"Notes": "Ring twice", "Tags": "gift, greek", "Payment Method": "Stripe", "Payment Reference": "c1.1"},
        **{"Fulfilled at": "2024-03-06 09:00:00 -0500", "Phone": "+30 21 0123"},
    ),
    line("#1001", "Saucer", 1, "5.00", **{"Lineitem discount": "0.00"}),
    # tax on top
    first("#1002", "Bowl", 2, "7.00", Subtotal="14.00", Shipping="0", Taxes="1.19", Total="15.19"),
    # refunded in part
    first(
        "#1003", "Bowl", 2, "7.00", **{"Financial Status": "partially_refunded", "Refunded Amount": "7.00"}, Subtotal="14.00",
        Total="14.00",
    ),
    # refunded whole, after it was sent
    first("#1004", "Bowl", 1, "7.00", **{"Financial Status": "refunded", "Refunded Amount": "7.00"}, Total="7.00"),
    # cancelled before anything was sent
    first(
        "#1005", "Bowl", 1, "7.00", **{"Financial Status": "voided", "Cancelled at": "2024-03-07 08:00:00 -0500"},
        **{"Fulfillment Status": "unfulfilled", "Lineitem fulfillment status": "pending"}, Total="7.00",
    ),
    # still open: half of it sent, half of it paid
    first(
        "#1006", "Bowl", 1, "7.00", **{"Financial Status": "partially_paid", "Outstanding Balance": "5.00"},
        **{"Fulfillment Status": "partial"}, Total="10.00", Subtotal="10.00",
    ),
    line("#1006", "Cup", 1, "3.00", **{"Lineitem fulfillment status": "pending"}),
)  # fmt: skip


async def shopify(ctx: Context) -> ImportRun:
    is_shopify, mapping = recognise(HEADER)
    assert is_shopify
    return await imported(ctx, EXPORT, mapping=mapping, source="shopify")


async def test_an_export_becomes_its_orders(ctx: Context) -> None:
    """Discounts are spread over the lines, the tax is inside as the total says; who bought and where it went."""
    product = await make.product(ctx, title="Cup", variants=[{"sku": "CUP-R", "title": "Red"}])

    run = await shopify(ctx)

    assert (run.products_created, run.made["customers"]) == (6, 1)
    order = await order_of("#1001", "shopify")
    assert (order.state, order.payment_state, order.fulfilment_state) == ("COMPLETED", "PAID", "DELIVERED")
    assert (order.subtotal_minor, order.discount_minor, order.shipping_minor) == (3500, 350, 400)
    assert (order.tax_minor, order.tax_included, order.total_minor) == (567, True, 3550)
    assert order.placed_at == datetime(2024, 3, 5, 15, 12, 31, tzinfo=UTC)
    assert (order.delivered_at, order.ended_at) == (datetime(2024, 3, 6, 14, tzinfo=UTC),) * 2
    assert order.billing_address == {"name": "Zeno of Citium", "line1": "Stoa 1", "city": "Athens", "country": "GR"}
    assert order.shipping_address == {"name": "Zeno", "line1": "Stoa 1", "postcode": "10555", "country": "GR"}
    assert (order.note, order.tags, order.phone) == ("Ring twice", ["gift", "greek"], "+30 21 0123")
    assert order.metadata == {"channel_id": "541001", "shipping_method": "Standard"}
    assert [(step["step"], step["title"], step["minor"]) for step in order.pricing] == [
        ("ORDER", "SPRING", -350),
        ("SHIPPING", "", 400),
        ("TAX", "", 567),
    ]
    cup, saucer = await lines_of(order)
    assert (cup.title, cup.variant_id is not None, cup.discount_minor, cup.total_minor) == (
        "Cup - Red",
        True,
        300,
        2700,
    )
    assert (saucer.discount_minor, saucer.total_minor, cup.tax_minor + saucer.tax_minor) == (50, 450, 567)
    payment = await Payment.get(order_id=order.id)
    assert (payment.provider, payment.method, payment.note) == ("shopify", "Stripe", "c1.1")
    customer = await Customer.get()
    assert (customer.name, customer.email, customer.phone) == ("Zeno of Citium", "zeno@example.com", "+30210123")
    assert await product.variants.all().count() == 1


async def test_tax_on_top_is_known_by_the_total(ctx: Context) -> None:
    await shopify(ctx)

    order = await order_of("#1002", "shopify")

    assert (order.subtotal_minor, order.tax_minor, order.tax_included, order.total_minor) == (1400, 119, False, 1519)
    assert [line.total_minor for line in await lines_of(order)] == [1519]


async def test_what_was_given_back_is_a_refund(ctx: Context) -> None:
    await shopify(ctx)
    part, whole = [await order_of(number, "shopify") for number in ("#1003", "#1004")]

    assert (part.state, part.payment_state, part.refunded_minor) == ("COMPLETED", "PART_REFUNDED", 700)
    assert (whole.state, whole.payment_state, whole.refunded_minor) == ("COMPLETED", "REFUNDED", 700)
    some, all_of_it = [await Refund.get(order_id=order.id) for order in (part, whole)]
    assert (some.amount_minor, some.lines, some.extra_minor) == (700, [], 700)
    [bowl] = await lines_of(whole)
    assert (all_of_it.lines, all_of_it.extra_minor) == ([{"line_id": str(bowl.id), "quantity": 1, "minor": 700}], 0)
    assert (bowl.refunded, bowl.refunded_minor) == (1, 700)


async def test_what_was_cancelled_and_what_is_still_open(ctx: Context) -> None:
    run = await shopify(ctx)
    cancelled, still_open = [await order_of(number, "shopify") for number in ("#1005", "#1006")]

    assert (cancelled.state, cancelled.payment_state, cancelled.fulfilment_state) == (
        "CANCELLED",
        "VOIDED",
        "CANCELLED",
    )
    assert cancelled.ended_at == datetime(2024, 3, 7, 13, tzinfo=UTC)
    assert [(line.cancelled, line.gone_minor) for line in await lines_of(cancelled)] == [(1, 700)]
    assert cancelled.waived_minor == 700
    assert (still_open.state, still_open.payment_state, still_open.fulfilment_state) == (
        "CONFIRMED",
        "PART_PAID",
        "PART_DELIVERED",
    )
    assert (still_open.captured_minor, still_open.ended_at) == (500, None)
    assert await issues_of(run) == [(8, "Fulfillment Status", "STILL_OPEN", "#1006")]


async def test_a_total_that_does_not_come_out_is_told(ctx: Context) -> None:
    odd = rows_of(HEADER, first("#9", "Bowl", 1, "7.00", Total="8.00"))

    run = await imported(ctx, odd, mapping=recognise(HEADER)[1], source="shopify")

    assert await issues_of(run) == [(2, "Total", "TOTAL_DIFFERS", "#9")]
    assert [order.total_minor for order in await Order.all()] == [700]
