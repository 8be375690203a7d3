"""A file of lines becomes orders: each whole or not at all, once, as history, with what is odd said."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from stoa.domains.orders.importing import run_import, start_import
from stoa.domains.orders.models import Order, OrderTransition, Payment
from stoa.domains.service.models import Customer, CustomerIdentity
from stoa.kit.ids import new_id, type_id
from stoa.tenants.context import Context, open_shop
from stoa.tenants.importing.errors import BadMapping, ImportRunning, NoSuchImport
from stoa.tenants.importing.models import ImportState
from stoa.tenants.models import Job
from stoa.tenants.shop_models import EventRow
from tests import make
from tests.domains.catalog.importing.tables import imported as goods_imported
from tests.domains.catalog.importing.tables import issues_of
from tests.domains.catalog.importing.tables import table as goods_table
from tests.domains.orders.importing.files import everything, imported, lines_of, order_of, ordered, table

SALES = table(
    ("1001", "HEART", "White hanging heart", "6", "2010-12-01 08:26", "2.55", "17850", "United Kingdom"),
    ("1001", "LAMP", "Metal lantern", "6", "2010-12-01 08:26", "3.39", "17850", "United Kingdom"),
    ("1002", "HEART", "White hanging heart", "2", "2010-07-01 09:02", "2.95", "", "EIRE"),
    ("1003", "POST", "Postage", "1", "2010-12-01 10:00", "18.00", "17850", "Channel Islands"),
)


async def test_lines_of_the_same_number_are_one_order(ctx: Context) -> None:
    """O1, O2: as history, settled and paid, its stock untouched; a year of lines is a year of orders."""
    product = await make.product(ctx, title="Heart", variants=[{"sku": "HEART", "on_hand": 5}])
    variant = await product.variants.all().first()

    run = await imported(ctx, SALES, time_zone="Europe/London")

    assert (run.state, run.products_created, run.lines_read) == (ImportState.DONE, 3, 4)
    assert run.made == {"returns": 0, "lines": 4, "customers": 1, "guests": 1}
    order = await order_of("1001")
    assert (order.state, order.payment_state, order.fulfilment_state) == ("COMPLETED", "PAID", "DELIVERED")
    assert (order.subtotal_minor, order.total_minor, order.captured_minor) == (3564, 3564, 3564)
    assert order.placed_at == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)
    assert order.shipping_address == {"country": "GB"}
    heart, lamp = await lines_of(order)
    assert variant is not None
    assert (heart.variant_id, heart.sku, heart.title, heart.quantity) == (variant.id, "HEART", "White hanging heart", 6)
    assert (heart.unit_minor, heart.total_minor, heart.delivered, heart.returned) == (255, 1530, 6, 0)
    assert (lamp.variant_id, lamp.total_minor) == (None, 2034)
    payment = await Payment.get(order_id=order.id)
    assert (payment.provider, payment.state, payment.captured_minor) == ("till", "SETTLED", 3564)
    step = await OrderTransition.get(order_id=order.id)
    assert (step.action, step.from_state, step.to_state, step.happened_at) == (
        "IMPORT",
        "",
        "COMPLETED",
        order.placed_at,
    )
    assert [row["on_hand"] for row in (await everything())["stock"]] == [5]


async def test_times_without_a_zone_are_local(ctx: Context) -> None:
    """In July London is an hour before UTC."""
    await imported(ctx, SALES, time_zone="Europe/London")

    order = await order_of("1002")

    assert order.placed_at == datetime(2010, 7, 1, 8, 2, tzinfo=UTC)
    assert type_id("ord", order.id) < type_id("ord", (await order_of("1001")).id)  # ids sort by when it was placed


async def test_a_customer_is_known_by_the_id_of_the_source_and_who_has_none_is_a_guest(ctx: Context) -> None:
    await imported(ctx, SALES)

    customer = await Customer.get()
    first, guest, third = [await order_of(number) for number in ("1001", "1002", "1003")]

    assert (customer.source, customer.external_id) == ("till", "17850")
    assert [each.value for each in await CustomerIdentity.all()] == ["till:17850"]
    assert first.customer_id == third.customer_id == customer.id  # type: ignore[attr-defined]
    assert (guest.customer_id, guest.buyer_id) == (None, None)  # type: ignore[attr-defined]


async def test_a_customer_whom_the_shop_knows_by_mail_is_that_customer(ctx: Context) -> None:
    known = await Customer.create(name="Zeno", email="zeno@example.com")
    await CustomerIdentity.create(customer=known, kind="EMAIL", value="zeno@example.com")
    header = ("Order", "Title", "Pieces", "When", "Price", "Customer", "Mail")
    mapping = {"order": "Order", "title": "Title", "quantity": "Pieces", "time": "When", "price": "Price"}

    await imported(
        ctx,
        table(("7", "Cup", "1", "2024-01-01", "5", "c9", "Zeno@example.com"), header=header),
        mapping=mapping | {"customer": "Customer", "email": "Mail"},
    )

    assert (await order_of("7")).customer_id == known.id  # type: ignore[attr-defined]
    assert {each.value for each in await CustomerIdentity.all()} == {"zeno@example.com", "till:c9"}


async def test_the_same_file_twice_is_the_same_orders(ctx: Context) -> None:
    await imported(ctx, SALES)
    before = await everything()

    again = await imported(ctx, SALES)

    assert (again.state, again.products_created, again.products_done, again.made["lines"]) == ("DONE", 0, 3, 0)
    assert await everything() == before


async def test_an_order_that_is_there_with_other_content_is_reported_and_left(ctx: Context) -> None:
    await imported(ctx, SALES)
    before = await everything()

    again = await imported(ctx, SALES.replace(b"2.95", b"2.85"))

    assert (4, "Invoice", "ORDER_DIFFERS", "1002") in await issues_of(again)
    assert (again.products_created, again.lines_refused) == (0, 1)
    assert await everything() == before


async def test_odd_rows_are_taken_and_told(ctx: Context) -> None:
    """Price zero, below a penny, no description, a country that is none: all of it is in the shop, and said."""
    odd = table(
        ("1", "A", "Gift", "3", "2024-01-01 10:00", "0", "", "Unspecified"),
        ("1", "B", "Bank charges", "1", "2024-01-01 10:00", "0.001", "", "Unspecified"),
        ("1", "C", " ", "4", "2024-01-01 10:00", "0.125", "", "Unspecified"),
    )

    run = await imported(ctx, odd, decimal=".")

    assert await issues_of(run) == [
        (2, "Price", "ZERO_PRICE", "0"),
        (2, "Country", "UNKNOWN_COUNTRY", "Unspecified"),
        (3, "Price", "UNDER_ONE_UNIT", "0.001"),
        (4, "Name", "BLANK_TITLE", " "),
        (4, "Price", "FINE_PRICE", "0.125"),
    ]
    order = await order_of("1")
    gift, charges, screws = await lines_of(order)
    assert (gift.unit_minor, gift.total_minor) == (0, 0)
    assert (charges.unit_minor, charges.total_minor, charges.properties) == (0, 0, {"unit_price": "0.001"})
    assert (screws.title, screws.unit_minor, screws.total_minor) == ("C", 13, 50)
    assert screws.properties == {"unit_price": "0.125"}
    assert (order.total_minor, order.metadata) == (50, {"country": "Unspecified"})


BROKEN = [
    (("1", "A", "Cup", "two", "2024-01-01", "5", "", ""), [("Pieces", "NOT_A_NUMBER"), ("", "ORDER_NOT_WHOLE")]),
    (("1", "A", "Cup", "0", "2024-01-01", "5", "", ""), [("Pieces", "NO_QUANTITY"), ("", "ORDER_NOT_WHOLE")]),
    (("1", "A", "Cup", "1", "2024-01-01", "", "", ""), [("", "ORDER_NOT_WHOLE"), ("Price", "NO_PRICE")]),
    (("1", "A", "Cup", "1", "2024-01-01", "-5", "", ""), [("", "ORDER_NOT_WHOLE"), ("Price", "NEGATIVE")]),
    (("1", "A", "Cup", "1", "2024-02-30", "5", "", ""), [("", "ORDER_NOT_WHOLE"), ("When", "NOT_A_TIME")]),
    (("1", "A", "Cup", "1", "", "5", "", ""), [("When", "NO_TIME")]),
    (("1", "A", "Cup", "1", "03/04/2024", "5", "", ""), [("", "ORDER_NOT_WHOLE"), ("When", "AMBIGUOUS_DATE")]),
    (("1", "A", "Cup", "1", "2024-01-01", "5"), [("", "ORDER_NOT_WHOLE"), ("", "UNEVEN_ROW")]),
    (("", "A", "Cup", "1", "2024-01-01", "5", "", ""), [("Invoice", "NO_ORDER")]),
]


@pytest.mark.parametrize(("row", "issues"), BROKEN, ids=[each[-1][1] for _, each in BROKEN])
async def test_an_order_is_taken_whole_or_not_at_all(ctx: Context, row: Any, issues: list[tuple[str, str]]) -> None:
    """The others of the file come in; once the row is put right, the file brings the one that is missing."""
    good = ("2", "A", "Cup", "1", "2024-01-01", "5", "", "")
    whole = () if issues[-1][1] in ("NO_ORDER", "NO_TIME") else (("1", "B", "Bowl", "1", "2024-01-02", "6", "", ""),)

    run = await imported(ctx, table(row, *whole, good))
    found = sorted((column, code) for _, column, code, _ in await issues_of(run))
    mended = await imported(ctx, table(("1", "A", "Cup", "1", "2024-01-01", "5", "", ""), *whole, good))

    assert found == sorted(issues)
    assert (run.products_created, mended.products_created) == (1, 1)
    assert await Order.all().count() == 2


async def test_lines_of_an_order_need_not_stand_together(ctx: Context) -> None:
    """Not even in one batch of reading."""
    rows = [(str(1 + i % 40), f"S{i}", "Thing", "1", "2024-01-01", "1.00", "", "") for i in range(12_000)]

    run = await imported(ctx, table(*rows))

    assert (run.products_created, run.made["lines"]) == (40, 12_000)
    assert {order.total_minor for order in await Order.all()} == {30_000}


async def test_a_dry_run_counts_and_touches_nothing(ctx: Context) -> None:
    before = await everything()

    run = await imported(ctx, SALES, dry_run=True)

    assert (run.state, run.products_created, run.made) == ("DONE", 3, {"returns": 0, "lines": 4})
    assert await everything() == before


async def test_another_currency_is_left_out(ctx: Context) -> None:
    header = ("Order", "Title", "Pieces", "When", "Price", "Currency")
    mapping = {name.lower(): name for name in ("Order", "Title", "Price", "Currency")}
    rows = (("1", "Cup", "1", "2024-01-01", "5", "USD"), ("2", "Cup", "1", "2024-01-01", "5", "EUR"))

    run = await imported(ctx, table(*rows, header=header), mapping=mapping | {"quantity": "Pieces", "time": "When"})

    assert await issues_of(run) == [(2, "Currency", "WRONG_CURRENCY", "USD")]
    assert [order.external_id for order in await Order.all()] == ["2"]


async def test_history_sets_nothing_in_motion(ctx: Context) -> None:
    """One event for all of it, and no job that would follow from an order."""
    run = await imported(ctx, SALES)

    [event] = await EventRow.all()

    assert (event.name, event.subject_id) == ("OrdersImported", run.id)
    assert event.payload | {"import_id": ""} == {
        "import_id": "",
        "state": "DONE",
        "created": 3,
        "customers": 1,
        "removed": 0,
    }
    jobs = await Job.filter(shop_schema=ctx.shop.schema)
    assert [job.name for job in jobs if job.kind != "notifications"] == ["orders.work_on_import"]


async def test_products_and_orders_are_imported_side_by_side(ctx: Context) -> None:
    """One of a kind at a time: two of them could not be undone one by one."""
    await ordered(ctx, SALES)

    products = await goods_imported(ctx, goods_table(("HEART", "Heart", "2.55")))
    with pytest.raises(ImportRunning, match=r"The import of orders\.csv is at work"):
        await ordered(ctx, SALES)

    assert products.state is ImportState.DONE


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        (
            {"order": "Invoice", "sku": "Code", "quantity": "Pieces", "time": "When"},
            "Say which column holds the price.",
        ),
        (
            {"quantity": "P", "time": "T", "price": "E"},
            "Say which column holds the sku or the title of what was bought.",
        ),
        ({"sum": "Price"}, "'sum' is not a field"),
    ],
)
async def test_a_mapping_must_say_what_was_bought(ctx: Context, mapping: dict[str, str], says: str) -> None:
    before = await everything()
    with pytest.raises(BadMapping, match=says):
        await start_import(ctx, new_id(), source="till", mapping=mapping)
    assert await everything() == before


async def test_a_strangers_import_is_not_found(ctx: Context, other_ctx: Context) -> None:
    run = await ordered(ctx, SALES)
    with open_shop(other_ctx.shop), pytest.raises(NoSuchImport):
        await run_import(other_ctx, run.id)
    assert (await type(run).get(id=run.id)).state is ImportState.QUEUED
