"""A month of orders becomes a report for the accountant: in Chinese, as paper, as a workbook and for programs."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
from openpyxl import load_workbook
from pypdf import PdfReader

from stoa.kit import clock
from stoa.kit.ids import parse_type_id
from stoa.kit.letterbox import Letterbox
from stoa.settings import Settings
from stoa.tenants.linking import signed_link
from stoa.tenants.models import Shop
from tests.journeys.browsing import Browser, sign_up
from tests.journeys.test_from_intake_to_exchange import done, gbp, stocked

FIGURES = """query ($since: Date!, $until: Date!) { sales(since: $since, until: $until) {
  totals { orders gross { amount } discounts { amount } cancelled { amount } returns { amount } net { amount }
    shipping { amount } tax { amount } total { amount } } units } }"""
RUN = """mutation ($input: ReportRunInput!) { reportRun(input: $input) {
  report { id job { id } } userErrors { code message path } } }"""
REPORT = "query ($id: ID!) { report(id: $id) { state failure title fileName size job { state } } }"
COLUMNS = ["订单数", "件数", "销售总额", "优惠", "取消", "退款", "净销售额", "运费", "税额", "合计"]


async def test_the_accountant_gets_the_figures_that_the_screen_shows(browser: Browser, settings: Settings) -> None:
    """F10, X20, X28: PDF, XLSX and CSV say what the API says, to the penny; addresses expire and cannot be forged."""
    await sign_up(browser)
    await trade(browser)
    today = (await browser.ask("{ orders(first: 1) { nodes { placedAt } } }"))["orders"]["nodes"][0]["placedAt"][:10]
    days = {"since": today, "until": today}
    figures = (await browser.ask(FIGURES, **days))["sales"]
    assert (figures["totals"]["orders"], figures["totals"]["gross"]["amount"]) == (2, "213.50")
    assert figures["totals"]["returns"]["amount"] == "12.50"

    csv_file, xlsx, pdf = [await fetched(browser, format, days) for format in ("CSV", "XLSX", "PDF")]

    expected = [
        str(figures["totals"]["orders"]),
        str(figures["units"][0][1]),
        *(figures["totals"][key]["amount"] for key in ("gross", "discounts", "cancelled", "returns", "net")),
        *(figures["totals"][key]["amount"] for key in ("shipping", "tax", "total")),
    ]
    [row] = list(csv.DictReader(io.StringIO(csv_file.content.decode("utf-8-sig"))))
    assert row == {"日期": today, **dict(zip(COLUMNS, expected, strict=True))}
    sheet = load_workbook(io.BytesIO(xlsx.content), data_only=True)["按日"]
    assert [each.value for each in sheet[1]] == ["日期", *COLUMNS]
    assert [f"{each.value:.2f}" for each in sheet[2][3:]] == expected[2:]
    assert [each.value for each in sheet[3]][1:] == [each.value for each in sheet[2]][1:]
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf.content)).pages)
    for told in ("销售汇总", "Painted Porch", "净销售额", f"£{figures['totals']['total']['amount']}"):
        assert told in text, told
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.headers["content-disposition"].startswith("attachment; filename=")
    assert "filename*=UTF-8''%E9%94%80%E5%94%AE%E6%B1%87%E6%80%BB" in pdf.headers["content-disposition"]


async def test_an_address_is_good_for_a_while_and_for_one_file(browser: Browser, settings: Settings) -> None:
    await sign_up(browser)
    id, url = await made(browser, "CSV", {"since": "2026-10-01", "until": "2026-10-31"}, ["books@accountant.example"])
    stranger = httpx.AsyncClient(timeout=30)
    path, query = urlsplit(url).path, parse_qs(urlsplit(url).query)
    forged = url.replace(query["signature"][0], query["signature"][0][::-1])
    longer = url.replace(query["expires"][0], str(int(query["expires"][0]) + 3600))
    with clock.set_to(clock.now() - timedelta(minutes=16)):
        expired = browser.address + signed_link(path).path

    assert (await stranger.get(url)).status_code == 200  # the address is the key
    for bad in (forged, longer, expired):
        answer = await stranger.get(bad)
        assert (answer.status_code, answer.json()["code"]) == (403, "LINK_REFUSED"), bad
    await stranger.aclose()

    shop = await Shop.get(id=UUID(path.split("/")[2]))
    async with asyncio.timeout(30):
        while not (letters := await Letterbox(settings.letterbox).letters(shop.schema_name)):
            await asyncio.sleep(0.1)
    [letter] = letters
    assert letter.to == "books@accountant.example"
    address = next(line for line in letter.text.splitlines() if line.startswith("http"))
    assert (await browser.http.get(address)).text.startswith("\ufeff日期,")
    assert parse_type_id(id, "rep")


async def trade(browser: Browser) -> None:
    """Two orders, of one of which a lantern is given back."""
    lantern, pot = await stocked(browser, "LAN-1", "12.50", 9), await stocked(browser, "TEA-1", "88.00", 9)
    first = await place(browser, "WX-1", {lantern: ("12.50", 2), pot: ("88.00", 1)})
    await place(browser, "WX-2", {lantern: ("12.50", 1), pot: ("88.00", 1)})
    await done(
        browser, "paymentRecord", "PaymentRecordInput", orderId=first["id"], provider="alipay", amount=gbp("113.00")
    )
    line = first["lines"]["nodes"][0]["id"]
    refund = await done(
        browser,
        "refundCreate",
        "RefundCreateInput",
        answer="refund { id }",
        orderId=first["id"],
        lines=[{"lineId": line, "quantity": 1}],
    )
    await done(browser, "refundSettle", "RefundSettleInput", id=refund["refund"]["id"])


async def place(browser: Browser, id: str, lines: dict[str, tuple[str, int]]) -> dict[str, Any]:
    wanted = [
        {"variantId": each, "quantity": number, "unitPrice": gbp(price)} for each, (price, number) in lines.items()
    ]
    asked = await browser.ask(
        "mutation ($input: OrderPlaceInput!) { orderPlace(input: $input) { order { id lines { nodes { id sku } } } "
        "userErrors { code message path } } }",
        input={"channel": "wechat", "externalId": id, "lines": wanted},
    )
    assert asked["orderPlace"]["userErrors"] == []
    return asked["orderPlace"]["order"]  # type: ignore[no-any-return]


async def fetched(browser: Browser, format: str, days: dict[str, str]) -> httpx.Response:
    _, url = await made(browser, format, days)
    answer = await browser.http.get(url)
    assert answer.status_code == 200
    return answer


async def made(
    browser: Browser, format: str, days: dict[str, str], recipients: list[str] | None = None
) -> tuple[str, str]:
    """Ask for the sales summary in Chinese, watch its job to the end, and get the file's address."""
    told = {"definition": "sales_summary", "format": format, "locale": "zh", "parameters": days}
    asked = (await browser.ask(RUN, input=told | {"recipients": recipients or []}))["reportRun"]
    assert asked["userErrors"] == []
    report = asked["report"]
    async with asyncio.timeout(60):
        while (seen := (await browser.ask(REPORT, id=report["id"]))["report"])["state"] == "QUEUED":
            await asyncio.sleep(0.1)
    assert (seen["state"], seen["failure"]) == ("DONE", None)
    assert seen["job"] == {"state": "DONE"}
    link = await browser.ask("query ($id: ID!) { reportLink(id: $id) { url } }", id=report["id"])
    return report["id"], link["reportLink"]["url"]
