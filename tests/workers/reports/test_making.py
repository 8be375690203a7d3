"""Reports from the asking to the file: made by workers, with the rights of whoever asked."""

from __future__ import annotations

import asyncio
import io
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from stoa.domains import orders
from stoa.domains.orders import selling
from stoa.domains.orders.models import OrderLine
from stoa.kit.files import NoSuchFile
from stoa.kit.ids import new_id, type_id
from stoa.kit.reporting import MOST_ROWS, Format
from stoa.settings import Settings
from stoa.tenants.access.scopes import EVERY_SCOPE, Scope
from stoa.tenants.attempting import key_of_attempt
from stoa.tenants.context import Context, MissingScope
from stoa.tenants.database import shop_client
from stoa.tenants.models import Job, JobState, Membership
from stoa.tenants.reporting.errors import TooManyReports
from stoa.tenants.reporting.models import Report, ReportState
from stoa.tenants.reporting.requesting import MAX_WAITING
from stoa.tenants.steering import cancel_job, replay_job
from stoa.tenants.uploading import shop_files
from stoa.workers.reports import making
from tests import make
from tests.domains.orders.ledgers import pay
from tests.kit.reporting.papers import children
from tests.workers.conftest import until
from tests.workers.reports import desk

ORDERS = """
INSERT INTO sales_order (id, channel, external_id, state, payment_state, fulfilment_state, aftersale_state, currency,
  subtotal_minor, total_minor, placed_at, created_at, updated_at)
SELECT gen_random_uuid(), 'web', 'E' || g, 'PENDING', 'UNPAID', 'UNFULFILLED', 'NONE', 'EUR', 100, 100, now(), now(),
  now() FROM generate_series(1, $1::int) g
"""


async def sold_some(ctx: Context) -> None:
    """Three orders of today: one paid and a piece of it given back, one of another channel, one cancelled unpaid."""
    cup, pot = await make.sold(ctx, price_minor=1999, on_hand=20), await make.sold(ctx, price_minor=4550)
    first = await make.order(ctx, [(cup, 2), (pot, 1)])
    payment = await pay(ctx, first, first.total_minor, "a")
    assert payment.captured_minor == 8548
    line = (await first.lines.all())[0]
    back = await orders.refund(ctx, first.id, orders.RefundDraft([orders.Pieces(line.id, 1)]))
    await orders.settle_refund(ctx, back.id)
    await make.order(ctx, [(cup, 1)], channel="app")
    gone = await make.order(ctx, [(pot, 1)])
    await orders.cancel_order(ctx, gone.id, reason="changed my mind")


async def test_the_sales_summary_says_what_the_api_says(ctx: Context, settings: Settings) -> None:
    """F10, X28: one query behind all of them, to the penny."""
    await sold_some(ctx)
    day = desk.today(ctx)
    async with desk.worked(settings):
        made = [await desk.ended(await desk.asked(ctx, "sales_summary", each, since=day, until=day)) for each in Format]
    pdf, xlsx, csv = made
    sums = (await selling.sales(ctx, selling.Asked(day, day))).total

    assert (sums.orders, sums.gross, sums.returns, sums.total) == (2, 10547, 1999, 8548)
    [row] = await desk.rows(ctx, csv)
    assert row == {
        "Day": day.isoformat(),
        "Orders": "2",
        "Pieces": "4",
        "Gross sales": "105.47",
        "Discounts": "0.00",
        "Cancelled": "0.00",
        "Returns": "19.99",
        "Net sales": "85.48",
        "Shipping": "0.00",
        "Tax": "0.00",
        "Total": "85.48",
    }
    book = load_workbook(io.BytesIO(await desk.content(ctx, xlsx)), data_only=True)
    assert book.sheetnames == ["Summary", "By channel", "Best sellers", "By day", "Chart data"]
    header, figures, total = [[cell.value for cell in line] for line in book["By day"]]
    assert header == list(row)
    assert [Decimal(str(value)) for value in figures[1:]] == [Decimal(value) for value in list(row.values())[1:]]
    assert total[1:] == figures[1:]
    assert len(book["Summary"]._charts) == 3
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(await desk.content(ctx, pdf))).pages)
    assert "Sales summary" in text
    assert "€85.48" in text
    assert pdf.rows == xlsx.rows == csv.rows == 5


