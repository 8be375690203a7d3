"""A customer is forgotten: nothing of theirs survives in any table of the shop, and the amounts stay."""

from __future__ import annotations

import pytest

from stoa.domains import orders, service
from stoa.domains.orders import aftersales
from stoa.domains.orders.aftersales import CaseDraft, CasePieces, CaseReason
from stoa.domains.orders.editing import OrderEdit
from stoa.domains.orders.models import Order, OrderLine, Payment, Refund, Shipment
from stoa.domains.orders.models.aftersales import AftersaleCase, CaseKind
from stoa.domains.orders.models.paying import PaymentRowState
from stoa.domains.orders.organising import tag_orders
from stoa.domains.service import Buyer, Consent, ConsentWay
from stoa.domains.service.errors import AlreadyErased
from stoa.domains.service.models import Customer
from stoa.kit.clock import now
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from tests import make
from tests.domains.catalog.catalogs import events_of
from tests.domains.orders.ledgers import pay
from tests.domains.service.buyers import buyer, everything, react

# Each stands somewhere in what the shop knows of them.
THEIRS = ["Zenodotos", "zenodotos@", "4930555", "555-01", "oZenod", "Peisianax", "Soon, please", "Walks", "gold-member"]


async def tables() -> dict[str, str]:
    """Every table of the shop as text."""
    rows = await shop_client().execute_query_dict(
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
    )
    dumps = {}
    for row in rows:
        [found] = await shop_client().execute_query_dict(
            f"SELECT coalesce(string_agg(t::text, E'\\n'), '') AS dump FROM \"{row['tablename']}\" t"
        )
        dumps[row["tablename"]] = found["dump"]
    return dumps


async def where(values: list[str]) -> set[tuple[str, str]]:
    """In which tables these values stand, upper and lower case alike."""
    return {
        (value, table) for table, dump in (await tables()).items() for value in values if value.lower() in dump.lower()
    }


async def well_known(ctx: Context) -> tuple[Customer, Order]:
    """Somebody of whom the shop knows everything it can know, two customers merged into one, with an order."""
    zeno = await buyer(ctx, "Zenodotos", email="zenodotos@example.com", note="Walks.", tags=["gold-member"])
    other = await buyer(ctx, "Zenodotos II", phone="+49 30 555-01", metadata={"nick": "Zenodotos"})
    await service.add_address(ctx, zeno.id, {"name": "Zenodotos", "line1": "Peisianax 1"})
    await service.set_consent(ctx, zeno.id, Consent(ConsentWay.EMAIL, True, "checkout", "Zenodotos said yes."))
    order = await make.order(
        ctx,
        buyer=Buyer("Zenodotos", "zenodotos@example.com", "+49 30 555-01", "wechat:oZenod"),
        external_id="W-1",
        channel="web",
        shipping_address={"name": "Zenodotos", "line1": "Peisianax 1"},
        billing_address={"name": "Zenodotos"},
        buyer_note="Soon, please",
        note="Walks in.",
        tags=["gold-member"],
    )
    await _everything_else(order)
    merge = await service.merge_customers(ctx, zeno.id, other.id)
    assert merge.moved["after"]
    await react(ctx)
    return await Customer.get(id=zeno.id), order


async def _everything_else(order: Order) -> None:
    """What other parts of the shop may have written down of the order's buyer."""
    await OrderLine.filter(order_id=order.id).update(properties={"engraving": "Zenodotos"})
    await Payment.create(
        order=order,
        method="manual",
        provider="manual",
        reference="P-1",
        currency="EUR",
        state=PaymentRowState.AUTHORIZED,
        authorized_minor=100,
        note="Zenodotos paid.",
    )
    await Refund.create(
        order=order, currency="EUR", amount_minor=1, reason="Zenodotos was unhappy.", actor_kind="system"
    )
    await Shipment.create(
        order=order,
        number=1,
        currency="EUR",
        exception="Zenodotos was out.",
        pickup_code="555-01",
        tracking=[{"at": "2026-11-22", "state": "DELIVERED", "place": "Peisianax", "text": "Signed: Zenodotos"}],
    )
    await shop_client().execute_query(
        "UPDATE sales_order SET checks = $1::jsonb, metadata = $2::jsonb WHERE id = $3",
        [
            '[{"code": "DUPLICATE", "severity": "NOTE", "words": "Like {who}", "values": {"who": "Zenodotos"}}]',
            '{"x": "Zenodotos"}',
            order.id,
        ],
    )
    await shop_client().execute_query(
        "INSERT INTO aftersale_case (id, order_id, kind, state, reason, note, answer, contact, lines, currency, "
        "created_at) VALUES (gen_random_uuid(), $1, $2, 'REQUESTED', 'broken', 'Zenodotos', 'Dear Zenodotos', "
        "'{\"reference\": \"555-01\"}', '[]', 'EUR', $3)",
        [order.id, CaseKind.REFUND_ONLY.value, now()],
    )


