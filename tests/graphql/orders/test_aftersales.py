"""After-sale cases through GraphQL: the whole way of a return, and lists of what is to be done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from stoa.domains.orders import aftersales
from stoa.domains.orders.models import CaseKind
from stoa.kit.clock import now, set_to
from stoa.kit.ids import type_id
from tests import make
from tests.domains.orders.aftersales_cases import arrived, everything, line_of, opened
from tests.graphql.asking import Ask

CASE = """aftersaleCase {
  id number kind state reason note answer pictureCount version deadlineAt endedAt refund { amount }
  contact { kind reference } lines { quantity received restocked scrapped condition calledOff }
  returnTracking sentOrder { channel total { amount } } order { aftersaleState }
  availableTransitions { action isAvailable to reasonCode reason }
}"""


async def do(ask: Ask, mutation: str, **input: Any) -> Any:
    kind = "AftersaleRefInput!" if mutation == "aftersaleClose" else mutation[0].upper() + mutation[1:] + "Input!"
    query = f"mutation ($input: {kind}) {{ {mutation}(input: $input) {{ {CASE} userErrors {{ code message path }} }} }}"
    payload = (await ask.data(query, input=input))[mutation]
    return payload["userErrors"] or payload["aftersaleCase"]


async def test_a_return_goes_its_whole_way(ask: Ask) -> None:
    """O15, O16, O17"""
    order = await arrived(ask.ctx, await make.sold(ask.ctx, price_minor=1000))
    line = type_id("line", (await line_of(order)).id)
    request = {
        "orderId": type_id("ord", order.id),
        "kind": "RETURN_REFUND",
        "reason": "DAMAGED",
        "lines": [{"lineId": line, "quantity": 2}],
        "note": "杯子裂了",
        "contact": {"kind": "CONVERSATION", "reference": "c-1"},
        "idempotencyKey": "once",
    }
    case = await do(ask, "aftersaleOpen", **request)
    again = await do(ask, "aftersaleOpen", **request)
    assert again["id"] == case["id"]
    assert (case["state"], case["reason"], case["note"]) == ("REQUESTED", "DAMAGED", "杯子裂了")
    assert (case["contact"], case["order"]) == (
        {"kind": "CONVERSATION", "reference": "c-1"},
        {"aftersaleState": "OPEN"},
    )
    offers = {each["action"]: each for each in case["availableTransitions"]}
    assert [name for name, each in offers.items() if each["isAvailable"]] == ["APPROVE", "DECLINE", "CANCEL"]
    assert (offers["REFUND"]["reasonCode"], offers["REFUND"]["reason"]) == (
        "WRONG_STATE",
        "It is waiting for an answer.",
    )
    assert offers["APPROVE"]["to"] == "AWAITING_RETURN"

    id = case["id"]
    await do(ask, "aftersaleApprove", id=id, answer="Send it.", expectedVersion=1)
    sent = await do(ask, "aftersaleReturn", id=id, carrier="SF", tracking="SF1")
    assert (sent["state"], sent["answer"], sent["returnTracking"]) == ("IN_TRANSIT", "Send it.", "SF1")
    await do(ask, "aftersaleReceive", id=id, lines=[{"lineId": line, "quantity": 2}])
    found = [{"lineId": line, "restocked": 1, "scrapped": 1, "condition": "cracked"}]
    inspected = await do(ask, "aftersaleInspect", id=id, lines=found)
    counts = {"quantity": 2, "received": 2, "restocked": 1, "scrapped": 1, "calledOff": 0}
    assert inspected["lines"] == [{**counts, "condition": "cracked"}]
    for _ in range(2):  # sent twice with one key, it is given back once
        refunded = await do(ask, "aftersaleReimburse", id=id, idempotencyKey="r")
    assert (refunded["state"], refunded["refund"]) == ("REFUNDED", {"amount": "20.00"})
    closed = await do(ask, "aftersaleClose", id=id)
    assert (closed["state"], closed["order"], closed["endedAt"] is None) == (
        "CLOSED",
        {"aftersaleState": "CLOSED"},
        False,
    )


async def test_an_exchange_makes_an_order(ask: Ask) -> None:
    order = await arrived(ask.ctx, await make.sold(ask.ctx))
    jug = await make.sold(ask.ctx)
    line = type_id("line", (await line_of(order)).id)
    case = await opened(ask.ctx, order, CaseKind.EXCHANGE)
    id = type_id("case", case.id)
    await do(ask, "aftersaleApprove", id=id)
    await do(ask, "aftersaleReceive", id=id)
    await do(ask, "aftersaleInspect", id=id, lines=[{"lineId": line, "restocked": 1}])
    price = {"amount": "5", "currency": "EUR"}
    sent = [{"variantId": type_id("var", jug.id), "quantity": 1, "price": price}]

    exchanged = await do(ask, "aftersaleResend", id=id, lines=sent)

    assert exchanged["state"] == "EXCHANGED"
    assert exchanged["sentOrder"] == {"channel": "aftersale", "total": {"amount": "5.00"}}


async def test_cases_are_listed_by_state_and_by_order(ask: Ask) -> None:
    ctx = ask.ctx
    order = await arrived(ctx, await make.sold(ctx))
    late = await opened(ctx, order, CaseKind.REFUND_ONLY)
    declined = await opened(ctx, order, CaseKind.REFUND_ONLY)
    await do(ask, "aftersaleDecline", id=type_id("case", declined.id), answer="no")
    with set_to(now() + timedelta(days=3)):
        await aftersales.case_is_due(ctx, late.id)

    found = await ask.data(
        "{ late: aftersaleCases(where: {state: {eq: OVERDUE}}) { nodes { number } count { value } }"
        " all: aftersaleCases { nodes { number order { number cases { nodes { number } } } } } }"
    )

    assert found["late"] == {"nodes": [{"number": 1}], "count": {"value": 1}}
    both = {"number": order.number, "cases": {"nodes": [{"number": 1}, {"number": 2}]}}
    assert found["all"]["nodes"] == [{"number": 2, "order": both}, {"number": 1, "order": both}]


async def test_what_is_refused_says_why_and_where(ask: Ask) -> None:
    order = await arrived(ask.ctx, await make.sold(ask.ctx))
    case = await opened(ask.ctx, order, CaseKind.REFUND_ONLY)
    id, line = type_id("case", case.id), type_id("line", (await line_of(order)).id)
    before = await everything()
    opening = {"orderId": type_id("ord", order.id), "kind": "EXCHANGE", "reason": "LATE"}

    for mutation, input, code, path in (
        ("aftersaleReimburse", {"id": id}, "NOT_IN_THIS_CASE", ["input", "id"]),
        ("aftersaleDecline", {"id": id, "answer": " "}, "INVALID", ["input", "answer"]),
        ("aftersaleApprove", {"id": id, "expectedVersion": 7}, "CASE_CHANGED", ["input", "expectedVersion"]),
        (
            "aftersaleOpen",
            {**opening, "lines": [{"lineId": line, "quantity": 3}]},
            "TOO_MANY_IN_CASE",
            ["input", "lines", "0", "quantity"],
        ),
    ):
        [error] = await do(ask, mutation, **input)
        assert (error["code"], error["path"]) == (code, path)
    assert await everything() == before
