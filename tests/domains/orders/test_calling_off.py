"""What is refunded before it was sent is not sent: its stock is let go, and the books of money and stock add up."""

from __future__ import annotations

from stoa.domains import orders
from stoa.domains.catalog.models import Reservation, Stock, Variant
from stoa.domains.orders import aftersales, shipping
from stoa.domains.orders.aftersales import CaseDraft, CasePieces, CaseReason
from stoa.domains.orders.models import AftersaleCase, CaseKind, Order, OrderLine, Refund, Shipment
from stoa.domains.orders.moving import lines_of
from stoa.domains.orders.shipping import PackDraft
from stoa.kit.money import Money
from stoa.tenants.context import Context
from tests import make
from tests.domains.catalog.catalogs import events_of
from tests.domains.orders.ledgers import assert_adds_up, eur, pay
from tests.domains.orders.pieces import deliver_pieces, ship_pieces


async def paid(ctx: Context, *lines: tuple[Variant, int], shipping: int = 0) -> Order:
    order = await make.order(ctx, list(lines), shipping=eur(shipping))
    await pay(ctx, order, order.total_minor, str(order.id))
    await orders.confirm_order(ctx, order.id)
    return order


async def refunded(
    ctx: Context,
    line: OrderLine,
    count: int,
    *,
    reason: CaseReason = CaseReason.CHANGED_MIND,
    shipping: Money | None = None,
    extra: Money | None = None,
) -> AftersaleCase:
    """So many pieces of the line, by a case about a refund alone."""
    order_id = line.order_id  # type: ignore[attr-defined]
    case = await aftersales.open_case(
        ctx, order_id, CaseDraft(CaseKind.REFUND_ONLY, reason, [CasePieces(line.id, count)])
    )
    await aftersales.approve_case(ctx, case.id)
    return await aftersales.refund_case(ctx, case.id, shipping=shipping, extra=extra)


async def stock_of(variant: Variant) -> tuple[int, int]:
    there = await Stock.get(variant=variant)
    return there.on_hand, there.reserved


async def test_what_is_refunded_before_it_was_sent_is_called_off(ctx: Context) -> None:
    cup, jug = await make.sold(ctx, price_minor=333, on_hand=10), await make.sold(ctx, price_minor=500)
    order = await paid(ctx, (cup, 3), (jug, 1))
    [cups, _] = await lines_of(order)
    [parcel] = await shipping.pack_order(ctx, order.id, PackDraft({cups.id: 3}))

    case = await refunded(ctx, cups, 2)

    assert (case.refund_minor, case.lines[0]["quantity"], case.lines[0]["called_off"]) == (666, 2, 2)
    [cups, _] = await lines_of(order)
    assert (cups.cancelled, cups.refunded, cups.refunded_minor, cups.gone_minor) == (2, 0, 666, 666)
    assert await stock_of(cup) == (10, 1)
    assert (await Shipment.get(id=parcel)).state == "CANCELLED"
    now = await Order.get(id=order.id)
    assert (now.state, now.payment_state, now.fulfilment_state) == ("CONFIRMED", "PART_REFUNDED", "ALLOCATED")
    assert {"order_id": str(order.id), "lines": [[str(cups.id), 2]], "reason": "CHANGED_MIND"} in [
        told for name, told in await events_of(ctx) if name == "PiecesCancelled"
    ]
    await assert_adds_up(ctx)

    [parcel] = await shipping.pack_order(ctx, order.id, PackDraft({cups.id: 1}))
    await shipping.ship_parcel(ctx, parcel, shipping.ShipDraft())
    assert await stock_of(cup) == (9, 0)
    await assert_adds_up(ctx)


async def test_with_its_last_piece_the_order_is_cancelled_and_delivery_goes_back_when_it_is_asked_for(
    ctx: Context,
) -> None:
    cup = await make.sold(ctx, price_minor=333, on_hand=10)
    order = await paid(ctx, (cup, 3), shipping=490)
    [line] = await lines_of(order)

    await refunded(ctx, line, 1)
    [line] = await lines_of(order)
    case = await refunded(ctx, line, 2, shipping=eur(490))

    now = await Order.get(id=order.id)
    assert (now.state, now.payment_state, now.fulfilment_state) == ("CANCELLED", "REFUNDED", "CANCELLED")
    assert (now.end_reason, now.ended_at is not None, now.refunded_minor) == ("CHANGED_MIND", True, 1489)
    assert (case.refund_minor, now.waived_minor, now.aftersale_state) == (1156, 0, "OPEN")
    assert await stock_of(cup) == (10, 0)
    assert not await Reservation.filter(holder_id=order.id, state="HELD").exists()
    await assert_adds_up(ctx)
    await aftersales.close_case(ctx, case.id)
    await assert_adds_up(ctx)


