"""The four machines of an order: what leads where, when it may, and what is in the way. Published as it stands.

Two tables. `STEPS` says for every machine which state may follow which: `Moves` (moving.py) takes no other, whoever
asks. `ACTIONS` says what people and rules can do with an order, in which of its states, and what it leads to; its
guards look at the order's facts and name what is in the way. `transitions_of` answers both for one order.

The states of payment and fulfilment are not set but follow from amounts and counts (`deriving.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

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
class Facts:
    """What the guards look at. Pieces are counted over all lines, without those that were cancelled."""

    state: OrderState
    is_on_hold: bool
    total: int
    captured: int
    refunded: int
    pieces: int
    shipped: int
    delivered: int
    has_open_case: bool
    is_payable_later: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not: for programs, and for people."""

    code: str
    words: Sentence


Guard = Callable[[Facts], Reason | None]


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


def _nothing_shipped(facts: Facts) -> Reason | None:
    if facts.shipped:
        return Reason(
            "ALREADY_SHIPPED", Sentence("Some of it has left the warehouse: open an after-sale case instead.")
        )
    return None


def _not_on_hold(facts: Facts) -> Reason | None:
    return Reason("ON_HOLD", Sentence("It is on hold.")) if facts.is_on_hold else None


def _on_hold(facts: Facts) -> Reason | None:
    return None if facts.is_on_hold else Reason("NOT_ON_HOLD", Sentence("It is not on hold."))


def _is_unpaid(facts: Facts) -> Reason | None:
    return Reason("ALREADY_PAID", Sentence("Something has been paid already.")) if facts.captured else None


def _is_paid(facts: Facts) -> Reason | None:
    if facts.captured < facts.total and not facts.is_payable_later:
        return Reason("NOT_PAID", Sentence("It has not been paid in full."))
    return None


def _something_to_pay(facts: Facts) -> Reason | None:
    return Reason("ALREADY_PAID", Sentence("It has been paid in full.")) if facts.captured >= facts.total else None


def _something_to_refund(facts: Facts) -> Reason | None:
    if facts.captured <= facts.refunded:
        return Reason("NOTHING_TO_REFUND", Sentence("There is nothing to give back."))
    return None


def _something_to_ship(facts: Facts) -> Reason | None:
    return Reason("NOTHING_TO_SHIP", Sentence("All of it is on its way.")) if facts.shipped >= facts.pieces else None


def _something_shipped_or_paid(facts: Facts) -> Reason | None:
    if not facts.shipped and facts.captured <= facts.refunded:
        return Reason("NOTHING_HAPPENED", Sentence("Nothing was paid or sent yet: cancel it instead."))
    return None


def _all_delivered(facts: Facts) -> Reason | None:
    if facts.delivered < facts.pieces:
        return Reason("NOT_DELIVERED", Sentence("Not all of it has been delivered."))
    return None


def _no_open_case(facts: Facts) -> Reason | None:
    return Reason("CASE_OPEN", Sentence("An after-sale case is open.")) if facts.has_open_case else None


ACTIONS: Mapping[Action, Rule] = {
    rule.action: rule
    for rule in (
        Rule(
            Action.CONFIRM,
            (_O.DRAFT, _O.PENDING),
            _O.CONFIRMED,
            (_not_on_hold,),
            Sentence("Its stock is allocated, and it may be shipped."),
        ),
        Rule(Action.REJECT, (_O.PENDING,), _O.REJECTED, (), Sentence("Its stock goes back, and what was paid too.")),
        Rule(
            Action.CANCEL,
            (_O.DRAFT, _O.PENDING, _O.CONFIRMED),
            _O.CANCELLED,
            (_nothing_shipped,),
            Sentence("Its stock goes back, and what was paid too."),
        ),
        Rule(
            Action.EXPIRE,
            (_O.PENDING, _O.CONFIRMED),
            _O.EXPIRED,
            (_is_unpaid, _nothing_shipped),
            Sentence("Its stock goes back."),
        ),
        Rule(
            Action.COMPLETE,
            (_O.CONFIRMED,),
            _O.COMPLETED,
            (_not_on_hold, _all_delivered, _is_paid, _no_open_case),
            Sentence("It is settled; after-sale cases can still be opened."),
        ),
        Rule(
            Action.EDIT,
            (_O.DRAFT, _O.PENDING, _O.CONFIRMED),
            None,
            (_nothing_shipped,),
            Sentence("Lines, address and delivery change; the difference is shown before."),
        ),
        Rule(
            Action.HOLD,
            (_O.PENDING, _O.CONFIRMED),
            None,
            (_not_on_hold,),
            Sentence("Nothing is confirmed or shipped until it is resumed."),
        ),
        Rule(Action.RESUME, (_O.PENDING, _O.CONFIRMED), None, (_on_hold,), Sentence("It goes on.")),
        Rule(
            Action.PAY,
            (_O.DRAFT, _O.PENDING, _O.CONFIRMED, _O.COMPLETED),
            None,
            (_something_to_pay,),
            Sentence("A payment is recorded."),
        ),
        Rule(Action.REFUND, tuple(_O), None, (_something_to_refund,), Sentence("Money goes back to the buyer.")),
        Rule(
            Action.SHIP,
            (_O.CONFIRMED,),
            None,
            (_not_on_hold, _something_to_ship, _is_paid),
            Sentence("Pieces leave the warehouse, and the stock."),
        ),
        Rule(
            Action.OPEN_CASE,
            (_O.CONFIRMED, _O.COMPLETED),
            None,
            (_something_shipped_or_paid,),
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
