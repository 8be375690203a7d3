"""What became of imports, reports and money is told to whom it concerns, each in their language, and to nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from stoa.domains import orders
from stoa.domains.catalog.events import ProductsImported
from stoa.domains.orders import RefundDraft
from stoa.domains.orders.importing.events import OrdersImported
from stoa.kit.ids import new_id, type_id
from stoa.kit.money import Money
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction
from stoa.tenants.models import Account
from stoa.tenants.outbox import publish
from stoa.tenants.reporting.events import ReportEnded, ReportSchedulePaused
from tests import make
from tests.domains.orders.ledgers import pay
from tests.tenants.notifying.days import Day

OWNER, MANAGER, STAFF, VIEWER = "Zeno of Citium", "李雷", "韩梅梅", "Crates"


@dataclass
class Shop:
    """A shop in which the manager and staff read Chinese, the owner and a viewer English."""

    day: Day

    @property
    def ctx(self) -> Context:
        return self.day.ctx

    async def heard(self, notice: str) -> dict[tuple[str, str], tuple[str, str, str]]:
        """What each was told of it by each channel: title, body, and what it is about."""
        await self.day.work()
        rows = await self.day.messages(notice=notice)
        heard = {(each["name"], each["channel"]): (each["title"], each["body"], each["subject"]) for each in rows}
        assert (len(heard), {each["state"] for each in rows} - {"SENT"}) == (len(rows), set())
        return heard

    async def publish(self, event: Any) -> None:
        async with shop_transaction():
            await publish(self.ctx, event)


@pytest.fixture
async def shop(day: Day) -> Shop:
    for name, role, locale in ((MANAGER, "MANAGER", "zh"), (STAFF, "STAFF", "zh"), (VIEWER, "VIEWER", "en")):
        person = await make.member(day.ctx.shop, await make.account(name=name), role=role)
        await Account.filter(id=person.id).update(locale=locale)
    return Shop(day)


async def test_money_that_is_to_go_back_is_told_to_owner_and_manager_in_the_app_and_by_mail(shop: Shop) -> None:
    order = await make.order(shop.ctx)
    await pay(shop.ctx, order, 3998, "P1")
    await orders.confirm_order(shop.ctx, order.id)

    await orders.refund(shop.ctx, order.id, RefundDraft(extra=Money(500, "EUR")), reason="Scratched & bent")

    subject = type_id("ord", order.id)
    en = (
        f"€5.00 of order {order.number} is to be refunded",
        "The order came to €39.98. Reason: Scratched & bent",
        subject,
    )
    zh = (f"订单 {order.number} 需退款 €5.00", "订单总额 €39.98。原因：Scratched & bent", subject)
    assert await shop.heard("refund_asked") == {
        (OWNER, "IN_APP"): en,
        (OWNER, "MAIL"): en,
        (MANAGER, "IN_APP"): zh,
        (MANAGER, "MAIL"): zh,
    }


async def test_why_money_goes_back_is_said_in_words_and_when_nobody_said_that(shop: Shop) -> None:
    """A case has a code for its reason, which people do not read."""
    order = await make.order(shop.ctx)
    await pay(shop.ctx, order, 3998, "P1")
    for reason in ("DAMAGED", ""):
        await orders.refund(shop.ctx, order.id, RefundDraft(extra=Money(100, "EUR")), reason=reason)
    await shop.day.work()

    rows = await shop.day.messages(notice="refund_asked", channel="IN_APP")
    assert {(each["name"], each["body"].partition(" ")[2]) for each in rows if each["name"] == OWNER} == {
        (OWNER, "order came to €39.98. Reason: it came broken"),
        (OWNER, "order came to €39.98. Reason: nobody has said"),
    }
    assert {each["body"].partition("。")[2] for each in rows if each["name"] == MANAGER} == {
        "原因：商品破损",
        "原因：未说明",
    }


IMPORTS = [
    ("DONE", "it is done", "已完成"),
    ("FAILED", "it failed, and was undone", "失败，已撤回"),
    ("CANCELLED", "it was cancelled", "已取消"),
    ("UNDONE", "it was undone", "已撤销"),
]


@pytest.mark.parametrize(("state", "en", "zh"), IMPORTS, ids=[each[0] for each in IMPORTS])
async def test_how_an_import_of_orders_ended_is_told_to_owner_and_manager_in_the_app(
    shop: Shop, state: str, en: str, zh: str
) -> None:
    run = new_id()
    await shop.publish(OrdersImported(run, state, created=1200, customers=30, removed=0))

    subject = type_id("oimp", run)
    assert await shop.heard("orders_imported") == {
        (OWNER, "IN_APP"): (f"Import of orders: {en}", "1,200 orders and 30 customers are new.", subject),
        (MANAGER, "IN_APP"): (f"订单导入：{zh}", "新增订单 1,200 个，新增客户 30 位。", subject),
    }


@pytest.mark.parametrize(("state", "en", "zh"), IMPORTS, ids=[each[0] for each in IMPORTS])
async def test_how_an_import_of_products_ended_is_told_to_all_who_work_on_the_catalog(
    shop: Shop, state: str, en: str, zh: str
) -> None:
    run = new_id()
    await shop.publish(ProductsImported(run, state, created=1, updated=2000, restored=0))

    subject = type_id("imp", run)
    in_zh = (f"商品导入：{zh}", "新增商品 1 个，更新 2,000 个。", subject)
    assert await shop.heard("products_imported") == {
        (OWNER, "IN_APP"): (f"Import of products: {en}", "1 products are new, 2,000 were changed.", subject),
        (MANAGER, "IN_APP"): in_zh,
        (STAFF, "IN_APP"): in_zh,
    }


@pytest.mark.parametrize(
    ("state", "is_scheduled", "en", "zh"),
    [
        ("DONE", True, "Sales: it is ready to be fetched.", "Sales：已可下载。"),
        ("FAILED", True, "Sales: it could not be made.", "Sales：未能生成。"),
        ("FAILED", False, "Sales: it could not be made.", "Sales：未能生成。"),
    ],
)
async def test_a_report_that_was_scheduled_or_failed_is_told_to_owner_and_manager_in_the_app(
    shop: Shop, state: str, is_scheduled: bool, en: str, zh: str
) -> None:
    report = new_id()
    await shop.publish(ReportEnded(report, "Sales", state, is_scheduled))

    subject = type_id("rep", report)
    assert await shop.heard("report_ended") == {
        (OWNER, "IN_APP"): ("Report: Sales", en, subject),
        (MANAGER, "IN_APP"): ("报表：Sales", zh, subject),
    }


async def test_a_report_that_somebody_waits_for_is_not_told(shop: Shop) -> None:
    await shop.publish(ReportEnded(new_id(), "Sales", "DONE", is_scheduled=False))

    assert await shop.heard("report_ended") == {}


async def test_that_a_schedule_makes_no_reports_any_more_is_told_to_owner_and_manager_and_by_mail(shop: Shop) -> None:
    schedule = new_id()
    await shop.publish(ReportSchedulePaused(schedule, "Sales of the month"))

    subject = type_id("rsch", schedule)
    en = (
        "Sales of the month is not made any more",
        "Whoever arranged Sales of the month does not have the rights for it any more; somebody who has must arrange "
        "it anew.",
        subject,
    )
    zh = (
        "Sales of the month 已停止生成",
        "创建 Sales of the month 的人已无相应权限；请由有权限的人重新设置。",
        subject,
    )
    assert await shop.heard("report_schedule_paused") == {
        (OWNER, "IN_APP"): en,
        (OWNER, "MAIL"): en,
        (MANAGER, "IN_APP"): zh,
        (MANAGER, "MAIL"): zh,
    }
