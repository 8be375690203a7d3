"""All that orders hold, to see what changed; and the sums that must come out after whatever was done."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from stoa.domains import orders
from stoa.domains.catalog import stock
from stoa.domains.catalog.models import Reservation, Stock
from stoa.domains.orders.models import Order, OrderLine, OrderTransition, Payment, PaymentRowState, Refund, RefundState
from stoa.domains.orders.states import STEPS
from stoa.kit.money import Money
from stoa.tenants.context import Context

STANDING = (PaymentRowState.AUTHORIZED, PaymentRowState.SETTLED)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


async def everything() -> dict[str, Any]:
    tables = (Order, OrderLine, OrderTransition, Payment, Refund, Reservation, Stock)
    return {each.__name__: await each.all().order_by("id").values() for each in tables}


async def pay(ctx: Context, order: Order, minor: int, reference: str | None = None, **more: Any) -> Payment:
    report = orders.PaymentReport("bank", eur(minor), reference=reference, **more)
    return await orders.record_payment(ctx, order.id, report)


async def assert_adds_up(ctx: Context) -> None:
    """The books of stock, and of every order: what columns say is what their rows come to."""
    assert (await stock.integrity_report(ctx)).breaches == []
    by_order: dict[str, dict[Any, list[Any]]] = {}
    for model in (OrderLine, Payment, Refund):
        by_order[model.__name__] = defaultdict(list)
        for row in await model.all().order_by("id"):
            by_order[model.__name__][row.order_id].append(row)  # type: ignore[attr-defined]
    for order in await Order.all():
        _assert_order(order, *(rows[order.id] for rows in by_order.values()))
    for step in await OrderTransition.all().order_by("id"):
        assert step.from_state == "" or step.to_state in STEPS[step.machine][step.from_state], vars(step)


def _assert_order(order: Order, lines: list[OrderLine], payments: list[Payment], refunds: list[Refund]) -> None:
    refunds = [each for each in refunds if each.state is not RefundState.FAILED]
    _assert_lines(order, lines, refunds)
    given: dict[str, int] = defaultdict(int)
    for refund in refunds:
        assert sum(each["minor"] for each in refund.parts) == refund.amount_minor
        said = sum(each["minor"] for each in refund.lines) + refund.shipping_minor + refund.extra_minor
        assert said == refund.amount_minor
        for each in refund.parts:
            given[each["payment_id"]] += each["minor"]
    for payment in payments:
        assert given[str(payment.id)] == payment.refunded_minor <= payment.captured_minor <= payment.authorized_minor
    standing = [each for each in payments if each.state in STANDING]
    assert order.captured_minor == sum(each.captured_minor for each in standing)
    assert order.refunded_minor == sum(each.refunded_minor for each in standing)


def _assert_lines(order: Order, lines: list[OrderLine], refunds: list[Refund]) -> None:
    delivery = order.total_minor - sum(each.total_minor for each in lines)
    assert delivery == order.shipping_minor  # taxes are included
    assert sum(each.shipping_minor for each in refunds) <= delivery
    given: dict[str, int] = defaultdict(int)
    for each in (each for refund in refunds for each in refund.lines):
        given[each["line_id"]] += each["minor"]
    for line in lines:
        assert given[str(line.id)] == line.refunded_minor <= line.gone_minor <= line.total_minor
        gone, share = line.cancelled + line.refunded, line.total_minor // line.quantity
        assert line.gone_minor >= share * gone
        if gone == line.quantity:
            assert line.gone_minor == line.total_minor
        if not gone:
            assert line.gone_minor == 0
