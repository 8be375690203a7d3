"""Receive what was ordered: all of it or a part, as often as something comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from stoa.domains.catalog.errors import NoSuchPurchaseLine, OverReceipt, RateNeeded
from stoa.domains.catalog.events import PurchaseOrderReceived
from stoa.domains.catalog.models import MovementKind, PurchaseLine, PurchaseOrder, PurchaseState, Receipt, SpreadBy
from stoa.domains.catalog.stock.moving import Move, move
from stoa.domains.catalog.supplying.averaging import average_costs, lock_products
from stoa.domains.catalog.supplying.drafting import MAX_LINES
from stoa.domains.catalog.supplying.landing import (
    Arrived,
    CostDraft,
    Exchange,
    Landed,
    checked_costs,
    exchange_of,
    land,
)
from stoa.domains.catalog.supplying.ordering import REFERENCE, check_version, locked_purchase, save
from stoa.domains.catalog.supplying.pricing import MAX_PIECES
from stoa.domains.catalog.supplying.states import PurchaseAction, require
from stoa.kit.checking import Problems
from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.ids import new_id
from stoa.kit.text import clean_line
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import publish

_COUNT = """
UPDATE purchase_line l SET received = l.received + c.quantity
FROM jsonb_to_recordset($1::jsonb) AS c (line_id uuid, quantity int) WHERE l.id = c.line_id
"""


@dataclass(frozen=True, slots=True)
class ReceivedDraft:
    """So many pieces of a line came, so many of them damaged."""

    line_id: UUID
    quantity: int
    damaged: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came. `costs` are freight, duty and the like, `exchange_rate` how much of the shop's currency one of the
    order's is (decimal text). `allow_over`: more than was ordered is taken. `update_costs`: the landed cost counts in
    the variants' own. `received_at` is now, unless it was earlier."""

    lines: Sequence[ReceivedDraft]
    costs: Sequence[CostDraft] = ()
    spread_by: SpreadBy = SpreadBy.VALUE
    exchange_rate: str | None = None
    allow_over: bool = False
    update_costs: bool = False
    received_at: datetime | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class _Came:
    line: PurchaseLine
    draft: ReceivedDraft
    landed: Landed

    @property
    def variant_id(self) -> UUID:
        return self.line.variant_id  # type: ignore[attr-defined,no-any-return]

    def move(self, location_id: UUID) -> Move:
        outstanding = max(self.line.quantity - self.line.received, 0)
        return Move(
            self.variant_id,
            location_id,
            MovementKind.RECEIPT,
            on_hand=self.draft.quantity,
            damaged=self.draft.damaged,
            incoming=-min(outstanding, self.draft.quantity),
        )

    @property
    def as_row(self) -> dict[str, Any]:
        return {
            "line_id": str(self.line.id),
            "variant_id": str(self.variant_id),
            "quantity": self.draft.quantity,
            "damaged": self.draft.damaged,
            "goods_minor": self.landed.goods_minor,
            "costs_minor": self.landed.costs_minor,
        }


async def receive_purchase(
    ctx: Context, purchase_id: UUID, delivery: Delivery, *, expected_version: int | None = None
) -> Receipt:
    """Take a delivery into stock: its pieces are on hand and not incoming any more, the damaged ones cannot be sold.

    Raises `NoSuchPurchase`, `PurchaseChanged`, `PurchaseStands`, `Refusals` for lines (`NoSuchPurchaseLine`,
    `OverReceipt`), `RateNeeded`, `WeightUnknown`, and `MissingScope` for costs without the right.
    """
    delivery = _checked(ctx, delivery)
    async with shop_transaction():
        order = await locked_purchase(purchase_id)
        check_version(order, expected_version)
        require(order, PurchaseAction.RECEIVE)
        lines = {each.id: each for each in await PurchaseLine.filter(purchase_id=order.id).select_related("variant")}
        _check_lines(lines, delivery)
        exchange = _exchange(ctx, order, delivery)
        costs = checked_costs(delivery.costs, exchange)
        came = _landed(lines, delivery, exchange, sum(int(each["minor"]) for each in costs))
        if delivery.update_costs:
            await lock_products([each.variant_id for each in came])
        await move(
            ctx,
            [each.move(order.location_id) for each in came],  # type: ignore[attr-defined]
            reason=delivery.reference,
            reference=(REFERENCE, order.id),
        )
        if delivery.update_costs:
            await average_costs(ctx, {each.variant_id: (each.draft.quantity, each.landed.minor) for each in came})
        receipt = await _keep(order, delivery, exchange, costs, came)
        await _count(order, lines, came)
        await _announce(ctx, order, receipt, came)
    return receipt


