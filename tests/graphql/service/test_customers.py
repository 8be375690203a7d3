"""Customers through GraphQL: found, filtered, what they bought; every mutation once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from stoa.domains import service
from stoa.domains.orders.models import Order, OrderState
from stoa.domains.service import Buyer, Consent, ConsentWay
from stoa.kit.ids import type_id
from tests import make
from tests.domains.service.buyers import buyer, everything, react
from tests.graphql.asking import Ask

CUSTOMER = """
id name email phone tags version acceptsEmail hasOrders addresses { id line1 country isDefault }
consents { way granted source history { granted source } } identities { nodes { kind value } }
metadata { key value } mergedInto { id }
"""


async def do(ask: Ask, mutation: str, what: str = f"customer {{ {CUSTOMER} }}", **input: Any) -> Any:
    """The payload of a mutation, in which nothing may be refused."""
    kind = mutation[0].upper() + mutation[1:] + "Input!"
    query = f"mutation ($input: {kind}) {{ {mutation}(input: $input) {{ {what} userErrors {{ code message path }} }} }}"
    payload = (await ask.data(query, input=input))[mutation]
    assert payload["userErrors"] == []
    return next(value for name, value in payload.items() if name != "userErrors")


async def names(ask: Ask, where: str = "", search: str = "") -> list[str]:
    arguments = f'first: 50, search: "{search}"' + (f", where: {where}" if where else "")
    found = await ask.data(f"{{ customers({arguments}, orderBy: [{{field: NAME}}]) {{ nodes {{ name }} }} }}")
    return [each["name"] for each in found["customers"]["nodes"]]


async def test_a_customer_is_made_changed_and_forgotten(ask: Ask) -> None:
    made = await do(
        ask,
        "customerCreate",
        name="芝诺",
        email="Zeno@example.com",
        tags=["vip"],
        metadata=[{"key": "size", "value": "L"}],
    )
    id = made["id"]
    assert made["identities"]["nodes"] == [{"kind": "EMAIL", "value": "zeno@example.com"}]
    assert (made["metadata"], made["consents"], made["hasOrders"]) == ([{"key": "size", "value": "L"}], [], False)

    changed = await do(ask, "customerUpdate", id=id, expectedVersion=1, phone="123 45", metadata=[{"key": "size"}])
    assert (changed["phone"], changed["metadata"], changed["version"]) == ("123 45", [], 2)

    added = await do(ask, "customerAddressAdd", customerId=id, address={"line1": "Stoa 1", "country": "gr"})
    [address] = added["addresses"]
    assert (address["line1"], address["country"], address["isDefault"]) == ("Stoa 1", "GR", True)
    where = {"customerId": id, "addressId": address["id"]}
    moved = await do(ask, "customerAddressUpdate", **where, address={"line1": "Stoa 2"})
    assert moved["addresses"] == [{"id": address["id"], "line1": "Stoa 2", "country": "", "isDefault": True}]
    assert (await do(ask, "customerAddressRemove", **where))["addresses"] == []

    for granted in (True, False):
        said = await do(ask, "customerConsentSet", customerId=id, way="EMAIL", granted=granted, source="checkout")
    assert said["consents"] == [
        {
            "way": "EMAIL",
            "granted": False,
            "source": "checkout",
            "history": [{"granted": True, "source": "checkout"}],
        }
    ]

    known = await do(
        ask,
        "customerIdentityAdd",
        "customer { identities { nodes { id } } }",
        customerId=id,
        kind="CHANNEL",
        value="app:1",
    )
    left = await do(ask, "customerIdentityRemove", id=known["identities"]["nodes"][0]["id"])
    assert (left["email"], len(left["identities"]["nodes"])) == ("", 2)

    erased = await do(ask, "customerErase", id=id)
    assert (erased["name"], erased["identities"]["nodes"], erased["tags"]) == ("", [], [])
    assert await names(ask) == []


async def test_two_become_one_and_two_again(ask: Ask) -> None:
    zeno, other = [await do(ask, "customerCreate", name=name) for name in ("Zeno", "Z.")]
    for who, granted in ((zeno, True), (other, False)):
        await do(ask, "customerConsentSet", customerId=who["id"], way="SMS", granted=granted, source="phone")
    shown = "merge { id kept { name } gone { id mergedInto { id } } withdrawn undoneAt }"

    merge = await do(ask, "customersMerge", shown, keptId=zeno["id"], goneId=other["id"])

    assert merge["gone"] == {"id": other["id"], "mergedInto": {"id": zeno["id"]}}
    assert (merge["kept"], merge["withdrawn"], merge["undoneAt"]) == ({"name": "Zeno"}, ["SMS"], None)
    assert await names(ask) == ["Zeno"]
    found = await ask.data(f'{{ customer(id: "{zeno["id"]}") {{ merges {{ nodes {{ id }} }} }} }}')
    assert found["customer"]["merges"]["nodes"] == [{"id": merge["id"]}]

    undone = await do(ask, "customerMergeUndo", shown, id=merge["id"])
    assert (undone["gone"], undone["undoneAt"] is None) == ({"id": other["id"], "mergedInto": None}, False)
    assert await names(ask) == ["Z.", "Zeno"]


async def test_a_customer_made_twice_with_one_key_is_one(ask: Ask) -> None:
    made = [await do(ask, "customerCreate", name="Zeno", idempotencyKey="k") for _ in range(2)]

    assert made[0] == made[1]
    assert await names(ask) == ["Zeno"]


async def test_customers_are_found_by_what_is_known_of_them(ask: Ask) -> None:
    ctx = ask.ctx
    zeno = await buyer(ctx, "芝诺 Zeno", email="zeno@example.com", phone="+49 30 123", tags=["vip"])
    other = await buyer(ctx, "Chrysippus", channel_id="wechat:o1", tags=["vip", "new"])
    await service.set_consent(ctx, zeno.id, Consent(ConsentWay.EMAIL, True, "checkout"))
    await service.set_consent(ctx, other.id, Consent(ConsentWay.EMAIL, False, "checkout"))
    await make.order(ctx, buyer=Buyer(channel_id="wechat:o1"))

    for search in ("芝诺", "诺", "zeno@", "ZENO", "+49 30", "4930123"):
        assert await names(ask, search=search) == ["芝诺 Zeno"], search
    assert await names(ask, search="o1") == ["Chrysippus"]
    for where, found in {
        '{tags: {has: "vip"}}': ["Chrysippus", "芝诺 Zeno"],
        '{tags: {has: "new"}}': ["Chrysippus"],
        '{tags: {has: "ne"}}': [],
        "{acceptsEmail: {eq: true}}": ["芝诺 Zeno"],
        "{acceptsEmail: {eq: false}}": ["Chrysippus"],
        "{acceptsSms: {eq: true}}": [],
        "{hasOrders: {eq: true}}": ["Chrysippus"],
        "{hasOrders: {eq: false}}": ["芝诺 Zeno"],
        '{identities: {some: {kind: {eq: PHONE}, value: {eq: "+4930123"}}}}': ["芝诺 Zeno"],
        '{identities: {some: {value: {eq: "wechat:o1"}}}}': ["Chrysippus"],
    }.items():
        assert await names(ask, where) == found, where


async def test_what_a_customer_spent_is_net_of_refunds_and_without_cancelled_orders(ask: Ask) -> None:
    ctx, by = ask.ctx, Buyer("Zeno", "zeno@example.com")
    cup = await make.sold(ctx, price_minor=1000, on_hand=100)
    placed = [await make.order(ctx, [(cup, 1)], buyer=by) for _ in range(4)]
    for order, state, captured, refunded in (
        (placed[0], OrderState.COMPLETED, 1000, 250),
        (placed[1], OrderState.CONFIRMED, 1000, 0),
        (placed[2], OrderState.CANCELLED, 1000, 400),
    ):
        await Order.filter(id=order.id).update(state=state, captured_minor=captured, refunded_minor=refunded)
    new = await buyer(ctx, "New")
    asked = "name ordersCount spent { amount currency } firstOrderAt lastOrderAt orders { nodes { number } }"

    found = await ask.data(f"{{ customers(orderBy: [{{field: NAME}}]) {{ nodes {{ {asked} }} }} }}")

    assert ask.statements == 1
    nothing, zeno = found["customers"]["nodes"]
    assert nothing == {
        "name": new.name,
        "ordersCount": 0,
        "spent": None,
        "firstOrderAt": None,
        "lastOrderAt": None,
        "orders": {"nodes": []},
    }
    assert (zeno["ordersCount"], zeno["spent"]) == (3, {"amount": "17.50", "currency": "EUR"})
    assert [each["number"] for each in zeno["orders"]["nodes"]] == [each.number for each in reversed(placed)]
    times = [datetime.fromisoformat(zeno[name]) for name in ("firstOrderAt", "lastOrderAt")]
    assert times == [placed[0].placed_at, placed[3].placed_at]


async def test_what_a_customer_sent_back_without_an_order_counts(ask: Ask) -> None:
    """`domain-facts` 5.6: monetary is net of returns, wherever their order is known or not."""
    by = Buyer("Zeno", "zeno@example.com")
    bought = await make.order(ask.ctx, buyer=by)
    await Order.filter(id=bought.id).update(state=OrderState.COMPLETED, captured_minor=1000)
    back = await make.order(ask.ctx, buyer=by, channel="returns", external_id="till/R1")
    await Order.filter(id=back.id).update(state=OrderState.CANCELLED, captured_minor=400, refunded_minor=400)
    only = await make.order(ask.ctx, buyer=Buyer("Only", "only@example.com"), channel="returns", external_id="till/R2")
    await Order.filter(id=only.id).update(state=OrderState.CANCELLED, captured_minor=150, refunded_minor=150)

    found = await ask.data(
        "{ customers(orderBy: [{field: NAME}]) { nodes { ordersCount hasOrders spent { amount } } } }"
    )

    assert found["customers"]["nodes"] == [
        {"ordersCount": 0, "hasOrders": False, "spent": {"amount": "-1.50"}},
        {"ordersCount": 1, "hasOrders": True, "spent": {"amount": "6.00"}},
    ]


async def test_orders_of_a_merged_customer_are_the_kept_ones(ask: Ask) -> None:
    ctx = ask.ctx
    zeno, other = await buyer(ctx, "Zeno"), await buyer(ctx, "Z.", channel_id="wechat:o1")
    await make.order(ctx, buyer=Buyer(channel_id="wechat:o1"))
    await service.merge_customers(ctx, zeno.id, other.id)
    await react(ctx)

    found = await ask.data(f'{{ customer(id: "{type_id("cust", zeno.id)}") {{ ordersCount }} }}')

    assert found == {"customer": {"ordersCount": 1}}


@pytest.mark.parametrize(
    ("mutation", "input", "code", "path"),
    [
        ("customerCreate", {}, "INVALID", ["input", "name"]),
        ("customerCreate", {"name": "Z", "email": "zeno@example.com"}, "IDENTITY_TAKEN", ["input", "email"]),
        ("customerUpdate", {"id": "ZENO", "name": None}, "INVALID", ["input", "name"]),
        (
            "customerUpdate",
            {"id": "ZENO", "name": "Z", "expectedVersion": 9},
            "CUSTOMER_CHANGED",
            ["input", "expectedVersion"],
        ),
        (
            "customerAddressAdd",
            {"customerId": "ZENO", "address": {"country": "GRE"}},
            "INVALID",
            ["input", "address", "country"],
        ),
        (
            "customerIdentityAdd",
            {"customerId": "ZENO", "kind": "PHONE", "value": "call me"},
            "INVALID",
            ["input", "value"],
        ),
        ("customersMerge", {"keptId": "ZENO", "goneId": "ZENO"}, "SAME_CUSTOMER", ["input", "goneId"]),
    ],
)
async def test_what_is_refused_says_why_and_where(
    ask: Ask, mutation: str, input: dict[str, Any], code: str, path: list[str]
) -> None:
    zeno = await buyer(ask.ctx, "Zeno", email="zeno@example.com")
    before = await everything()
    kind = mutation[0].upper() + mutation[1:] + "Input!"
    given = {name: type_id("cust", zeno.id) if value == "ZENO" else value for name, value in input.items()}

    found = await ask.data(
        f"mutation ($input: {kind}) {{ {mutation}(input: $input) {{ userErrors {{ code path }} }} }}", input=given
    )

    assert found[mutation]["userErrors"] == [{"code": code, "path": path}]
    assert await everything() == before
