"""An order comes in: from any channel, once, priced, with its stock held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from stoa.domains import catalog, service
from stoa.domains.catalog.offering import Offer
from stoa.domains.catalog.stock import Demand, Holder
from stoa.domains.orders.checks import Check
from stoa.domains.orders.drafting import LineDraft, OrderDraft
from stoa.domains.orders.errors import NotSellable, OrderDiffers, TotalDiffers
from stoa.domains.orders.events import OrderPlaced
from stoa.domains.orders.inserting import first_step, insert_order, line_rows, order_row
from stoa.domains.orders.models import Machine, Order, OrderState, PaymentState
from stoa.domains.orders.pricing import Basket, Discount, Item, Priced, price
from stoa.domains.orders.rules import ask_rules
from stoa.domains.orders.shipping.quoting import Charge, delivery_charge
from stoa.domains.orders.validating import Earlier, checks_of, known_of, sold_in_advance
from stoa.kit.clock import now
from stoa.kit.errors import Refusal, Refusals
from stoa.kit.ids import new_id
from stoa.kit.money import Money
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction
from stoa.tenants.outbox import publish

PAY_WITHIN = timedelta(minutes=30)  # how long stock is held for an order that nobody has paid or confirmed
CONFIRM_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Placed:
    """`is_new` is False when the channel had brought the order before."""

    order_id: UUID
    is_new: bool


async def place_order(ctx: Context, draft: OrderDraft) -> Placed:
    """Take an order in, whole or not at all: priced, its buyer known, its stock held until it must be paid.

    The same order of a channel sent twice is one order. Raises `Refusals` for what is wrong with the draft or cannot be
    bought, `NotEnoughStock` for every line that is short, `OrderDiffers` when the channel sent other content under
    this id before, and `TotalDiffers` when it does not come to what the channel says.
    """
    draft = draft.checked(ctx)
    try:
        async with shop_transaction():
            return await _place(ctx, draft)
    except (Refusal, Refusals):
        if (earlier := await _earlier(draft)) is None:
            raise
        return earlier  # what could be bought then cannot be bought any more


async def _place(ctx: Context, draft: OrderDraft) -> Placed:
    offers = await offers_for(draft.lines)
    units = [unit_of(line, offer) for line, offer in zip(draft.lines, offers, strict=True)]
    customer_id = await service.known_customer(ctx, draft.buyer)
    order_id, at = new_id(), now()
    known = await known_of(draft, offers, customer_id, at)
    if known.earlier is not None:
        return _same_as(draft, known.earlier)
    delivery = await delivery_charge(ctx, draft, offers, units)
    priced = await price(ctx, _basket(ctx, draft, offers, units, customer_id, delivery))
    _require_total(draft, priced, ctx.shop.currency)
    checks = [] if draft.as_draft else checks_of(ctx, draft, offers, priced, known)
    number = await _insert(ctx, draft, order_id, priced, offers, units, customer_id, at, checks)
    if number is None:  # the same order came at the same moment, and was first
        return await _same(draft)
    if not draft.as_draft:
        await _hold(ctx, draft, order_id, offers, at)
        await _add_checks(order_id, checks, await sold_in_advance(offers))
    await publish(ctx, OrderPlaced(order_id, number, draft.channel, priced.total, ctx.shop.currency))
    if known.has_rules and not draft.as_draft:
        await ask_rules(ctx, order_id)
    return Placed(order_id, is_new=True)


async def _earlier(draft: OrderDraft) -> Placed | None:
    if draft.external_id is None:
        return None
    order = await Order.filter(channel=draft.channel, external_id=draft.external_id).first()
    if order is None:
        return None
    return _same_as(draft, Earlier(order.id, order.number, (order.content_hash or b"").hex()))


def _same_as(draft: OrderDraft, earlier: Earlier) -> Placed:
    if earlier.content_hash != draft.content_hash.hex():
        raise OrderDiffers(
            "{channel} has sent order {external_id} before, with other content: it is order {number}.",
            path=["external_id"],
            channel=draft.channel,
            external_id=draft.external_id or "",
            number=earlier.number,
        )
    return Placed(earlier.id, is_new=False)


async def _same(draft: OrderDraft) -> Placed:
    earlier = await _earlier(draft)
    assert earlier is not None
    return earlier


async def offers_for(lines: Sequence[LineDraft]) -> list[Offer | None]:
    """What each line is of; None for what the catalog does not have. Raises `Refusals` for what cannot be bought."""
    ids = [line.variant_id for line in lines if line.variant_id]
    skus = [line.sku for line in lines if line.sku and not line.variant_id]
    there = await catalog.offering.offers(ids, skus) if ids or skus else []
    by_id, by_sku = {each.variant_id: each for each in there}, {each.sku: each for each in there if each.sku}
    found = [by_id.get(line.variant_id) if line.variant_id else by_sku.get(line.sku) for line in lines]
    wrong = [
        refusal
        for i, (line, offer) in enumerate(zip(lines, found, strict=True))
        if (refusal := _why_not_sold(i, line, offer)) is not None
    ]
    if wrong:
        raise Refusals(wrong)
    return found


def _why_not_sold(i: int, line: LineDraft, offer: Offer | None) -> Refusal | None:
    """An order that was sold elsewhere, at its own price, is taken as it is."""
    if offer is None:
        if line.variant_id is None and line.title and line.unit_price is not None:
            return None
        return NotSellable("There is no such variant.", path=["lines", i])
    if line.unit_price is None and (not offer.is_on_sale or offer.price is None):
        label = offer.sku or offer.title
        return NotSellable("{label} is not on sale, or has no price.", path=["lines", i], label=label)
    return None


def unit_of(line: LineDraft, offer: Offer | None) -> int:
    if line.unit_price is not None:
        return line.unit_price.minor
    assert offer is not None and offer.price is not None
    return offer.price


def _basket(
    ctx: Context,
    draft: OrderDraft,
    offers: Sequence[Offer | None],
    units: Sequence[int],
    customer_id: UUID | None,
    delivery: Charge,
) -> Basket:
    return Basket(
        currency=ctx.shop.currency,
        items=[
            Item(line.quantity, unit, offer.variant_id if offer else None, line.tax_rate)
            for line, offer, unit in zip(draft.lines, offers, units, strict=True)
        ],
        channel=draft.channel,
        customer_id=customer_id,
        discounts=[Discount(each.code, each.title, each.amount.minor, each.line) for each in draft.discounts],
        shipping=delivery.minor,
        shipping_why=delivery.why,
        tax_included=draft.tax_included,
        codes=draft.codes,
    )


def _require_total(draft: OrderDraft, priced: Priced, currency: str) -> None:
    if draft.total is not None and draft.total.minor != priced.total:
        raise TotalDiffers(
            "The order says {said}, and comes to {total}.",
            path=["total"],
            said=str(draft.total),
            total=str(Money(priced.total, currency)),
        )


async def _insert(
    ctx: Context,
    draft: OrderDraft,
    order_id: UUID,
    priced: Priced,
    offers: Sequence[Offer | None],
    units: Sequence[int],
    customer_id: UUID | None,
    at: datetime,
    checks: Sequence[Check],
) -> int | None:
    state = OrderState.DRAFT if draft.as_draft else OrderState.PENDING
    row = order_row(
        draft,
        priced,
        ctx.shop.currency,
        customer_id,
        id=order_id,
        state=state,
        payment_state=PaymentState.UNPAID if priced.total else PaymentState.PAID,
        checks=[each.as_row() for each in checks],
        queue=None,
        placed_at=draft.placed_at or at,
        confirm_by=None if draft.as_draft else at + CONFIRM_WITHIN,
        pay_by=None if draft.as_draft or draft.is_payable_later else at + PAY_WITHIN,
        confirmed_at=None,
    )
    lines = line_rows(draft.lines, offers, priced, units, ctx.shop.currency)
    steps = [first_step(Machine.ORDER, "PLACE", state)]
    return await insert_order(ctx, row, lines, steps, draft.content_hash, at)


async def _hold(ctx: Context, draft: OrderDraft, order_id: UUID, offers: Sequence[Offer | None], at: datetime) -> None:
    """Hold the stock; what a cart held goes over to the order."""
    if draft.cart_id is not None:
        await catalog.stock.release(ctx, Holder("cart", draft.cart_id), reason="ordered")
    demand = [
        Demand(offer.variant_id, line.quantity, pool_id=line.pool_id)
        for line, offer in zip(draft.lines, offers, strict=True)
        if offer is not None and offer.requires_shipping
    ]
    if demand:
        until = None if draft.is_payable_later else at + PAY_WITHIN
        await catalog.stock.reserve(ctx, Holder("order", order_id), demand, expires_at=until)


async def _add_checks(order_id: UUID, checks: Sequence[Check], more: Sequence[Check]) -> None:
    if more:
        await Order.filter(id=order_id).update(checks=[each.as_row() for each in (*checks, *more)])
