"""Orders that wait too long, and all else that is told: each notice from the event that it hangs on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stoa.domains import orders
from stoa.domains.catalog import stock
from stoa.domains.catalog.media.processing import PROCESS
from stoa.domains.orders import aftersales, reminding
from stoa.domains.orders.aftersales.events import CaseMoved
from stoa.domains.orders.models import CaseKind, OrderLine
from stoa.kit.ids import new_id, type_id
from stoa.kit.languages import LOCALES
from stoa.kit.money import Money
from stoa.tenants.bulk.events import BulkRunEnded
from stoa.tenants.context import open_shop
from stoa.tenants.database import shop_transaction
from stoa.tenants.notifying import preferences
from stoa.tenants.notifying.notices import Notice, voice_of
from stoa.tenants.notifying.templating import checked_body, checked_title, names_in, said_body, said_title
from stoa.tenants.outbox import enqueue, publish
from stoa.workers.notices import NOTICES
from tests import make
from tests.tenants.notifying.days import Day, later

WAITING = """
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
                AND state = 'active')
"""


async def told(day: Day, notice: str) -> list[tuple[str, str]]:
    await day.work()
    return [(each["channel"], each["title"]) for each in await day.messages(notice=notice)]


async def test_an_order_that_nobody_confirms_is_told_again_when_its_time_is_over(day: Day) -> None:
    """O5: the reminder."""
    order = await make.order(day.ctx)
    await day.work()
    with later(hours=23, minutes=59):
        assert await told(day, "order_overdue") == []

    with later(hours=24, minutes=2):
        assert await told(day, "order_overdue") == [
            ("IN_APP", f"Order {order.number} should have been confirmed by now"),
            ("MAIL", f"Order {order.number} should have been confirmed by now"),
        ]
    with later(hours=50):
        await make.order(day.ctx)
        await day.work()
    with later(hours=75):
        assert len(await told(day, "order_overdue")) == 4  # the first is not told once more


async def test_who_has_confirmed_is_not_reminded(day: Day) -> None:
    order = await make.order(day.ctx)
    await day.work()
    await orders.confirm_order(day.ctx, order.id)

    with later(hours=24, minutes=2):
        assert await told(day, "order_overdue") == []


async def test_two_looks_at_once_tell_of_an_order_once(day: Day) -> None:
    await make.order(day.ctx)
    await day.work()
    told, waits = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with shop_transaction():
            assert await reminding.remind(day.ctx) == 1
            told.set()
            await waits.wait()

    async def second() -> int:
        await told.wait()
        async with shop_transaction():
            return await reminding.remind(day.ctx)

    with later(hours=25):
        looks = asyncio.create_task(first()), asyncio.create_task(second())
        async with asyncio.timeout(30):
            while not await day.owner.fetchval(WAITING):
                await asyncio.sleep(0.01)
        waits.set()
        await looks[0]

        assert await looks[1] == 0
    events = await day.owner.fetchval(
        f"SELECT count(*) FROM {day.ctx.shop.schema}.event WHERE name = 'ConfirmationOverdue'"
    )
    assert events == 1


async def test_many_orders_within_a_minute_are_looked_after_by_one_job(day: Day) -> None:
    for _ in range(3):
        await make.order(day.ctx)
    with later(minutes=1):
        await day.work()

    number = await day.owner.fetchval(
        "SELECT count(*) FROM platform.job WHERE shop_schema = $1 AND name = 'orders.remind'", day.ctx.shop.schema
    )
    assert number == 1
    with later(hours=25):
        assert len(await told(day, "order_overdue")) == 6


async def test_a_payment_is_told_when_the_money_is_there(day: Day) -> None:
    order = await make.order(day.ctx)
    await orders.record_payment(day.ctx, order.id, orders.PaymentReport("alipay", Money(3998, "EUR")))

    assert await told(day, "payment_received") == [("IN_APP", f"€39.98 received for order {order.number}")]


async def test_a_case_is_told_when_it_is_opened_and_when_it_is_overdue(day: Day) -> None:
    order = await make.order(day.ctx)
    await orders.record_payment(day.ctx, order.id, orders.PaymentReport("alipay", Money(3998, "EUR")))
    await orders.confirm_order(day.ctx, order.id)
    line = await OrderLine.get(order_id=order.id)
    pieces = [aftersales.CasePieces(line.id, 1)]
    draft = aftersales.CaseDraft(CaseKind.REFUND_ONLY, aftersales.CaseReason.LATE, pieces)
    case = await aftersales.open_case(day.ctx, order.id, draft)

    assert await told(day, "aftersale_opened") == [
        ("IN_APP", f"After-sale case {case.number} for order {order.number}"),
        ("MAIL", f"After-sale case {case.number} for order {order.number}"),
    ]
    [_, mail] = await day.messages(notice="aftersale_opened")
    assert mail["body"].startswith("money back, reason: it came too late. Please answer it until ")
    with later(days=30):
        assert [title for _, title in await told(day, "aftersale_overdue")] == [
            f"After-sale case {case.number} should have been answered by now"
        ] * 2


async def test_stock_that_runs_low_is_told(day: Day) -> None:
    product = await make.product(day.ctx, title="Lantern", variants=({"sku": "LAN-1"},))
    variant = await product.variants.all().first()
    assert variant is not None
    await stock.set_limits(day.ctx, [stock.Limits(variant.id, threshold=5)])
    await day.work()

    await make.stock(day.ctx, variant, on_hand=3)

    assert await told(day, "stock_low") == [
        ("IN_APP", "Lantern is running low: 3 left"),
        ("MAIL", "Lantern is running low: 3 left"),
    ]
    [_, mail] = await day.messages(notice="stock_low")
    assert mail["subject"] == type_id("var", variant.id)


async def test_a_job_that_is_given_up_is_told_to_the_owner(day: Day) -> None:
    with open_shop(day.ctx.shop):
        async with shop_transaction():
            id = await enqueue(day.ctx, PROCESS, {}, kind="images", max_attempts=1)

    await day.deliver(id, "images")

    assert await told(day, "job_dead") == [("IN_APP", f"{PROCESS} was given up")]
    [row] = await day.messages(notice="job_dead")
    assert row["subject"] == type_id("job", str(id))
    assert "Something went wrong on our side;" in row["body"]  # what went wrong is for our logs


async def test_who_reads_chinese_is_told_so_in_chinese(day: Day) -> None:
    await preferences.prefer(day.ctx, {"locale": "zh"})
    with open_shop(day.ctx.shop):
        async with shop_transaction():
            id = await enqueue(day.ctx, PROCESS, {}, kind="images", max_attempts=1)

    await day.deliver(id, "images")
    await day.work()

    [row] = await day.messages(notice="job_dead")
    assert "系统出现故障，已随任务的请求编号记录。" in row["body"]


async def test_a_bulk_run_that_has_ended_is_told(day: Day) -> None:
    async with shop_transaction():
        await publish(day.ctx, BulkRunEnded(new_id(), "MUTATION", "FAILED", 12000, 3))

    assert await told(day, "bulk_ended") == [("IN_APP", "Bulk run: it failed")]
    [row] = await day.messages(notice="bulk_ended")
    assert row["body"] == "12,000 objects, 3 lines that failed."


async def test_a_message_that_is_given_up_makes_no_news(day: Day) -> None:
    with open_shop(day.ctx.shop):
        async with shop_transaction():
            id = await enqueue(
                day.ctx, "notifications.send", {"message_id": "nonsense"}, kind="notifications", max_attempts=1
            )
    await day.deliver(id)

    assert await told(day, "job_dead") == []


# All of them ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: notice.key)
def test_a_notices_own_words_are_a_template_that_could_be_saved(notice: Notice) -> None:
    for locale in LOCALES:
        checked_title(notice.title_in(locale), notice.names)
        checked_body(notice.body_in(locale), notice.names)
        assert sorted(names_in(notice.title_in(locale))) == sorted(names_in(notice.title_in("en")))
        assert sorted(names_in(notice.body_in(locale))) == sorted(names_in(notice.body_in("en")))


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: notice.key)
async def test_a_notice_speaks_every_language(day: Day, notice: Notice) -> None:
    said: Any = {}
    for locale in LOCALES:
        voice = voice_of(day.ctx, locale)
        title = said_title(notice.title_in(locale), notice.samples, voice)
        body = said_body(notice.body_in(locale), notice.samples, voice)
        assert "{" not in title + body
        said[locale] = (title, body)
    assert said["en"][0] != said["zh"][0]
    assert said["en"][1] != said["zh"][1]


async def test_what_concerns_nobody_plans_nothing(day: Day) -> None:
    async with shop_transaction():
        await publish(day.ctx, CaseMoved(new_id(), new_id(), "APPROVE", "REQUESTED", "APPROVED"))

    assert await day.work("notifications") == 0
