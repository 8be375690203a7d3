"""The timeline of an order: every event of it, with who and when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from stoa.graphql.actors import Acted, shown_actor
from stoa.graphql.paging import Node
from stoa.graphql.reading.declaring import column, derived, stored
from stoa.kit.ids import type_id
from stoa.tenants.access.scopes import Scope
from stoa.tenants.shop_models import EventRow

# What else is in the log is not the orders' to show.
OF_ORDERS = ("Order", "Pieces", "Payment", "Refund", "Shipment", "Case", "Aftersale")
OF_BUYERS = ("shipping_address", "billing_address")


@strawberry.type(description="A field of an order that an edit changed.")
class OrderFieldChange:
    field: str = strawberry.field(description="Its name: line.quantity, shipping_address, note and so on.")
    old: str | None = strawberry.field(description="As it was; null when there was none.")
    new: str | None = strawberry.field(description="As it became; null when there is none.")
    line_id: strawberry.ID | None = strawberry.field(description="The line it is about, if it is about one.")
    label: str = strawberry.field(description="The code or title of that line.")


@strawberry.type(description="Something that an event tells.")
class EventDetail:
    name: str = strawberry.field(description="What it is: reason, amount_minor, old, new and so on.")
    value: str = strawberry.field(description="As text.")


def _changes(name: str, payload: Mapping[str, Any], *, of_buyers: bool) -> list[OrderFieldChange]:
    told = payload.get("changes", ()) if name == "OrderEdited" else ()
    return [_change(each) for each in told if (each["field"] in OF_BUYERS) is of_buyers]


def _change(told: Mapping[str, Any]) -> OrderFieldChange:
    line_id = told.get("line_id")
    return OrderFieldChange(
        field=told["field"],
        old=told["old"],
        new=told["new"],
        line_id=strawberry.ID(type_id("line", UUID(line_id))) if line_id else None,
        label=told.get("label", ""),
    )


def _changed(name: str, payload: Mapping[str, Any]) -> list[OrderFieldChange]:
    return _changes(name, payload, of_buyers=False)


def _buyer_changed(name: str, payload: Mapping[str, Any]) -> list[OrderFieldChange]:
    return _changes(name, payload, of_buyers=True)


def _details(name: str, payload: Mapping[str, Any]) -> list[EventDetail]:
    if not name.startswith(OF_ORDERS):
        return []
    return [
        EventDetail(name=key, value=_text(value))
        for key, value in payload.items()
        if key != "order_id" and isinstance(value, str | int) and value != ""
    ]


def _text(value: str | int) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _rules(name: str, payload: Mapping[str, Any]) -> list[str]:
    return [each["name"] for each in payload.get("rules", ())] if name == "OrderMetRules" else []


@stored(EventRow, prefix="oevt", scope=Scope.ORDERS_READ, only="{row}.payload ? 'order_id'")
class TimelineEntry(Acted, Node):
    """Something that happened to an order, and who did it."""

    name: str = column("What it was, in the past tense: OrderPlaced, OrderMoved, OrderEdited, RefundCreated and so on.")
    happened_at: datetime = column("When.", filter=True)
    details: list[EventDetail] = derived(("name", "payload"), _details, "What the event tells: reasons, amounts, ...")
    rules: list[str] = derived(("name", "payload"), _rules, "The names of the rules that were met, where it was rules.")
    changes: list[OrderFieldChange] = derived(("name", "payload"), _changed, "What an edit changed.")
    buyer_changes: list[OrderFieldChange] = derived(
        ("name", "payload"), _buyer_changed, "What an edit changed of addresses.", scope=Scope.CUSTOMERS_READ
    )
    actor_kind: str = column("Who did it: account (a person), token (a program) or system (Stoa itself).")
    actor_id: strawberry.ID | None = derived(("actor_kind", "actor_id"), shown_actor, "The id of who did it.")