async def test_a_report_is_in_the_language_that_was_asked_for(ctx: Context, settings: Settings) -> None:
    await sold_some(ctx)
    day = desk.today(ctx)
    async with desk.worked(settings):
        csv = await desk.ended(await desk.asked(ctx, "sales_summary", locale="zh", since=day, until=day))
        pdf = await desk.ended(await desk.asked(ctx, "sales_summary", Format.PDF, locale="zh", since=day, until=day))

    [row] = await desk.rows(ctx, csv)
    assert list(row)[:4] == ["日期", "订单数", "件数", "销售总额"]
    assert csv.title.startswith("销售汇总 ")
    assert csv.file_name == f"销售汇总-{day}-{day}.csv"
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(await desk.content(ctx, pdf))).pages)
    assert "销售汇总" in text
    assert "净销售额" in text


async def test_every_order_of_the_period_is_on_the_list_with_totals_by_currency(
    ctx: Context, settings: Settings
) -> None:
    cup = await make.sold(ctx, on_hand=300)
    placed = [await make.order(ctx, [(cup, 1)], channel="app" if i % 2 else "web") for i in range(7)]
    day = desk.today(ctx)
    async with desk.worked(settings):
        all_of_them = await desk.ended(await desk.asked(ctx, "order_list", since=day, until=day))
        of_the_app = await desk.ended(await desk.asked(ctx, "order_list", since=day, until=day, channel="app"))

    found = await desk.rows(ctx, all_of_them)
    assert [row["Number"] for row in found] == [str(each.number) for each in placed]
    assert {row["Total"] for row in found} == {"19.99"}
    assert [row["Number"] for row in await desk.rows(ctx, of_the_app)] == [str(each.number) for each in placed[1::2]]


async def test_the_inventory_tells_what_it_cost_only_who_may_know(ctx: Context, settings: Settings) -> None:
    await make.sold(ctx, on_hand=7, cost_minor=1100, sku="CUP")
    clerk = replace(ctx, scopes=EVERY_SCOPE - {Scope.CATALOG_COST})
    async with desk.worked(settings):
        full = await desk.ended(await desk.asked(ctx, "inventory"))
        plain = await desk.ended(await desk.asked(clerk, "inventory"))

    [row] = await desk.rows(ctx, full)
    assert (row["Code"], row["On hand"], row["Unit cost"], row["Value at cost"]) == ("CUP", "7", "11.00", "77.00")
    assert Scope.CATALOG_COST in full.scopes
    [row] = await desk.rows(ctx, plain)
    assert "Unit cost" not in row
    assert Scope.CATALOG_COST not in plain.scopes


async def test_slips_and_invoices_are_a_page_for_each_order(ctx: Context, settings: Settings) -> None:
    cup = await make.sold(ctx, on_hand=30, sku="CUP")
    placed = [await make.order(ctx, [(cup, 3)]) for _ in range(6)]
    ids = tuple(type_id("ord", each.id) for each in placed)
    async with desk.worked(settings):
        slips = await desk.ended(await desk.asked(ctx, "packing_slips", Format.PDF, order_ids=ids))
        lines = await desk.ended(await desk.asked(ctx, "packing_slips", order_ids=ids))
        invoices = await desk.ended(await desk.asked(ctx, "invoice", Format.PDF, order_ids=ids))

    pages = PdfReader(io.BytesIO(await desk.content(ctx, slips))).pages
    assert len(pages) == 6
    assert {row["Number"]: row["To pack"] for row in await desk.rows(ctx, lines)} == {
        str(each.number): "3" for each in placed
    }
    pages = PdfReader(io.BytesIO(await desk.content(ctx, invoices))).pages
    assert len(pages) == 6
    assert all("EUR 59.97" in page.extract_text() for page in pages)


