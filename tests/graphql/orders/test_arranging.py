"""Many orders at once, saved views, the timeline, what is watched, and edits: through the API."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from stoa.domains import orders
from stoa.domains.orders.models import Order, OrderLine, SavedView
from stoa.graphql.requests import Request
from stoa.kit.ids import new_id, type_id
from stoa.tenants.context import open_shop
from tests import make
from tests.graphql.asking import Ask, statements_sent

TAG = """mutation ($input: OrdersTagsChangeInput!) { ordersTagsChange(input: $input) {
  rows { orderId changed version userErrors { code path } } userErrors { code path } } }"""
QUEUE = TAG.replace("OrdersTagsChangeInput", "OrdersQueueSetInput").replace("ordersTagsChange", "ordersQueueSet")
SAVE = """mutation ($input: OrderViewCreateInput!) { orderViewCreate(input: $input) {
  view { id name isShared query version } userErrors { code path } } }"""
CHANGE = """mutation ($input: OrderViewUpdateInput!) { orderViewUpdate(input: $input) {
  view { name isShared query version } userErrors { code path } } }"""
REMOVE = "mutation ($id: ID!) { orderViewDelete(input: {id: $id}) { deletedId userErrors { code } } }"
VIEWS = "{ orderViews { name isShared query } }"


async def test_tags_are_put_on_and_taken_off_with_a_result_for_each(ask: Ask) -> None:
    """O2"""
    first, second = await make.order(ask.ctx, tags=["old", "vip"]), await make.order(ask.ctx, tags=["vip"])
    ids = [type_id("ord", each) for each in (first.id, new_id(), second.id)]

    async with statements_sent(ask.ctx) as sent:
        done = (await ask.data(TAG, input={"ids": ids, "add": [" vip "], "remove": ["old"]}))["ordersTagsChange"]
    again = (await ask.data(TAG, input={"ids": ids[:1], "add": ["vip"]}))["ordersTagsChange"]

    assert [(each["changed"], each["version"]) for each in done["rows"]] == [(True, 2), (False, None), (False, 1)]
    assert done["userErrors"] == [{"code": "ORDER_NOT_FOUND", "path": ["input", "ids", "1"]}]
    assert (again["rows"][0]["changed"], again["rows"][0]["version"]) == (False, 2)
    assert await Order.all().order_by("id").values_list("tags", flat=True) == [["vip"], ["vip"]]
    assert len([each for each in sent if "UPDATE" in each.sql]) == 2  # one of them only locks


async def test_orders_wait_in_a_queue(ask: Ask) -> None:
    order = await make.order(ask.ctx)
    ids = [type_id("ord", order.id)]

    await ask.data(QUEUE, input={"ids": ids, "queue": "urgent"})
    assert (await Order.get(id=order.id)).queue == "urgent"
    await ask.data(QUEUE, input={"ids": ids})
    assert (await Order.get(id=order.id)).queue is None
    wrong = (await ask.data(QUEUE, input={"ids": ids, "queue": "q" * 41}))["ordersQueueSet"]
    nothing = (await ask.data(TAG, input={"ids": ids}))["ordersTagsChange"]
    none = (await ask.data(TAG, input={"ids": [], "add": ["x"]}))["ordersTagsChange"]

    assert wrong["userErrors"] == [{"code": "INVALID", "path": ["input"]}]
    assert nothing["userErrors"] == [{"code": "INVALID", "path": ["input", "add"]}]
    assert none["userErrors"] == [{"code": "INVALID", "path": ["input", "ids"]}]
    assert (await Order.get(id=order.id)).version == 3


QUERY = {
    "where": {"state": {"in": ["PENDING"]}, "tags": {"has": "vip"}, "placedAt": {"gte": "2026-01-01T00:00:00Z"}},
    "orderBy": [{"field": "PLACED_AT", "direction": "DESC"}],
    "search": "zeno",
}


async def test_a_view_is_saved_and_says_what_orders_takes(ask: Ask) -> None:
    """O2"""
    made = (await ask.data(SAVE, input={"name": "Mine", "query": QUERY}))["orderViewCreate"]["view"]

    kept = json.loads(made["query"])
    assert kept["where"] == {**QUERY["where"], "placedAt": {"gte": "2026-01-01T00:00:00+00:00"}}  # type: ignore[dict-item]
    listed = """query ($where: OrderWhere, $orderBy: [OrderOrder!], $search: String) {
      orders(where: $where, orderBy: $orderBy, search: $search) { nodes { id } } }"""
    assert (await ask.data(listed, **kept)) == {"orders": {"nodes": []}}

    changed = await ask.data(CHANGE, input={"id": made["id"], "name": "Ours", "isShared": True, "expectedVersion": 1})
    stale = await ask.data(CHANGE, input={"id": made["id"], "name": "Theirs", "expectedVersion": 1})
    assert changed["orderViewUpdate"]["view"] == {
        "name": "Ours",
        "isShared": True,
        "query": made["query"],
        "version": 2,
    }
    assert stale["orderViewUpdate"]["userErrors"][0]["code"] == "SAVED_VIEW_CHANGED"
    assert (await ask.data(REMOVE, id=made["id"]))["orderViewDelete"]["deletedId"] == made["id"]
    assert await ask.data(VIEWS) == {"orderViews": []}


async def test_ones_own_views_are_ones_own(ask: Ask) -> None:
    colleague = Ask(ask.executor, ask.settings, await make.context(ask.ctx.shop))
    own = (await ask.data(SAVE, input={"name": "Mine", "query": {}}))["orderViewCreate"]["view"]
    await ask.data(SAVE, input={"name": "Ours", "query": {}, "isShared": True})

    assert [each["name"] for each in (await ask.data(VIEWS))["orderViews"]] == ["Mine", "Ours"]
    assert [each["name"] for each in (await colleague.data(VIEWS))["orderViews"]] == ["Ours"]
    tried = await colleague.data(CHANGE, input={"id": own["id"], "name": "Theirs"})
    assert tried["orderViewUpdate"]["userErrors"] == [{"code": "SAVED_VIEW_NOT_FOUND", "path": ["input", "id"]}]
    assert (await colleague.data(REMOVE, id=own["id"]))["orderViewDelete"]["deletedId"] is None
    assert await SavedView.filter(name="Mine").count() == 1


async def test_a_view_that_orders_would_not_take_is_refused(ask: Ask) -> None:
    wrong: list[tuple[dict[str, Any], list[str]]] = [
        ({"where": {"id": {"eq": "nonsense"}}}, ["where", "id", "eq"]),
        ({"where": {"state": None}}, ["where", "state"]),
        ({"orderBy": [{"field": "ID"}] * 4}, ["orderBy"]),
        ({"search": "a b c d e f g h i"}, ["search"]),
    ]
    for query, path in wrong:
        refused = (await ask.data(SAVE, input={"name": "x", "query": query}))["orderViewCreate"]
        assert [each["path"] for each in refused["userErrors"]] == [["input", "query", *path]]
    assert await SavedView.all().count() == 0


TIMELINE = """query ($id: ID!) { order(id: $id) { timeline { nodes { id name happenedAt actorKind actorId actorName
  details { name value } changes { field old new label } buyerChanges { field new } rules } } } }"""


async def test_the_timeline_tells_who_did_what_and_when(ask: Ask) -> None:
    """O3"""
    order = await make.order(ask.ctx, shipping_address={"name": "Zeno"})
    [line] = await OrderLine.filter(order_id=order.id)
    edit = orders.editing.OrderEdit([orders.editing.NewQuantity(line.id, 3)], shipping_address={"name": "Cleanthes"})
    await orders.editing.edit_order(ask.ctx, order.id, edit)
    await orders.confirm_order(ask.ctx, order.id)

    answer = await ask.data(TIMELINE, id=type_id("ord", order.id))

    entries = answer["order"]["timeline"]["nodes"]
    assert [each["name"] for each in entries[::-1]] == ["OrderPlaced", "OrderEdited", "OrderMoved", "OrderMoved"]
    assert {each["actorName"] for each in entries} == {"Zeno of Citium"}
    assert {"name": "new", "value": "CONFIRMED"} in [each for entry in entries for each in entry["details"]]
    edited = entries[2]
    assert edited["changes"] == [{"field": "line.quantity", "old": "2", "new": "3", "label": line.sku}]
    assert edited["buyerChanges"] == [{"field": "shipping_address", "new": '{"name": "Cleanthes"}'}]
    no_names = ask.without("customers:read")
    assert (await no_names.error(TIMELINE, id=type_id("ord", order.id)))["params"]["scope"] == "customers:read"


async def test_orders_are_watched_as_they_come_in(ask: Ask, ask_other: Ask) -> None:
    """O3: those of this shop alone, and only when they are placed."""
    heard: list[str] = []

    async def watch() -> None:
        with open_shop(ask.ctx.shop):
            watching = ask.executor.stream(Request("subscription { orderPlaced { id state } }", {}), ask.context())
            async for answer in watching:
                heard.append(answer.body["data"]["orderPlaced"]["id"])
                if len(heard) == 2:
                    return

    task = asyncio.create_task(watch())
    await asyncio.sleep(0.3)
    await make.order(ask_other.ctx)
    first = await make.order(ask.ctx)
    await orders.confirm_order(ask.ctx, first.id)
    second = await make.order(ask.ctx)
    await asyncio.wait_for(task, 10)

    assert heard == [type_id("ord", first.id), type_id("ord", second.id)]


PREVIEW = """query ($id: ID!, $changes: OrderChangesInput!) { orderEditPreview(id: $id, changes: $changes) {
  version total { amount } difference { amount } toPay { amount } toGiveBack { amount } short { sku wanted left }
  lines { lineId quantityBefore quantity } } }"""
EDIT = """mutation ($input: OrderEditInput!) { orderEdit(input: $input) {
  order { total { amount } version } userErrors { code path } } }"""


async def test_an_edit_is_seen_before_it_is_made(ask: Ask) -> None:
    cup = await make.sold(ask.ctx, price_minor=500, on_hand=5, sku="CUP")
    order = await make.order(ask.ctx, [(cup, 2)])
    [line] = await OrderLine.filter(order_id=order.id)
    id, line_id = type_id("ord", order.id), type_id("line", line.id)

    def changes(quantity: int) -> dict[str, Any]:
        return {"quantities": [{"lineId": line_id, "quantity": quantity}]}

    seen = (await ask.data(PREVIEW, id=id, changes=changes(6)))["orderEditPreview"]
    short = (await ask.data(EDIT, input={"id": id, "changes": changes(6)}))["orderEdit"]
    edit = {"id": id, "changes": changes(4), "expectedVersion": seen["version"], "idempotencyKey": "k"}
    done = (await ask.data(EDIT, input=edit))["orderEdit"]
    again = (await ask.data(EDIT, input=edit))["orderEdit"]
    stale = (await ask.data(EDIT, input={**edit, "idempotencyKey": "other"}))["orderEdit"]

    assert (seen["total"], seen["difference"], seen["toPay"]) == (
        {"amount": "30.00"},
        {"amount": "20.00"},
        {"amount": "30.00"},
    )
    assert seen["short"] == [{"sku": "CUP", "wanted": 4, "left": 3}]
    assert seen["lines"] == [{"lineId": line_id, "quantityBefore": 2, "quantity": 6}]
    assert [each["path"] for each in short["userErrors"]] == [["input", "changes", "quantities"]]
    assert done["order"] == again["order"] == {"total": {"amount": "20.00"}, "version": 2}
    assert stale["userErrors"] == [{"code": "ORDER_CHANGED", "path": ["input", "expectedVersion"]}]


async def test_margins_need_the_scope_of_costs(ask: Ask) -> None:
    cup = await make.sold(ask.ctx, price_minor=500, cost_minor=200)
    order = await make.order(ask.ctx, [(cup, 2)])
    query = """query ($id: ID!) { orderEditPreview(id: $id, changes: {note: "x"}) {
      margin { amount } marginBefore { amount } } }"""

    seen = await ask.data(query, id=type_id("ord", order.id))
    error = await ask.without("catalog:cost").error(
        query.replace("marginBefore { amount }", ""), id=type_id("ord", order.id)
    )

    assert seen["orderEditPreview"] == {"margin": {"amount": "6.00"}, "marginBefore": {"amount": "6.00"}}
    assert (error["code"], error["params"]["scope"]) == ("PERMISSION_DENIED", "catalog:cost")
