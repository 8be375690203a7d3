"""What is in the way of doing something with an order: the facts that are looked at, and a guard for each obstacle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stoa.domains.orders.models.states import OrderState
from stoa.kit.languages import Sentence


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


def nothing_shipped(facts: Facts) -> Reason | None:
    if facts.shipped:
        return Reason(
            "ALREADY_SHIPPED", Sentence("Some of it has left the warehouse: open an after-sale case instead.")
        )
    return None


def not_on_hold(facts: Facts) -> Reason | None:
    return Reason("ON_HOLD", Sentence("It is on hold.")) if facts.is_on_hold else None


def on_hold(facts: Facts) -> Reason | None:
    return None if facts.is_on_hold else Reason("NOT_ON_HOLD", Sentence("It is not on hold."))


def is_unpaid(facts: Facts) -> Reason | None:
    return Reason("ALREADY_PAID", Sentence("Something has been paid already.")) if facts.captured else None


def is_paid(facts: Facts) -> Reason | None:
    if facts.captured < facts.total and not facts.is_payable_later:
        return Reason("NOT_PAID", Sentence("It has not been paid in full."))
    return None


def something_to_pay(facts: Facts) -> Reason | None:
    return Reason("ALREADY_PAID", Sentence("It has been paid in full.")) if facts.captured >= facts.total else None


def something_to_refund(facts: Facts) -> Reason | None:
    if facts.captured <= facts.refunded:
        return Reason("NOTHING_TO_REFUND", Sentence("There is nothing to give back."))
    return None


def something_to_ship(facts: Facts) -> Reason | None:
    return Reason("NOTHING_TO_SHIP", Sentence("All of it is on its way.")) if facts.shipped >= facts.pieces else None


def not_all_given_back(facts: Facts) -> Reason | None:
    """Whoever has got all their money back is not sent anything by mistake."""
    if facts.captured and facts.refunded >= facts.captured:
        return Reason("REFUNDED", Sentence("All that was paid has gone back: cancel what is left instead."))
    return None


def something_shipped_or_paid(facts: Facts) -> Reason | None:
    if not facts.shipped and facts.captured <= facts.refunded:
        return Reason("NOTHING_HAPPENED", Sentence("Nothing was paid or sent yet: cancel it instead."))
    return None


def all_delivered(facts: Facts) -> Reason | None:
    if facts.delivered < facts.pieces:
        return Reason("NOT_DELIVERED", Sentence("Not all of it has been delivered."))
    return None


def no_open_case(facts: Facts) -> Reason | None:
    return Reason("CASE_OPEN", Sentence("An after-sale case is open.")) if facts.has_open_case else None