async def test_nothing_of_theirs_survives_and_the_amounts_stay(ctx: Context) -> None:
    zeno, order = await well_known(ctx)
    assert {value for value, _ in await where(THEIRS)} == set(THEIRS)
    amounts = await Order.all().values("number", "external_id", "total_minor", "placed_at", "state", "customer_id")

    await service.erase_customer(ctx, zeno.id)
    await react(ctx)

    assert await where(THEIRS) == set()
    assert (
        await Order.all().values("number", "external_id", "total_minor", "placed_at", "state", "customer_id") == amounts
    )
    assert await AftersaleCase.filter(order_id=order.id).values("reason", "state") == [
        {"reason": "broken", "state": "REQUESTED"}
    ]
    assert (await Order.get(id=order.id)).checks == [
        {"code": "DUPLICATE", "severity": "NOTE", "words": "", "values": {}}
    ]


async def test_reasons_and_the_log_forget_them_as_well(ctx: Context) -> None:
    """What people wrote in words of their own, wherever an operation put it; codes and numbers stay."""
    by = Buyer("Zenodotos", "zenodotos@example.com")
    cup = await make.sold(ctx, price_minor=1000)
    cancelled, sent = await make.order(ctx, [(cup, 1)], buyer=by), await make.order(ctx, [(cup, 2)], buyer=by)
    await orders.hold_order(ctx, cancelled.id, reason="Zenodotos called")
    await orders.editing.edit_order(
        ctx, cancelled.id, OrderEdit(shipping_address={"line1": "Peisianax 1"}, note="Zenodotos, again")
    )
    await tag_orders(ctx, [cancelled.id], add=["Zenodotos"])
    await orders.cancel_order(ctx, cancelled.id, reason="Zenodotos changed his mind")
    await pay(ctx, sent, 2000)
    [line] = await OrderLine.filter(order_id=sent.id)
    refund = await orders.refund(
        ctx, sent.id, orders.RefundDraft([orders.Pieces(line.id, 1)]), reason="Zenodotos was unhappy"
    )
    await orders.fail_refund(ctx, refund.id, failure="The account of Zenodotos is closed")
    await orders.confirm_order(ctx, sent.id)
    await aftersales.open_case(
        ctx,
        sent.id,
        CaseDraft(CaseKind.REFUND_ONLY, CaseReason.LATE, [CasePieces(line.id, 1)], note="Zenodotos waits"),
    )
    await orders.charge_back(ctx, (await Payment.get(order_id=sent.id)).id, reason="Zenodotos says no")
    told = {(name, each["order_id"]) for name, each in await events_of(ctx) if "order_id" in each}
    assert {table for _, table in await where(["Zenodotos"])} >= {"event", "order_transition", "sales_order", "refund"}

    await service.erase_customer(ctx, sent.customer_id)  # type: ignore[attr-defined]
    await react(ctx)

    assert await where(THEIRS) == set()
    events = await events_of(ctx)
    assert {(name, each["order_id"]) for name, each in events if "order_id" in each} == told
    [opened] = [each for name, each in events if name == "CaseOpened"]
    assert (opened["kind"], opened["reason"]) == ("REFUND_ONLY", "LATE")
    [edited] = [each for name, each in events if name == "OrderEdited"]
    assert [(each["field"], each["old"], each["new"]) for each in edited["changes"]] == [
        ("shipping_address", None, None),
        ("note", None, None),
    ]


async def test_others_are_not_forgotten_with_them(ctx: Context) -> None:
    zeno, _ = await well_known(ctx)
    other = await buyer(ctx, "Chrysippus", email="chrysippus@example.com")
    await make.order(ctx, buyer=Buyer(email="chrysippus@example.com"), buyer_note="Logic, please")
    before = await where(["Chrysippus", "Logic, please"])

    await service.erase_customer(ctx, zeno.id)
    await react(ctx)

    assert await where(["Chrysippus", "Logic, please"]) == before
    assert (await Customer.get(id=other.id)).erased_at is None


async def test_whoever_was_erased_is_somebody_new_when_they_come_again(ctx: Context) -> None:
    zeno, _ = await well_known(ctx)
    await service.erase_customer(ctx, zeno.id)
    once = await everything()
    await service.erase_customer(ctx, zeno.id)
    assert await everything() == once

    with pytest.raises(AlreadyErased):
        await service.update_customer(ctx, zeno.id, {"name": "Zeno"})
    assert await everything() == once

    order = await make.order(ctx, buyer=Buyer(email="zenodotos@example.com"))
    assert order.customer_id not in (None, zeno.id)  # type: ignore[attr-defined]


async def test_a_merge_of_an_erased_customer_cannot_be_undone(ctx: Context) -> None:
    zeno, other = await buyer(ctx, "Zeno"), await buyer(ctx, "Other")
    merge = await service.merge_customers(ctx, zeno.id, other.id)
    await service.erase_customer(ctx, other.id)  # the id leads to the one that was kept
    before = await everything()

    with pytest.raises(AlreadyErased):
        await service.undo_merge(ctx, merge.id)

    assert await everything() == before
    assert (await Customer.get(id=zeno.id)).erased_at is not None
