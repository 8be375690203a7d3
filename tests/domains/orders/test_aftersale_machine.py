"""Whatever is tried with cases in whatever order: no step that the table lacks, and nothing comes back that never left."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stoa.domains import catalog, orders
from stoa.domains.catalog.models import Reservation, Stock
from stoa.domains.orders import aftersales
from stoa.domains.orders.aftersales import CaseReason, Inspected
from stoa.domains.orders.aftersales.states import ACTIONS, ENDED, STEPS, leads_to, why_not
from stoa.domains.orders.errors import NotNow
from stoa.domains.orders.models import AftersaleCase, AftersaleState, CaseKind, CaseState, Order, OrderLine, Refund
from stoa.kit.clock import now, set_to
from stoa.kit.errors import Refusal, Refusals
from stoa.tenants.context import Context
from stoa.tenants.shop_models import EventRow
from tests import make
from tests.domains.orders.aftersales_cases import arrived, line_of, opened

PIECES, PRICE, SHIPPED = 6, 1000, 4
Step = Callable[[Context, AftersaleCase, OrderLine], Awaitable[Any]]


async def _receive(ctx: Context, case: AftersaleCase, line: OrderLine) -> Any:
    return await aftersales.receive_case(ctx, case.id, {line.id: max(1, case.lines[0]["quantity"] - 1)})


async def _inspect(ctx: Context, case: AftersaleCase, line: OrderLine) -> Any:
    received = case.lines[0]["received"]
    return await aftersales.inspect_case(ctx, case.id, [Inspected(line.id, received // 2, received - received // 2)])


async def _wait(ctx: Context, case: AftersaleCase, line: OrderLine) -> Any:
    with set_to(case.deadline_at or now()):
        await aftersales.case_is_due(ctx, case.id)


STEPS_TO_TRY: dict[str, Step] = {
    "approve": lambda ctx, case, line: aftersales.approve_case(ctx, case.id),
    "decline": lambda ctx, case, line: aftersales.decline_case(ctx, case.id, answer="no"),
    "cancel": lambda ctx, case, line: aftersales.cancel_case(ctx, case.id),
    "send_back": lambda ctx, case, line: aftersales.send_case_back(ctx, case.id, carrier="SF"),
    "receive": _receive,
    "inspect": _inspect,
    "refund": lambda ctx, case, line: aftersales.refund_case(ctx, case.id),
    "send_anew": lambda ctx, case, line: aftersales.send_case_anew(ctx, case.id),
    "close": lambda ctx, case, line: aftersales.close_case(ctx, case.id),
    "wait": _wait,
}
REFUSED = (Refusal, Refusals)
# What is likely comes more often: a case that gets nowhere proves little.
TRIED = st.tuples(
    st.sampled_from(["open", *STEPS_TO_TRY, "approve", "receive", "inspect", "refund", "send_anew"]),
    st.integers(0, 3),
    st.sampled_from(CaseKind),
    st.integers(1, 3),
    st.sampled_from([CaseReason.DAMAGED, CaseReason.CHANGED_MIND]),
)


def test_every_action_leads_along_the_table_and_every_state_can_be_reached() -> None:
    for rule in ACTIONS.values():
        for kind in rule.kinds:
            assert all(leads_to(kind, rule.action) in STEPS[state] for state in rule.of)
    reached = {CaseState.REQUESTED} | {after for steps in STEPS.values() for after in steps}
    assert reached == set(CaseState) == set(STEPS)
    assert {state for state, steps in STEPS.items() if not steps} == set(ENDED)


def test_no_kind_of_case_can_get_stuck() -> None:
    for kind in CaseKind:
        seen, todo = set[CaseState](), [CaseState.REQUESTED]
        while todo:
            state = todo.pop()
            seen.add(state)
            after = {leads_to(kind, action) for action in ACTIONS if why_not(kind, state, action) is None}
            assert after or state in ENDED, (kind, state)
            todo += after - seen
        assert CaseState.CLOSED in seen


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tried=st.lists(TRIED, min_size=8, max_size=25))
async def test_any_history_of_cases_adds_up(
    ctx: Context, tried: list[tuple[str, int, CaseKind, int, CaseReason]]
) -> None:
    """O16"""
    cup = await make.sold(ctx, price_minor=PRICE, on_hand=100)
    order = await arrived(ctx, cup, PIECES, shipped=SHIPPED)
    line, cases = await line_of(order), list[AftersaleCase]()

    for name, which, kind, count, reason in tried:
        try:
            if name == "open":
                cases.append(await opened(ctx, order, kind, count, reason=reason))
            elif cases:
                case = await AftersaleCase.get(id=cases[which % len(cases)].id)
                await STEPS_TO_TRY[name](ctx, case, line)
        except REFUSED:
            pass
        await _adds_up(order)
    await _steps_are_legal(order)
    report = await catalog.stock.integrity_report(ctx)
    assert not report.breaches


async def _adds_up(order: Order) -> None:
    now_, line = await Order.get(id=order.id), await line_of(order)
    cases = await AftersaleCase.filter(order_id=order.id)
    standing = [each for each in cases if each.state not in (CaseState.DECLINED, CaseState.CANCELLED)]
    received = sum(each.lines[0]["received"] for each in cases)
    assert line.returned == received <= line.shipped
    assert all(
        each.lines[0]["restocked"] + each.lines[0]["scrapped"] <= each.lines[0]["received"] <= each.lines[0]["quantity"]
        for each in cases
    )
    refunds = await Refund.filter(order_id=order.id)
    assert sum(each.amount_minor for each in refunds) == sum(each.refund_minor or 0 for each in standing)
    assert now_.refunded_minor == line.refunded_minor <= now_.captured_minor
    assert line.refunded_minor == (line.refunded + line.cancelled) * PRICE
    assert line.cancelled == sum(each.lines[0].get("called_off", 0) for each in cases) <= PIECES - SHIPPED
    states = {each.state for each in cases}
    if not cases:
        assert now_.aftersale_state is AftersaleState.NONE
    elif CaseState.OVERDUE in states:
        assert now_.aftersale_state is AftersaleState.OVERDUE
    else:
        wanted = AftersaleState.OPEN if states - set(ENDED) else AftersaleState.CLOSED
        assert now_.aftersale_state is wanted
    restocked = sum(each.lines[0]["restocked"] for each in cases)
    stock = await Stock.get(variant_id=line.variant_id)  # type: ignore[attr-defined]
    assert stock.on_hand == 100 - SHIPPED + restocked
    held = await Reservation.filter(holder_id=order.id, state="HELD").values_list("quantity", flat=True)
    assert sum(held) == PIECES - SHIPPED - line.cancelled  # type: ignore[arg-type]


async def _steps_are_legal(order: Order) -> None:
    for news in await EventRow.filter(subject_id=order.id, name="CaseMoved"):
        assert news.payload["new"] in STEPS[CaseState(news.payload["old"])]


async def test_of_two_who_settle_a_case_at_once_one_does(ctx: Context) -> None:
    order = await arrived(ctx, await make.sold(ctx, price_minor=PRICE))
    case = await opened(ctx, order, CaseKind.REFUND_ONLY)
    await aftersales.approve_case(ctx, case.id)

    answers = await asyncio.gather(*(aftersales.refund_case(ctx, case.id) for _ in range(4)), return_exceptions=True)

    assert sorted(type(each).__name__ for each in answers) == ["AftersaleCase", *["NotInThisCase"] * 3]
    assert await Refund.filter(case_id=case.id).count() == 1


async def test_a_piece_that_was_refunded_by_hand_is_not_refunded_again(ctx: Context) -> None:
    order = await arrived(ctx, await make.sold(ctx, price_minor=PRICE), 1)
    case = await opened(ctx, order, CaseKind.REFUND_ONLY)
    await aftersales.approve_case(ctx, case.id)
    await orders.refund(ctx, order.id, orders.RefundDraft([orders.Pieces((await line_of(order)).id, 1)]))

    with pytest.raises(NotNow) as refused:
        await aftersales.refund_case(ctx, case.id)

    assert refused.value.params["reason"] == "NOTHING_TO_REFUND"
    assert await Refund.all().count() == 1
