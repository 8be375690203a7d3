"""The states of a purchase order: one table of what leads where, and why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from stoa.domains.catalog.errors import PurchaseStands
from stoa.domains.catalog.models import PurchaseOrder, PurchaseState
from stoa.kit.languages import Sentence


class PurchaseAction(StrEnum):
    """What can be done with a purchase order."""

    UPDATE = "UPDATE"
    PLACE = "PLACE"
    RECEIVE = "RECEIVE"
    CLOSE = "CLOSE"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not: for programs, and for people."""

    code: str
    words: Sentence


@dataclass(frozen=True, slots=True)
class Transition:
    """An action, where it leads, and what is in its way: nothing, if it can be done."""

    action: PurchaseAction
    to: tuple[PurchaseState, ...]
    reason: Reason | None = None

    @property
    def is_available(self) -> bool:
        return self.reason is None


STILL_DRAFT = Reason("STILL_DRAFT", Sentence("It has not been ordered yet."))
IS_ORDERED = Reason("ALREADY_ORDERED", Sentence("It has been ordered already."))
NOTHING_CAME = Reason("NOTHING_RECEIVED", Sentence("Nothing of it has come yet: cancel it instead."))
SOME_CAME = Reason("PARTLY_RECEIVED", Sentence("Some of it has come already: close it instead."))
ALL_CAME = Reason("ALREADY_RECEIVED", Sentence("All of it has come."))
IS_CLOSED = Reason("ALREADY_CLOSED", Sentence("It has been closed."))
IS_CANCELLED = Reason("ALREADY_CANCELLED", Sentence("It has been cancelled."))
NO_LINES = Reason("NO_LINES", Sentence("There is nothing on it."))
SUPPLIER_PUT_ASIDE = Reason("SUPPLIER_INACTIVE", Sentence("Nothing is ordered from this supplier any more."))

_S, _A = PurchaseState, PurchaseAction
_CAME = (_S.PART_RECEIVED, _S.RECEIVED)
TABLE: Mapping[PurchaseState, Mapping[PurchaseAction, tuple[PurchaseState, ...] | Reason]] = {
    _S.DRAFT: {
        _A.UPDATE: (_S.DRAFT,),
        _A.PLACE: (_S.ORDERED,),
        _A.RECEIVE: STILL_DRAFT,
        _A.CLOSE: STILL_DRAFT,
        _A.CANCEL: (_S.CANCELLED,),
    },
    _S.ORDERED: {
        _A.UPDATE: IS_ORDERED,
        _A.PLACE: IS_ORDERED,
        _A.RECEIVE: _CAME,
        _A.CLOSE: NOTHING_CAME,
        _A.CANCEL: (_S.CANCELLED,),
    },
    _S.PART_RECEIVED: {
        _A.UPDATE: IS_ORDERED,
        _A.PLACE: IS_ORDERED,
        _A.RECEIVE: _CAME,
        _A.CLOSE: (_S.CLOSED,),
        _A.CANCEL: SOME_CAME,
    },
    _S.RECEIVED: dict.fromkeys(_A, ALL_CAME),
    _S.CLOSED: dict.fromkeys(_A, IS_CLOSED),
    _S.CANCELLED: dict.fromkeys(_A, IS_CANCELLED),
}
OPEN = (_S.ORDERED, _S.PART_RECEIVED)  # something is on its way


def transitions_of(state: str, has_lines: bool, supplier_is_active: bool) -> list[Transition]:
    """Every action: what can be done with such an order, and why the rest cannot."""
    return [_transition(PurchaseState(state), action, has_lines, supplier_is_active) for action in PurchaseAction]


def require(
    order: PurchaseOrder, action: PurchaseAction, *, has_lines: bool = True, supplier_is_active: bool = True
) -> None:
    """Refuse with `PurchaseStands` what the table does not allow."""
    reason = _transition(order.state, action, has_lines, supplier_is_active).reason
    if reason is not None:
        raise PurchaseStands(
            "Purchase order {number}: {why}",
            path=["id"],
            number=order.number,
            why=reason.words,
            reason=reason.code,
            state=order.state.value,
        )


def _transition(state: PurchaseState, action: PurchaseAction, has_lines: bool, is_active: bool) -> Transition:
    found = TABLE[state][action]
    if isinstance(found, Reason):
        return Transition(action, (), found)
    if action is PurchaseAction.PLACE and not (has_lines and is_active):
        return Transition(action, found, SUPPLIER_PUT_ASIDE if has_lines else NO_LINES)
    return Transition(action, found)
