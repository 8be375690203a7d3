"""Parts of orders that are no rows of their own: addresses, prices step by step, what can be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import strawberry

from stoa.domains import orders
from stoa.domains.orders import models
from stoa.graphql.orders.enums import Action, OrderState
from stoa.graphql.scalars import Money, shown_money
from stoa.kit.ids import type_id
from stoa.kit.languages import Sentence


@strawberry.type(description="Where something goes. What is not known is empty.")
class Address:
    name: str = strawberry.field(default="", description="Who lives there.")
    company: str = strawberry.field(default="", description="The firm.")
    line1: str = strawberry.field(default="", description="Street and number.")
    line2: str = strawberry.field(default="", description="More of it.")
    district: str = strawberry.field(default="", description="The district (区).")
    city: str = strawberry.field(default="", description="The city.")
    province: str = strawberry.field(default="", description="The province or state.")
    postcode: str = strawberry.field(default="", description="The postcode.")
    country: str = strawberry.field(default="", description="ISO 3166-1, e.g. CN.")
    phone: str = strawberry.field(default="", description="The phone of whoever receives it.")


@strawberry.type(description="One step of how an order's prices came about.")
class PricingStep:
    step: str = strawberry.field(description="UNIT, LINE, ORDER, SHIPPING, TAX in this order; EDIT later.")
    title: str = strawberry.field(description="What it was: a discount's name, for example.")
    base: Money = strawberry.field(description="What it was computed on.")
    amount: Money = strawberry.field(description="What it made; below zero for what was taken off.")
    line: int | None = strawberry.field(description="The line it is about, from 0; null for the whole order.")
    why: str | None = strawberry.field(
        description="How it comes about, in the reader's language: of SHIPPING, by which way of delivery; or why "
        "nothing is charged."
    )


@strawberry.type(description="Something that can be done with an order, or the reason why not.")
class OrderTransitionOffer:
    action: Action = strawberry.field(description="What.")
    is_available: bool = strawberry.field(description="Whether it can be done now.")
    to: OrderState | None = strawberry.field(description="The state of the order after it; null when that stays.")
    effect: str = strawberry.field(description="What it does besides, in the reader's language.")
    reason_code: str | None = strawberry.field(description="Why it cannot be done now, for programs.")
    reason: str | None = strawberry.field(description="Why it cannot be done now, in the reader's language.")


@strawberry.type(description="A rule that did something to an order, as it was called then.")
class RuleMet:
    rule_id: strawberry.ID = strawberry.field(description="The rule; it may be gone since.")
    name: str = strawberry.field(description="What it was called.")
    kind: str = strawberry.field(description="What it was for: CLASSIFY, RISK, CONFIRM and so on.")


def rules_met(kept: Sequence[Mapping[str, str]]) -> list[RuleMet]:
    return [
        RuleMet(rule_id=strawberry.ID(type_id("rule", UUID(each["rule_id"]))), name=each["name"], kind=each["kind"])
        for each in kept
    ]


def address(kept: Mapping[str, str]) -> Address | None:
    return Address(**kept) if kept else None


def pricing_steps(kept: Sequence[Mapping[str, Any]], currency: str) -> list[PricingStep]:
    return [
        PricingStep(
            step=each["step"],
            title=each["title"],
            base=shown_money(each["base_minor"], currency),
            amount=shown_money(each["minor"], currency),
            line=each.get("line"),
            why=Sentence.of(each["why"]).said() if "why" in each else None,
        )
        for each in kept
    ]


# In the order of `orders.Facts`.
FACTS = (
    "(SELECT json_build_array({row}.state, {row}.is_on_hold, {row}.total_minor - {row}.waived_minor, "
    "{row}.captured_minor, {row}.refunded_minor, coalesce(sum(l.quantity - l.cancelled), 0), "
    "coalesce(sum(l.shipped), 0), coalesce(sum(l.delivered), 0), {row}.aftersale_state IN ('OPEN', 'OVERDUE'), "
    "coalesce(({row}.metadata ->> 'payable_later')::bool, false)) FROM order_line l WHERE l.order_id = {row}.id)"
)


def offers(facts: Sequence[Any]) -> list[OrderTransitionOffer]:
    """What can be done with an order of these facts."""
    state, *rest = facts
    known = orders.Facts(models.OrderState(state), *rest)
    return [
        OrderTransitionOffer(
            action=each.action,
            is_available=each.is_available,
            to=each.to,
            effect=each.effect.said(),
            reason_code=each.reason.code if each.reason else None,
            reason=each.reason.words.said() if each.reason else None,
        )
        for each in orders.transitions_of(known)
    ]
