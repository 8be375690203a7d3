"""Accept an order: from now on its stock is its own, and it may be shipped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from stoa.domains.catalog import stock
from stoa.domains.catalog.stock import Holder
from stoa.domains.orders.allotting import demand_of
from stoa.domains.orders.models import FulfilmentState, Machine, Order, OrderLine, OrderState
from stoa.domains.orders.moving import Moves, lines_of, locked_order, require
from stoa.domains.orders.states import Action
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput, Refusal, Refusals
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction

MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What came of one order of several: nothing but refusals when it was not confirmed."""

    order_id: UUID | None
    refusals: Sequence[Refusal] = ()


async def confirm_order(ctx: Context, order_id: UUID, *, expected_version: int | None = None) -> Order:
    """Confirm; twice changes nothing. Raises `NotEnoughStock`, with what is left, when its hold ran out and others came
    first, and `NotNow`."""
    async with shop_transaction():
        order = await locked_order(order_id, expected_version)
        if order.state is OrderState.CONFIRMED:
            return order
        lines, moves = await lines_of(order), Moves(ctx, order)
        await confirm_within(ctx, order, lines, moves)
        return await moves.save()


async def confirm_within(ctx: Context, order: Order, lines: Sequence[OrderLine], moves: Moves) -> None:
    """The same inside a transaction that holds the order, and saves its moves."""
    require(order, lines, Action.CONFIRM)
    try:
        await stock.keep(ctx, Holder("order", order.id), demand_of(lines))
    except Refusals as short:
        for each in short.refusals:
            each.path = ("id",)
        raise
    moves.act(Action.CONFIRM)
    moves.set(confirmed_at=now())
    if order.fulfilment_state is FulfilmentState.UNFULFILLED:
        moves.step(Machine.FULFILMENT, FulfilmentState.ALLOCATED, Action.CONFIRM)


async def confirm_orders(ctx: Context, order_ids: Sequence[UUID]) -> list[Confirmed]:
    """Confirm each by itself; what came of each, in the order that was asked. Raises `InvalidInput` for too many."""
    if not 1 <= len(order_ids) <= MOST_AT_ONCE:
        sentence = "{count} orders; 1 to {limit} are allowed."
        raise InvalidInput(sentence, path=["ids"], count=len(order_ids), limit=MOST_AT_ONCE)
    return [await _confirmed(ctx, n, order_id) for n, order_id in enumerate(order_ids)]


async def _confirmed(ctx: Context, n: int, order_id: UUID) -> Confirmed:
    try:
        return Confirmed((await confirm_order(ctx, order_id)).id)
    except Refusals as refused:
        refusals: Sequence[Refusal] = refused.refusals
    except Refusal as refusal:
        refusals = [refusal]
    for each in refusals:
        each.path = ("ids", n)
    return Confirmed(None, refusals)