def _checked(ctx: Context, delivery: Delivery) -> Delivery:
    """What can be said without looking at the order."""
    for name in ("costs", "update_costs"):
        if getattr(delivery, name):
            with blaming(name):
                ctx.require(Scope.CATALOG_COST)
    if not delivery.lines or len(delivery.lines) > MAX_LINES:
        raise InvalidInput(
            "{count} lines; 1 to {limit} are allowed.", path=["lines"], count=len(delivery.lines), limit=MAX_LINES
        )
    with blaming("reference"):
        reference = clean_line(delivery.reference, what="reference", limit=120, required=False)
    problems, seen = Problems(), set[UUID]()
    for i, each in enumerate(delivery.lines):
        problems.tried(("lines", i), _check_line, each, seen)
    problems.refuse()
    return replace(delivery, reference=reference)


def _check_line(draft: ReceivedDraft, seen: set[UUID]) -> None:
    if draft.line_id in seen:
        raise InvalidInput("This line is named twice.", path=["line_id"])
    seen.add(draft.line_id)
    if not 1 <= draft.quantity <= MAX_PIECES:
        raise InvalidInput(
            "{quantity} pieces; 1 to {limit:,} are allowed.",
            path=["quantity"],
            quantity=draft.quantity,
            limit=MAX_PIECES,
        )
    if not 0 <= draft.damaged <= draft.quantity:
        raise InvalidInput(
            "{damaged} of {quantity} pieces cannot be damaged.",
            path=["damaged"],
            damaged=draft.damaged,
            quantity=draft.quantity,
        )


def _check_lines(lines: dict[UUID, PurchaseLine], delivery: Delivery) -> None:
    problems = Problems()
    for i, each in enumerate(delivery.lines):
        problems.tried(("lines", i), _check_outstanding, lines.get(each.line_id), each, delivery.allow_over)
    problems.refuse()


def _check_outstanding(line: PurchaseLine | None, draft: ReceivedDraft, allow_over: bool) -> None:
    if line is None:
        raise NoSuchPurchaseLine("This purchase order has no such line.", path=["line_id"])
    outstanding = max(line.quantity - line.received, 0)
    if draft.quantity > outstanding and not allow_over:
        raise OverReceipt(
            "{quantity} came and {outstanding} are outstanding: say allowOver if that is right.",
            path=["quantity"],
            outstanding=outstanding,
            quantity=draft.quantity,
        )


def _exchange(ctx: Context, order: PurchaseOrder, delivery: Delivery) -> Exchange:
    exchange = exchange_of(order.currency, ctx.shop.currency, delivery.exchange_rate)
    if delivery.update_costs and exchange.target != ctx.shop.currency:
        raise RateNeeded(
            "The order is in {currency} and costs are in {shop_currency}: give the exchange rate.",
            path=["exchange_rate"],
            currency=order.currency,
            shop_currency=ctx.shop.currency,
        )
    return exchange


def _landed(lines: dict[UUID, PurchaseLine], delivery: Delivery, exchange: Exchange, costs_minor: int) -> list[_Came]:
    arrived = [_arrived(lines[each.line_id], each.quantity) for each in delivery.lines]
    landed = land(arrived, costs_minor, delivery.spread_by, exchange)
    return [_Came(lines[each.line_id], each, at) for each, at in zip(delivery.lines, landed, strict=True)]


def _arrived(line: PurchaseLine, quantity: int) -> Arrived:
    variant = line.variant
    return Arrived(variant.sku or variant.title or "A variant", quantity, line.cost_minor, variant.weight_grams)


async def _keep(
    order: PurchaseOrder,
    delivery: Delivery,
    exchange: Exchange,
    costs: list[dict[str, str | int]],
    came: Sequence[_Came],
) -> Receipt:
    return await Receipt.create(
        id=new_id(),
        purchase_id=order.id,
        reference=delivery.reference,
        quantity=sum(each.draft.quantity for each in came),
        currency=exchange.target,
        exchange_rate=None if delivery.exchange_rate is None else str(exchange.rate),
        lines=[each.as_row for each in came],
        costs=costs,
        spread_by=delivery.spread_by,
        received_at=_moment(order, delivery),
    )


def _moment(order: PurchaseOrder, delivery: Delivery) -> datetime:
    moment = delivery.received_at or now()
    if moment > now() or (order.ordered_at and moment < order.ordered_at):
        raise InvalidInput("It came after it was ordered and before now.", path=["received_at"])
    return moment


async def _count(order: PurchaseOrder, lines: dict[UUID, PurchaseLine], came: Sequence[_Came]) -> None:
    """Count what came in the lines, and see whether anything is outstanding."""
    rows = [{"line_id": each.line.id, "quantity": each.draft.quantity} for each in came]
    await shop_client().execute_query(_COUNT, [as_json(rows)])
    for each in came:
        each.line.received += each.draft.quantity
    if any(each.received < each.quantity for each in lines.values()):
        order.state = PurchaseState.PART_RECEIVED
    else:
        order.state, order.ended_at = PurchaseState.RECEIVED, now()
    await save(order, "state", "ended_at")


async def _announce(ctx: Context, order: PurchaseOrder, receipt: Receipt, came: Sequence[_Came]) -> None:
    damaged = sum(each.draft.damaged for each in came)
    complete = order.state is PurchaseState.RECEIVED
    await publish(ctx, PurchaseOrderReceived(order.id, receipt.id, receipt.quantity, damaged, complete))
