"""Whatever is placed, received, closed and cancelled, in whatever order: orders, stock and ledger agree."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stoa.domains.catalog import supplying
from stoa.domains.catalog.models import PurchaseLine, PurchaseOrder, PurchaseState, Receipt, SpreadBy, Stock, Variant
from stoa.domains.catalog.supplying import CostDraft, Delivery, PurchaseAction, ReceivedDraft, transitions_of
from stoa.kit.errors import Refusal, Refusals
from stoa.kit.money import Money
from stoa.tenants.context import Context
from tests import make
from tests.domains.catalog.supplying.books import incoming, lines_of, outstanding, rows_that_do_not_add_up, variants_of

quantities = st.integers(1, 12)
deliveries = st.fixed_dictionaries(
    {
        "action": st.just("RECEIVE"),
        "order": st.integers(0, 1),
        "lines": st.lists(st.tuples(st.integers(0, 2), quantities, st.integers(0, 12)), min_size=1, max_size=3),
        "costs": st.lists(st.integers(0, 10_000), max_size=3),
        "spread_by": st.sampled_from([SpreadBy.VALUE, SpreadBy.QUANTITY, SpreadBy.WEIGHT]),
        "over": st.booleans(),
        "update": st.booleans(),
    }
)
others = st.fixed_dictionaries({"action": st.sampled_from(["PLACE", "CLOSE", "CANCEL"]), "order": st.integers(0, 1)})
steps = st.lists(st.one_of(deliveries, deliveries, others), min_size=1, max_size=10)


@dataclass
class Books:
    """What has come of each line, counted by hand."""

    orders: list[PurchaseOrder]
    came: dict[Any, int] = field(default_factory=dict)
    damaged: dict[Any, int] = field(default_factory=dict)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    ordered=st.lists(st.tuples(quantities, st.integers(0, 900)), min_size=3, max_size=3),
    steps=steps,
)
async def test_orders_stock_and_ledger_agree_after_every_step(
    ctx: Context, ordered: list[tuple[int, int]], steps: list[dict[str, Any]]
) -> None:
    """F15. Received + outstanding = ordered (or more, when that was said); incoming is the sum of what is outstanding;
    balances are the sums of movements; landed costs sum to the goods and costs exactly."""
    supplier, variants = await make.supplier(ctx), await variants_of(ctx, 3, weight_grams=70)
    lines = [(variant, *each) for variant, each in zip(variants, ordered, strict=True)]
    books = Books([await make.purchase(ctx, supplier, lines, placed=number == 0) for number in range(2)])
    for step in steps:
        await take(ctx, books, step)
        await agree(books, variants)


async def take(ctx: Context, books: Books, step: dict[str, Any]) -> None:
    order = await PurchaseOrder.get(id=books.orders[step["order"]].id)
    action = PurchaseAction(step["action"])
    offered = {each.action: each.is_available for each in transitions_of(order.state.value, True, True)}
    repeated = (action, order.state) in {
        (PurchaseAction.CLOSE, PurchaseState.CLOSED),
        (PurchaseAction.CANCEL, PurchaseState.CANCELLED),
    }
    try:
        await DO[action](ctx, books, order, step)
    except Refusals:
        assert action is PurchaseAction.RECEIVE
        assert offered[action]
    except Refusal:
        assert not offered[action]
    else:
        assert offered[action] or repeated


async def _receive(ctx: Context, books: Books, order: PurchaseOrder, step: dict[str, Any]) -> None:
    lines = await lines_of(order)
    wanted = {position: (count, min(broken, count)) for position, count, broken in step["lines"]}
    delivery = Delivery(
        [ReceivedDraft(lines[position].id, *each) for position, each in wanted.items()],
        costs=[CostDraft(f"Cost {i}", Money(minor, "EUR")) for i, minor in enumerate(step["costs"])],
        spread_by=step["spread_by"],
        allow_over=step["over"],
        update_costs=step["update"],
    )
    receipt = await supplying.receive_purchase(ctx, order.id, delivery)
    for position, (count, broken) in wanted.items():
        id = lines[position].id
        books.came[id] = books.came.get(id, 0) + count
        books.damaged[id] = books.damaged.get(id, 0) + broken
    goods = sum(count * lines[position].cost_minor for position, (count, _) in wanted.items())
    await _sums_exactly(receipt, goods, sum(step["costs"]))


async def _sums_exactly(receipt: Receipt, goods: int, costs: int) -> None:
    kept = await Receipt.get(id=receipt.id)
    assert sum(each["goods_minor"] for each in kept.lines) == goods
    assert sum(each["costs_minor"] for each in kept.lines) == costs == sum(each["minor"] for each in kept.costs)
    assert kept.quantity == sum(each["quantity"] for each in kept.lines)


DO: dict[PurchaseAction, Any] = {
    PurchaseAction.PLACE: lambda ctx, books, order, step: supplying.place_purchase(ctx, order.id),
    PurchaseAction.CLOSE: lambda ctx, books, order, step: supplying.close_purchase(ctx, order.id),
    PurchaseAction.CANCEL: lambda ctx, books, order, step: supplying.cancel_purchase(ctx, order.id),
    PurchaseAction.RECEIVE: _receive,
}


async def agree(books: Books, variants: list[Variant]) -> None:
    assert await rows_that_do_not_add_up() == 0
    assert await incoming() == await outstanding()
    on_hand = dict.fromkeys([each.id for each in variants], 0)
    damaged = dict(on_hand)
    for order in books.orders:
        now = await PurchaseOrder.get(id=order.id)
        for line in await lines_of(order):
            _line_agrees(books, now.state, line)
            on_hand[line.variant_id] += line.received  # type: ignore[attr-defined]
            damaged[line.variant_id] += books.damaged.get(line.id, 0)  # type: ignore[attr-defined]
    rows = {row.variant_id: row for row in await Stock.filter(variant_id__in=list(on_hand))}  # type: ignore[attr-defined]
    assert {id: rows[id].on_hand if id in rows else 0 for id in on_hand} == on_hand
    assert {id: rows[id].damaged if id in rows else 0 for id in damaged} == damaged


def _line_agrees(books: Books, state: PurchaseState, line: PurchaseLine) -> None:
    assert line.received == books.came.get(line.id, 0)
    if state is PurchaseState.RECEIVED:
        assert line.received >= line.quantity
    if state in (PurchaseState.DRAFT, PurchaseState.ORDERED, PurchaseState.CANCELLED):
        assert line.received == 0
