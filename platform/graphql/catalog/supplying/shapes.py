"""The plain parts of what supplying shows: lead times, transitions, lines of receipts; and how rows become them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import strawberry
from graphql import GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema

from stoa.domains.catalog import models, supplying
from stoa.domains.catalog.supplying.landing import per_piece
from stoa.graphql.enums import shown_enum
from stoa.graphql.reading.planning import REQUIRES
from stoa.graphql.scalars import Money, read_id
from stoa.kit import money
from stoa.kit.ids import type_id

PurchaseState = shown_enum(
    models.PurchaseState,
    "How far a purchase order is.",
    DRAFT="Being prepared; the supplier knows nothing of it.",
    ORDERED="Placed; nothing has come yet.",
    PART_RECEIVED="Some of it has come, and more is outstanding.",
    RECEIVED="All of it has come.",
    CLOSED="Some of it has come, and the rest never will.",
    CANCELLED="Nothing of it will come.",
)
PurchaseAction = shown_enum(
    supplying.PurchaseAction,
    "What can be done with a purchase order.",
    UPDATE="Change it: `purchaseOrderUpdate`.",
    PLACE="Order it: `purchaseOrderPlace`.",
    RECEIVE="Take in a delivery: `purchaseOrderReceive`.",
    CLOSE="Give up the rest: `purchaseOrderClose`.",
    CANCEL="Give it up: `purchaseOrderCancel`.",
)
SpreadBy = shown_enum(
    models.SpreadBy,
    "What the costs of a delivery are spread over its lines by.",
    VALUE="By what the goods cost.",
    WEIGHT="By what they weigh.",
    QUANTITY="By the number of pieces.",
)
# A look at the index for each row met. As NOT EXISTS it would be joined with all the supplier's prices, and as a bare
# comparison PostgreSQL would think it so rarely true that it had better read them all: of a CASE it expects the half.
NEWEST_PRICE = (
    "CASE WHEN {row}.id = (SELECT newest.id FROM supplier_price newest WHERE newest.supplier_id = {row}.supplier_id "
    "AND newest.variant_id = {row}.variant_id ORDER BY newest.since DESC, newest.id DESC LIMIT 1) "
    "THEN TRUE ELSE FALSE END"
)


@strawberry.type(
    description="Days from the placing of an order to its receipt, by the last 100 orders; each piece weighs the same."
)
class LeadTime:
    days: float = strawberry.field(description="The median: half of the pieces had come by then.")
    p90: float = strawberry.field(description="Nine of ten pieces had come by then.")
    observations: int = strawberry.field(description="Over how many deliveries.")


@strawberry.type(description="How long a supplier has taken to bring something.")
class SupplierLeadTime(LeadTime):
    supplier_id: strawberry.ID = strawberry.field(description="Which supplier.")


@strawberry.type(description="Why something cannot be done.")
class TransitionReason:
    code: str = strawberry.field(description="For programs; stable, in capitals.")
    message: str = strawberry.field(description="In words, in the reader's language.")


@strawberry.type(description="Something that can be done with a purchase order, or why it cannot.")
class PurchaseTransition:
    action: PurchaseAction = strawberry.field(description="What.")  # type: ignore[valid-type]
    is_available: bool = strawberry.field(description="Whether it can be done now.")
    to: list[PurchaseState] = strawberry.field(description="The states it may lead to.")  # type: ignore[valid-type]
    reason: TransitionReason | None = strawberry.field(description="Why it cannot be done; null when it can.")


@strawberry.type(description="What came of a line of the order.")
class ReceiptLine:
    line_id: strawberry.ID = strawberry.field(description="Which line of the order.")
    variant_id: strawberry.ID = strawberry.field(description="The variant on it.")
    quantity: int = strawberry.field(description="How many came, damaged ones among them.")
    damaged: int = strawberry.field(description="How many of them were damaged.")


@strawberry.type(description="A cost of a delivery beyond the goods.")
class ReceiptCost:
    name: str = strawberry.field(description="Freight, duty, ...")
    amount: Money = strawberry.field(description="In the currency in which the delivery is valued.")


@strawberry.type(description="What a line of a delivery came to; the parts of all lines sum to the whole exactly.")
class LandedLine:
    line_id: strawberry.ID = strawberry.field(description="Which line of the order.")
    variant_id: strawberry.ID = strawberry.field(description="The variant on it.")
    goods: Money = strawberry.field(description="What the pieces cost.")
    costs: Money = strawberry.field(description="Its share of freight, duty and the like.")
    total: Money = strawberry.field(description="Both together: the landed cost.")
    per_piece: Money = strawberry.field(description="The landed cost of a piece, rounded half up.")


def lead_time(told: Sequence[Any] | None) -> LeadTime | None:
    return None if told is None else LeadTime(days=told[0], p90=told[1], observations=told[2])


def supplier_lead_times(told: Sequence[Sequence[Any]]) -> list[SupplierLeadTime]:
    return [
        SupplierLeadTime(supplier_id=strawberry.ID(type_id("sup", id)), days=days, p90=p90, observations=observations)
        for id, days, p90, observations in told
    ]


def transitions(facts: Sequence[Any]) -> list[PurchaseTransition]:
    """Of the order's state, whether there is something on it, and whether its supplier is active."""
    return [
        PurchaseTransition(
            action=each.action,
            is_available=each.is_available,
            to=list(each.to),
            reason=_reason(each.reason) if each.reason else None,
        )
        for each in supplying.transitions_of(*facts)
    ]


def _reason(why: supplying.Reason) -> TransitionReason:
    return TransitionReason(code=why.code, message=why.words.said())


def receipt_lines(lines: Sequence[dict[str, Any]]) -> list[ReceiptLine]:
    return [ReceiptLine(**_ids(each), quantity=each["quantity"], damaged=each["damaged"]) for each in lines]


def receipt_costs(costs: Sequence[dict[str, Any]], currency: str) -> list[ReceiptCost]:
    return [ReceiptCost(name=each["name"], amount=shown_money(each["minor"], currency)) for each in costs]


def landed_lines(lines: Sequence[dict[str, Any]], currency: str) -> list[LandedLine]:
    return [_landed(each, currency) for each in lines]


def shown_money(minor: int, currency: str) -> Money:
    return money.Money(minor, currency)  # type: ignore[return-value]  # has all that GraphQL's has


def _landed(line: dict[str, Any], currency: str) -> LandedLine:
    total = line["goods_minor"] + line["costs_minor"]
    return LandedLine(
        **_ids(line),
        goods=shown_money(line["goods_minor"], currency),
        costs=shown_money(line["costs_minor"], currency),
        total=shown_money(total, currency),
        per_piece=shown_money(per_piece(total, line["quantity"]), currency),
    )


def _ids(line: dict[str, Any]) -> dict[str, Any]:
    return {"line_id": type_id("pol", line["line_id"]), "variant_id": type_id("var", line["variant_id"])}


def bind_lead_time(schema: GraphQLSchema) -> None:
    """Give Variant.leadTime its resolver: it picks one of what was read for `leadTimes`, for any number of variants."""

    async def resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        wanted = str(read_id("supplier_id", next(iter(arguments.values())), "sup"))
        return next((lead_time(told[1:]) for told in source.lead_times if told[0] == wanted), None)

    variant = schema.type_map["Variant"]
    assert isinstance(variant, GraphQLObjectType)
    field = variant.fields["leadTime"]
    field.resolve = resolve
    field.extensions[REQUIRES] = ("lead_times",)