async def test_for_less_than_they_are_worth_they_are_still_sent(ctx: Context) -> None:
    cup = await make.sold(ctx, price_minor=1000, on_hand=10)
    order = await paid(ctx, (cup, 3))
    [line] = await lines_of(order)

    case = await refunded(ctx, line, 3, reason=CaseReason.LATE, extra=eur(-2500))

    [line] = await lines_of(order)
    assert (case.refund_minor, line.cancelled, line.refunded, case.lines[0].get("called_off")) == (500, 0, 3, None)
    assert await stock_of(cup) == (10, 3)
    await ship_pieces(ctx, order.id, 0, 3)
    await assert_adds_up(ctx)


async def test_of_a_line_sent_in_part_the_reason_tells_which_pieces_are_meant(ctx: Context) -> None:
    """Damage shows once a piece was sent; who does not want it any more means what is not on its way."""
    for reason, called_off, fulfilment in (
        (CaseReason.CHANGED_MIND, 1, "DELIVERED"),
        (CaseReason.DAMAGED, 0, "PART_DELIVERED"),
    ):
        cup = await make.sold(ctx, price_minor=1000, on_hand=10)
        order = await paid(ctx, (cup, 3))
        await ship_pieces(ctx, order.id, 0, 2)
        await deliver_pieces(ctx, order.id)
        [line] = await lines_of(order)

        await refunded(ctx, line, 1, reason=reason)

        [line], now = await lines_of(order), await Order.get(id=order.id)
        assert (line.cancelled, line.refunded, now.fulfilment_state) == (called_off, 1 - called_off, fulfilment)
        assert now.state == "CONFIRMED"
        assert (now.delivered_at is not None) is (fulfilment == "DELIVERED")
        assert await stock_of(cup) == (8, 1 - called_off)
        await assert_adds_up(ctx)

        # the other pieces can be in a case, and none twice
        left = 3 - 1
        case = await refunded(ctx, line, left, reason=CaseReason.DAMAGED)
        [line] = await lines_of(order)
        assert (case.refund_minor, line.cancelled + line.refunded) == (2000, 3)
        await assert_adds_up(ctx)


async def test_a_refund_that_failed_leaves_the_pieces_called_off_and_gives_when_it_is_tried_again(ctx: Context) -> None:
    cup = await make.sold(ctx, price_minor=1000, on_hand=10)
    order = await paid(ctx, (cup, 3))
    await ship_pieces(ctx, order.id, 0, 1)
    [line] = await lines_of(order)
    case = await refunded(ctx, line, 3)
    refund = await Refund.get(case_id=case.id)
    assert [(each["quantity"], each.get("cancelled", False)) for each in refund.lines] == [(2, True), (1, False)]
    await assert_adds_up(ctx)

    await orders.fail_refund(ctx, refund.id, failure="the account is closed")
    [line] = await lines_of(order)
    assert (line.cancelled, line.refunded, line.refunded_minor) == (2, 0, 0)
    await assert_adds_up(ctx)

    again = await orders.retry_refund(ctx, refund.id)
    [line] = await lines_of(order)
    assert (again.amount_minor, line.cancelled, line.refunded, line.refunded_minor) == (3000, 2, 1, 3000)
    assert await stock_of(cup) == (9, 0)
    await assert_adds_up(ctx)


async def test_what_is_nothing_to_be_sent_is_not_called_off(ctx: Context) -> None:
    file = await make.sold(ctx, price_minor=1000)
    await Variant.filter(id=file.id).update(requires_shipping=False)
    order = await paid(ctx, (file, 2))
    [line] = await lines_of(order)

    await refunded(ctx, line, 1)

    [line] = await lines_of(order)
    assert (line.requires_shipping, line.cancelled, line.refunded) == (False, 0, 1)
    await assert_adds_up(ctx)