async def test_every_line_of_a_long_order_is_on_its_slip_and_its_invoice(ctx: Context, settings: Settings) -> None:
    """More than come with the order: the API gives a list a hundred at a time."""
    cup = await make.sold(ctx, on_hand=300, sku="CUP")
    long, short = await make.order(ctx, [(cup, 1)]), await make.order(ctx, [(cup, 1)])
    row = {key: value for key, value in dict(await OrderLine.get(order_id=long.id)).items() if key != "id"}
    more = [OrderLine(**{**row, "id": new_id(), "position": n, "sku": f"S{n:03}"}) for n in range(1, 231)]
    await OrderLine.bulk_create(more)
    ids = tuple(type_id("ord", each.id) for each in (long, short))
    async with desk.worked(settings):
        slips = await desk.ended(await desk.asked(ctx, "packing_slips", order_ids=ids))
        invoices = await desk.ended(await desk.asked(ctx, "invoice", order_ids=ids))

    expected = [(str(long.number), "CUP"), *((str(long.number), f"S{n:03}") for n in range(1, 231))]
    for report in (slips, invoices):
        found = [(row["Number"], row["Code"]) for row in await desk.rows(ctx, report)]
        assert found == [(str(short.number), "CUP"), *expected]  # the latest order first


async def test_who_lost_the_right_meanwhile_gets_no_report(ctx: Context, settings: Settings) -> None:
    report = await desk.asked(ctx, "sales_summary", since=desk.today(ctx), until=desk.today(ctx))
    await Membership.filter(shop_id=ctx.shop.id, account_id=ctx.actor.id).update(role="STAFF")
    async with desk.worked(settings):
        report = await desk.ended(report)

    assert report.state is ReportState.FAILED
    assert report.why_failed is not None
    assert str(report.why_failed).endswith("does not have the scope analytics:read any more.")
    assert report.file_key is None
    job = await Job.get(id=report.job_id)  # type: ignore[attr-defined]
    assert (job.state, job.failures) == (JobState.DEAD, 1)


async def test_a_report_that_failed_is_made_when_its_job_is_done_again(ctx: Context, settings: Settings) -> None:
    """Whoever had lost the right has it back, and another fails once more for the reason of that time."""
    ours = Membership.filter(shop_id=ctx.shop.id, account_id=ctx.actor.id)
    report = await desk.asked(ctx, "sales_summary", since=desk.today(ctx), until=desk.today(ctx))
    cancelled = await desk.asked(ctx, "sales_summary", since=desk.today(ctx), until=desk.today(ctx))
    await cancel_job(ctx, cancelled.job_id)  # type: ignore[attr-defined]
    await ours.update(role="STAFF")
    async with desk.worked(settings):
        assert [(await desk.ended(each)).state for each in (report, cancelled)] == [ReportState.FAILED] * 2
        await replay_job(ctx, cancelled.job_id)  # type: ignore[attr-defined]
        await until(lambda: Report.get(id=cancelled.id), lambda seen: "scope" in str(seen.why_failed))
        await ours.update(role="OWNER")
        await replay_job(ctx, report.job_id)  # type: ignore[attr-defined]
        await until(lambda: Report.get(id=report.id), lambda seen: seen.state is ReportState.DONE)

    report = await Report.get(id=report.id)
    assert len(await desk.rows(ctx, report)) == 1
    assert report.failure is None
    job = await Job.get(id=report.job_id)  # type: ignore[attr-defined]
    assert job.state is JobState.DONE


async def test_who_gives_a_report_up_leaves_one_alone_whose_job_is_done_again(ctx: Context) -> None:
    report = await desk.asked(ctx, "inventory")
    await making.give_up(ctx, report.id, report.job_id)  # type: ignore[attr-defined]
    assert (await Report.get(id=report.id)).state is ReportState.QUEUED

    await Job.filter(id=report.job_id).update(state=JobState.DEAD)  # type: ignore[attr-defined]
    await making.give_up(ctx, report.id, report.job_id)  # type: ignore[attr-defined]
    assert str((await Report.get(id=report.id)).why_failed) == "The file could not be written; try again later."


