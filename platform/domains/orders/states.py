"""The four machines of an order: what leads where, when it may, and what is in the way. Published as it stands.

Two tables. `STEPS` says for every machine which state may follow which: `Moves` (moving.py) takes no other, whoever
asks. `ACTIONS` says what people and rules can do with an order, in which of its states, and what it leads to; its
guards look at the order's facts and name what is in the way. `transitions_of` answers both for one order.

The states of payment and fulfilment are not set but follow from amounts and counts (`deriving.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from stoa.domains.orders.guarding import (
    Facts,
    Guard,
    Reason,
    all_delivered,
    is_paid,
    is_unpaid,
    no_open_case,
    not_all_given_back,
    not_on_hold,
    nothing_shipped,
    on_hold,
    something_shipped_or_paid,
    something_to_pay,
    something_to_refund,
    something_to_ship,
)
from stoa.domains.orders.models.states import (
    AftersaleState,
    FulfilmentState,
    Machine,
    OrderState,
    PaymentState,
)
from stoa.kit.languages import Sentence

_O, _P, _F, _A = OrderState, PaymentState, FulfilmentState, AftersaleState


class Action(StrEnum):
    """What can be done with an order."""

    CONFIRM = "CONFIRM"
    REJECT = "REJECT"
    CANCEL = "CANCEL"
    CANCEL_PIECES = "CANCEL_PIECES"
    EXPIRE = "EXPIRE"
    COMPLETE = "COMPLETE"
    EDIT = "EDIT"
    HOLD = "HOLD"
    RESUME = "RESUME"
    PAY = "PAY"
    REFUND = "REFUND"
    SHIP = "SHIP"
    OPEN_CASE = "OPEN_CASE"


@dataclass(frozen=True, slots=True)
class Rule:
    """An action: the states it can be done in, where it leads (nowhere else: None), and its guards, asked in order."""

    action: Action
    of: tuple[OrderState, ...]
    to: OrderState | None
    guards: tuple[Guard, ...]
    effect: Sentence


@dataclass(frozen=True, slots=True)
class Transition:
    """An action on one order: available, or the reason why not."""

    action: Action
    to: OrderState | None
    effect: Sentence
    reason: Reason | None = None

    @property
    def is_available(self) -> bool:
        return self.reason is None


ACTIONS: Mapping[Action, Rule] = {
    rule.action: rule
    for rule in (
        Rule(
            Action.CONFIRM,
            (_O.DRAFT, _O.PENDING),
            _O.CONFIRMED,
            (not_on_hold,),
            Sentence("Its stock is allocated, and it may be shipped."),
        ),
        Rule(Action.REJECT, (_O.PENDING,), _O.REJECTED, (), Sentence("Its stock goes back, and what was paid too.")),
        Rule(
            Action.CANCEL,
            (_O.DRAFT, _O.PENDING, _O.CONFIRMED),
            _O.CANCELLED,
            (nothing_shipped,),
            Sentence("Its stock goes back, and what was paid too."),
        ),
        Rule(
            Action.CANCEL_PIECES,
            (_O.DRAFT, _O.PENDING, _O.CONFIRMED),
            None,
            (something_to_ship,),
            Sentence("Their stock goes back, and what was paid for them too; the rest of the order goes on."),
        ),
        Rule(
            Action.EXPIRE,
            (_O.PENDING, _O.CONFIRMED),
            _O.EXPIRED,
            (is_unpaid, nothing_shipped),
            Sentence("Its stock goes back."),
        ),
        Rule(
            Action.COMPLETE,
            (_O.CONFIRMED,),
            _O.COMPLETED,
            (not_on_hold, all_delivered, is_paid, no_open_case),
            Sentence("It is settled; after-sale cases can still be opened."),
        ),
        Rule(
            Action.EDIT,
            (_O.DRAFT, _O.PENDING, _O.CONFIRMED),
            None,
            (nothing_shipped,),
            Sentence("Lines, address and delivery change; the difference is shown before."),
        ),
        Rule(
            Action.HOLD,
            (_O.PENDING, _O.CONFIRMED),
            None,
            (not_on_hold,),
            Sentence("Nothing is confirmed or shipped until it is resumed."),
        ),
        Rule(Action.RESUME, (_O.PENDING, _O.CONFIRMED), None, (on_hold,), Sentence("It goes on.")),
        Rule(
            Action.PAY,
            (_O.DRAFT, _O.PENDING, _O.CONFIRMED, _O.COMPLETED),
            None,
            (something_to_pay,),
            Sentence("A payment is recorded."),
        ),
        Rule(Action.REFUND, tuple(_O), None, (something_to_refund,), Sentence("Money goes back to the buyer.")),
        Rule(
            Action.SHIP,
            (_O.CONFIRMED,),
            None,
            (not_on_hold, something_to_ship, is_paid, not_all_given_back),
            Sentence("Pieces leave the warehouse, and the stock."),
        ),
        Rule(
            Action.OPEN_CASE,
            (_O.CONFIRMED, _O.COMPLETED),
            None,
            (something_shipped_or_paid,),
            Sentence("The buyer wants something back, exchanged or sent again."),
        ),
    )
}

# What may follow what. Amounts and counts can jump (two parcels at once, a payment in full), hence the many ways.
STEPS: Mapping[Machine, Mapping[str, tuple[str, ...]]] = {
    Machine.ORDER: {
        _O.DRAFT: (_O.PENDING, _O.CONFIRMED, _O.CANCELLED),
        _O.PENDING: (_O.CONFIRMED, _O.CANCELLED, _O.EXPIRED, _O.REJECTED),
        _O.CONFIRMED: (_O.COMPLETED, _O.CANCELLED, _O.EXPIRED),
        _O.COMPLETED: (),
        _O.CANCELLED: (),
        _O.EXPIRED: (),
        _O.REJECTED: (),
    },
    Machine.PAYMENT: {
        _P.UNPAID: (_P.AUTHORIZED, _P.PART_PAID, _P.PAID, _P.VOIDED),
        _P.AUTHORIZED: (_P.PART_PAID, _P.PAID, _P.VOIDED, _P.UNPAID),
        _P.PART_PAID: (_P.PAID, _P.PART_REFUNDED, _P.REFUNDED, _P.CHARGED_BACK),
        _P.PAID: (_P.UNPAID, _P.PART_PAID, _P.PART_REFUNDED, _P.REFUNDED, _P.CHARGED_BACK),
        _P.PART_REFUNDED: (_P.REFUNDED, _P.PAID, _P.PART_PAID, _P.CHARGED_BACK),
        _P.REFUNDED: (_P.PART_REFUNDED, _P.PAID, _P.PART_PAID, _P.CHARGED_BACK),
        _P.VOIDED: (_P.UNPAID, _P.AUTHORIZED, _P.PART_PAID, _P.PAID),
        _P.CHARGED_BACK: (_P.PAID, _P.PART_PAID, _P.PART_REFUNDED, _P.REFUNDED),
    },
    Machine.FULFILMENT: {
        _F.UNFULFILLED: (_F.ALLOCATED, _F.PART_SHIPPED, _F.SHIPPED, _F.DELIVERED, _F.PART_DELIVERED, _F.CANCELLED),
        _F.ALLOCATED: (
            *(_F.UNFULFILLED, _F.PICKING, _F.PACKED, _F.PART_SHIPPED, _F.SHIPPED),
            *(_F.PART_DELIVERED, _F.DELIVERED, _F.CANCELLED),
        ),
        _F.PICKING: (
            _F.ALLOCATED,
            _F.PACKED,
            _F.PART_SHIPPED,
            _F.SHIPPED,
            _F.PART_DELIVERED,
            _F.DELIVERED,
            _F.CANCELLED,
        ),
        _F.PACKED: (
            _F.ALLOCATED,
            _F.PICKING,
            _F.PART_SHIPPED,
            _F.SHIPPED,
            _F.PART_DELIVERED,
            _F.DELIVERED,
            _F.CANCELLED,
        ),
        _F.PART_SHIPPED: (_F.SHIPPED, _F.PART_DELIVERED, _F.DELIVERED, _F.LOST),
        _F.SHIPPED: (_F.PART_SHIPPED, _F.PART_DELIVERED, _F.DELIVERED, _F.LOST),
        _F.PART_DELIVERED: (_F.DELIVERED, _F.PART_SHIPPED, _F.LOST),
        _F.DELIVERED: (_F.PART_DELIVERED,),
        _F.LOST: (_F.PART_SHIPPED, _F.SHIPPED, _F.PART_DELIVERED, _F.DELIVERED),
        _F.CANCELLED: (),
    },
    Machine.AFTERSALE: {
        _A.NONE: (_A.OPEN,),
        _A.OPEN: (_A.OVERDUE, _A.CLOSED),
        _A.OVERDUE: (_A.OPEN, _A.CLOSED),
        _A.CLOSED: (_A.OPEN,),
    },
}


def transitions_of(facts: Facts) -> list[Transition]:
    """Every action: whether it can be done with such an order, and why the rest cannot."""
    return [Transition(rule.action, rule.to, rule.effect, why_not(facts, rule.action)) for rule in ACTIONS.values()]


def why_not(facts: Facts, action: Action) -> Reason | None:
    """What is in the way of the action; None when nothing is."""
    rule = ACTIONS[action]
    if facts.state not in rule.of:
        return Reason("WRONG_STATE", Sentence("It is {state}.", {"state": STATE_WORDS[facts.state]}))
    return next((reason for guard in rule.guards if (reason := guard(facts)) is not None), None)


STATE_WORDS: Mapping[OrderState, Sentence] = {
    _O.DRAFT: Sentence("a draft"),
    _O.PENDING: Sentence("waiting to be confirmed"),
    _O.CONFIRMED: Sentence("confirmed"),
    _O.COMPLETED: Sentence("completed"),
    _O.CANCELLED: Sentence("cancelled"),
    _O.EXPIRED: Sentence("expired"),
    _O.REJECTED: Sentence("rejected"),
}
