"""After-sale cases: from the request to the refund or the new order; nothing comes back twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stoa.domains.catalog.models import Reservation, Stock, StockMovement, Variant
from stoa.domains.orders import aftersales
from stoa.domains.orders.aftersales import CaseDraft, CasePieces, CaseReason, Contact, ContactKind, Inspected, Sent
from stoa.domains.orders.aftersales.errors import CaseChanged, NoSuchCase, NotInThisCase, TooManyInCase
from stoa.domains.orders.errors import NoSuchLine, NoSuchOrder, NotNow
from stoa.domains.orders.models import (
    AftersaleCase,
    AftersaleState,
    CaseKind,
    CaseState,
    Order,
    OrderLine,
    PaymentState,
    Refund,
)
from stoa.kit.clock import now, set_to
from stoa.kit.errors import InvalidInput, Refusals
from stoa.kit.ids import new_id
from stoa.kit.money import Money
from stoa.tenants.context import Context, open_shop
from stoa.tenants.shop_models import Upload, UploadState
from stoa.tenants.uploading import stage_upload
from tests import make
from tests.domains.catalog.catalogs import events_of
from tests.domains.orders.aftersales_cases import arrived, everything, line_of, opened, state


async def on_hand(variant: Variant) -> int:
    return (await Stock.get(variant=variant)).on_hand


async def aftersale_of(order: Order) -> AftersaleState:
    return (await Order.get(id=order.id)).aftersale_state


async def test_a_request_is_recorded_with_reason_pictures_lines_and_where_it_was_talked_over(ctx: Context) -> None:
    """O15, O17"""
    order = await arrived(ctx, await make.sold(ctx))
    upload = (await stage_upload(ctx, "crack.jpg", "image/jpeg", 10)).upload
    await Upload.filter(id=upload.id).update(state=UploadState.RECEIVED, file_key="crack")
    talk = Contact(ContactKind.CALL, "call-77")

    case = await opened(ctx, order, CaseKind.RETURN_REFUND, 2, note="杯子裂了", picture_ids=[upload.id], contact=talk)

    kept = await AftersaleCase.get(id=case.id)
    assert (kept.number, kept.kind, kept.state, kept.reason) == (1, "RETURN_REFUND", CaseState.REQUESTED, "DAMAGED")
    assert (kept.note, kept.pictures, kept.contact) == (
        "杯子裂了",
        ["crack"],
        {"kind": "call", "reference": "call-77"},
    )
    assert kept.deadline_at is not None
    assert now() + timedelta(hours=47) < kept.deadline_at < now() + timedelta(hours=49)
    assert [(each["quantity"], each["received"]) for each in kept.lines] == [(2, 0)]
    assert (await Upload.get(id=upload.id)).state is UploadState.KEPT
    assert await aftersale_of(order) is AftersaleState.OPEN
    assert ("CaseOpened", "DAMAGED") in [(name, told.get("reason")) for name, told in await events_of(ctx)]


async def test_a_return_comes_back_to_stock_and_the_money_to_the_buyer(ctx: Context) -> None:
    """O16: one piece is sold again, one is written off, both are paid back; the third stays with the buyer."""
    cup = await make.sold(ctx, price_minor=1000, on_hand=10)
    order = await arrived(ctx, cup, 3)
    case = await opened(ctx, order, CaseKind.RETURN_REFUND, 2)
    line = await line_of(order)
    assert await on_hand(cup) == 7

    approved = await aftersales.approve_case(ctx, case.id, answer="Send it back, please.", expected_version=1)
    assert (approved.state, approved.answer) == (CaseState.AWAITING_RETURN, "Send it back, please.")
    sent = await aftersales.send_case_back(ctx, case.id, carrier="SF", tracking="SF1")
    assert (sent.state, sent.return_tracking) == (CaseState.IN_TRANSIT, "SF1")
    await aftersales.receive_case(ctx, case.id)
    assert (await line_of(order)).returned == 2
    await aftersales.inspect_case(ctx, case.id, [Inspected(line.id, 1, 1, "one is cracked")])
    assert await on_hand(cup) == 8
    moved = await StockMovement.filter(reference_id=case.id).order_by("id").values_list("kind", "on_hand")
    assert sorted((kind.value, count) for kind, count in moved) == [("RETURN", 2), ("SCRAP", -1)]

    refunded = await aftersales.refund_case(ctx, case.id)
    assert (refunded.state, refunded.refund_minor) == (CaseState.REFUNDED, 2000)
    refund = await Refund.get(case_id=case.id)
    assert (refund.amount_minor, refund.reason) == (2000, "DAMAGED")
    after = await Order.get(id=order.id)
    assert (after.payment_state, after.refunded_minor) == (PaymentState.PART_REFUNDED, 2000)
    closed = await aftersales.close_case(ctx, case.id)
    assert (closed.state, closed.ended_at is not None) == (CaseState.CLOSED, True)
    assert await aftersale_of(order) is AftersaleState.CLOSED
    steps = [told["new"] for name, told in await events_of(ctx) if name == "CaseMoved"]
    assert steps == ["AWAITING_RETURN", "IN_TRANSIT", "RECEIVED", "INSPECTED", "REFUNDED", "CLOSED"]


async def test_a_refund_alone_can_be_of_more_or_less_than_the_pieces(ctx: Context) -> None:
    """O16"""
    order = await arrived(ctx, await make.sold(ctx, price_minor=1000))
    case = await opened(ctx, order, CaseKind.REFUND_ONLY)
    await aftersales.approve_case(ctx, case.id)

    refunded = await aftersales.refund_case(ctx, case.id, extra=Money(-250, "EUR"))

    assert (refunded.state, refunded.refund_minor) == (CaseState.REFUNDED, 750)


async def test_an_exchange_is_a_new_order_whose_stock_is_held(ctx: Context) -> None:
    """O16: for something dearer, the buyer pays the difference."""
    cup, jug = await make.sold(ctx, price_minor=1000), await make.sold(ctx, price_minor=1500, on_hand=5)
    order = await arrived(ctx, cup)
    case = await opened(ctx, order, CaseKind.EXCHANGE)
    await aftersales.approve_case(ctx, case.id)
    await aftersales.receive_case(ctx, case.id)
    await aftersales.inspect_case(ctx, case.id, [Inspected((await line_of(order)).id, 1)])

    exchanged = await aftersales.send_case_anew(ctx, case.id, [Sent(jug.id, 1, Money(500, "EUR"))])

    new = await Order.get(id=exchanged.sent_order_id)  # type: ignore[attr-defined]
    assert (exchanged.state, new.channel, new.total_minor) == (CaseState.EXCHANGED, "aftersale", 500)
    assert (new.customer_id, new.email) == (order.customer_id, order.email)  # type: ignore[attr-defined]
    assert new.pay_by is not None
    assert new.pay_by > now() + timedelta(days=6)
    [held] = await Reservation.filter(holder_id=new.id)
    assert (held.quantity, held.expires_at) == (1, new.pay_by)
    assert (await Stock.get(variant=jug)).reserved == 1


async def test_what_was_lost_is_sent_again_for_nothing(ctx: Context) -> None:
    """O16"""
    cup = await make.sold(ctx, price_minor=1000, on_hand=10)
    order = await arrived(ctx, cup, 3)
    case = await opened(ctx, order, CaseKind.REISSUE, 2, reason=CaseReason.LOST)
    await aftersales.approve_case(ctx, case.id)

    again = await aftersales.send_case_anew(ctx, case.id)

    new = await Order.get(id=again.sent_order_id)  # type: ignore[attr-defined]
    assert (new.total_minor, new.payment_state) == (0, PaymentState.PAID)
    assert await OrderLine.filter(order_id=new.id).values_list("quantity", "total_minor") == [(2, 0)]
    [held] = await Reservation.filter(holder_id=new.id)
    assert (held.quantity, held.expires_at) == (2, None)


async def test_no_piece_is_in_two_cases_and_none_comes_back_that_was_not_sent(ctx: Context) -> None:
    """Complaints 8: two lines of one thing are judged together."""
    order = await arrived(ctx, await make.sold(ctx), 3, shipped=2)
    line = await line_of(order)
    case = await opened(ctx, order, CaseKind.RETURN_REFUND, 1)
    before = await everything()

    for kind, wanted, left in (
        (CaseKind.RETURN_REFUND, [2], 1),
        (CaseKind.EXCHANGE, [1, 1], 1),
        (CaseKind.REISSUE, [2], 1),
        (CaseKind.REFUND_ONLY, [3], 2),
        (CaseKind.REFUND_ONLY, [0], 2),
    ):
        draft = CaseDraft(kind, CaseReason.OTHER, [CasePieces(line.id, n) for n in wanted])
        with pytest.raises(Refusals) as refused:
            await aftersales.open_case(ctx, order.id, draft)
        [each] = refused.value.refusals
        assert isinstance(each, TooManyInCase)
        assert each.params["left"] == left
    assert await everything() == before

    await aftersales.decline_case(ctx, case.id, answer="It is used.")
    await opened(ctx, order, CaseKind.RETURN_REFUND, 2)


async def test_a_case_that_is_declined_says_why(ctx: Context) -> None:
    order = await arrived(ctx, await make.sold(ctx))
    case = await opened(ctx, order, CaseKind.REFUND_ONLY)
    before = await everything()

    with pytest.raises(InvalidInput) as refused:
        await aftersales.decline_case(ctx, case.id, answer=" ")
    assert refused.value.path == ("answer",)
    assert await everything() == before

    declined = await aftersales.decline_case(ctx, case.id, answer="It is used.")
    assert (declined.state, declined.answer, declined.deadline_at) == (CaseState.DECLINED, "It is used.", None)
    assert await aftersale_of(order) is AftersaleState.CLOSED


async def test_nobody_answered_in_time_is_a_state(ctx: Context) -> None:
    order = await arrived(ctx, await make.sold(ctx))
    case = await opened(ctx, order, CaseKind.RETURN_REFUND)
    before = await everything()
    await aftersales.case_is_due(ctx, case.id)
    await aftersales.case_is_due(ctx, new_id())
    assert await everything() == before

    with set_to(now() + timedelta(hours=48, minutes=1)):
        await aftersales.case_is_due(ctx, case.id)
        assert (await state(case.id), await aftersale_of(order)) == ("OVERDUE", AftersaleState.OVERDUE)
        once = await everything()
        await aftersales.case_is_due(ctx, case.id)
        assert await everything() == once
        await aftersales.approve_case(ctx, case.id)
        assert await aftersale_of(order) is AftersaleState.OPEN

    with set_to(now() + timedelta(days=10)):
        await aftersales.case_is_due(ctx, case.id)
    assert (await state(case.id), await aftersale_of(order)) == ("CLOSED", AftersaleState.CLOSED)
    await opened(ctx, order, CaseKind.RETURN_REFUND, 3)  # what never came back is free again


async def test_what_the_table_does_not_allow_is_refused_with_the_reason(ctx: Context) -> None:
    order = await arrived(ctx, await make.sold(ctx))
    case = await opened(ctx, order, CaseKind.REFUND_ONLY)
    before = await everything()

    for attempt, reason in (
        (aftersales.refund_case(ctx, case.id), "WRONG_STATE"),
        (aftersales.receive_case(ctx, case.id), "WRONG_KIND"),
        (aftersales.send_case_anew(ctx, case.id), "WRONG_KIND"),
        (aftersales.close_case(ctx, case.id), "WRONG_STATE"),
    ):
        with pytest.raises(NotInThisCase) as refused:
            await attempt
        assert refused.value.params["reason"] == reason
    with pytest.raises(CaseChanged):
        await aftersales.approve_case(ctx, case.id, expected_version=9)
    assert await everything() == before
    offered = {each.action.value for each in aftersales.case_transitions_of(case.kind, case.state) if each.is_available}
    assert offered == {"APPROVE", "DECLINE", "CANCEL"}


async def test_every_piece_that_came_is_accounted_for(ctx: Context) -> None:
    order = await arrived(ctx, await make.sold(ctx))
    line = await line_of(order)
    case = await opened(ctx, order, CaseKind.RETURN_REFUND, 2)
    await aftersales.approve_case(ctx, case.id)
    before = await everything()
    for counts, refusal in (({line.id: 3}, Refusals), ({new_id(): 1}, Refusals), ({line.id: 0}, InvalidInput)):
        with pytest.raises(refusal):
            await aftersales.receive_case(ctx, case.id, counts)
    assert await everything() == before

    await aftersales.receive_case(ctx, case.id, {line.id: 1})
    before = await everything()
    for found in (
        [],
        [Inspected(line.id, 2)],
        [Inspected(line.id, 1), Inspected(line.id, 0, 1)],
        [Inspected(new_id())],
    ):
        with pytest.raises((Refusals, InvalidInput)):
            await aftersales.inspect_case(ctx, case.id, found)
    assert await everything() == before

    await aftersales.inspect_case(ctx, case.id, [Inspected(line.id, 1)])
    assert (await aftersales.refund_case(ctx, case.id)).refund_minor == 1999


async def test_there_is_no_case_about_what_never_happened(ctx: Context) -> None:
    order = await make.order(ctx)
    line = await line_of(order)
    before = await everything()

    with pytest.raises(NotNow):
        await opened(ctx, order, CaseKind.REFUND_ONLY)
    real = await arrived(ctx, await make.sold(ctx))
    before = await everything()
    with pytest.raises(Refusals) as refused:
        await aftersales.open_case(
            ctx, real.id, CaseDraft(CaseKind.REFUND_ONLY, CaseReason.LATE, [CasePieces(line.id, 1)])
        )
    assert isinstance(refused.value.refusals[0], NoSuchLine)
    assert await everything() == before


async def test_a_strangers_case_is_not_found(ctx: Context, other_ctx: Context) -> None:
    with open_shop(other_ctx.shop):
        theirs = await arrived(other_ctx, await make.sold(other_ctx))
        case = await opened(other_ctx, theirs, CaseKind.RETURN_REFUND)
        line, before = await line_of(theirs), await everything()

    draft = CaseDraft(CaseKind.REFUND_ONLY, CaseReason.LATE, [CasePieces(line.id, 1)])
    with pytest.raises(NoSuchOrder):
        await aftersales.open_case(ctx, theirs.id, draft)
    for attempt in (
        aftersales.approve_case(ctx, case.id),
        aftersales.decline_case(ctx, case.id, answer="no"),
        aftersales.cancel_case(ctx, case.id),
        aftersales.close_case(ctx, case.id),
        aftersales.send_case_back(ctx, case.id, carrier="SF"),
        aftersales.receive_case(ctx, case.id),
        aftersales.inspect_case(ctx, case.id, []),
        aftersales.refund_case(ctx, case.id),
        aftersales.send_case_anew(ctx, case.id),
    ):
        with pytest.raises(NoSuchCase):
            await attempt
    await aftersales.case_is_due(ctx, case.id)

    with open_shop(other_ctx.shop):
        assert await everything() == before


async def test_what_came_back_as_a_parcel_does_not_come_back_in_a_case_too(ctx: Context) -> None:
    order = await arrived(ctx, await make.sold(ctx), 3)
    case = await opened(ctx, order, CaseKind.RETURN_REFUND, 2)
    await aftersales.approve_case(ctx, case.id)
    await OrderLine.filter(order_id=order.id).update(returned=2)
    before = await everything()

    with pytest.raises(TooManyInCase) as refused:
        await aftersales.receive_case(ctx, case.id)

    assert refused.value.params["left"] == 1
    assert await everything() == before
    await aftersales.receive_case(ctx, case.id, {(await line_of(order)).id: 1})
    assert (await line_of(order)).returned == 3