async def test_an_attempt_that_was_killed_leaves_no_file_behind(ctx: Context, settings: Settings) -> None:
    """Between the file and the row that tells of it; the next attempt knows its name, as does who gives up."""
    made, given_up = await desk.asked(ctx, "inventory"), await desk.asked(ctx, "inventory")
    left = [await left_by_an_attempt(ctx, each, attempt) for each in (made, given_up) for attempt in (1, 2)]
    await Job.filter(id=made.job_id).update(attempts=2)  # type: ignore[attr-defined]
    await Job.filter(id=given_up.job_id).update(attempts=2, state=JobState.DEAD)  # type: ignore[attr-defined]
    await making.give_up(ctx, given_up.id, given_up.job_id)  # type: ignore[attr-defined]
    async with desk.worked(settings):
        made = await desk.ended(made)

    assert made.file_key is not None
    assert await desk.content(ctx, made) != b"Code"
    for key in left:
        with pytest.raises(NoSuchFile):
            await shop_files(ctx.shop).size(key)


async def left_by_an_attempt(ctx: Context, report: Report, attempt: int) -> str:
    async def body() -> AsyncIterator[bytes]:
        yield b"Code"

    files = shop_files(ctx.shop)
    key = key_of_attempt(files, making.FOLDER, report.id, attempt)
    await files.put(key, body())
    return key


async def test_nobody_asks_for_what_they_may_not_see(ctx: Context) -> None:
    clerk = replace(ctx, scopes=frozenset({Scope.SHOP_READ, Scope.ORDERS_READ}))
    with pytest.raises(MissingScope, match="analytics:read"):
        await desk.asked(clerk, "sales_summary", since=desk.today(ctx), until=desk.today(ctx))
    with pytest.raises(MissingScope, match="customers:read"):
        await desk.asked(clerk, "invoice", order_ids=("ord_01h455vb4pex5vsknk084sn02q",))

    assert await Report.all().count() == await Report.exclude(shop_schema=ctx.shop.schema).count()


async def test_a_shop_may_have_so_many_waiting(ctx: Context) -> None:
    for _ in range(MAX_WAITING):
        await desk.asked(ctx, "inventory")
    with pytest.raises(TooManyReports, match="50 reports"):
        await desk.asked(ctx, "inventory")

    assert await Report.filter(shop_schema=ctx.shop.schema).count() == MAX_WAITING


async def test_a_report_of_more_rows_than_its_format_takes_fails_and_says_so(ctx: Context, settings: Settings) -> None:
    limit = MOST_ROWS[Format.PDF]
    await shop_client().execute_query(ORDERS, [limit + 1])
    asked = {"since": desk.today(ctx), "until": desk.today(ctx)}
    report, lines = [await desk.asked(ctx, "order_list", each, **asked) for each in (Format.PDF, Format.CSV)]
    async with desk.worked(settings):
        report, lines = await desk.ended(report), await desk.ended(lines)

    assert (report.state, report.file_key) == (ReportState.FAILED, None)
    assert str(report.why_failed).startswith("The report has more than 5000 rows, which is what this format takes.")
    job = await Job.get(id=report.job_id)  # type: ignore[attr-defined]
    assert (job.state, job.last_error.partition(":")[0]) == (JobState.DEAD, "REPORT_TOO_LARGE")
    assert (lines.state, lines.rows) == (ReportState.DONE, limit + 1)


async def test_a_report_whose_press_was_killed_is_made_by_the_next_attempt(ctx: Context, settings: Settings) -> None:
    making.presses().close()  # so that one has to start
    report = await desk.asked(ctx, "inventory", Format.PDF)
    async with desk.worked(settings):
        [press] = await until(lambda: asyncio.to_thread(children), bool)
        os.kill(press, signal.SIGKILL)
        report = await desk.ended(report)

    assert (await desk.content(ctx, report)).startswith(b"%PDF-")
    job = await Job.get(id=report.job_id)  # type: ignore[attr-defined]
    assert (job.state, job.failures, job.attempts) == (JobState.DONE, 1, 2)


async def test_a_cancelled_report_has_failed(ctx: Context, settings: Settings) -> None:
    report = await desk.asked(ctx, "inventory")
    await cancel_job(ctx, report.job_id)  # type: ignore[attr-defined]
    async with desk.worked(settings):
        report = await desk.ended(report)

    assert (report.state, str(report.why_failed)) == (ReportState.FAILED, "It was cancelled.")
