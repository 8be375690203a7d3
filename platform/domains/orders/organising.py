"""Arrange many orders at once: their tags, and the queue in which they wait. What came of each is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from stoa.domains.catalog import RowResult
from stoa.domains.orders.errors import NoSuchOrder
from stoa.domains.orders.events import OrderArranged
from stoa.domains.orders.models import Order
from stoa.kit.checking import Problems
from stoa.kit.encoding import as_json
from stoa.kit.errors import InvalidInput
from stoa.kit.text import clean_line
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import publish

MAX_ORDERS, MAX_TAGS = 250, 50
_SAVE = """
UPDATE sales_order o SET tags = w.tags, queue = w.queue, version = o.version + 1, updated_at = now()
FROM jsonb_to_recordset($1::jsonb) AS w (id uuid, tags jsonb, queue text) WHERE o.id = w.id
"""
Arrange = Callable[[Order], tuple[list[str], str | None]]


async def tag_orders(
    ctx: Context, order_ids: Sequence[UUID], *, add: Sequence[str] = (), remove: Sequence[str] = ()
) -> list[RowResult]:
    """Put tags on orders and take others off; twice changes nothing. By a fixed number of statements.

    Raises `Refusals` for tags that cannot be; an order that is not there, or would have too many, is refused by itself.
    """
    problems = Problems()
    adding = [problems.tried(("add", i), clean_line, tag, what="tag", limit=60) for i, tag in enumerate(add)]
    removing = {problems.tried(("remove", i), clean_line, tag, what="tag", limit=60) for i, tag in enumerate(remove)}
    if not adding and not removing:
        problems.append(InvalidInput("Name a tag to add or to remove.", path=["add"]))
    problems.refuse()

    def arrange(order: Order) -> tuple[list[str], str | None]:
        kept = [tag for tag in order.tags if tag not in removing]
        return list(dict.fromkeys([*kept, *(tag for tag in adding if tag not in removing)])), order.queue

    return await _arrange(ctx, order_ids, arrange)


async def queue_orders(ctx: Context, order_ids: Sequence[UUID], queue: str | None) -> list[RowResult]:
    """Let orders wait in that queue, or with None in none; twice changes nothing."""
    name = queue and clean_line(queue, what="queue", limit=40)
    return await _arrange(ctx, order_ids, lambda order: (order.tags, name or None))


async def _arrange(ctx: Context, order_ids: Sequence[UUID], arrange: Arrange) -> list[RowResult]:
    if not 1 <= len(order_ids) <= MAX_ORDERS:
        sentence = "{count} orders; 1 to {limit} are allowed."
        raise InvalidInput(sentence, path=["ids"], count=len(order_ids), limit=MAX_ORDERS)
    async with shop_transaction():
        locked = await Order.filter(id__in=order_ids).select_for_update().order_by("id")
        there = {order.id: order for order in locked}
        wanted = {order.id: arrange(order) for order in there.values()}
        results = [_result(i, each, there, wanted) for i, each in enumerate(order_ids)]
        changed = list(dict.fromkeys(each.id for each in results if each.changed and each.id))
        if changed:
            await _save(ctx, [there[each] for each in changed], wanted)
    return results


def _result(
    i: int, order_id: UUID, there: dict[UUID, Order], wanted: dict[UUID, tuple[list[str], str | None]]
) -> RowResult:
    order = there.get(order_id)
    if order is None:
        return RowResult(order_id, [NoSuchOrder("There is no such order.", path=["ids", i])])
    tags, queue = wanted[order_id]
    if len(tags) > MAX_TAGS:
        sentence = "{count} tags; {limit} are allowed."
        return RowResult(order_id, [InvalidInput(sentence, path=["ids", i], count=len(tags), limit=MAX_TAGS)])
    is_new = (tags, queue) != (order.tags, order.queue)
    return RowResult(order_id, changed=is_new, version=order.version + is_new)


async def _save(ctx: Context, orders: Sequence[Order], wanted: dict[UUID, tuple[list[str], str | None]]) -> None:
    rows = [{"id": each.id, "tags": wanted[each.id][0], "queue": wanted[each.id][1]} for each in orders]
    await shop_client().execute_query(_SAVE, [as_json(rows)])
    await publish(ctx, *[_news(each, *wanted[each.id]) for each in orders])


def _news(order: Order, tags: list[str], queue: str | None) -> OrderArranged:
    added = tuple(tag for tag in tags if tag not in order.tags)
    removed = tuple(tag for tag in order.tags if tag not in tags)
    return OrderArranged(order.id, added, removed, order.queue, queue)
